from __future__ import annotations

import pytest

from envspec.errors import NameResolutionError, RedirectError
from envspec.ports import Request
from tests.adapters.web_doors import Open
from tests.adapters.web_doors import web as web
from tests.loopback import Answer, Loopback, redirect


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_and_the_last_url_is_told(web: Open, status: int) -> None:
    with Loopback() as server:
        server.always("/a", redirect("b/c?x=1", status))
        server.always("/b/c?x=1", redirect("//" + server.url.partition("//")[2] + "/d#part", status))
        server.always("/d", Answer(body=b"here"))
        answer = web().get(Request(f"{server.url}/a", {"Range": "bytes=0-3"}))
        assert (answer.body, answer.url) == (b"here", f"{server.url}/d")
        assert [asked.headers["range"] for asked in server.log] == ["bytes=0-3"] * 3


def test_a_loop_is_told(web: Open) -> None:
    with Loopback() as server:
        server.always("/a", redirect("/b"))
        server.always("/b", redirect("/a"))
        with pytest.raises(RedirectError) as raised:
            web().get(Request(f"{server.url}/a"))
        assert raised.value.what == f"{server.url}/a: redirected in a loop"
        assert raised.value.why == f"{server.url}/a was asked before"
        assert server.paths == ["/a", "/b"]


def test_ten_redirects_are_enough(web: Open) -> None:
    with Loopback() as server:
        for number in range(12):
            server.always(f"/{number}", redirect(f"/{number + 1}"))
        server.always("/12", Answer(body=b"x"))
        with pytest.raises(RedirectError) as raised:
            web().get(Request(f"{server.url}/0"))
        assert raised.value.what == f"{server.url}/0: redirected more than 10 times"
        assert len(server.log) == 11
        assert web().get(Request(f"{server.url}/2")).body == b"x"


def test_a_redirect_to_a_name_that_does_not_resolve_names_both(web: Open) -> None:
    with Loopback() as server:
        server.always("/a", redirect("https://nowhere.invalid/login?signature=secret"))
        with pytest.raises(NameResolutionError) as raised:
            web().get(Request(f"{server.url}/a"))
        assert raised.value.what == (
            f"{server.url}/a: redirected to https://nowhere.invalid/login?...: "
            "the name 'nowhere.invalid' does not resolve"
        )


def test_encryption_is_not_given_up_on_the_way(web: Open) -> None:
    with Loopback(tls="good") as server, Loopback() as plain:
        server.always("/a", redirect(f"{plain.url}/x"))
        with pytest.raises(RedirectError) as raised:
            web().get(Request(f"{server.url}/a", ca_file=server.ca_file))
        assert raised.value.what == f"{server.url}/a: redirected from https to {plain.url}/x"
        assert plain.log == []


@pytest.mark.parametrize(
    ("location", "why"),
    [
        pytest.param(
            "file:///etc/passwd", "the place is of kind 'file', and we follow http and https", id="a file"
        ),
        pytest.param("ftp://host/x", "the place is of kind 'ftp', and we follow http and https", id="ftp"),
        pytest.param("http://:80/x", "it's no URL", id="no host"),
        pytest.param("//[x", "it's no URL", id="a broken address"),
    ],
)
def test_other_places_are_not_gone_to(web: Open, location: str, why: str) -> None:
    with Loopback() as server:
        server.always("/a", redirect(location))
        with pytest.raises(RedirectError) as raised:
            web().get(Request(f"{server.url}/a"))
        assert raised.value.what == f"{server.url}/a: redirected to where we don't go"
        assert raised.value.why == why


def test_a_redirect_without_a_place_is_told(web: Open) -> None:
    with Loopback() as server:
        server.always("/a", Answer(302))
        with pytest.raises(RedirectError, match="the server answered 302 and no place"):
            web().get(Request(f"{server.url}/a"))
