"""Locking, step by step, over a fake network: what's kept of earlier locks, remembered, warned of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from envspec.adapters.cache import SqliteStore
from envspec.errors import InputError, OfflineError
from envspec.index.catalog import Catalog, Index, Project
from envspec.index.client import IndexClient
from envspec.index.dependencies import Dependencies
from envspec.index.live import LiveIndex
from envspec.index.pages import Pages
from envspec.index.versions import VersionList
from envspec.index.view import ProjectRecord, ReleaseFile, View
from envspec.lock.codec import decode
from envspec.lock.document import Asset, Build, Lock
from envspec.ports import Response
from envspec.resolve.explain import explain
from envspec.spec.request import IndexRequest, LocalWheel, LockRequest
from envspec.steps.assets import AssetWorld
from envspec.steps.lock import lock_variants
from envspec.steps.locking import Earlier, Existing, Locked, LockOptions, Outcome, Unlockable
from envspec.target.host import Target
from tests.distributions import metadata_text
from tests.fakes import FakeHttp, FakeProgress

TARGET = Target(arch="x86_64", glibc=(2, 28), python="3.10.0", python_exact=False)
DEFAULT = LiveIndex("default", "https://index.example/simple")


class World:
    """A fake index, one cache, and a workshop that opens nothing by itself."""

    def __init__(self) -> None:
        self.http = FakeHttp()
        self.store = SqliteStore(None)
        self.progress = FakeProgress()
        self.releases: dict[str, list[dict[str, Any]]] = {}
        self.hashed: list[str] = []
        self.directs: dict[str, ReleaseFile] = {}
        self.opened: list[str] = []
        """Source distributions, of which none builds."""

    def add(self, name: str, version: str, *requires: str, tag: str = "py3-none-any", **stated: Any) -> None:
        """A release and its metadata file."""
        filename = f"{name}-{version}-{tag}.whl"
        url = f"https://files.example/{filename}"
        data = metadata_text(name, version, requires).encode()
        self.http.answers[f"{url}.metadata"] = data
        row = {
            "filename": filename,
            "url": url,
            "size": 1000,
            "hashes": {"sha256": hashlib.sha256(filename.encode()).hexdigest()},
            "core-metadata": {"sha256": hashlib.sha256(data).hexdigest()},
        }
        self.releases.setdefault(name, []).append({**row, **stated})
        self._serve(name)

    def add_sdist(self, name: str, version: str) -> None:
        filename = f"{name}-{version}.tar.gz"
        digest = hashlib.sha256(filename.encode()).hexdigest()
        row = {"filename": filename, "url": f"https://files.example/{filename}", "hashes": {"sha256": digest}}
        self.releases.setdefault(name, []).append(row)
        self._serve(name)

    def _serve(self, name: str) -> None:
        body = json.dumps({"meta": {"api-version": "1.1"}, "files": self.releases[name]}).encode()
        url = DEFAULT.page_url(name)
        headers = {"content-type": "application/vnd.pypi.simple.v1+json", "cache-control": "max-age=0"}
        self.http.answers[url] = Response(200, headers, body, url)

    def lock(
        self,
        *requests: LockRequest,
        earlier: Mapping[int, Earlier | Existing] | None = None,
        options: LockOptions | None = None,
    ) -> list[Outcome]:
        self.store.flush()
        offline = options is not None and options.offline
        pages = Pages(http=lambda: self.http, store=self.store, clock=lambda: 1e9, offline=offline)
        self.client = IndexClient(pages)
        try:
            return lock_variants(
                requests,
                pages=pages,
                default=DEFAULT,
                workshop=self,
                earlier=[existing((earlier or {}).get(place)) for place in range(len(requests))],
                seen=(),
                options=options or LockOptions(),
                progress=self.progress,
            )
        finally:
            self.client.save()
            pages.close()

    def one(self, request: LockRequest, earlier: Earlier | None = None, **options: Any) -> Lock:
        known = {} if earlier is None else {0: earlier}
        [outcome] = self.lock(request, earlier=known, options=LockOptions(**options))
        assert isinstance(outcome, Locked)
        return decode(outcome.data.decode(), "the lock")

    def pins(self, request: LockRequest, earlier: Earlier | None = None, **options: Any) -> dict[str, str]:
        return {d.name: d.version for d in self.one(request, earlier, **options).distributions}

    # As a workshop

    def index(self, request: IndexRequest) -> Index:
        return LiveIndex(request.name, request.url)

    def direct(self, url: str, name: str, view: View) -> Project:
        file = self.directs[url]
        versions, _ = VersionList.sort([file.filename.split("-")[1]])
        record = ProjectRecord(name=name, url=url, versions=versions, yanked=0, sdist_only=0, files=(file,))
        return Project(record, LiveIndex("", "https://files.example"), 1, direct_url=url)

    def hash_file(self, file: ReleaseFile, index: Index | None) -> tuple[str, int]:
        self.hashed.append(file.filename)
        return "f" * 64, 1234

    def asset_world(self, request: LockRequest) -> AssetWorld:
        raise NotImplementedError

    def sdist(
        self,
        file: ReleaseFile,
        index: Index,
        name: str,
        version: str,
        request: LockRequest,
        catalog: Catalog,
        preferred: Mapping[str, str],
    ) -> tuple[Dependencies | str, Build | None]:
        self.opened.append(f"{name} {version}")
        return "it doesn't build: no compiler", None


def existing(earlier: Earlier | Existing | None) -> Existing:
    if isinstance(earlier, Existing):
        return earlier
    return Existing() if earlier is None else Existing(repr(earlier), lambda: earlier)


def asking(*requirements: str, **fields: Any) -> LockRequest:
    return LockRequest(name="demo", variant="", target=TARGET, requirements=requirements, **fields)


@pytest.fixture
def world() -> World:
    return World()


# Earlier locks


def test_pins_of_an_earlier_lock_are_kept_where_they_fit(world: World) -> None:
    for version in ("1.0", "2.0", "3.0"):
        world.add("demo", version)
    earlier = Earlier(pins={"demo": "2.0", "gone": "1.0"})
    assert world.pins(asking("demo"), earlier) == {"demo": "2.0"}
    assert world.pins(asking("demo>2"), earlier) == {"demo": "3.0"}
    assert world.pins(asking("demo"), Earlier(pins={"demo": "9.0"})) == {"demo": "3.0"}


@pytest.mark.parametrize(
    ("options", "pins"),
    [
        ({}, {"one": "1.0", "two": "1.0"}),
        ({"upgrade": True}, {"one": "3.0", "two": "3.0"}),
        ({"upgrade_packages": {"one": ""}}, {"one": "3.0", "two": "1.0"}),
        ({"upgrade_packages": {"one": "2.0"}}, {"one": "2.0", "two": "1.0"}),
        ({"upgrade_packages": {"other": "2.0"}}, {"one": "1.0", "two": "1.0"}),
    ],
)
def test_upgrading_forgets_pins(world: World, options: dict[str, Any], pins: dict[str, str]) -> None:
    for name in ("one", "two"):
        for version in ("1.0", "2.0", "3.0"):
            world.add(name, version)
    earlier = Earlier(pins={"one": "1.0", "two": "1.0"})
    assert world.pins(asking("one", "two"), earlier, **options) == pins


def test_each_request_has_its_own_earlier_lock(world: World) -> None:
    for version in ("1.0", "2.0"):
        world.add("demo", version)
    request = asking("demo")
    outcomes = world.lock(request, request, earlier={0: Earlier(pins={"demo": "1.0"})})
    found = [b"demo-1.0" in outcome.data for outcome in outcomes if isinstance(outcome, Locked)]
    assert found == [True, False]


def test_tables_of_others_are_kept(world: World) -> None:
    world.add("demo", "1.0")
    lock = world.one(asking("demo"), Earlier(kept={"audit": {"row": 1}}))
    assert lock.extra_tool == {"audit": {"row": 1}}


def test_what_does_not_fit_is_a_value_and_hinders_nobody(world: World) -> None:
    world.add("demo", "1.0")
    bad, good = world.lock(asking("demo>1"), asking("demo"))
    assert isinstance(bad, Unlockable)
    assert isinstance(good, Locked)


# Source distributions


def test_a_project_that_does_not_build_is_not_built_release_after_release(world: World) -> None:
    for number in range(9):
        world.add_sdist("attention", f"1.{number}")
    [outcome] = world.lock(asking("attention", sdists=("attention",)))
    assert isinstance(outcome, Unlockable)
    assert world.opened == ["attention 1.8", "attention 1.7"]
    told = explain(outcome.conflict, outcome.catalog, outcome.request).splitlines()
    assert told[3:] == [
        "         1.7, 1.8: it doesn't build: no compiler",
        "         1.0 to 1.6 (7 releases): not opened, since 1.8 and 1.7 can't be used",
        "  fix: no single change that was tried helps",
    ]


def test_wheels_of_a_project_that_does_not_build_are_taken(world: World) -> None:
    for number in range(2, 9):
        world.add_sdist("attention", f"1.{number}")
    world.add("attention", "1.1")
    [outcome] = world.lock(asking("attention", sdists=("attention",)))
    assert isinstance(outcome, Locked)
    assert world.opened == ["attention 1.8", "attention 1.7"]
    assert outcome.remarks == (
        "attention 1.7 was passed over: it doesn't build: no compiler",
        "attention 1.8 was passed over: it doesn't build: no compiler",
    )
    assert b"attention-1.1-" in outcome.data


# The memory


def asked(world: World) -> list[str]:
    urls, world.http.log = world.http.urls, []
    return sorted(urls)


def test_an_unchanged_world_is_asked_for_its_pages_alone(world: World) -> None:
    world.add("demo", "1.0", "dep")
    world.add("dep", "1.0")
    [first] = world.lock(asking("demo"))
    asked(world)
    [second] = world.lock(asking("demo"))
    assert second == first
    assert asked(world) == ["https://index.example/simple/demo/", "https://index.example/simple/dep/"]


def test_a_changed_page_is_resolved_anew(world: World) -> None:
    world.add("demo", "1.0", "dep")
    world.add("dep", "1.0")
    assert world.pins(asking("demo")) == {"demo": "1.0", "dep": "1.0"}
    world.add("dep", "2.0")
    assert world.pins(asking("demo")) == {"demo": "1.0", "dep": "2.0"}


def test_a_project_that_appeared_is_seen(world: World) -> None:
    world.add("demo", "1.0")
    world.add("demo", "2.0", "new")
    assert world.pins(asking("demo")) == {"demo": "1.0"}
    world.add("new", "1.0")
    world.store.flush()
    world.store._database.execute("UPDATE pages SET expires=0")
    assert world.pins(asking("demo")) == {"demo": "2.0", "new": "1.0"}


@pytest.mark.parametrize(
    "changes",
    [
        {"constraints": ("dep<2",)},
        {"overrides": ("dep==1.0",)},
        {"requirements": ("demo", "dep<2")},
    ],
)
def test_another_request_is_resolved_anew(world: World, changes: dict[str, Any]) -> None:
    world.add("demo", "1.0", "dep")
    world.add("dep", "1.0")
    world.add("dep", "2.0")
    assert world.pins(asking("demo")) == {"demo": "1.0", "dep": "2.0"}
    assert world.pins(asking("demo")._replace(**changes)) == {"demo": "1.0", "dep": "1.0"}
    assert world.pins(asking("demo")) == {"demo": "1.0", "dep": "2.0"}


def test_a_digest_that_was_computed_is_computed_again_on_refresh_alone(world: World) -> None:
    world.add("demo", "1.0", hashes={})
    world.one(asking("demo"))
    world.one(asking("demo"))
    assert world.hashed == ["demo-1.0-py3-none-any.whl"]
    world.one(asking("demo"), refresh=True)
    assert len(world.hashed) == 2


@pytest.mark.parametrize("text", ["", "{", "[]", "[1,2,3,4,5,6,7,8,9]", "[" * 100_000])
def test_a_memory_that_cannot_be_read_is_none(world: World, text: str) -> None:
    world.add("demo", "1.0")
    world.one(asking("demo"))
    world.store.flush()
    world.store._database.execute("UPDATE notes SET text=?", (text,))
    assert world.pins(asking("demo")) == {"demo": "1.0"}


# Digests


def test_files_without_a_digest_are_hashed_after_saying_how_much_that_is(world: World) -> None:
    world.add("demo", "1.0", "dep", hashes={})
    world.add("dep", "1.0", hashes={"md5": "0" * 32}, size=None)
    lock = world.one(asking("demo"))
    assert world.progress.said == [
        "2 file(s) without a sha256 on their index: downloading at least 1,000 bytes to hash them"
        " (demo-1.0-py3-none-any.whl, dep-1.0-py3-none-any.whl)"
    ]
    assert [(d.file.sha256, d.file.size, d.file.digest_from) for d in lock.distributions] == [
        ("f" * 64, 1234, "computed"),
        ("f" * 64, 1234, "computed"),
    ]


def direct(filename: str, url: str, **hashes: str) -> ReleaseFile:
    return ReleaseFile(filename, url, hashes, None, "", False, "", True, None)


def test_a_url_without_digest_is_hashed_in_every_run(world: World) -> None:
    url = "https://files.example/app-1.0-py3-none-any.whl"
    world.directs[url] = direct("app-1.0-py3-none-any.whl", url)
    world.http.answers[f"{url}.metadata"] = metadata_text("app", "1.0").encode()
    for _ in range(3):
        world.one(asking(f"app @ {url}"))
    assert len(world.hashed) == 3


def test_offline_a_url_without_digest_cannot_be_locked(world: World) -> None:
    url = "https://files.example/app-1.0-py3-none-any.whl"
    world.directs[url] = direct("app-1.0-py3-none-any.whl", url)
    world.http.answers[f"{url}.metadata"] = metadata_text("app", "1.0").encode()
    with pytest.raises(OfflineError):
        world.one(asking(f"app @ {url}"), offline=True)


def test_one_url_under_two_names_is_refused(world: World) -> None:
    url = "https://files.example/app-1.0-py3-none-any.whl"
    world.directs[url] = direct("app-1.0-py3-none-any.whl", url, sha256="0" * 64)
    world.http.answers[f"{url}.metadata"] = metadata_text("app", "1.0").encode()
    with pytest.raises(InputError) as raised:
        world.one(asking(f"app @ {url}", f"other @ {url}"))
    assert raised.value.what == f"{url} is asked for as 'other' and as 'app'"


def test_a_file_of_this_machine_is_for_the_spec_alone_to_name(world: World, tmp_path: Path) -> None:
    uri = (tmp_path / "dep-1.0-py3-none-any.whl").as_uri()
    world.add("demo", "1.0", f"dep @ {uri} ; extra == 'x'")
    world.directs[uri] = direct("dep-1.0-py3-none-any.whl", uri, sha256="0" * 64)
    [refused] = world.lock(asking("demo[x]"))
    assert isinstance(refused, Unlockable)
    assert [skipped.why for skipped in refused.conflict.skipped] == [
        f"it requires dep @ {uri}: a release requires a file of this machine"
        " (only the spec itself may name files)"
    ]
    world.http.answers[f"{uri}.metadata"] = metadata_text("dep", "1.0").encode()
    wheel = LocalWheel(
        "dep @ ./dep-1.0-py3-none-any.whl",
        f"{tmp_path}/dep-1.0-py3-none-any.whl",
        "./dep-1.0-py3-none-any.whl",
    )
    assert world.pins(asking("demo[x]", local_wheels=(wheel,))) == {"demo": "1.0", "dep": "1.0"}


# What the user should hear


def test_what_stays_true_stands_in_the_lock(world: World) -> None:
    world.add("demo", "1.0", 'dep; python_full_version < "3.10.5"', tag="cp310-cp310-linux_x86_64")
    world.add("dep", "1.0", **{"requires-python": ">=3.8,!=3.10.7"})
    request = asking("demo", warnings=("said by the spec",))
    assert world.one(request).warnings == (
        "said by the spec",
        "demo-1.0-cp310-cp310-linux_x86_64.whl: its tag tells no glibc; whether the target's is enough, only"
        " the wheel tells",
        "demo==1.0: 'dep; python_full_version < \"3.10.5\"' holds otherwise from Python 3.10.5 on; a full"
        " version in target.python settles it",
        "dep==1.0: Requires-Python >=3.8,!=3.10.7 answers otherwise from Python 3.10.7 on; a full version in"
        " target.python settles it",
    )


def test_what_is_true_today_is_a_remark(world: World) -> None:
    world.add("demo", "2.0", yanked="broken")
    world.add("demo", "1.0")
    world.add("dep", "1.0")
    world.http.answers["https://files.example/dep-2.0-py3-none-any.whl.metadata"] = b""
    world.add("dep", "2.0", "a >== 1")
    [outcome] = world.lock(asking("demo", "dep[fast]"), earlier={0: Earlier(pins={"demo": "2.0"})})
    assert isinstance(outcome, Locked)
    assert outcome.warnings == ()
    assert outcome.remarks[0] == "demo==2.0 was yanked: broken"
    assert outcome.remarks[1].startswith("dep 2.0 was passed over: requirement 'a >== 1' can't be read (")


def test_a_lock_that_is_remembered_is_not_even_read(world: World) -> None:
    def unread() -> Earlier:
        raise AssertionError("the lock was read")

    world.add("demo", "1.0")
    [first] = world.lock(
        asking("demo"), earlier={0: Existing("of one lock", lambda: Earlier({"demo": "1.0"}))}
    )
    [again] = world.lock(asking("demo"), earlier={0: Existing("of one lock", unread)})
    assert isinstance(first, Locked)
    assert again == first
    with pytest.raises(AssertionError, match="the lock was read"):
        world.lock(asking("demo"), earlier={0: Existing("of another lock", unread)})


def test_what_no_upgrade_finds_is_told_once_for_all_variants(world: World) -> None:
    world.add("demo", "1.0")
    asked = [asking("demo"), asking("demo")._replace(variant="b")]
    before = {number: Earlier({"demo": "1.0"}) for number in range(2)}
    world.lock(*asked, earlier=before, options=LockOptions(upgrade_packages={"nope": ""}))
    assert world.progress.said == ["warning: --upgrade-package nope: the lock pins no such project"]


def test_an_upgrade_of_an_asset_that_the_lock_lacks_is_told(world: World) -> None:
    world.add("demo", "1.0")
    pinned = Asset("model", "url", "url https://x.example/x.bin")
    before = Earlier({"demo": "1.0"}, assets=(pinned,))
    world.one(asking("demo"), before, upgrade_models=("https://x.example/y.bin",))
    assert world.progress.said == [
        "warning: --upgrade-model https://x.example/y.bin: the lock holds no such asset; it holds"
        " url https://x.example/x.bin"
    ]


def test_a_newer_release_that_only_the_first_patch_release_misses_is_named(world: World) -> None:
    late = {"requires-python": "!=3.10.0,!=3.10.1,>=3.8"}
    world.add("demo", "1.0", "dep<3")
    for version in ("1.1", "1.2"):
        world.add("demo", version, **late)
    world.add("demo", "2.0rc1", **late)
    world.add("demo", "1.3", **late, yanked=True)
    world.add("dep", "1.0", **{"requires-python": ">=3.8"})
    world.add("dep", "2.0", **{"requires-python": ">=3.11"})
    world.add("dep", "4.0", **late)
    told = (
        "demo: 1.2 is newer than 1.0 and left out, since Requires-Python !=3.10.0,!=3.10.1,>=3.8 is met from"
        " Python 3.10.2 on only; a full version in target.python settles it",
    )
    for options in (LockOptions(), LockOptions(upgrade=True), LockOptions(refresh=True)):
        [outcome] = world.lock(asking("demo"), options=options)
        assert isinstance(outcome, Locked)
        assert outcome.remarks == told
        assert outcome.warnings == ()
    exact = LockRequest(
        name="demo", variant="", target=TARGET._replace(python_exact=True), requirements=("demo",)
    )
    [outcome] = world.lock(exact)
    assert isinstance(outcome, Locked)
    assert outcome.remarks == ()
    [outcome] = world.lock(asking("demo<=1.0"))
    assert isinstance(outcome, Locked)
    assert outcome.remarks == ()
