"""A made universe of releases, from a case's TOML, as an index that needs no asking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from envspec.index.catalog import Catalog, Policy, Project
from envspec.index.client import IndexClient
from envspec.index.dependencies import Dependencies, Environment, evaluate
from envspec.index.page import FileEntry, ProjectPage
from envspec.index.pages import Pages
from envspec.index.view import ProjectRecord, ReleaseFile, View, reduce_page
from envspec.resolve.opening import read_overrides
from envspec.resolve.resolution import NoResolution, Resolution, read_wishes, resolve
from envspec.resolve.solver import MAX_ROUNDS
from envspec.spec.request import LockRequest
from envspec.target.host import Target

TARGET = Target(arch="x86_64", glibc=(2, 28), python="3.10.0")
DIGEST = "0" * 64


@dataclass(frozen=True)
class Universe:
    """``releases``: project to version to a table of its files and requirements."""

    releases: Mapping[str, Mapping[str, Mapping[str, Any]]]
    name: str = "default"
    url: str = "https://index.example/simple"

    def page(self, project: str) -> ProjectPage | None:
        if project not in self.releases:
            return None
        files = [
            self._entry(project, version, {**row, **file})
            for version, row in self.releases[project].items()
            for file in row.get("files") or [{"tag": tag} for tag in row.get("tags", ["py3-none-any"])]
        ]
        return ProjectPage(name=project, files=files)

    def _entry(self, project: str, version: str, row: Mapping[str, Any]) -> FileEntry:
        """A tag may have a build number before it: ``1-py3-none-any``."""
        stem, tag = f"{project.replace('-', '_')}-{version}", row["tag"]
        filename = f"{stem}.tar.gz" if tag == "sdist" else f"{stem}-{tag}.whl"
        return FileEntry(
            filename=filename,
            url=f"https://files.example/{filename}",
            hashes={} if row.get("unhashed") else {"sha256": DIGEST},
            requires_python=row.get("requires-python"),
            upload_time=row.get("upload-time"),
            yanked=row.get("yanked", False),
            requires_dist=None if row.keys() & {"unknown", "extras"} else list(row.get("requires", [])),
        )

    def record(self, project: str, view: View) -> ProjectRecord | None:
        page = self.page(project)
        if page is None:
            return None
        return reduce_page(page, view.with_hashes, name=project, url=f"{self.url}/{project}/")

    def dependencies(self, file: ReleaseFile, environment: Environment) -> Dependencies | str:
        name, version = file.filename.split("-")[:2]
        row = self.releases[name.replace("_", "-")][version]
        if "extras" not in row:
            return f"nobody knows the dependencies of {file.filename}"
        return evaluate(row["requires"], environment, requires_python="", extras=row["extras"])


def no_network(*_: str) -> Any:
    raise AssertionError("a made universe needs no network")


class _Directs:
    """URL to a table of the release behind it, opened once."""

    def __init__(self, rows: Mapping[str, Mapping[str, Any]]) -> None:
        self._rows = rows
        self._open: dict[str, Project] = {}

    def __call__(self, url: str, name: str) -> Project:
        if url not in self._open:
            row = self._rows[url]
            universe = Universe({name: {row["version"]: row}})
            record = universe.record(name, View(TARGET))
            assert record is not None
            self._open[url] = Project(record, universe, 1, direct_url=url)
        return self._open[url]


def solve(
    universe: Universe,
    requirements: list[str],
    *,
    named: Mapping[str, Universe] | None = None,
    preferred: Mapping[str, str] | None = None,
    target: Target = TARGET,
    directs: Mapping[str, Mapping[str, Any]] | None = None,
    max_rounds: int = MAX_ROUNDS,
    **options: Any,
) -> tuple[Resolution | NoResolution, Catalog, LockRequest]:
    """Resolve ``requirements`` over a universe."""
    from envspec.adapters.cache import SqliteStore

    fields: dict[str, Any] = {"variant": "", **options}
    request = LockRequest(name="case", target=target, requirements=tuple(requirements), **fields)
    environment = Environment(target)
    overrides, dropped = read_overrides(request.overrides, environment)
    catalog = Catalog(
        client=IndexClient(Pages(http=no_network, store=SqliteStore(None), clock=lambda: 0.0)),
        default=universe,
        named=named or {},
        view=View(target, request.exclude_newer),
        environment=environment,
        policy=Policy(
            label=request.local_label,
            labelled=frozenset(request.labelled),
            sdists=frozenset(request.sdists),
            said={(m.name, m.version): (m.requires_dist, m.requires_python) for m in request.metadata},
            overrides=overrides,
            dropped=dropped,
        ),
    )
    wishes = read_wishes(request, catalog)
    found = resolve(
        request,
        catalog,
        wishes=wishes,
        preferred=preferred or {},
        direct=_Directs(directs or {}),
        max_rounds=max_rounds,
    )
    return found, catalog, request


def pins(found: Resolution | NoResolution) -> dict[str, str]:
    """Name to version of a solution."""
    assert isinstance(found, Resolution), found
    return {pin.name: pin.candidate.version for pin in found.pins}


__all__ = ["Dependencies", "Universe", "evaluate", "pins", "solve"]
