"""Lock: requests become locks. What happens in which order.

A resolution is a function of the request, of earlier pins, and of the pages it looked at.
So one that was made before is taken as it was, if those pages are still what their
indexes answer: nothing is computed twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from envspec.index.live import LiveIndex
from envspec.ports import Progress
from envspec.short_digest import short_sha256
from envspec.spec.request import LockRequest
from envspec.spec.request_json import to_json
from envspec.steps.locking import (
    Earlier,
    Existing,
    Locked,
    LockedAsset,
    LockOptions,
    Outcome,
    Workshop,
)

if TYPE_CHECKING:
    from envspec.index.pages import Pages

MEMORY_FORMAT = "3"


def lock_variants(
    requests: Sequence[LockRequest],
    *,
    pages: Pages,
    default: LiveIndex,
    workshop: Workshop,
    earlier: Sequence[Existing],
    seen: Sequence[str],
    options: LockOptions,
    progress: Progress,
) -> list[Outcome]:
    """Lock each request; all share what was fetched.

    ``earlier`` goes along with ``requests``. ``seen`` are names of an earlier run's projects,
    whose pages are asked for at once where they grew old. Raises InputError and OutsideError;
    a request that nothing fits is a value.
    """
    outcomes: list[Outcome] = []
    told: set[str] = set()
    for asked, existing in zip(requests, earlier, strict=True):
        request = _with_upgrades(asked, options.upgrade_packages)
        key = _memory_key(request, default, existing, options)
        known = _recall(key, request, pages, default, options)
        if known is not None:
            outcomes.append(known)
            continue
        pages.begin(default, _root_names(request))
        from envspec.steps.pin import lock_one

        before = existing.read()
        for line in _what_upgrades_nothing(before, options):
            if line not in told:
                told.add(line)
                progress.say(line)
        before = _without_upgraded(before, options)
        outcome, consulted = lock_one(request, default, workshop, before, seen, options, progress)
        if isinstance(outcome, Locked) and consulted is not None:
            pages.store.put_note(_memory_place(request), _memory(key, outcome, consulted))
        outcomes.append(outcome)
    return outcomes


_PLAIN_NAME = r"([A-Za-z0-9][A-Za-z0-9._-]*)[^;@]*"


def _root_names(request: LockRequest) -> list[str]:
    """What the default index will surely be asked for first: projects required without any condition."""
    from envspec.project_name import normal_name

    elsewhere = {project for index in request.indexes for project in index.packages}
    plain = (re.fullmatch(_PLAIN_NAME, text) for text in request.requirements)
    names = (normal_name(match[1]) for match in plain if match)
    return [name for name in dict.fromkeys(names) if name not in elsewhere]


def _with_upgrades(request: LockRequest, packages: Mapping[str, str]) -> LockRequest:
    exact = tuple(f"{name}=={version}" for name, version in sorted(packages.items()) if version)
    return request._replace(constraints=(*request.constraints, *exact)) if exact else request


def _what_upgrades_nothing(earlier: Earlier, options: LockOptions) -> Iterator[str]:
    known = {*earlier.pins, *(name for pins in earlier.builds.values() for name in pins)}
    for name in sorted(options.upgrade_packages.keys() - known) if known else ():
        yield f"warning: --upgrade-package {name}: the lock pins no such project"
    if known and options.upgrade_models:
        from envspec.steps.assets import is_named

        labels = [asset.label for asset in earlier.assets]
        for word in options.upgrade_models:
            if not any(is_named(label, [word]) for label in labels):
                held = f"; it holds {', '.join(labels)}" if labels else ""
                yield f"warning: --upgrade-model {word}: the lock holds no such asset{held}"


def _without_upgraded(earlier: Earlier, options: LockOptions) -> Earlier:
    if options.upgrade:
        return earlier._replace(pins={}, builds={}, assets=())

    def kept(pins: Mapping[str, str]) -> dict[str, str]:
        return {name: pin for name, pin in pins.items() if name not in options.upgrade_packages}

    builds = {release: kept(pins) for release, pins in earlier.builds.items()}
    assets = earlier.assets
    if options.upgrade_models:
        from envspec.steps.assets import is_named

        assets = tuple(asset for asset in assets if not is_named(asset.label, options.upgrade_models))
    return earlier._replace(pins=kept(earlier.pins), builds=builds, assets=assets)


# What was resolved before


def _memory_key(request: LockRequest, default: LiveIndex, existing: Existing, options: LockOptions) -> str:
    from envspec import __version__

    parts = (
        MEMORY_FORMAT,
        __version__,
        to_json(request),
        default.page_url(""),
        existing.identity,
        options.tables,
        json.dumps(
            [options.upgrade, sorted(options.upgrade_packages), options.upgrade_models, options.offline]
        ),
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
        data, names, size_bytes, is_at_least, warnings, remarks, has_computed, assets, *verdict = rest
        grade, told, is_refused = verdict
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
        tuple(LockedAsset(*asset) for asset in assets),
        grade,
        tuple(told),
        is_refused,
    )


def _memory(key: str, outcome: Locked, consulted: Sequence[tuple[str, str, str]]) -> str:
    rest = outcome[2:]
    return json.dumps([key, consulted, outcome.data.decode(), *rest], separators=(",", ":"))
