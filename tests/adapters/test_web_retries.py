from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from envspec.errors import ConnectionFailedError, HttpStatusError
from envspec.ports import Request
from tests.adapters.web_doors import Open
from tests.adapters.web_doors import web as web
from tests.loopback import Answer, Loopback


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_passing_trouble_passes(web: Open, status: int) -> None:
    with Loopback() as server:
        server.always("/x", Answer(body=b"x"))
        server.first("/x", Answer(status), times=3)
        assert web().get(Request(f"{server.url}/x")).body == b"x"
        assert len(server.log) == 4


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_lasting_trouble_is_told_after_three_more_tries(web: Open, status: int) -> None:
    with Loopback() as server:
        server.always("/x", Answer(status))
        with pytest.raises(HttpStatusError) as raised:
            web().get(Request(f"{server.url}/x"))
        assert raised.value.what == f"{server.url}/x: the server answered {status}"
        assert len(server.log) == 4


def test_a_reset_is_tried_again(web: Open) -> None:
    with Loopback() as server:
        server.always("/x", Answer(body=b"x"))
        server.first("/x", Answer(reset=True), times=3)
        assert web().get(Request(f"{server.url}/x")).body == b"x"


def test_resets_without_end_are_told(web: Open) -> None:
    with Loopback() as server:
        server.always("/x", Answer(reset=True))
        with pytest.raises(ConnectionFailedError):
            web().get(Request(f"{server.url}/x"))
        assert len(server.log) == 4


def test_the_seconds_a_server_asks_for_are_waited(web: Open) -> None:
    with Loopback() as server:
        server.always("/x", Answer(body=b"x"))
        server.first("/x", Answer(503, headers={"retry-after": "1"}))
        started = time.monotonic()
        assert web().get(Request(f"{server.url}/x")).body == b"x"
        assert 1.0 <= time.monotonic() - started < 4


def test_the_date_a_server_asks_for_is_waited_for(web: Open) -> None:
    with Loopback() as server:
        server.always("/x", Answer(body=b"x"))
        at = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=2), usegmt=True)
        server.first("/x", Answer(429, headers={"retry-after": at}))
        started = time.monotonic()
        assert web().get(Request(f"{server.url}/x")).body == b"x"
        assert 0.9 <= time.monotonic() - started < 4


def test_who_asks_for_too_long_a_wait_is_not_waited_for(web: Open) -> None:
    with Loopback() as server:
        server.always("/x", Answer(429, headers={"retry-after": "3600"}))
        with pytest.raises(HttpStatusError) as raised:
            web().get(Request(f"{server.url}/x"))
        assert raised.value.why == "it asks to wait 3600 s, we wait 60 s at most"
        assert len(server.log) == 1


@pytest.mark.parametrize("value", ["soon", "-1", "", "Fri, 99 Nov 2024 99:99:99 GMT", "9" * 400])
def test_a_wait_that_can_not_be_read_does_no_harm(web: Open, value: str) -> None:
    with Loopback() as server:
        server.always("/x", Answer(503, headers={"retry-after": value}))
        with pytest.raises(HttpStatusError):
            web().get(Request(f"{server.url}/x"))
