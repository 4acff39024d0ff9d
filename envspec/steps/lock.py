"""Lock: requests become locks. What happens in which order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from envspec.errors import InputError, OfflineError
from envspec.index.catalog import Catalog, Index, Project
from envspec.index.client import IndexClient, LiveIndex
from envspec.index.credentials import without_credentials
from envspec.index.dependencies import Dependencies
from envspec.index.view import ReleaseFile, View
from envspec.lock.codec import encode
from envspec.lock.document import Build, Lock
from envspec.ports import Progress
from envspec.resolve.opening import open_catalog
from envspec.resolve.pinning import pin_lock
from envspec.resolve.resolution import NoResolution, Resolution, Wishes, read_wishes, resolve
from envspec.spec.request import IndexRequest, LockRequest
from envspec.target.markers import patch_sensitive_requires_python


class Workshop(Protocol):
    """What locking needs of the world besides the index client."""

    def index(self, request: IndexRequest) -> Index:
        """Open a named index: live, recorded, or a folder."""
        ...

    def direct(self, url: str, name: str, view: View) -> Project:
        """The one-release project behind a direct reference. Raises EnvspecError."""
        ...

    def hash_file(self, file: ReleaseFile, index: Index | None) -> tuple[str, int]:
        """Download a file whose index gives no sha256; (sha256, size in bytes)."""
        ...

    def sdist(
        self, file: ReleaseFile, index: Index, name: str, version: str, request: LockRequest, catalog: Catalog
    ) -> tuple[Dependencies | str, Build | None]:
        """What a source distribution requires, and what building it took."""
        ...


class LockOptions(NamedTuple):
    """How an earlier lock counts."""

    upgrade: bool = False
    upgrade_packages: Mapping[str, str] = {}
    """Normalized name to version, empty for the newest."""
    offline: bool = False


class Locked(NamedTuple):
    """One variant's lock, in memory."""

    request: LockRequest
    lock: Lock
    data: bytes
    remarks: tuple[str, ...] = ()
    """What the user should know and a lock doesn't hold: yanked pins, skipped candidates."""


class Unlockable(NamedTuple):
    """One variant that nothing fits."""

    request: LockRequest
    conflict: NoResolution
    catalog: Catalog
    wishes: Wishes


def lock_variants(
    requests: Sequence[LockRequest],
    *,
    client: IndexClient,
    default: LiveIndex,
    workshop: Workshop,
    earlier: Callable[[LockRequest], tuple[Mapping[str, str], Mapping[str, object]]],
    seen: Sequence[str],
    options: LockOptions,
    progress: Progress,
) -> list[Locked | Unlockable]:
    """Lock each request; all share what was fetched.

    ``earlier`` gives the pins and the kept tables of a request's existing lock. Raises
    InputError and OutsideError; a request that nothing fits is a value.
    """
    outcomes = []
    for request in requests:
        pins, kept = earlier(request)
        outcomes.append(_lock_one(request, client, default, workshop, pins, kept, seen, options, progress))
    return outcomes


def _lock_one(
    request: LockRequest,
    client: IndexClient,
    default: LiveIndex,
    workshop: Workshop,
    pins: Mapping[str, str],
    kept: Mapping[str, object],
    seen: Sequence[str],
    options: LockOptions,
    progress: Progress,
) -> Locked | Unlockable:
    builds: dict[str, Build] = {}

    def sdist(file: ReleaseFile, index: Index, name: str, version: str) -> Dependencies | str:
        found, build = workshop.sdist(file, index, name, version, request, catalog)
        if build is not None:
            builds[f"{name}=={version}"] = build
        return found

    request = _with_upgrades(request, options.upgrade_packages)
    catalog = open_catalog(request, client, default, workshop.index, sdist, offline=options.offline)
    wishes = read_wishes(request, catalog)
    resolution = resolve(
        request,
        catalog,
        wishes=wishes,
        preferred=_preferred(pins, options),
        direct=_Directs(workshop, catalog),
        seen=seen,
    )
    if isinstance(resolution, NoResolution):
        return Unlockable(request, resolution, catalog, wishes)
    computed = _hash_what_lacks(resolution, workshop, options, progress)
    pinned = {f"{pin.name}=={pin.candidate.version}" for pin in resolution.pins}
    lock = pin_lock(
        request,
        resolution,
        computed=computed,
        builds=[build for key, build in sorted(builds.items()) if key in pinned],
        warnings=lock_warnings(request, resolution, catalog),
        extra_tool=kept,
    )
    return Locked(request, lock, encode(lock), remarks(resolution))


def _with_upgrades(request: LockRequest, packages: Mapping[str, str]) -> LockRequest:
    exact = tuple(f"{name}=={version}" for name, version in sorted(packages.items()) if version)
    return request._replace(constraints=(*request.constraints, *exact)) if exact else request


def _preferred(pins: Mapping[str, str], options: LockOptions) -> Mapping[str, str]:
    if options.upgrade:
        return {}
    return {name: version for name, version in pins.items() if name not in options.upgrade_packages}


class _Directs:
    """The projects behind direct references, each opened once."""

    def __init__(self, workshop: Workshop, catalog: Catalog) -> None:
        self._workshop = workshop
        self._catalog = catalog
        self._open: dict[str, Project] = {}

    def __call__(self, url: str, name: str) -> Project:
        project = self._open.get(url)
        if project is None:
            project = self._workshop.direct(url, name, self._catalog.view)
            self._open[url] = project
        if project.name != name:
            raise InputError(
                what=f"{without_credentials(url)} is asked for as {name!r} and as {project.name!r}",
                fix="one file is one project: name it alike",
            )
        return project


def _hash_what_lacks(
    resolution: Resolution, workshop: Workshop, options: LockOptions, progress: Progress
) -> dict[str, tuple[str, int]]:
    """Download and hash the files whose index gives no sha256, having said how much that is."""
    lacking = []
    for pin in resolution.pins:
        file = pin.project.record.file(pin.candidate.place)
        if "sha256" not in file.hashes:
            lacking.append((file, pin.project.index))
    if not lacking:
        return {}
    if options.offline:
        raise OfflineError(
            what=f"{lacking[0][0].filename}: its index gives no sha256",
            why="only downloading it would tell, and --offline was said",
        )
    known = sum(file.size or 0 for file, _ in lacking)
    at_least = "at least " if any(file.size is None for file, _ in lacking) else ""
    progress.say(
        f"{len(lacking)} file(s) without a sha256 on their index: downloading"
        f" {at_least}{known:,} bytes to hash them ({', '.join(file.filename for file, _ in lacking)})"
    )
    return {file.url: workshop.hash_file(file, index) for file, index in lacking}


def lock_warnings(request: LockRequest, resolution: Resolution, catalog: Catalog) -> list[str]:
    """What stays true of the lock on any day, so it stands in the lock itself."""
    lines = list(request.warnings)
    lines += [
        f"{entry.kind}: {entry.label} isn't locked: this version doesn't lock {entry.kind}"
        for entry in request.not_locked
    ]
    for pin in resolution.pins:
        file = pin.project.record.file(pin.candidate.place)
        if file.is_wheel and file.filename.rsplit("-", 1)[-1].startswith("linux_"):
            lines.append(
                f"{file.filename}: its tag tells no glibc; whether the target's is enough, only the wheel tells"
            )
        patch = patch_sensitive_requires_python(file.requires_python, request.target)
        if patch is not None:
            lines.append(
                f"{pin.candidate}: Requires-Python {file.requires_python} answers otherwise from Python {patch} on;"
                " a full version in target.python settles it"
            )
        found = catalog.dependencies(pin.project, pin.candidate.place)
        if isinstance(found, Dependencies):
            lines += [
                f"{pin.candidate}: {text!r} holds otherwise from Python {patch} on; a full version in"
                " target.python settles it"
                for text, patch in found.patch_sensitive
            ]
    return lines


def remarks(resolution: Resolution) -> tuple[str, ...]:
    """What's true today and so can't stand in a lock."""
    lines = []
    for pin in resolution.pins:
        file = pin.project.record.file(pin.candidate.place)
        if file.yanked is not False:
            why = f": {file.yanked}" if isinstance(file.yanked, str) and file.yanked else ""
            lines.append(f"{pin.candidate} was yanked{why}")
    lines += [f"{s.name} {s.version} was passed over: {s.why}" for s in resolution.skipped]
    lines += [f"{name} has no extra {extra!r}" for name, extra in resolution.unknown_extras]
    return tuple(lines)
