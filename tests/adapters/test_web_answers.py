from __future__ import annotations

import gzip
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from envspec.errors import (
    BrokenBodyError,
    ConnectionFailedError,
    HttpStatusError,
    NameResolutionError,
    NetworkError,
    SilentServerError,
    TooLargeError,
)
from envspec.ports import Request
from tests.adapters.web_doors import Open
from tests.adapters.web_doors import web as web
from tests.loopback import JSON_TYPE, Answer, Loopback, endless, silent, truncated, wheel


def test_a_page_comes_as_it_travelled(web: Open) -> None:
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}, max_age=600) as server:
        page = web().get(Request(f"{server.index_url}/demo/", {"Accept": JSON_TYPE}))
        assert page.status == 200
        assert page.headers["content-encoding"] == "gzip"
        assert page.headers["cache-control"] == "max-age=600, public"
        assert gzip.decompress(page.body) == server.page_json("demo")
        assert page.url == f"{server.url}/simple/demo/"


def test_the_requests_own_headers_win(web: Open) -> None:
    with Loopback() as server:
        server.always("/x", Answer(body=b"x"))
        web().get(Request(f"{server.url}/x", {"Accept-Encoding": "identity", "User-Agent": "someone"}))
        [asked] = server.log
        assert asked.headers["accept-encoding"] == "identity"
        assert asked.headers["user-agent"] == "someone"
        assert asked.headers["host"] == f"127.0.0.1:{server.port}"


def test_a_range_is_asked_for_unencoded(web: Open) -> None:
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        file = server.projects["demo"][0]
        part = web().get(Request(server.file_url(file.filename), {"Range": "bytes=-22"}))
        assert (part.status, part.body) == (206, file.data[-22:])
        assert (
            part.headers["content-range"]
            == f"bytes {len(file.data) - 22}-{len(file.data) - 1}/{len(file.data)}"
        )
        assert server.log[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("mode", ["refused-416", "refused-501"])
def test_a_refused_range_is_an_answer(web: Open, mode: str) -> None:
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}, ranges=mode) as server:
        url = server.file_url("demo-1.0-py3-none-any.whl")
        assert web().get(Request(url, {"Range": "bytes=0-9"})).status == int(mode[-3:])
        assert len(server.log) == 1


def test_an_unchanged_page_has_no_body(web: Open) -> None:
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        http, url = web(), f"{server.index_url}/demo/"
        etag = http.get(Request(url)).headers["etag"]
        again = http.get(Request(url, {"If-None-Match": etag}))
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", etag)
        assert http.get(Request(url)).status == 200


@pytest.mark.parametrize("status", [200, 203, 404, 410])
def test_presence_and_absence_are_answers(web: Open, status: int) -> None:
    with Loopback() as server:
        server.always("/x", Answer(status, b"body"))
        assert web().get(Request(f"{server.url}/x")).status == status


@pytest.mark.parametrize(
    ("status", "why"),
    [
        pytest.param(400, "", id="a bad request"),
        pytest.param(401, "it wants a user name and password", id="no login"),
        pytest.param(403, "it doesn't allow this", id="not allowed"),
        pytest.param(416, "", id="a range that nobody asked for"),
        pytest.param(501, "", id="not implemented, without a range"),
        pytest.param(305, "", id="use a proxy"),
    ],
)
def test_other_statuses_are_errors_at_once(web: Open, status: int, why: str) -> None:
    with Loopback() as server:
        server.always("/x", Answer(status))
        with pytest.raises(HttpStatusError) as raised:
            web().get(Request(f"{server.url}/x?token=secret"))
        assert raised.value.status == status
        assert raised.value.what == f"{server.url}/x?...: the server answered {status}"
        assert raised.value.why == why
        assert len(server.log) == 1


def test_a_chunked_body_comes_whole(web: Open) -> None:
    body = bytes(range(256)) * 300
    with Loopback() as server:
        server.always("/x", Answer(body=body, chunked=True))
        http = web()
        assert [http.get(Request(f"{server.url}/x")).body == body for _ in range(3)] == [True, True, True]


def test_a_body_that_ends_with_its_connection_comes_whole(web: Open) -> None:
    with Loopback() as server:
        server.always("/x", Answer(raw=b"HTTP/1.0 200 OK\r\nx: y\r\n\r\nall of it"))
        assert web().get(Request(f"{server.url}/x")).body == b"all of it"


@pytest.mark.parametrize("chunked", [False, True], ids=["by its length", "in chunks"])
def test_a_truncated_body_is_broken_after_retries(web: Open, chunked: bool) -> None:
    with Loopback() as server:
        server.always("/x", Answer(body=b"0123456789" * 1000, cut_at=2500, chunked=chunked))
        with pytest.raises(BrokenBodyError) as raised:
            web().get(Request(f"{server.url}/x"))
        assert raised.value.what == f"{server.url}/x: the answer broke off"
        assert raised.value.why == "the connection was closed before the answer's end"
        assert len(server.log) == 4


def test_a_truncated_body_is_asked_for_again(web: Open) -> None:
    with Loopback() as server:
        server.always("/x", Answer(body=b"whole"))
        server.first("/x", truncated(b"whole"), times=3)
        assert web().get(Request(f"{server.url}/x")).body == b"whole"


def test_an_endless_body_stops_at_its_bound(web: Open) -> None:
    with Loopback() as server:
        server.always("/x", endless())
        with pytest.raises(TooLargeError) as raised:
            web().get(Request(f"{server.url}/x", max_bytes=1_000_000))
        assert raised.value.what == f"{server.url}/x: the body is longer than 1000000 bytes"
        assert len(server.log) == 1


def test_an_announced_length_beyond_the_bound_is_not_read(web: Open) -> None:
    with Loopback() as server:
        server.always("/x", Answer(body=b"x" * 10, headers={"content-length": "300000000"}, stall_at=10))
        started = time.monotonic()
        with pytest.raises(TooLargeError, match="longer than 1000 bytes") as raised:
            web().get(Request(f"{server.url}/x", max_bytes=1000))
        assert raised.value.why == "300000000 bytes are announced"
        assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "answer", [silent(), Answer(body=b"x" * 100, stall_at=50)], ids=["nothing at all", "half a body"]
)
def test_silence_is_an_error_after_the_time_allowed(web: Open, answer: Answer) -> None:
    with Loopback() as server:
        server.always("/x", answer)
        started = time.monotonic()
        with pytest.raises(SilentServerError) as raised:
            web(timeout_s=0.2).get(Request(f"{server.url}/x"))
        assert raised.value.what == f"{server.url}/x: silent for 0.2 s"
        assert 0.2 < time.monotonic() - started < 3
        assert len(server.log) == 2


def test_a_refused_connection_names_host_and_port(web: Open) -> None:
    with Loopback() as server:
        url, port = server.url, server.port
    with pytest.raises(ConnectionFailedError) as raised:
        web().get(Request(f"{url}/x"))
    assert raised.value.what == f"{url}/x: no connection to 127.0.0.1:{port}"
    assert raised.value.why == "Connection refused"
    assert raised.value.fix == f"check the port, and that a server runs on 127.0.0.1:{port}"


@pytest.mark.parametrize(
    "name", ["nowhere.invalid", "a" * 64 + ".invalid"], ids=["unknown", "too long a label"]
)
def test_a_name_that_does_not_resolve_is_no_matter_of_certificates(web: Open, name: str) -> None:
    with pytest.raises(NameResolutionError) as raised:
        web().get(Request(f"https://{name}/x"))
    assert raised.value.what == f"https://{name}/x: the name {name!r} does not resolve"
    assert raised.value.fix == (
        "check the name, and this machine's DNS (/etc/resolv.conf); no certificate was looked at yet"
    )


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/x",
        "https://",
        "https:///x",
        "http://host:99999/",
        "http://ho st/",
        "https://user:pa/ss@host/",
        "x",
    ],
)
def test_what_is_no_url_is_said_without_its_password(web: Open, url: str) -> None:
    with pytest.raises(NetworkError, match="isn't a URL that can be asked for") as raised:
        web().get(Request(url))
    assert "pa/ss" not in str(raised.value)
    assert "user" not in raised.value.what


def test_many_threads_share_a_few_connections(web: Open) -> None:
    with Loopback(tls="good", requests_per_connection=7) as server:
        server.always("/x", Answer(body=b"x" * 5000, headers={"content-type": "text/plain"}))
        http = web()
        request = Request(f"{server.url}/x", ca_file=server.ca_file)
        with ThreadPoolExecutor(16) as pool:
            sizes = list(pool.map(lambda _: len(http.get(request).body), range(200)))
        assert sizes == [5000] * 200
        assert len(server.log) >= 200


def test_a_connection_serves_on(web: Open) -> None:
    with Loopback(tls="good", projects={"demo": [wheel("demo", "1.0")]}) as server:
        http = web()
        for path in ("/simple/demo/", "/simple/absent/", "/simple/demo", "/files/demo-1.0-py3-none-any.whl"):
            http.get(Request(server.url + path, ca_file=server.ca_file))
        assert {asked.connection for asked in server.log} == {1}


def test_a_connection_left_by_the_server_costs_no_try(web: Open) -> None:
    with Loopback(requests_per_connection=1) as server:
        server.always("/x", Answer(body=b"x"))
        http = web()
        assert [http.get(Request(f"{server.url}/x")).body for _ in range(10)] == [b"x"] * 10
        assert len(server.log) == 10


def test_closing_ends_what_waits(web: Open) -> None:
    with Loopback() as server:
        server.always("/x", Answer(503, headers={"retry-after": "30"}))
        http = web()
        failures: list[BaseException] = []

        def ask() -> None:
            try:
                http.get(Request(f"{server.url}/x"))
            except NetworkError as error:
                failures.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        while not server.log:
            time.sleep(0.005)
        time.sleep(0.05)
        http.close()
        thread.join(5)
        assert not thread.is_alive()
        assert [type(failure) for failure in failures] == [ConnectionFailedError]


def test_what_a_server_says_can_not_steer_the_terminal(web: Open) -> None:
    with Loopback() as server:
        server.always("/x", Answer(raw=b"\x1b[31mHTTP/1.1 200 OK\r\n\r\n"))
        with pytest.raises(ConnectionFailedError, match="no answer that can be read") as raised:
            web().get(Request(f"{server.url}/x"))
        assert "\x1b" not in str(raised.value)
