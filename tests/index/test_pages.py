"""Pages: what's asked, by which validators, and for how long an answer holds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pytest

from envspec.adapters.cache import SqliteStore
from envspec.errors import HttpStatusError, OfflineError, SilentServerError
from envspec.index.live import LiveIndex
from envspec.index.pages import ACCEPT, Pages, freshness_s
from envspec.index.store import StoredBody, StoredPage
from envspec.ports import Request, Response
from tests.fakes import FakeHttp

NOW_S = 1_700_000_000.0
"""Tue, 14 Nov 2023 22:13:20 GMT."""
INDEX = LiveIndex("default", "https://index.example/simple")
URL = "https://index.example/simple/demo/"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({}, 600, id="nothing is said"),
        pytest.param({"cache-control": "public"}, 600, id="nothing is said of time"),
        pytest.param({"cache-control": "max-age=60"}, 60, id="max-age"),
        pytest.param({"cache-control": 'public, Max-Age="60"'}, 60, id="max-age among others and quoted"),
        pytest.param({"cache-control": "max-age=60", "age": "45"}, 15, id="max-age less the age"),
        pytest.param({"cache-control": "max-age=60", "age": "90"}, 0, id="an age beyond max-age"),
        pytest.param({"cache-control": "max-age=0"}, 0, id="no time at all"),
        pytest.param({"cache-control": "no-cache, max-age=60"}, 0, id="no-cache"),
        pytest.param({"cache-control": "no-store"}, 0, id="no-store"),
        pytest.param({"cache-control": f"max-age={'9' * 5000}"}, 366 * 86400, id="a year at most"),
        pytest.param({"cache-control": "max-age=\u00b2"}, 0, id="a number that is none"),
        pytest.param({"cache-control": "max-age=-1"}, 0, id="a negative number"),
        pytest.param({"cache-control": "public, max-age"}, 0, id="no number"),
        pytest.param({"cache-control": "max-age=60", "age": "x"}, 60, id="an age that is none"),
        pytest.param(
            {"expires": "Tue, 14 Nov 2023 22:14:20 GMT", "date": "Tue, 14 Nov 2023 22:14:00 GMT"},
            20,
            id="expires",
        ),
        pytest.param({"expires": "Tue, 14 Nov 2023 22:14:20 GMT"}, 60, id="expires without a date"),
        pytest.param({"expires": "Tue, 14 Nov 2023 22:13:00 GMT"}, 0, id="expired"),
        pytest.param({"expires": "0"}, 0, id="expires at no moment"),
        pytest.param({"expires": "Tue, 14 Nov 99999 22:13:00 GMT"}, 0, id="expires beyond the calendar"),
        pytest.param({"cache-control": "max-age=60", "expires": "0"}, 60, id="max-age counts before expires"),
    ],
)
def test_an_answer_is_fresh_as_long_as_it_says(headers: dict[str, str], seconds: int) -> None:
    assert freshness_s(headers, NOW_S) == seconds


class World:
    """Pages over a fake network and a clock that the test moves; one store for all runs."""

    def __init__(self) -> None:
        self.http = FakeHttp()
        self.store = SqliteStore(None)
        self.now_s = NOW_S

    def pages(self, *, offline: bool = False, refresh: bool = False) -> Pages:
        """A new run."""
        self.store.flush()
        return Pages(
            http=lambda: self.http,
            store=self.store,
            clock=lambda: self.now_s,
            offline=offline,
            refresh=refresh,
        )

    def answer(self, body: bytes = b"page", status: int = 200, /, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.http.answers[URL] = Response(status, named, body, URL)


@pytest.fixture
def world() -> World:
    return World()


def conditions(request: Request) -> Mapping[str, str]:
    return {name: value for name, value in request.headers.items() if name != "Accept"}


def test_a_page_is_asked_for_in_both_forms_without_conditions(world: World) -> None:
    world.answer()
    world.pages().ask(INDEX, "demo")
    [request] = world.http.log
    assert (request.url, request.headers) == (URL, {"Accept": ACCEPT})


def test_a_page_is_asked_for_once_a_run(world: World) -> None:
    world.answer(cache_control="max-age=0")
    pages = world.pages()
    first = pages.ask(INDEX, "demo")
    assert pages.ask(INDEX, "demo") == first
    assert pages.known(URL) == first
    assert len(world.http.log) == 1


def test_a_page_is_known_until_it_grows_old(world: World) -> None:
    world.answer(cache_control="max-age=60", etag='"1"')
    page = world.pages().ask(INDEX, "demo")
    assert page == StoredPage(200, 1_700_000_060, '"1"', "", hashlib.sha256(b"page").hexdigest(), 60)
    world.now_s += 59
    assert world.pages().known(URL) == page
    world.now_s += 1
    assert world.pages().known(URL) is None
    assert world.pages(offline=True).known(URL) == page
    world.now_s = NOW_S
    assert world.pages(refresh=True).known(URL) is None


@pytest.mark.parametrize(
    ("validators", "sent"),
    [
        ({"etag": '"1"'}, {"If-None-Match": '"1"'}),
        ({"last_modified": "Mon"}, {"If-Modified-Since": "Mon"}),
        ({"etag": 'W/"1"', "last_modified": "Mon"}, {"If-None-Match": 'W/"1"'}),
        ({}, {}),
    ],
)
def test_an_old_page_is_asked_for_by_its_validators(
    world: World, validators: dict[str, str], sent: dict[str, str]
) -> None:
    world.answer(cache_control="max-age=0", **validators)
    world.pages().ask(INDEX, "demo")
    world.pages().ask(INDEX, "demo")
    assert conditions(world.http.log[1]) == sent


def test_an_unchanged_page_keeps_its_body_and_gets_more_time(world: World) -> None:
    world.answer(b"the page", cache_control="max-age=0", etag='"1"', content_type="text/html")
    first = world.pages().ask(INDEX, "demo")
    world.answer(b"", 304, cache_control="max-age=90")
    pages = world.pages()
    assert pages.ask(INDEX, "demo") == first._replace(expires=1_700_000_090, fresh_s=90)
    assert pages.body(URL) == StoredBody(b"the page", "", "text/html", URL)
    assert not pages.was_sent(URL)
    assert world.pages().known(URL) == first._replace(expires=1_700_000_090, fresh_s=90)


@pytest.mark.parametrize(
    ("said", "expires"),
    [
        pytest.param({"cache_control": "max-age=0"}, 1_700_000_000, id="never fresh"),
        pytest.param({"cache_control": "max-age=60"}, 1_700_000_120, id="a minute again"),
        pytest.param({}, 1_700_000_660, id="our own ten minutes"),
    ],
)
def test_an_unchanged_page_of_which_nothing_is_said_is_fresh_as_long_as_before(
    world: World, said: dict[str, str], expires: int
) -> None:
    """RFC 9111, 4.3.4: a 304 updates the headers that are kept, and those it doesn't send stay."""
    world.answer(etag='"1"', **said)
    world.pages().ask(INDEX, "demo")
    world.now_s += 0 if said.get("cache_control") == "max-age=0" else 60
    world.answer(b"", 304)
    pages = world.pages(refresh=True)
    assert pages.ask(INDEX, "demo").expires == expires


def test_a_page_that_cannot_be_read_is_asked_for_without_conditions(world: World) -> None:
    world.answer(cache_control="max-age=0", etag='"1"')
    world.pages().ask(INDEX, "demo")
    pages = world.pages()
    pages.ask(INDEX, "demo")
    pages.ask(INDEX, "demo", anew=True)
    assert [conditions(request) for request in world.http.log] == [{}, {"If-None-Match": '"1"'}, {}]


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_not_there_is_remembered_as_such(world: World, status: int) -> None:
    world.answer(b"nothing", status)
    page = world.pages().ask(INDEX, "demo")
    assert page == StoredPage(404, 1_700_000_600, "", "", "absent")
    pages = world.pages()
    assert pages.known(URL) == page
    world.now_s += 601
    pages.ask(INDEX, "demo")
    assert conditions(world.http.log[1]) == {}


@pytest.mark.parametrize("status", [204, 206, 304])
def test_a_status_that_gives_no_page_is_an_error(world: World, status: int) -> None:
    world.answer(b"", status)
    with pytest.raises(HttpStatusError) as raised:
        world.pages().ask(INDEX, "demo")
    assert raised.value.what == f"{URL}: answered {status}, 200 was wanted"
    assert raised.value.why == "that's no page, and doesn't say that there's none"
    assert raised.value.fix == "open the URL in a browser and see who answers"
    assert world.store.page(URL) is None


def test_a_refusal_is_an_answer_and_silence_is_none(world: World) -> None:
    pages = world.pages()
    world.answer()
    pages.ask(INDEX, "demo")
    assert pages.requests == 1
    for error, count in ((HttpStatusError(status=500, what="no"), 2), (SilentServerError(what="silent"), 2)):
        world.http.answers[URL] = error
        with pytest.raises(type(error)):
            pages.ask(INDEX, "demo", anew=True)
        assert pages.requests == count


def test_what_must_not_be_stored_is_there_for_this_run_alone(world: World) -> None:
    world.answer(b"secret", cache_control="no-store", etag='"1"')
    pages = world.pages()
    pages.ask(INDEX, "demo")
    assert not pages.is_kept(URL)
    for _ in range(2):
        body = pages.body(URL)
        assert body is not None
        assert body.body == b"secret"
    world.store.flush()
    assert (world.store.page(URL), world.store.body(URL)) == (None, None)
    world.pages().ask(INDEX, "demo")
    assert conditions(world.http.log[1]) == {}


def test_offline_nobody_is_asked(world: World) -> None:
    world.answer()
    with pytest.raises(OfflineError, match="demo: its page of index 'default' isn't in the cache"):
        world.pages(offline=True).ask(INDEX, "demo")
    assert world.http.log == []


def test_credentials_and_trust_of_an_index_go_with_its_requests(world: World) -> None:
    index = LiveIndex("site", "https://user:word@index.example/simple", "/site-ca.pem")
    world.http.answers["https://user:word@index.example/simple/demo/"] = b"page"
    pages = world.pages()
    pages.ask(index, "demo")
    pages.get(index, "https://index.example/files/a.whl", {}, 10)
    pages.get(index, "https://elsewhere.example/files/a.whl", {}, 10)
    pages.get(index, "http://index.example/files/a.whl", {}, 10)
    assert [(request.url, request.ca_file) for request in world.http.log] == [
        ("https://user:word@index.example/simple/demo/", "/site-ca.pem"),
        ("https://user:word@index.example/files/a.whl", "/site-ca.pem"),
        ("https://elsewhere.example/files/a.whl", "/site-ca.pem"),
        ("http://index.example/files/a.whl", "/site-ca.pem"),
    ]
    assert pages.known(URL) is not None


# Whether pages are still the same


def test_fresh_pages_are_confirmed_without_asking(world: World) -> None:
    world.answer()
    stamp = world.pages().ask(INDEX, "demo").stamp
    assert world.pages().confirm([(INDEX, "demo", stamp)])
    assert not world.pages().confirm([(INDEX, "demo", "another")])
    assert not world.pages().confirm([(INDEX, "demo", stamp), (INDEX, "unknown", stamp)])
    assert len(world.http.log) == 1


@pytest.mark.parametrize(
    ("status", "body", "same"),
    [(304, b"", True), (200, b"page", True), (200, b"other", False), (404, b"", False)],
)
def test_old_pages_are_confirmed_by_asking(world: World, status: int, body: bytes, same: bool) -> None:
    world.answer(b"page", cache_control="max-age=0", etag='"1"')
    stamp = world.pages().ask(INDEX, "demo").stamp
    world.answer(body, status)
    pages = world.pages()
    try:
        assert pages.confirm([(INDEX, "demo", stamp)]) is same
        assert pages.confirm([(INDEX, "demo", stamp)]) is same
    finally:
        pages.close()
    assert len(world.http.log) == 2


def test_absence_is_confirmed_too(world: World) -> None:
    world.answer(b"", 404)
    world.pages().ask(INDEX, "demo")
    assert world.pages().confirm([(INDEX, "demo", "absent")])


def test_what_fails_while_confirming_is_raised(world: World) -> None:
    world.answer(cache_control="max-age=0")
    stamp = world.pages().ask(INDEX, "demo").stamp
    world.http.answers[URL] = HttpStatusError(status=500, what="broken")
    pages = world.pages()
    with pytest.raises(HttpStatusError, match="broken"):
        pages.confirm([(INDEX, "demo", stamp)])
    pages.close()
