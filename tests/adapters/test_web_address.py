from __future__ import annotations

import pytest

from envspec.adapters.web import without_credentials
from envspec.adapters.web_address import Address, printable
from envspec.errors import NetworkError


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("https://Host.Example", Address("https", "host.example", 443, "/"), id="only a host"),
        pytest.param("HTTP://h:8080/a?b#c", Address("http", "h", 8080, "/a?b"), id="all but a login"),
        pytest.param("https://h?q=a@b", Address("https", "h", 443, "/?q=a@b"), id="a query without a path"),
        pytest.param("https://u:p%40@h/x", Address("https", "h", 443, "/x", "u:p%40"), id="a login"),
        pytest.param("https://[::1]:8443/x", Address("https", "::1", 8443, "/x"), id="an IPv6 address"),
        pytest.param(
            "https://bücher.example/ü x",
            Address("https", "xn--bcher-kva.example", 443, "/%C3%BC%20x"),
            id="IDNA",
        ),
        pytest.param("https://h./x", Address("https", "h", 443, "/x"), id="a dot at the end"),
        pytest.param(
            "https://h/a%2Bb+c", Address("https", "h", 443, "/a%2Bb+c"), id="escapes stay as they are"
        ),
        pytest.param("https://h/a\r\nX: y", Address("https", "h", 443, "/a%0D%0AX:%20y"), id="a line break"),
    ],
)
def test_a_url_is_read(url: str, expected: Address) -> None:
    assert Address.parse(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "https://h:0/", "https://h:70000/", "https://h:8a/", "https://a b/", "https://a\\b/", "https://h\r\nX:y/",
        "//h/x", "javascript:alert(1)", "https://[::1/", "https://h%2f/", "", "https://",
    ],
)  # fmt: skip
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(NetworkError, match="isn't a URL that can be asked for"):
        Address.parse(url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("https://u:p@h/x", "https://h/x", id="user and password"),
        pytest.param("https://token@h/x", "https://h/x", id="a user only"),
        pytest.param("https://h/@scope/x", "https://h/@scope/x", id="an at sign in the path stays"),
        pytest.param("https://h/x?mail=a@b", "https://h/x?mail=a@b", id="an at sign in the query stays"),
        pytest.param("https://u:a@b@h/x", "https://h/x", id="an at sign in the password"),
        pytest.param("https://u:pa/ss@h/x", "https://h/x", id="a slash in the password"),
        pytest.param("git+https://u:p@h/x.git@v1", "git+https://h/x.git@v1", id="another scheme"),
        pytest.param("https://h/x", "https://h/x", id="nothing to hide"),
        pytest.param("../x", "../x", id="no URL"),
    ],
)
def test_credentials_are_taken_out(url: str, expected: str) -> None:
    assert without_credentials(url) == expected


def test_text_of_others_is_made_printable_and_short() -> None:
    assert printable("a\x1b[31mb\n\u202e") == "a?[31mb??"
    assert printable("x" * 400) == "x" * 300 + "..."


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://u:p@h/x?signature=y", "https://h/x?..."),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("https://h:443/x", "https://h/x"),
    ],
)
def test_messages_show_neither_login_nor_query(url: str, expected: str) -> None:
    assert Address.parse(url).shown == expected


def test_a_host_longer_than_a_name_can_be_is_none() -> None:
    assert Address.parse(f"https://{'a.' * 126}b/").host == "a." * 126 + "b"
    with pytest.raises(NetworkError) as raised:
        Address.parse(f"https://{'a.' * 127}b/")
    assert raised.value.what == f"https://{'a.' * 127}b/: isn't a URL that can be asked for"
