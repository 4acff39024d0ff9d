"""Pin: one request becomes a lock by resolving it anew."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

from envspec.errors import BrokenArtifactError, InputError, OfflineError
from envspec.index.catalog import Catalog, Index, Project
from envspec.index.credentials import without_credentials
from envspec.index.dependencies import Dependencies
from envspec.index.live import LiveIndex
from envspec.index.view import ReleaseFile
from envspec.lock.codec import encode
from envspec.lock.document import Asset, AssetFile, Build, Lock, LockedFile, Variable
from envspec.lock.known_files import with_known_files
from envspec.ports import Progress
from envspec.quick_msgspec import load_msgspec
from envspec.resolve.candidate import UnusableSdist
from envspec.resolve.opening import open_catalog
from envspec.resolve.pinning import pin_lock
from envspec.resolve.resolution import NoResolution, Pin, Resolution, read_wishes, resolve
from envspec.spec.request import LocalWheel, LockRequest
from envspec.steps.lock_warnings import asset_warnings, lock_warnings, patch_remarks, patch_warnings, remarks
from envspec.steps.locking import (
    Earlier,
    Locked,
    LockedAsset,
    LockOptions,
    Missing,
    Outcome,
    Unlockable,
    Workshop,
)

if TYPE_CHECKING:
    from envspec.steps.assets import Assets, Plans
    from envspec.steps.judged import Judged


def lock_one(
    request: LockRequest,
    default: LiveIndex,
    workshop: Workshop,
    before: Earlier,
    seen: Sequence[str],
    options: LockOptions,
    progress: Progress,
) -> tuple[Outcome, list[tuple[str, str, str]] | None]:
    """The outcome, and (index, project, stamp) of each page it rests on; None if on more than pages."""
    if not request.assets:
        return _lock(request, default, workshop, before, seen, options, progress, None)
    from envspec.steps.assets import Plans

    earlier = {(asset.kind, asset.label): asset for asset in before.assets}
    plans = Plans(request.assets, request.target, earlier, workshop.asset_world(request), request.cuda)
    try:
        return _lock(request, default, workshop, before, seen, options, progress, plans)
    finally:
        plans.give_up()


def _lock(
    request: LockRequest,
    default: LiveIndex,
    workshop: Workshop,
    before: Earlier,
    seen: Sequence[str],
    options: LockOptions,
    progress: Progress,
    plans: Plans | None,
) -> tuple[Outcome, list[tuple[str, str, str]] | None]:
    builds: dict[str, Build] = {}
    not_built: list[str] = []

    def sdist(file: ReleaseFile, index: Index, name: str, version: str) -> Dependencies | str:
        release = f"{name}=={version}"
        preferred = before.builds.get(release, {})
        found, build = workshop.sdist(file, index, name, version, request, catalog, preferred)
        if build is not None:
            builds[release] = build
        elif isinstance(found, str):
            not_built.append(release)
            return UnusableSdist(found)
        return found

    catalog = open_catalog(request, workshop.client, default, workshop.index, sdist, offline=options.offline)
    wishes = read_wishes(request, catalog)
    _load_rules_meanwhile(waiting=workshop.client.awake)
    resolution = resolve(
        request,
        catalog,
        wishes=wishes,
        preferred=before.pins,
        direct=_Directs(request, workshop, catalog),
        seen=seen,
    )
    if isinstance(resolution, NoResolution):
        return Unlockable(request, resolution, catalog), None
    found = _finished(plans, resolution)
    if found is not None and found.absent:
        label, absent = found.absent[0]
        return Missing(request, label, absent.what, absent.why, absent.fix), None
    computed = _hash_what_lacks(resolution, workshop, options, progress)
    by_patch = patch_warnings(request, resolution, catalog)
    # A Python that the lock brings settles them; the lock is for that release then.
    brings_python = any(wish.label == f"python {request.target.python}" for wish in request.assets)
    settled = bool(by_patch) and brings_python
    if settled:
        by_patch = []
    newer_by_patch = [] if brings_python else patch_remarks(request, resolution, catalog, wishes)
    pinned = {f"{pin.name}=={pin.candidate.version}" for pin in resolution.pins}
    lock = pin_lock(
        request,
        resolution,
        computed=computed,
        builds=[build for key, build in sorted(builds.items()) if key in pinned],
        assets=found.assets if found else (),
        environment=_environment(request, resolution, found.assets if found else ()),
        not_locked=found.not_locked if found else (),
        warnings=[*lock_warnings(request, resolution), *by_patch, *(asset_warnings(found) if found else ())],
        python_exact=settled,
        extra_tool=before.kept,
    )
    lock = with_known_files(lock, before.distributions)
    consulted = [
        (index.name, project, stamp) for project, (index, stamp) in sorted(catalog.consulted.items())
    ]
    rests_on_more = (
        bool(builds or not_built)
        or any(index.path for index in request.indexes)
        or any(pin.project.direct_url and not _is_hashed(pin) for pin in resolution.pins)
        or (found is not None and found.asked_what_moves)
    )
    remarked = (*remarks(resolution), *newer_by_patch, *(found.remarks if found else ()))
    outcome = _locked(request, _judged(lock), remarked)
    if computed:  # also where an earlier lock knows who else vouches for the digest
        outcome = outcome._replace(has_computed=True)
    return outcome, None if rests_on_more else consulted


def _load_rules_meanwhile(*, waiting: bool) -> None:
    """Judging takes some 30 ms to load; where pages are asked, the resolver waits longer than that."""
    load_msgspec()
    if waiting:
        with suppress(RuntimeError):  # no more threads: it's loaded when it's needed
            threading.Thread(target=_load_rules, daemon=True).start()


def _load_rules() -> None:
    with suppress(MemoryError, ImportError):  # told where they're needed
        import_module("envspec.steps.judged")


def _judged(lock: Lock) -> Judged:
    from envspec.steps.judged import judged

    if "audit" in lock.extra_tool:
        from envspec.audit.rows import warned

        lock = warned(lock)
    return judged(lock)


def _environment(
    request: LockRequest, resolution: Resolution, assets: Sequence[Asset]
) -> tuple[Variable, ...]:
    from envspec.assets.environment import target_environment

    names = [pin.name for pin in resolution.pins]
    return target_environment(names, assets, network=request.target.network)


def _finished(plans: Plans | None, resolution: Resolution) -> Assets | None:
    """What the plans came to, now that they can read what was pinned."""
    if plans is None:
        return None
    from envspec.steps.assets import Pinned, refuse_twins

    plans.pinned(
        {
            pin.name: Pinned(
                pin.candidate.version, pin.project.record.file(pin.candidate.place), pin.project.index
            )
            for pin in resolution.pins
        }
    )
    found = plans.finish()
    refuse_twins(found.assets)
    return found


def _locked_assets(lock: Lock) -> tuple[LockedAsset, ...]:
    return tuple(
        LockedAsset(
            asset.kind,
            asset.label,
            asset.version,
            len(asset.files),
            sum(file.size or 0 for file in asset.files),
            any(file.size is None for file in asset.files),
            asset.unconfirmed,
        )
        for asset in lock.assets
    )


def _locked(request: LockRequest, outcome: Judged, remarked: tuple[str, ...]) -> Locked:
    lock = outcome.lock
    files: list[LockedFile | AssetFile] = [distribution.file for distribution in lock.distributions]
    # A file that two assets share is carried once.
    files += {file.sha256: file for asset in lock.assets for file in asset.files}.values()
    return Locked(
        request,
        encode(lock),
        tuple(distribution.name for distribution in lock.distributions),
        sum(file.size or 0 for file in files),
        any(file.size is None for file in files),
        lock.warnings,
        remarked,
        any(file.digest_from == "computed" for file in files),
        _locked_assets(lock),
        outcome.word,
        outcome.told,
        outcome.is_refused,
    )


def _file_url(wheel: LocalWheel) -> str:
    from pathlib import Path

    return Path(wheel.path).as_uri()


class _Directs:
    """The projects behind direct references, each opened once."""

    def __init__(self, request: LockRequest, workshop: Workshop, catalog: Catalog) -> None:
        self._workshop = workshop
        self._catalog = catalog
        self._local = set(map(_file_url, request.local_wheels))
        self._open: dict[str, Project] = {}

    def __call__(self, url: str, name: str) -> Project:
        project = self._open.get(url)
        if project is None and url.startswith("file:") and url not in self._local:
            raise BrokenArtifactError(
                what=f"{name} @ {url}: a release requires a file of this machine",
                why="only the spec itself may name files",
                fix=f"name the wheel in [python] requirements, or leave out who requires {name}",
            )
        if project is None:
            project = self._workshop.direct(url, name, self._catalog.view)
            self._open[url] = project
        if project.name != name:
            raise InputError(
                what=f"{without_credentials(url)} is asked for as {name!r} and as {project.name!r}",
                fix="one file is one project: name it alike",
            )
        return project


def _is_hashed(pin: Pin) -> bool:
    return "sha256" in pin.project.record.file(pin.candidate.place).hashes


def _hash_what_lacks(
    resolution: Resolution, workshop: Workshop, options: LockOptions, progress: Progress
) -> dict[str, tuple[str, int]]:
    """Download and hash the files whose index gives no sha256, having said how much that is."""
    lacking = [
        (pin.project.record.file(pin.candidate.place), pin.project.index)
        for pin in resolution.pins
        if not _is_hashed(pin)
    ]
    if not lacking:
        return {}
    if options.offline:
        raise OfflineError(
            what=f"{lacking[0][0].filename}: its index gives no sha256",
            why="only downloading it would tell, and --offline was said",
        )
    known = sum(file.size or 0 for file, _ in lacking)
    at_least = "at least " if any(file.size is None for file, _ in lacking) else ""
    amount = f"{at_least}{known:,} bytes" if known else "files of unknown size"
    progress.say(
        f"{len(lacking)} file(s) without a sha256 on their index: downloading"
        f" {amount} to hash them ({', '.join(file.filename for file, _ in lacking)})"
    )
    return {file.url: workshop.hash_file(file, index) for file, index in lacking}
