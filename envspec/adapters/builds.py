"""Builds: what a source distribution requires, learnt by running its own build, once.

What a build says is a function of the sdist, of the Python that runs it, and of the wheels
that it's built with. So it's kept under the digests of all these, while what the build asks
for is resolved anew each time: the same answer with a cache as without one.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envspec.errors import BuildFailedError
from envspec.index.catalog import Index, Project
from envspec.index.client import IndexClient
from envspec.index.credentials import without_credentials
from envspec.index.live import LiveIndex
from envspec.index.store import IndexStore
from envspec.index.view import ReleaseFile
from envspec.lock.document import Build, BuildRequirement
from envspec.named_tuple import NamedTuple
from envspec.ports import Progress
from envspec.resolve.opening import open_catalog
from envspec.resolve.pinning import locked_file
from envspec.resolve.resolution import NoResolution, read_wishes, resolve
from envspec.spec.request import IndexRequest, LockRequest

if TYPE_CHECKING:
    from envspec.adapters.build_host import BuildHost

NOTE_FORMAT = "1"
TIMEOUT_S = 900.0


class Sought(NamedTuple):
    """One sdist whose requirements only its build can tell."""

    name: str
    version: str
    sha256: str
    request: LockRequest
    preferred: Mapping[str, str]
    """Versions that an earlier lock's build was made with, by name."""


class Built(NamedTuple):
    """What a build said, and what it was made with."""

    requires_dist: Sequence[str]
    requires_python: str
    provides_extra: Sequence[str]
    build: Build


class Needed(NamedTuple):
    """A wheel that a build is made with."""

    requirement: BuildRequirement
    file: ReleaseFile
    served_by: Index | None


class Builds:
    """The builds of one run."""

    def __init__(
        self,
        *,
        client: IndexClient,
        default: LiveIndex,
        open_index: Callable[[IndexRequest], Index],
        fetch: Callable[[ReleaseFile, Index | None, Path], str],
        progress: Progress,
        offline: bool,
    ) -> None:
        """``fetch`` brings a file to a path and answers its sha256, checked where one was promised."""
        self._client = client
        self._default = default
        self._open_index = open_index
        self._fetch = fetch
        self._progress = progress
        self._offline = offline
        self._hosts: dict[tuple[int, int], BuildHost] = {}
        self._needed: dict[tuple[object, ...], tuple[Needed, ...]] = {}

    def remembered(self, sought: Sought) -> Built | None:
        """What an earlier build of this very sdist said, with what it would be made with now."""
        notes = _Notes(self._client.pages.store)
        static = notes.texts("static", sought.sha256)
        if static is None:
            return None
        needed = self._resolved(static, sought)
        dynamic = notes.texts("dynamic", *self._conditions(needed, sought))
        if dynamic is None:
            return None
        if set(dynamic) - set(static):
            needed = self._resolved((*static, *dynamic), sought)
        said = notes.metadata(*self._conditions(needed, sought))
        return None if said is None else Built(*said, _build_of(needed, sought))

    def run(self, path: Path, sought: Sought) -> Built:
        """Build ``path`` now, and keep what it said.

        Raises BrokenArtifactError, BuildFailedError where it's the sdist that can't be used,
        and other errors where it's us.
        """
        from envspec.adapters.sdist_build import build_metadata

        asked: list[Sequence[str]] = [()]

        def requirements(texts: Sequence[str]) -> list[Path]:
            asked.append(texts)
            return [self._fetched(each, path.parent) for each in self._resolved(texts, sought)]

        built = build_metadata(
            path,
            sought.name,
            sought.version,
            host=self._host(sought),
            requirements=requirements,
            timeout_s=TIMEOUT_S,
            progress=self._progress,
        )
        for note in built.notes:
            self._progress.say(f"{sought.name} {sought.version}: {note}")
        said = (built.metadata.requires_dist, built.metadata.requires_python, built.metadata.provides_extra)
        first, last = self._resolved(built.static, sought), self._resolved(asked[-1], sought)
        notes = _Notes(self._client.pages.store)
        notes.keep(built.static, "static", sought.sha256)
        notes.keep(built.dynamic, "dynamic", *self._conditions(first, sought))
        notes.keep(said, "metadata", *self._conditions(last, sought))
        notes.store.flush()
        return Built(*said, _build_of(last, sought))

    def _host(self, sought: Sought) -> BuildHost:
        minor = sought.request.target.python_minor
        host = self._hosts.get(minor)
        if host is None:
            from envspec.adapters.build_host import find_build_host

            host = self._hosts[minor] = find_build_host(minor)
        return host

    def _conditions(self, needed: Sequence[Needed], sought: Sought) -> tuple[str, ...]:
        """All that what a build says depends on."""
        target = self._host(sought).target
        wheels = sorted(each.requirement.file.sha256 for each in needed)
        return (sought.sha256, target.python, target.arch, str(target.glibc), *wheels)

    def _resolved(self, texts: Sequence[str], sought: Sought) -> tuple[Needed, ...]:
        """What build requirements come to on the spec's indexes, under its cut-off and constraints."""
        if not texts:
            return ()
        request = sought.request._replace(
            target=self._host(sought).target, requirements=tuple(texts), local_wheels=(), sdists=()
        )
        key = (request, *sorted(sought.preferred.items()))
        known = self._needed.get(key)
        if known is None:
            known = self._needed[key] = self._resolve(request, sought.preferred)
        return known

    def _resolve(self, request: LockRequest, preferred: Mapping[str, str]) -> tuple[Needed, ...]:
        catalog = open_catalog(
            request, self._client, self._default, self._open_index, None, offline=self._offline
        )
        wishes = read_wishes(request, catalog)
        found = resolve(request, catalog, wishes=wishes, preferred=preferred, direct=_no_direct)
        if isinstance(found, NoResolution):
            from envspec.resolve.explain import explain

            raise BuildFailedError(
                what=f"what a build needs doesn't fit together: {', '.join(request.requirements)}",
                why=" ".join(explain(found, catalog, request).split()),
                fix="loosen [python] constraints, or say the dependencies in [[python.metadata]]",
            )
        needed = []
        for pin in found.pins:
            file, index = pin.project.record.file(pin.candidate.place), pin.project.index
            locked = locked_file(file, self._computed(file, index), index, request)
            index_name = index.name if index else ""
            requirement = BuildRequirement(pin.name, pin.candidate.version, locked, index_name)
            needed.append(Needed(requirement, file, index))
        return tuple(needed)

    def _computed(self, file: ReleaseFile, index: Index | None) -> dict[str, tuple[str, int]]:
        """(sha256, size in bytes) by URL of a file whose index gives no sha256."""
        if "sha256" in file.hashes:
            return {}
        with tempfile.TemporaryDirectory(prefix="envspec-") as folder:
            path = Path(folder) / "file"
            return {file.url: (self._fetch(file, index, path), path.stat().st_size)}

    def _fetched(self, needed: Needed, folder: Path) -> Path:
        path = folder / needed.file.filename
        if not path.exists():
            self._fetch(needed.file, needed.served_by, path)
        return path


class _Notes:
    """What builds said, as the store keeps it; what can't be read is treated as absent."""

    def __init__(self, store: IndexStore) -> None:
        self.store = store

    def keep(self, value: Sequence[object], kind: str, *conditions: str) -> None:
        self.store.put_note(_key(kind, conditions), json.dumps(value, separators=(",", ":")))

    def texts(self, kind: str, *conditions: str) -> tuple[str, ...] | None:
        found = self._found(kind, conditions)
        return tuple(found) if _are_texts(found) else None

    def metadata(self, *conditions: str) -> tuple[list[str], str, list[str]] | None:
        match self._found("metadata", conditions):
            case [requires_dist, str(requires_python), provides_extra] if _are_texts(
                requires_dist
            ) and _are_texts(provides_extra):
                return requires_dist, requires_python, provides_extra
        return None

    def _found(self, kind: str, conditions: Sequence[str]) -> Any:
        text = self.store.note(_key(kind, conditions))
        try:
            return None if text is None else json.loads(text)
        except (ValueError, RecursionError):
            return None


def _key(kind: str, conditions: Sequence[str]) -> str:
    return f"build-{kind}:" + hashlib.sha256(json.dumps([NOTE_FORMAT, *conditions]).encode()).hexdigest()


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _build_of(needed: Sequence[Needed], sought: Sought) -> Build:
    requirements = sorted((each.requirement for each in needed), key=lambda each: each.name)
    return Build(sought.name, sought.version, tuple(requirements))


def _no_direct(url: str, name: str) -> Project:
    raise BuildFailedError(
        what=f"a build needs {name} from {without_credentials(url)}",
        why="what a build needs comes from the spec's indexes",
        fix="say the dependencies in [[python.metadata]]",
    )
