"""What answers the questions of plans: the network, the cache, and each question once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from envspec.adapters.asset_world import AssetAnswers
from envspec.adapters.cache import SqliteStore
from envspec.assets.interface import Fetch, Get, Locate, ReadDistribution
from envspec.errors import (
    ConnectionFailedError,
    HashMismatchError,
    HttpStatusError,
    OfflineError,
    TooLargeError,
)
from envspec.index.live import LiveIndex
from envspec.index.view import ReleaseFile
from envspec.ports import Request, Response
from tests.fakes import FakeHttp, FakeProgress

URL = "https://huggingface.co/api/models/acme/tiny/revision/main"
FILE = "https://host.example/x.bin"
NOW_S = 1_000_000.0


class World:
    """A cache that stays, and any number of runs over it."""

    def __init__(self) -> None:
        self.http = FakeHttp()
        self.store = SqliteStore(None)
        self.now_s = NOW_S
        self.opened: list[AssetAnswers] = []
        self.members: dict[str, bytes] | None = {}
        self.read: list[tuple[str, ...]] = []

    def run(self, **options: Any) -> AssetAnswers:
        self.store.flush()
        answers = AssetAnswers(
            http=lambda: self.http,
            store=self.store,
            clock=lambda: self.now_s,
            read_members=self._members,
            progress=FakeProgress(),
            **options,
        )
        self.opened.append(answers)
        return answers

    def _members(
        self, file: ReleaseFile, index: object, names: Any, max_bytes: int
    ) -> Mapping[str, bytes] | None:
        self.read.append(tuple(names))
        return self.members


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    for answers in world.opened:
        answers.close()


def says(world: World, body: bytes, url: str = URL, **headers: str) -> None:
    world.http.answers[url] = Response(
        200, {name.replace("_", "-"): v for name, v in headers.items()}, body, url
    )


# Documents


def test_a_document_is_asked_for_once_a_run_and_again_where_it_grew_old(world: World) -> None:
    says(world, b"one", cache_control="max-age=60")
    answers = world.run()
    assert [answers.get(Get(URL)).body for _ in range(3)] == [b"one"] * 3
    assert len(world.http.log) == 1
    assert world.run().get(Get(URL)).body == b"one"
    assert len(world.http.log) == 1
    world.now_s += 61
    says(world, b"two")
    assert world.run().get(Get(URL)).body == b"two"


def test_what_cannot_change_is_kept_for_good_even_under_refresh(world: World) -> None:
    says(world, b"one", cache_control="max-age=0")
    world.run().get(Get(URL, lasting=True))
    world.now_s += 10 * 86400
    assert world.run(refresh=True).get(Get(URL, lasting=True)).body == b"one"
    assert len(world.http.log) == 1


def test_refresh_asks_anew_for_what_may_change(world: World) -> None:
    says(world, b"one", cache_control="max-age=600")
    world.run().get(Get(URL))
    says(world, b"two")
    assert world.run(refresh=True).get(Get(URL)).body == b"two"


def test_an_unchanged_document_costs_no_body(world: World) -> None:
    says(world, b"one", etag='"1"', cache_control="max-age=0", link='<x>; rel="next"')
    world.run().get(Get(URL))
    world.http.answers[URL] = Response(304, {"cache-control": "max-age=60"}, b"", URL)
    got = world.run().get(Get(URL))
    assert (got.status, got.body, got.headers["link"]) == (200, b"one", '<x>; rel="next"')
    assert world.http.log[-1].headers["if-none-match"] == '"1"'


def test_what_may_not_be_stored_is_not(world: World) -> None:
    says(world, b"one", cache_control="no-store")
    world.run().get(Get(URL))
    with pytest.raises(OfflineError):
        world.run(offline=True).get(Get(URL))


def test_offline_the_cache_answers_however_old_and_nobody_is_asked(world: World) -> None:
    says(world, b"one", cache_control="max-age=0")
    world.run().get(Get(URL))
    asked = len(world.http.log)
    world.now_s += 1e6
    assert world.run(offline=True).get(Get(URL)).body == b"one"
    for question in (Locate(FILE), Get(FILE), Fetch(FILE)):
        answers = world.run(offline=True)
        ask = {Locate: answers.locate, Get: answers.get, Fetch: answers.fetch}[type(question)]
        with pytest.raises(OfflineError) as caught:
            ask(question)  # type: ignore[operator]
        assert caught.value.what == f"{FILE} isn't in the cache"
    assert len(world.http.log) == asked


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_an_answer_with_its_headers(world: World, status: int) -> None:
    world.http.answers[URL] = HttpStatusError(status=status, what="no", headers={"x-error-code": "GatedRepo"})
    got = world.run().get(Get(URL))
    assert (got.status, got.headers) == (status, {"x-error-code": "GatedRepo"})


def test_another_failure_is_raised_once_for_each_who_asks(world: World) -> None:
    world.http.answers[URL] = HttpStatusError(status=500, what="broken")
    answers = world.run()
    errors = []
    for label in ("a", "b"):
        with pytest.raises(HttpStatusError) as caught:
            answers.get(Get(URL))
        caught.value.what = f"{label}: {caught.value.what}"
        errors.append(caught.value)
    assert [str(error) for error in errors] == ["a: broken", "b: broken"]
    assert [error.status for error in errors] == [500, 500]
    assert len(world.http.log) == 1


# Mirrors and tokens


def test_the_longest_prefix_has_its_mirror_and_answers_name_the_publisher(world: World) -> None:
    mirrors = {
        "https://github.com": "https://m.internal/gh",
        "https://github.com/acme": "https://m.internal/a",
    }
    answers = world.run(mirrors=mirrors)
    for url in ("https://github.com/x", "https://github.com/acme/x", "https://github.community/x"):
        answers.get(Get(url))
    assert world.http.urls == [
        "https://m.internal/gh/x",
        "https://m.internal/a/x",
        "https://github.community/x",
    ]
    says(world, b"", "https://m.internal/gh/y")
    assert answers.get(Get("https://github.com/y")).url == "https://github.com/y"


def test_the_token_is_for_the_hub_and_its_mirror_alone(world: World) -> None:
    answers = world.run(
        hub_token=lambda: "secret", mirrors={"https://huggingface.co": "https://hub.internal"}
    )
    answers.get(Get(URL))
    answers.get(Get("https://huggingface.co.evil.example/x"))
    answers.get(Get(FILE))
    assert [(request.url, "authorization" in request.headers) for request in world.http.log] == [
        ("https://hub.internal/api/models/acme/tiny/revision/main", True),
        ("https://huggingface.co.evil.example/x", False),
        (FILE, False),
    ]


def test_what_was_forgotten_is_asked_for_again_though_it_cannot_change(world: World) -> None:
    question = Get(URL, lasting=True)
    says(world, b"log in")
    world.run().get(question)
    world.run().forget(question)
    says(world, b"one")
    assert world.run().get(question).body == b"one"
    assert world.run().get(question).body == b"one"
    assert len(world.http.log) == 2


def test_the_query_of_where_a_redirect_led_is_not_kept(world: World) -> None:
    world.http.answers[URL] = Response(200, {}, b"one", "https://cdn.example/x?Signature=secret")
    world.run().get(Get(URL))
    assert world.run(offline=True).get(Get(URL)).url == "https://cdn.example/x"


# Files


def test_where_a_file_lies_is_told_without_fetching_it(world: World) -> None:
    place = {"content-range": "bytes 0-0/99"}
    world.http.answers[FILE] = Response(206, place, b"x", "https://cdn.example/x.bin")
    got = world.run().locate(Locate(FILE))
    assert (got.status, got.headers, got.body, got.url) == (206, place, b"", "https://cdn.example/x.bin")
    assert world.http.log == [Request(FILE, {"range": "bytes=0-0"}, 4096)]


def test_a_mirror_with_a_login_is_not_told_either(world: World) -> None:
    mirror = "https://me:secret@mirror.internal/files"
    world.http.answers[f"{mirror}/x.bin"] = Response(206, {}, b"x", "https://mirror.internal/files/x.bin")
    got = world.run(mirrors={"https://host.example": mirror}).locate(Locate(FILE))
    assert got.url == FILE


def test_offline_the_cache_tells_the_host_and_nothing_else_of_where_a_file_lies(world: World) -> None:
    signed = "https://cdn.example/x.bin?Signature=secret"
    world.http.answers[FILE] = Response(206, {"content-range": "bytes 0-0/99"}, b"x", signed)
    world.run().locate(Locate(FILE))
    assert world.run(offline=True).locate(Locate(FILE)).url == "https://cdn.example/"
    assert world.store.note(f"located {FILE}") == "https://cdn.example/"


def test_a_server_that_would_send_it_all_tells_nothing(world: World) -> None:
    world.http.answers[FILE] = TooLargeError(what="too long")
    got = world.run().locate(Locate(FILE))
    assert (got.status, got.headers, got.url) == (200, {}, FILE)


def test_a_file_is_fetched_once_for_all_who_ask_and_each_reads_it_alone(world: World) -> None:
    world.http.answers[FILE] = b"weights"
    answers = world.run()
    first, second = answers.fetch(Fetch(FILE)), answers.fetch(Fetch(FILE))
    assert first.file is not None
    assert second.file is not None
    with first.file, second.file:
        assert (first.file.read(), second.file.read()) == (b"weights", b"weights")
    assert len(world.http.log) == 1
    assert (first.size, first.announced) == (7, 7)
    assert first.hashes == {
        "sha256": "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c",
        "md5": "63f4f1e9b725370f459720575cd5f953",
    }


def test_two_fetches_that_differ_are_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bodies = iter([b"one", b"two"])
    get = world.http.get

    def changing(request: Request) -> Response:
        world.http.answers[FILE] = next(bodies)
        return get(request)

    monkeypatch.setattr(world.http, "get", changing)
    with pytest.raises(HashMismatchError, match="two fetches brought different bytes"):
        world.run().fetch(Fetch(FILE, times=2))


def test_what_failed_leaves_no_file(world: World) -> None:
    world.http.answers[FILE] = ConnectionFailedError(what="cut")
    answers = world.run()
    with pytest.raises(ConnectionFailedError):
        answers.fetch(Fetch(FILE))
    answers.close()


# Locked distributions

WHEEL = ReleaseFile(
    "easyocr-1.7.2-py3-none-any.whl",
    "https://x.example/w",
    {"sha256": "a" * 64},
    1,
    "",
    False,
    "",
    False,
    None,
)
INDEX = LiveIndex("default", "https://x.example/simple")
QUESTION = ReadDistribution("easyocr", ("easyocr/config.py", "easyocr/gone.py"))


def test_members_are_read_once_for_each_digest_and_kept(world: World) -> None:
    world.members = {"easyocr/config.py": b"\x00\xfftable"}
    for options in ({}, {"offline": True}):
        found = world.run(**options).read_distribution(QUESTION, "1.7.2", WHEEL, INDEX)
        assert found.members == {"easyocr/config.py": b"\x00\xfftable"}
        assert (found.version, found.file_name, found.unread) == ("1.7.2", WHEEL.filename, "")
    assert world.read == [QUESTION.members]


def test_a_wheel_of_a_recorded_index_is_told_as_not_read(world: World) -> None:
    world.members = None
    found = world.run().read_distribution(QUESTION, "1.7.2", WHEEL, INDEX)
    assert (found.members, found.unread) == ({}, "its index is recorded, and a recording holds no wheels")
