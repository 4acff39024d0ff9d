from __future__ import annotations

import importlib
from typing import Any

import pytest

ADDRESSES: Any = importlib.import_module("envspec.probe.script.addresses")


@pytest.mark.parametrize(
    ("url", "first", "shown"),
    [
        ("https://nas.internal/a?b=1#c", True, "https://nas.internal/a?b=1"),
        ("HTTPS://NAS.internal:443/a", True, "HTTPS://NAS.internal:443/a"),
        ("https://user:pa%40ss@nas.internal/a@b", True, "https://nas.internal/a@b"),
        ("https://10.0.0.7/a", True, "https://10.0.0.7/a"),
        ("https://user:secret@nas.internal/a?signature=secret#c", False, "https://nas.internal/a"),
        ("https://10.0.0.7:8443/a", False, "https://an-address:8443/a"),
        ("https://[fd00::7]/a", False, "https://an-address/a"),
        ("https://user:secret/@nas.internal/", True, "not an http URL"),
        ("ftp://user:secret@nas.internal/", True, "not an http URL"),
        ("https://[::1/", False, "not an http URL"),
        ("https://nas.internal/\x1b[2J\n", False, "https://nas.internal/?[2J"),
    ],
)
def test_a_url_is_shown_without_login_and_a_redirect_without_query_and_address(
    url: str, first: bool, shown: str
) -> None:
    found = ADDRESSES.shown_url(url, first, False)
    assert found.rstrip("?") == shown


def test_an_address_is_shown_where_the_user_asks() -> None:
    assert ADDRESSES.shown_url("https://10.0.0.7/a", False, True) == "https://10.0.0.7/a"


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://NAS.internal", ("https", "nas.internal", 443, "/")),
        ("http://nas.internal:8080/a b?c=\u00e4#d", ("http", "nas.internal", 8080, "/a%20b?c=%C3%A4")),
        ("https://b\u00fccher.example/", ("https", "xn--bcher-kva.example", 443, "/")),
        ("https://[fd00::7]:8443/", ("https", "fd00::7", 8443, "/")),
        ("https://nas.internal:99999/", None),
        ("https:///path", None),
        ("https://a b/", None),
        ("https://nas.internal\r\nhost: x/", None),
        ("file:///etc/passwd", None),
        ("", None),
    ],
)
def test_what_a_request_is_made_of(url: str, place: tuple[str, str, int, str] | None) -> None:
    assert ADDRESSES.url_place(url) == place
