from __future__ import annotations

from pathlib import Path

import pytest

from envspec.errors import HttpStatusError
from envspec.ports import Request
from tests.adapters.web_doors import Open
from tests.adapters.web_doors import web as web
from tests.loopback import Answer, Loopback, redirect, wheel

ANN = "Basic YW5uOnNlc2FtZQ=="
"""ann:sesame"""


def netrc(folder: Path, text: str) -> dict[str, str]:
    path = folder / "my-netrc"
    path.write_text(text)
    return {"NETRC": str(path)}


def test_a_urls_login_is_sent_and_not_shown(web: Open) -> None:
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}, auth=("ann", "se/same:@")) as server:
        page = web().get(Request(f"{server.with_credentials('ann', 'se%2Fsame%3A%40')}/demo/"))
        assert (page.status, page.url) == (200, f"{server.url}/simple/demo/")


def test_a_urls_login_serves_its_origin_from_then_on(web: Open) -> None:
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}, auth=("ann", "sesame")) as server:
        http = web()
        http.get(Request(f"{server.with_credentials('ann', 'sesame')}/demo/"))
        assert http.get(Request(server.file_url("demo-1.0-py3-none-any.whl"))).status == 200


def test_a_login_can_be_known_before_any_request(web: Open) -> None:
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}, auth=("ann", "sesame")) as server:
        http = web(login_urls=(server.with_credentials("ann", "sesame"),))
        assert http.get(Request(server.file_url("demo-1.0-py3-none-any.whl"))).status == 200


def test_netrc_serves_its_hosts(web: Open, tmp_path: Path) -> None:
    environ = netrc(tmp_path, "machine 127.0.0.1 login ann password sesame\n")
    with Loopback() as server:
        server.always("/x", Answer())
        web(environ).get(Request(f"{server.url}/x"))
        web(environ).get(Request(f"{server.url.replace('127.0.0.1', 'localhost')}/x"))
        assert [asked.headers.get("authorization") for asked in server.log] == [ANN, None]


def test_netrc_lies_in_the_home_folder(web: Open, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ann password sesame\n")
    with Loopback() as server:
        server.always("/x", Answer())
        web({"HOME": str(tmp_path)}).get(Request(f"{server.url}/x"))
        assert server.log[0].headers["authorization"] == ANN


def test_a_urls_login_wins_over_netrc(web: Open, tmp_path: Path) -> None:
    environ = netrc(tmp_path, "machine 127.0.0.1 login other password other\n")
    with Loopback(auth=("ann", "sesame")) as server:
        server.always("/x", lambda asked: Answer())
        assert web(environ).get(Request(f"http://ann:sesame@127.0.0.1:{server.port}/x")).status == 200


def test_no_login_follows_a_redirect_to_another_origin(web: Open, tmp_path: Path) -> None:
    environ = netrc(tmp_path, "default login ann password sesame\n")
    with Loopback() as first, Loopback() as other:
        first.always("/a", redirect(f"http://evil:evil@127.0.0.1:{other.port}/x"))
        other.always("/x", redirect(f"{first.url}/back"))
        first.always("/back", Answer(body=b"x"))
        web().get(Request(f"http://ann:sesame@127.0.0.1:{first.port}/a", {"Cookie": "c=1"}))
        web(environ).get(Request(f"{first.url}/a"))
        web().get(Request(f"{first.url}/a", {"Authorization": "Bearer token"}))
        assert [asked.headers.get("authorization") for asked in other.log] == [None, None, None]
        assert [asked.headers.get("cookie") for asked in other.log] == [None, None, None]
        assert [asked.headers.get("authorization") for asked in first.log] == [
            ANN, ANN, ANN, ANN, "Bearer token", "Bearer token",
        ]  # fmt: skip


def test_netrc_is_asked_anew_where_a_redirect_leads(web: Open, tmp_path: Path) -> None:
    environ = netrc(tmp_path, "machine localhost login ann password sesame\n")
    with Loopback() as server:
        server.always("/a", redirect(f"http://localhost:{server.port}/b"))
        server.always("/b", Answer())
        web(environ).get(Request(f"{server.url}/a"))
        assert [asked.headers.get("authorization") for asked in server.log] == [None, ANN]


def test_a_missing_login_says_how_to_give_one(web: Open) -> None:
    with Loopback(auth=("ann", "sesame")) as server:
        with pytest.raises(HttpStatusError) as raised:
            web().get(Request(f"{server.index_url}/demo/"))
        assert str(raised.value) == (
            f"{server.index_url}/demo/: the server answered 401\n"
            "  why: it wants a user name and password\n"
            "  fix: put `machine 127.0.0.1 login USER password PASSWORD` in ~/.netrc,"
            " or USER:PASSWORD@ in the URL"
        )


def test_a_refused_login_is_not_shown(web: Open) -> None:
    with Loopback(auth=("ann", "sesame")) as server:
        with pytest.raises(HttpStatusError) as raised:
            web().get(Request(f"{server.with_credentials('bob', 'wrong-secret')}/demo/"))
        assert raised.value.why == "it refused the user name and password it was given"
        assert "bob" not in str(raised.value)
        assert "wrong-secret" not in str(raised.value)


def test_a_netrc_that_can_not_be_read_is_told_where_it_matters(web: Open, tmp_path: Path) -> None:
    environ = netrc(tmp_path, "machine 127.0.0.1 login ann\nnonsense secret\n")
    with Loopback(auth=("ann", "sesame")) as server:
        server.auth = None
        server.always("/x", Answer())
        assert web(environ).get(Request(f"{server.url}/x")).status == 200
        server.auth = ("ann", "sesame")
        with pytest.raises(HttpStatusError) as raised:
            web(environ).get(Request(f"{server.url}/y"))
        assert raised.value.why == (
            "it wants a user name and password; "
            f"{tmp_path}/my-netrc: line 2 can't be read, so nothing in it was used"
        )
