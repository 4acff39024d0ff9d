"""IndexClient: records and requirements over a fake network; what's kept, and what's believed."""

from __future__ import annotations

import hashlib
import json

import pytest

from envspec.adapters.cache import SqliteStore
from envspec.errors import (
    BrokenArtifactError,
    BrokenBodyError,
    BrokenPageError,
    HashMismatchError,
    HttpStatusError,
    OfflineError,
)
from envspec.index.client import IndexClient
from envspec.index.dependencies import Dependencies, Environment
from envspec.index.live import LiveIndex
from envspec.index.pages import Pages
from envspec.index.view import ProjectRecord, ReleaseFile, View
from envspec.ports import Response
from envspec.target.host import Target
from tests.distributions import make_wheel, metadata_text
from tests.fakes import FakeHttp

TARGET = Target(arch="x86_64", glibc=(2, 28), python="3.10.0", python_exact=False)
VIEW, ENVIRONMENT = View(TARGET), Environment(TARGET)
INDEX = LiveIndex("default", "https://index.example/simple")
PAGE = "https://index.example/simple/demo/"
WHEEL = "https://files.example/demo-1.0-py3-none-any.whl"
JSON = {"content-type": "application/vnd.pypi.simple.v1+json"}


def page(*versions: str, metadata: object = None, hashes: dict[str, str] | None = None) -> bytes:
    files = [
        {
            "filename": f"demo-{version}-py3-none-any.whl",
            "url": f"https://files.example/demo-{version}-py3-none-any.whl",
            "hashes": {"sha256": hashlib.sha256(version.encode()).hexdigest()} if hashes is None else hashes,
            "core-metadata": metadata,
        }
        for version in versions
    ]
    return json.dumps({"meta": {"api-version": "1.1"}, "files": files}).encode()


class World:
    """Clients over one store; each is a new run."""

    def __init__(self) -> None:
        self.http = FakeHttp()
        self.store = SqliteStore(None)
        self.whole: list[str] = []
        self.serve(page("1.0", "2.0"))

    def serve(self, body: bytes, status: int = 200, /, **headers: str) -> None:
        self.http.answers[PAGE] = Response(status, {**JSON, **headers}, body, PAGE)

    def serve_metadata(self, *requires: str, text: str = "") -> str:
        """Put a metadata file beside demo 1.0; its sha256."""
        data = (text or metadata_text("demo", "1.0", requires)).encode()
        self.http.answers[f"{WHEEL}.metadata"] = data
        return hashlib.sha256(data).hexdigest()

    def client(self, *, offline: bool = False) -> IndexClient:
        self.store.flush()
        pages = Pages(http=lambda: self.http, store=self.store, clock=lambda: 1e9, offline=offline)

        def whole_wheel(file: ReleaseFile, index: LiveIndex) -> bytes:
            self.whole.append(file.filename)
            return metadata_text("demo", "1.0", ["from-the-whole-wheel"]).encode()

        return IndexClient(pages, whole_wheel)

    def record(self, view: View = VIEW) -> ProjectRecord:
        client = self.client()
        record = client.record(INDEX, "demo", view)
        client.save()
        client.pages.close()
        assert record is not None
        return record

    def dependencies(self, index: LiveIndex = INDEX, *, offline: bool = False) -> Dependencies:
        client = self.client(offline=offline)
        record = client.record(INDEX, "demo", VIEW)
        assert record is not None
        try:
            return client.dependencies(record.file(record.versions.strings.index("1.0")), index, ENVIRONMENT)
        finally:
            client.save()
            client.pages.close()

    def names(self, index: LiveIndex = INDEX) -> list[str]:
        return [requirement.name for requirement in self.dependencies(index).always]


@pytest.fixture
def world() -> World:
    return World()


def test_a_record_is_made_of_a_page_and_kept(world: World) -> None:
    assert list(world.record().versions.strings) == ["2.0", "1.0"]
    assert list(world.record().versions.strings) == ["2.0", "1.0"]
    assert world.http.urls == [PAGE]


def test_two_views_read_one_page(world: World) -> None:
    client = world.client()
    for view in (VIEW, View(TARGET, sdists=True), View(TARGET, "1999-01-01T00:00:00Z")):
        assert client.record(INDEX, "demo", view) is not None
    client.pages.close()
    assert world.http.urls == [PAGE]


def test_two_views_read_one_page_that_must_not_be_stored(world: World) -> None:
    world.serve(page("1.0"), **{"cache-control": "no-store"})
    client = world.client()
    for view in (VIEW, View(TARGET, sdists=True)):
        record = client.record(INDEX, "demo", view)
        assert record is not None
        assert list(record.versions.strings) == ["1.0"]
    client.save()
    client.pages.close()
    assert world.http.urls == [PAGE]
    assert world.store.record(PAGE, VIEW.key) is None
    assert world.store.body(PAGE) is None


def test_a_project_that_is_not_there_has_no_record(world: World) -> None:
    world.serve(b"", 404)
    client = world.client()
    assert client.record(INDEX, "demo", VIEW) is None
    client.pages.close()
    assert world.client().record(INDEX, "demo", VIEW) is None
    assert world.http.urls == [PAGE]


@pytest.mark.parametrize(
    ("body", "headers", "kind"),
    [
        (b"{", {}, BrokenPageError),
        (b"<html>", {}, BrokenPageError),
        (b"not gzip", {"content-encoding": "gzip"}, BrokenBodyError),
        (b"{}", {"content-encoding": "zstd"}, BrokenBodyError),
    ],
)
def test_a_page_that_cannot_be_read_is_an_error_each_time(
    world: World, body: bytes, headers: dict[str, str], kind: type[Exception]
) -> None:
    world.serve(body, **headers)
    for _ in range(2):
        client = world.client()
        with pytest.raises(kind, match=f"the page of demo at {PAGE}"):
            client.record(INDEX, "demo", VIEW)
        client.pages.close()
    world.serve(page("1.0"))
    assert list(world.record().versions.strings) == ["1.0"]


def test_a_reduction_that_cannot_be_read_is_made_anew(world: World) -> None:
    world.record()
    stamp = world.record().stamp
    world.store.put_record(PAGE, VIEW.key, stamp, "{", "")
    assert list(world.record().versions.strings) == ["2.0", "1.0"]
    assert world.http.urls == [PAGE]


def test_a_record_made_ahead_is_handed_on(world: World) -> None:
    client = world.client()
    made: list[ProjectRecord] = []
    client.foresee_record(INDEX, "demo", VIEW, made.append)
    assert client.record(INDEX, "demo", VIEW) is made[0]
    client.pages.close()
    assert world.http.urls == [PAGE]


def test_nobody_is_woken_for_what_is_fresh(world: World) -> None:
    world.record()
    client = world.client()
    client.wake(INDEX, "demo", VIEW, lambda record: None)
    assert not client.awake
    assert world.http.urls == [PAGE]


# Requirements


def test_a_metadata_file_is_read_and_kept_for_ever(world: World) -> None:
    world.serve(page("1.0", metadata={"sha256": world.serve_metadata("dep")}))
    assert world.names() == ["dep"]
    assert world.names() == ["dep"]
    assert world.http.urls == [PAGE, f"{WHEEL}.metadata"]


def test_another_environment_needs_no_asking(world: World) -> None:
    world.serve(page("1.0", metadata={"sha256": world.serve_metadata('dep; python_version < "3.9"')}))
    assert world.names() == []
    client = world.client()
    record = client.record(INDEX, "demo", VIEW)
    assert record is not None
    older = Environment(TARGET._replace(python="3.8.0"))
    found = client.stored_dependencies(record.file(0), older, INDEX)
    assert found is not None
    assert [requirement.name for requirement in found.always] == ["dep"]
    assert world.http.urls == [PAGE, f"{WHEEL}.metadata"]


def test_a_metadata_file_without_a_promised_hash_is_taken(world: World) -> None:
    world.serve_metadata("dep")
    world.serve(page("1.0", metadata=True))
    assert world.names() == ["dep"]


def test_a_metadata_file_of_another_hash_is_never_taken(world: World) -> None:
    met = world.serve_metadata("dep")
    world.serve(page("1.0", metadata={"sha256": "0" * 64}))
    with pytest.raises(HashMismatchError) as raised:
        world.dependencies()
    assert raised.value.what == (
        f"demo-1.0-py3-none-any.whl: its metadata file has sha256 {met}, the index promised {'0' * 64}"
    )


def test_a_hash_in_capitals_is_that_hash(world: World) -> None:
    world.serve(page("1.0", metadata={"sha256": world.serve_metadata("dep").upper()}))
    assert world.names() == ["dep"]


def test_a_metadata_file_that_is_missing_is_read_from_the_wheel(world: World) -> None:
    world.serve(page("1.0", metadata=True))
    world.http.answers[WHEEL] = make_wheel("demo", "1.0", ["from-the-tail"])
    assert world.names() == ["from-the-tail"]
    assert world.http.urls == [PAGE, f"{WHEEL}.metadata", WHEEL]
    assert world.http.log[-1].headers == {"Range": "bytes=-67584"}


def test_a_server_without_ranges_makes_us_take_the_whole_wheel(world: World) -> None:
    world.serve(page("1.0"))
    world.http.answers[WHEEL] = HttpStatusError(status=501, what="no ranges here")
    assert world.names() == ["from-the-whole-wheel"]
    assert world.whole == ["demo-1.0-py3-none-any.whl"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Metadata-Version: 2.1\nName: demo\n", "the metadata lacks Version"),
        (metadata_text("other", "1.0"), "its metadata is of another release: other 1.0"),
        (metadata_text("demo", "1.1"), "its metadata is of another release: demo 1.1"),
        (metadata_text("demo", "1.0", ["dep >== 1"]), "requirement 'dep >== 1' can't be read"),
    ],
)
def test_metadata_that_cannot_be_used_is_the_fault_of_the_wheel(world: World, text: str, what: str) -> None:
    world.serve(page("1.0", metadata={"sha256": world.serve_metadata(text=text)}))
    with pytest.raises(BrokenArtifactError) as raised:
        world.dependencies()
    assert raised.value.what == what


def test_metadata_with_a_broken_requirement_is_kept_as_it_is(world: World) -> None:
    text = metadata_text("demo", "1.0", ["dep >== 1"])
    world.serve(page("1.0", metadata={"sha256": world.serve_metadata(text=text)}))
    for offline in (False, True):
        with pytest.raises(BrokenArtifactError) as raised:
            world.dependencies(offline=offline)
        assert raised.value.what == "requirement 'dep >== 1' can't be read"
    client = world.client()
    record = client.record(INDEX, "demo", VIEW)
    assert record is not None
    client.foresee_dependencies(record.file(0), INDEX, ENVIRONMENT)
    client.pages.close()
    assert world.http.urls == [PAGE, f"{WHEEL}.metadata"]


def test_metadata_may_write_name_and_version_otherwise(world: World) -> None:
    world.serve(
        page("1.0", metadata={"sha256": world.serve_metadata(text=metadata_text("DEMO", "v1.0.0", ["dep"]))})
    )
    assert world.names() == ["dep"]


def test_what_one_index_says_of_a_file_another_does_not_hear(world: World) -> None:
    other = LiveIndex("site", "https://site.example/simple")
    world.serve(page("1.0", metadata=True))
    world.serve_metadata("of-the-first")
    assert world.names() == ["of-the-first"]
    world.serve_metadata("of-the-second")
    assert world.names(other) == ["of-the-second"]
    assert world.names() == ["of-the-first"]


def test_the_metadata_of_a_file_without_digest_is_not_kept(world: World) -> None:
    world.serve(page("1.0", metadata=True, hashes={}))
    world.serve_metadata("before")
    assert world.names() == ["before"]
    world.serve_metadata("after")
    assert world.names() == ["after"]


def test_offline_metadata_that_is_not_kept_is_missing(world: World) -> None:
    world.record()
    with pytest.raises(OfflineError) as raised:
        world.dependencies(offline=True)
    assert raised.value.what == "demo-1.0-py3-none-any.whl: its metadata isn't in the cache"
    assert world.http.urls == [PAGE]


def test_requirements_made_ahead_are_handed_on(world: World) -> None:
    world.serve(page("1.0", metadata={"sha256": world.serve_metadata("dep")}))
    client = world.client()
    record = client.record(INDEX, "demo", VIEW)
    assert record is not None
    made: list[Dependencies] = []
    client.foresee_dependencies(record.file(0), INDEX, ENVIRONMENT, made.append)
    assert client.dependencies(record.file(0), INDEX, ENVIRONMENT) is made[0]
    client.pages.close()
    assert world.http.urls == [PAGE, f"{WHEEL}.metadata"]


def test_what_failed_ahead_fails_only_where_it_is_asked_for(world: World) -> None:
    world.serve(page("1.0", "2.0"))
    world.http.answers[WHEEL] = HttpStatusError(status=403, what="forbidden")
    client = world.client()
    record = client.record(INDEX, "demo", VIEW)
    assert record is not None
    client.foresee_dependencies(record.file(1), INDEX, ENVIRONMENT)
    with pytest.raises(HttpStatusError, match="forbidden"):
        client.dependencies(record.file(1), INDEX, ENVIRONMENT)
    client.pages.close()
