"""Explaining over a live index: from whole pages, asking little, and never in the way of the conflict."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from envspec.adapters.cache import SqliteStore
from envspec.errors import ConnectionFailedError
from envspec.index.catalog import Catalog, Policy
from envspec.index.client import IndexClient
from envspec.index.dependencies import Environment
from envspec.index.live import LiveIndex
from envspec.index.pages import Pages
from envspec.index.view import View
from envspec.ports import Request, Response
from envspec.resolve.explain import explain, explanation
from envspec.resolve.resolution import NoResolution, Wishes, read_wishes, resolve
from envspec.resolve.trial import Trials
from envspec.spec.request import LockRequest
from tests.fakes import FakeHttp
from tests.resolve.universe import TARGET, no_network

INDEX = "https://user:secret@index.example/simple"
JSON = {"content-type": "application/vnd.pypi.simple.v1+json"}


def wheel(name: str, version: str, tag: str = "py3-none-any", **row: Any) -> dict[str, Any]:
    filename = f"{name}-{version}-{tag}.whl"
    digest = hashlib.sha256(filename.encode()).hexdigest()
    url = f"https://index.example/files/{filename}"
    return {"filename": filename, "url": url, "hashes": {"sha256": digest}, "core-metadata": True, **row}


def sdist(name: str, version: str) -> dict[str, Any]:
    filename = f"{name}-{version}.tar.gz"
    return {
        "filename": filename,
        "url": f"https://index.example/files/{filename}",
        "hashes": {"sha256": "0" * 64},
    }


def serving(pages: Mapping[str, Sequence[dict[str, Any]]], requires: Mapping[str, Sequence[str]]) -> FakeHttp:
    """An index of these files; ``requires`` gives the requirements of NAME-VERSION."""
    http = FakeHttp()
    for name, files in pages.items():
        url = f"https://user:secret@index.example/simple/{name}/"
        body = json.dumps({"meta": {"api-version": "1.0"}, "name": name, "files": files}).encode()
        http.answers[url] = Response(200, JSON, body, url)
        for file in files:
            release = "-".join(file["filename"].split("-")[:2])
            head, version = release.split("-")
            lines = ["Metadata-Version: 2.1", f"Name: {head}", f"Version: {version.removesuffix('.tar.gz')}"]
            lines += [f"Requires-Dist: {text}" for text in requires.get(release, ())]
            url = file["url"].replace("https://", "https://user:secret@") + ".metadata"
            http.answers[url] = Response(200, {}, "\n".join([*lines, "", ""]).encode(), url)
    return http


def conflict_over(
    http: FakeHttp, requirements: Sequence[str], **fields: Any
) -> tuple[NoResolution, Catalog, LockRequest]:
    request = LockRequest(
        name="ocr", variant="cu118", target=TARGET, requirements=tuple(requirements), **fields
    )
    catalog = Catalog(
        client=IndexClient(Pages(http=lambda: http, store=SqliteStore(None), clock=lambda: 0.0)),
        default=LiveIndex("default", INDEX),
        named={},
        view=View(TARGET, request.exclude_newer),
        environment=Environment(TARGET),
        policy=Policy(sdists=frozenset(request.sdists)),
    )
    wishes = read_wishes(request, catalog)
    found = resolve(request, catalog, wishes=wishes, preferred={}, direct=no_network)
    assert isinstance(found, NoResolution)
    return found, catalog, request


def test_a_live_index_is_told_from_its_whole_pages() -> None:
    http = serving(
        {
            "app": [wheel("app", "1.0")],
            "fast": [
                wheel("fast", "2.1", "cp310-cp310-manylinux_2_34_x86_64"),
                wheel("fast", "2.0", "cp312-cp312-manylinux_2_17_x86_64"),
                wheel("fast", "1.0", "cp310-cp310-manylinux_2_17_x86_64"),
            ],
        },
        {"app-1.0": ["fast>=2"]},
    )
    text = explain(*conflict_over(http, ["app"]))
    assert text.splitlines() == [
        "no set of releases fits ocr cu118 on linux x86_64 with Python 3.10 and glibc 2.28",
        "  why: your spec requires app -> app 1.0 requires fast>=2",
        "       fast, from the default index (https://index.example/simple):",
        "         2.1: wheels need glibc 2.34",
        "         2.0: wheels only for Python 3.12",
        "         1.0: app 1.0 requires fast>=2",
        "  fix: lock for Python 3.12: then fast 2.0 would do",
        "   or: lock for a host with glibc 2.34: then fast 2.1 would do",
    ]


def test_the_table_for_machines_says_the_same() -> None:
    http = serving({"foo": [wheel("foo", "1.0"), wheel("foo", "2.0", yanked="bad")]}, {})
    assert explanation(*conflict_over(http, ["foo>1"])).to_dict() == {
        "what": "no set of releases fits ocr cu118 on linux x86_64 with Python 3.10 and glibc 2.28",
        "chains": [["your spec requires foo>1"]],
        "projects": [
            {
                "name": "foo",
                "index": "the default index (https://index.example/simple)",
                "missing": False,
                "releases": [
                    {"versions": "2.0", "count": 1, "why": "yanked (bad)"},
                    {"versions": "1.0", "count": 1, "why": "your spec requires foo>1"},
                ],
            }
        ],
        "fixes": [{"kind": "requirement", "change": "loosen foo>1", "chosen": {"foo": "1.0"}, "note": ""}],
        "hints": [],
        "cut-short": False,
    }


def test_a_source_distribution_is_neither_fetched_nor_built_to_explain() -> None:
    http = serving({"old": [sdist("old", "1.0")]}, {})
    conflict, catalog, request = conflict_over(http, ["old"])
    asked = len(http.log)
    assert explain(conflict, catalog, request).splitlines()[1:] == [
        "  why: your spec requires old",
        "       old, from the default index (https://index.example/simple):",
        "         1.0: only a source distribution",
        "  fix: name old in [python] sdists: then old 1.0 would do"
        " (built from source; what it requires is only known then)",
    ]
    assert len(http.log) == asked


def test_what_explaining_asks_is_known_or_little() -> None:
    releases = [wheel("deep", f"{number}.0") for number in range(400)]
    requires = {f"deep-{number}.0": ["gone"] for number in range(400)}
    http = serving({"deep": releases, "low": [wheel("low", "1.0"), wheel("low", "2.0")]}, requires)
    conflict, catalog, request = conflict_over(http, ["deep>=399", "low>=1"], constraints=("low<1",))
    asked = len(http.log)
    assert explain(conflict, catalog, request).startswith("no set of releases fits ocr cu118")
    assert len(http.log) - asked <= 200


def test_a_network_that_fails_while_explaining_does_not_hide_the_conflict() -> None:
    http = serving(
        {"app": [wheel("app", "1.0")], "lib": [wheel("lib", "1.0"), wheel("lib", "2.0")]},
        {"app-1.0": ["lib<2"], "lib-2.0": ["more"]},
    )
    conflict, catalog, request = conflict_over(http, ["app", "lib>=2"])
    lib = catalog.project("lib")
    assert lib is not None
    catalog.dependencies(lib, lib.place_of("2.0"))
    assert catalog.project("more") is None
    for url in http.answers:
        http.answers[url] = ConnectionFailedError(what=f"{url} is gone")
    told = explanation(conflict, catalog, request)
    assert told.was_cut_short
    assert told.text().splitlines()[1:] == [
        "  why: your spec requires lib>=2 -> lib 2.0 requires more",
        "       more: the default index (https://index.example/simple) has no such project",
        "       lib, from the default index (https://index.example/simple):",
        "         2.0: requires more",
        "         1.0: your spec requires lib>=2",
        '  fix: if another index has more, add an [[index]] with packages = ["more"]',
    ]


def test_trials_end_when_they_were_many() -> None:
    http = serving({"foo": [wheel("foo", "1.0")]}, {})
    conflict, catalog, request = conflict_over(http, ["foo>1"])
    trials = Trials(conflict, catalog, request, Wishes(()))
    outcomes = [trials.solve() is None for _ in range(31)]
    assert outcomes == [False] * 30 + [True]


def test_the_day_that_would_do_is_sought_among_releases_that_the_spec_admits() -> None:
    days = [f"2025-{month:02}-{day:02}T08:00:00Z" for month in (8, 9) for day in range(1, 31)]
    newer = [wheel("fresh", f"2.{number}", **{"upload-time": day}) for number, day in enumerate(days)]
    http = serving({"fresh": [wheel("fresh", "1.0", **{"upload-time": "2024-01-01T08:00:00Z"}), *newer]}, {})
    found = explanation(*conflict_over(http, ["fresh==2.7"], exclude_newer="2025-07-01T00:00:00Z"))
    assert [str(remedy) for remedy in found.remedies] == [
        "loosen fresh==2.7: then fresh 1.0 would do",
        "set exclude-newer = 2025-08-08: then fresh 2.7 would do",
    ]


def test_a_remedy_that_brings_hundreds_of_other_projects_is_still_tried() -> None:
    parts = [f"part{number}" for number in range(240)]
    http = serving(
        {
            "app": [wheel("app", "2.0"), wheel("app", "1.0")],
            "base": [wheel("base", "1.0"), wheel("base", "2.0")],
            **{part: [wheel(part, "1.0")] for part in parts},
        },
        {"app-2.0": ["base==2.0"], "app-1.0": parts},
    )
    found = explanation(*conflict_over(http, ["app==2.0", "base==1.0"]))
    assert [str(remedy) for remedy in found.remedies] == [
        "loosen app==2.0: then app 1.0 would do",
        "loosen base==1.0: then base 2.0 would do",
    ]
    assert not found.was_cut_short


def test_the_sdist_of_what_clashes_is_offered_before_that_of_who_asks_for_it() -> None:
    http = serving(
        {
            "app": [wheel("app", "2.0"), sdist("app", "1.0")],
            "deep": [sdist("deep", "1.0")],
        },
        {"app-2.0": ["deep"]},
    )
    found = explanation(*conflict_over(http, ["app"]))
    note = "(built from source; what it requires is only known then)"
    assert [str(remedy) for remedy in found.remedies] == [
        f"name deep in [python] sdists: then deep 1.0 would do {note}",
        f"name app in [python] sdists: then app 1.0 would do {note}",
    ]


class SlowHttp(FakeHttp):
    """Answers after a while, and knows how many waited at once."""

    waiting = most_waiting = 0
    _counted = threading.Lock()

    def get(self, request: Request) -> Response:
        with self._counted:
            self.waiting += 1
            self.most_waiting = max(self.most_waiting, self.waiting)
        time.sleep(0.02)
        with self._counted:
            self.waiting -= 1
        return super().get(request)


def test_what_a_trial_needs_is_asked_for_side_by_side() -> None:
    """Pages of what an older release requires, and the metadata of the releases on the way to it."""
    parts = [f"part{number}" for number in range(20)]
    newer = [f"{number}.0" for number in range(2, 22)]
    files = {
        "app": [wheel("app", version) for version in ("1.0", *newer)],
        "base": [wheel("base", "1.0"), wheel("base", "2.0")],
        **{part: [wheel(part, "1.0")] for part in parts},
    }
    requires = {"app-1.0": parts, **{f"app-{version}": ["base==2.0"] for version in newer}}
    http = SlowHttp(serving(files, requires).answers)
    conflict, catalog, request = conflict_over(http, ["app==21.0", "base==1.0"])
    http.most_waiting, asked = 0, len(http.log)
    found = explanation(conflict, catalog, request)
    assert str(found.remedies[0]) == "loosen app==21.0: then app 1.0 would do"
    assert len(http.log) - asked <= 65
    assert http.most_waiting >= 4
