"""What only the lean transport reads by hand: heads, framing, kept connections."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from envspec.errors import BrokenBodyError, ConnectionFailedError
from envspec.ports import Request
from tests.adapters.web_doors import Open, opener
from tests.loopback import Answer, Loopback


@pytest.fixture
def web() -> Iterator[Open]:
    with ExitStack() as stack:
        yield opener(stack, lean=True)


def answered(web: Open, raw: bytes) -> bytes:
    with Loopback() as server:
        server.always("/x", Answer(raw=raw))
        return web().get(Request(f"{server.url}/x")).body


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        pytest.param(
            b"SSH-2.0-OpenSSH_9.6\r\n", "it begins with 'SSH-2.0-OpenSSH_9.6'", id="another protocol"
        ),
        pytest.param(b"HTTP/1.1 2000 OK\r\n\r\n", "it begins with 'HTTP/1.1 2000 OK'", id="a long status"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 201 + b"\r\n",
            "a head of more than 200 lines",
            id="many lines",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\na: " + b"b" * 400_000, "a head of more than 65536 bytes", id="a long line"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\na b: c\r\n\r\n", "the header line 'a b: c' can't be read", id="a space"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n", "the header line ' c' can't be read", id="a fold"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxy",
            "a Content-Length of '1, 2'",
            id="two lengths",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            "a Content-Length of '-1'",
            id="a negative length",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
            "the transfer coding 'gzip, chunked', where only chunked is known",
            id="another coding",
        ),
        pytest.param(
            b"HTTP/1.1 100 Continue\r\n\r\n" * 11, "more than 10 interim answers", id="interim answers"
        ),
    ],
)
def test_a_head_that_is_not_as_it_should_be_is_refused(web: Open, raw: bytes, why: str) -> None:
    with pytest.raises(ConnectionFailedError, match="no answer that can be read") as raised:
        answered(web, raw)
    assert raised.value.why == why


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        pytest.param(b"g\r\nx", "a chunk without its size", id="no size"),
        pytest.param(b"2\r\nxyz\r\n0\r\n\r\n", "a chunk that's longer than its size", id="too long"),
        pytest.param(b"5" + b" " * 20_000, "a line of more than 4096 bytes", id="a long line"),
        pytest.param(b"0\r\n" + b"a: b\r\n" * 300, "a trailer without end", id="an endless trailer"),
        pytest.param(b"5\r\nxy", "the connection was closed before the answer's end", id="cut in a chunk"),
        pytest.param(
            b"2\r\nxy\r\n", "the connection was closed before the answer's end", id="cut between chunks"
        ),
    ],
)
def test_chunks_that_are_not_as_they_should_be_break_the_body(web: Open, raw: bytes, why: str) -> None:
    with pytest.raises(BrokenBodyError, match="the answer broke off") as raised:
        answered(web, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + raw)
    assert raised.value.why == why


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        pytest.param(b"HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nxy", b"xy", id="no reason"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nxy", b"xy", id="one length twice"),
        pytest.param(
            b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nxy", b"xy", id="interim"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\ncontent-length: 9\r\n\r\n"
            b"2;a=b\r\nxy\r\n0\r\nt: u\r\n\r\n",
            b"xy",
            id="chunks win over a length",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nxyHTTP/1.1 500 No\r\n\r\n", b"xy", id="more"
        ),
    ],
)
def test_other_forms_of_an_answer_are_read(web: Open, raw: bytes, body: bytes) -> None:
    assert answered(web, raw) == body


def test_what_nobody_asked_for_is_no_answer_to_the_next_request(web: Open) -> None:
    with Loopback() as server:
        server.always("/a", Answer(body=b"a", headers={"content-length": "1"}))
        server.first(
            "/a",
            Answer(
                body=b"aHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil", headers={"content-length": "1"}
            ),
        )
        server.always("/b", Answer(body=b"b"))
        http = web()
        assert http.get(Request(f"{server.url}/a")).body == b"a"
        assert http.get(Request(f"{server.url}/b")).body == b"b"
        assert server.connections == 2


def test_a_repeated_header_is_joined(web: Open) -> None:
    with Loopback() as server:
        server.always("/x", Answer(raw=b"HTTP/1.0 200 OK\r\nVary: a\r\nvary:\tb \r\n\r\n"))
        assert web().get(Request(f"{server.url}/x")).headers == {"vary": "a, b"}


def test_a_header_can_not_smuggle_another(web: Open) -> None:
    with Loopback() as server:
        with pytest.raises(ConnectionFailedError):
            web().get(Request(f"{server.url}/x", {"If-None-Match": '"a"\r\nX-Evil: 1'}))
        assert server.log == []


def test_a_connection_is_not_shared_between_ca_files(web: Open) -> None:
    with Loopback(tls="good") as server:
        server.always("/x", Answer(body=b"x"))
        http = web({"SSL_CERT_FILE": str(server.ca_file)})
        for ca_file in (server.ca_file, None, server.ca_file, None):
            http.get(Request(f"{server.url}/x", ca_file=ca_file))
        assert [asked.connection for asked in server.log] == [1, 2, 1, 2]


def test_closing_opens_no_new_connection_for_a_kept_one_that_it_ended(web: Open) -> None:
    with Loopback() as server:
        server.always("/x", Answer(body=b"x"))
        server.always("/slow", Answer(silent_s=60))
        http = web(timeout_s=50)
        http.get(Request(f"{server.url}/x"))
        failures: list[BaseException] = []
        came = threading.Event()

        def ask() -> None:
            try:
                http.get(Request(f"{server.url}/slow"))
            except ConnectionFailedError as error:
                failures.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        while len(server.log) < 2:
            came.wait(0.005)
        http.close()
        thread.join(5)
        assert not thread.is_alive()
        assert len(failures) == 1
        assert server.connections == 1


def test_closing_wakes_a_request_that_waits_for_bytes(web: Open) -> None:
    with Loopback(tls="good") as server:
        server.always("/x", Answer(silent_s=60))
        http = web(timeout_s=50)
        failures: list[BaseException] = []
        came = threading.Event()

        def ask() -> None:
            try:
                http.get(Request(f"{server.url}/x", ca_file=server.ca_file))
            except ConnectionFailedError as error:
                failures.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        while not server.log:
            came.wait(0.005)
        http.close()
        thread.join(5)
        assert not thread.is_alive()
        assert len(failures) == 1


def test_a_body_in_the_tiniest_chunks_costs_no_more_memory_than_its_bytes(web: Open) -> None:
    body = b"7" * 1_000_000
    tiny = b"".join(b"2\r\n77\r\n" for _ in range(len(body) // 2))
    raw = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + tiny + b"0\r\n\r\n"
    with Loopback() as server:
        server.always("/x", Answer(raw=raw))
        request = Request(f"{server.url}/x")
        http = web()
        tracemalloc.start()
        try:
            assert http.get(request).body == body
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 12 * len(body)
