"""Answers that come, and never come to an end."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from envspec.errors import ConnectionFailedError, SilentServerError
from envspec.ports import Request
from tests.adapters.web_doors import Open
from tests.adapters.web_doors import web as web


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\na: ", b"a", id="a header"),
        pytest.param(b"HTTP/1.1 200 OK\r\n", b"a: b\r\n", id="headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n", b"a", id="a body"),
        pytest.param(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;", b"a", id="a chunk's size"),
    ],
)
def test_an_answer_that_drips_is_given_up(web: Open, start: bytes, drop: bytes) -> None:
    with sending(start, drop, every_s=0.1) as url, pytest.raises(SilentServerError) as told:
        web(timeout_s=0.2).get(Request(url))
    assert told.value.what == f"{url}: its answer comes too slowly"
    assert re.fullmatch(r"127\.0\.0\.1:\d+ sent \d+ bytes in 1 s", told.value.why)


def test_a_proxy_that_drips_is_given_up(web: Open) -> None:
    with (
        sending(b"HTTP/1.1 200 OK\r\na: ", b"a", every_s=0.1) as proxy,
        pytest.raises(SilentServerError) as told,
    ):
        web({"HTTPS_PROXY": proxy}, timeout_s=0.2).get(Request("https://index.example/x"))
    assert told.value.what == "https://index.example/x: its answer comes too slowly"


def test_interim_answers_without_end_are_given_up(web: Open) -> None:
    with (
        sending(b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 100, every_s=0.01) as url,
        pytest.raises((ConnectionFailedError, SilentServerError)) as told,
    ):
        web(timeout_s=0.2).get(Request(url))
    assert told.value.why in (
        "more than 10 interim answers",
        f"{url[7:-1]} sent no whole head in 2 s",
    )


@contextmanager
def sending(start: bytes, again: bytes, *, every_s: float) -> Iterator[str]:
    """The URL of a server that sends ``start``, then ``again`` for ever."""
    done = threading.Event()

    def serve() -> None:
        with suppress(OSError):
            while not done.is_set():
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    connection.recv(65536)
                    connection.sendall(start)
                    while not done.wait(every_s):
                        connection.sendall(again)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            done.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)
