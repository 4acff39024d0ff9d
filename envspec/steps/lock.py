"""Lock: requests become locks. What happens in which order.

A resolution is a function of the request, of earlier pins, and of the pages it looked at.
So one that was made before is taken as it was, if those pages are still what their
indexes answer: nothing is computed twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from envspec.index.live import LiveIndex
from envspec.ports import Progress
from envspec.short_digest import short_sha256
from envspec.spec.request import IndexRequest, LockRequest
from envspec.spec.request_json import to_json

if TYPE_CHECKING:
    from envspec.index.catalog import Catalog, Index, Project
    from envspec.index.client import IndexClient
    from envspec.index.dependencies import Dependencies
    from envspec.index.pages import Pages
    from envspec.index.view import ReleaseFile, View
    from envspec.lock.document import Build
    from envspec.resolve.resolution import NoResolution

MEMORY_FORMAT = "1"


class Workshop(Protocol):
    """What locking needs of the world besides asking indexes."""

    @property
    def client(self) -> IndexClient:
        """Records and requirements, over the pages."""
        ...

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
        self,
        file: ReleaseFile,
        index: Index,
        name: str,
        version: str,
        request: LockRequest,
        catalog: Catalog,
        preferred: Mapping[str, str],
    ) -> tuple[Dependencies | str, Build | None]:
        """What a source distribution requires, and what building it took.

        ``preferred`` are versions of what an earlier build took, kept where they still fit.
        """
        ...


class LockOptions(NamedTuple):
    """How an earlier lock counts."""

    upgrade: bool = False
    upgrade_packages: Mapping[str, str] = {}
    """Normalized name to version, empty for the newest."""
    offline: bool = False
    refresh: bool = False


class Locked(NamedTuple):
    """One variant's lock, as bytes, and what the user should hear of it."""

    request: LockRequest
    data: bytes
    names: tuple[str, ...]
    """Normalized names of the locked projects."""
    size_bytes: int
    """Of all files whose size is known."""
    is_at_least: bool
    """Whether the size of some file isn't known."""
    warnings: tuple[str, ...]
    """Those that stand in the lock."""
    remarks: tuple[str, ...] = ()
    """What's true today and so can't stand in a lock: yanked pins, skipped candidates."""
    has_computed: bool = False
    """Whether a digest was computed here and not given by an index."""


class Unlockable(NamedTuple):
    """One variant that nothing fits."""

    request: LockRequest
    conflict: NoResolution
    catalog: Catalog


class Earlier(NamedTuple):
    """What an existing lock hands on."""

    pins: Mapping[str, str] = {}
    """Normalized name to whole version."""
    builds: Mapping[str, Mapping[str, str]] = {}
    """``name==version`` of what was built, to the pins of what it was built with."""
    kept: Mapping[str, Any] = {}
    """Tables of [tool.envspec] that locking doesn't make and so must keep."""


def lock_variants(
    requests: Sequence[LockRequest],
    *,
    pages: Pages,
    default: LiveIndex,
    workshop: Workshop,
    earlier: Sequence[Earlier],
    seen: Sequence[str],
    options: LockOptions,
    progress: Progress,
) -> list[Locked | Unlockable]:
    """Lock each request; all share what was fetched.

    ``earlier`` goes along with ``requests``. ``seen`` are names of an earlier run's projects,
    whose pages are asked for at once where they grew old. Raises InputError and OutsideError;
    a request that nothing fits is a value.
    """
    outcomes: list[Locked | Unlockable] = []
    for asked, existing in zip(requests, earlier, strict=True):
        request = _with_upgrades(asked, options.upgrade_packages)
        before = _without_upgraded(existing, options)
        _say_what_upgrades_nothing(existing, options, progress)
        key = _memory_key(request, default, before, options)
        known = _recall(key, request, pages, default, options)
        if known is not None:
            outcomes.append(known)
            continue
        pages.begin(default, _root_names(request))
        from envspec.steps.pin import lock_one

        outcome, consulted = lock_one(request, default, workshop, before, seen, options, progress)
        if isinstance(outcome, Locked) and consulted is not None:
            pages.store.put_note(_memory_place(request), _memory(key, outcome, consulted))
        outcomes.append(outcome)
    return outcomes


_PLAIN_NAME = r"([A-Za-z0-9][A-Za-z0-9._-]*)[^;@]*"


def _root_names(request: LockRequest) -> list[str]:
    """What the default index will surely be asked for first: projects required without any condition."""
    from envspec.index.filenames import normal_name

    elsewhere = {project for index in request.indexes for project in index.packages}
    plain = (re.fullmatch(_PLAIN_NAME, text) for text in request.requirements)
    names = (normal_name(match[1]) for match in plain if match)
    return [name for name in dict.fromkeys(names) if name not in elsewhere]


def _with_upgrades(request: LockRequest, packages: Mapping[str, str]) -> LockRequest:
    exact = tuple(f"{name}=={version}" for name, version in sorted(packages.items()) if version)
    return request._replace(constraints=(*request.constraints, *exact)) if exact else request


def _say_what_upgrades_nothing(earlier: Earlier, options: LockOptions, progress: Progress) -> None:
    known = {*earlier.pins, *(name for pins in earlier.builds.values() for name in pins)}
    for name in sorted(options.upgrade_packages.keys() - known) if known else ():
        progress.say(f"warning: --upgrade-package {name}: the lock pins no such project")


def _without_upgraded(earlier: Earlier, options: LockOptions) -> Earlier:
    if options.upgrade:
        return earlier._replace(pins={}, builds={})

    def kept(pins: Mapping[str, str]) -> dict[str, str]:
        return {name: pin for name, pin in pins.items() if name not in options.upgrade_packages}

    builds = {release: kept(pins) for release, pins in earlier.builds.items()}
    return earlier._replace(pins=kept(earlier.pins), builds=builds)


# What was resolved before


def _memory_key(request: LockRequest, default: LiveIndex, before: Earlier, options: LockOptions) -> str:
    from envspec import __version__

    parts = (
        MEMORY_FORMAT,
        __version__,
        to_json(request),
        default.page_url(""),
        json.dumps([before.pins, before.kept, before.builds], sort_keys=True, default=str),
        str(options.offline),
    )
    return short_sha256("\n".join(parts).encode())


def _memory_place(request: LockRequest) -> str:
    """One memory for each lock, or the cache would grow with every change of a spec."""
    return f"lock:{request.name}:{request.variant}"


def _recall(
    key: str, request: LockRequest, pages: Pages, default: LiveIndex, options: LockOptions
) -> Locked | None:
    """The lock that this very request came to, if all pages it looked at are still the same."""
    text = pages.store.note(_memory_place(request))
    if text is None or any(index.path for index in request.indexes):
        return None
    try:
        of, consulted, *rest = json.loads(text)
        data, names, size_bytes, is_at_least, warnings, remarks, has_computed = rest
        if of != key:
            return None
        indexes = {index.name: LiveIndex(index.name, index.url, index.ca_file) for index in request.indexes}
        indexes[default.name] = default
        wanted = [(indexes[name], project, stamp) for name, project, stamp in consulted]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if (has_computed and options.refresh) or not pages.confirm(wanted):
        return None
    return Locked(
        request,
        data.encode(),
        tuple(names),
        size_bytes,
        is_at_least,
        tuple(warnings),
        tuple(remarks),
        has_computed,
    )


def _memory(key: str, outcome: Locked, consulted: Sequence[tuple[str, str, str]]) -> str:
    rest = outcome[2:]
    return json.dumps([key, consulted, outcome.data.decode(), *rest], separators=(",", ":"))
