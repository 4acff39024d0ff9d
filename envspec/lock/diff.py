"""Two Locks to Changes: what a person who carries one in place of the other must know."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from envspec.lock.asset_diff import AssetChanges, asset_changes, published
from envspec.lock.changes import Change, table_changes
from envspec.lock.document import (
    AssetFile,
    Build,
    BuildRequirement,
    Dependency,
    Lock,
    LockedDistribution,
    LockedFile,
)

_LEGACY_GLIBC = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
"""PEP 513, 571 and 599, as PEP 600 translates them."""


@dataclass(frozen=True, slots=True)
class Amount:
    """Bytes of files, each counted once. Of ``unknown`` files no size is known, so it's at least that."""

    size_bytes: int
    files: int
    unknown: int


@dataclass(frozen=True, slots=True)
class DigestChange:
    """Other bytes under the same file name: a replaced file, or a damaged or forged one."""

    file_name: str
    """Of an asset its place below its root, since many repositories have a ``config.json``."""
    before: LockedFile | AssetFile
    after: LockedFile | AssetFile


@dataclass(frozen=True, slots=True)
class DistributionChange:
    """One distribution that's in both locks and not the same."""

    name: str
    before: LockedDistribution
    after: LockedDistribution
    fields: tuple[Change, ...]

    @property
    def kind(self) -> str:
        """``version``, ``build`` (only the local part differs), ``file`` or ``details``."""
        if self.before.version != self.after.version:
            public = (side.version.partition("+")[0] for side in (self.before, self.after))
            return "build" if len(set(public)) == 1 else "version"
        return "file" if any(field.subject in ("file", "sha256") for field in self.fields) else "details"


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that differs between two locks, most consequential first."""

    before: str
    after: str
    digests: tuple[DigestChange, ...]
    carry_before: Amount
    carry_after: Amount
    new: Amount
    """What must be carried where all files of the first lock are there already."""
    consequences: tuple[Change, ...]
    """Python, glibc, hosts and the promised host's verdict always; of the target and the contract what
    differs."""
    added: tuple[LockedDistribution, ...]
    removed: tuple[LockedDistribution, ...]
    changed: tuple[DistributionChange, ...]
    unchanged: int
    assets: AssetChanges
    other: tuple[Change, ...]
    """Whatever else the locks hold."""

    @property
    def different(self) -> bool:
        """Whether anything differs at all."""
        return bool(
            self.digests
            or self.added
            or self.removed
            or self.changed
            or self.assets.different
            or self.other
            or any(not change.same for change in self.consequences)
        )


def diff(a: Lock, b: Lock) -> Changes:
    """What changes for who has ``a`` and gets ``b``."""
    before, after = _by_name(a, b)
    both = [name for name in before if name in after]
    changed = [change for name in both if (change := _changed(name, before[name], after[name]))]
    files = {file.sha256 for file in _files(a)}
    return Changes(
        before=a.label,
        after=b.label,
        digests=tuple(digest_changes(a, b)),
        carry_before=_amount(_files(a)),
        carry_after=_amount(_files(b)),
        new=_amount(file for file in _files(b) if file.sha256 not in files),
        consequences=tuple(_consequences(a, b)),
        added=tuple(after[name] for name in after if name not in before),
        removed=tuple(before[name] for name in before if name not in after),
        changed=tuple(changed),
        unchanged=len(both) - len(changed),
        assets=asset_changes(a, b),
        other=(*table_changes(_other(a), _other(b)), *_contract_changes(a, b, of_sources=True)),
    )


def glibc_floor(file: LockedFile) -> tuple[int, int] | None:
    """The oldest glibc that a wheel's name promises to run on; None where it tells none."""
    levels = [level for tag in _tags(file)[1] if (level := _glibc_of(tag))]
    return min(levels, default=None)


def _by_name(*locks: Lock) -> list[dict[str, LockedDistribution]]:
    """Distributions by name; by name and version where a lock of another tool holds a name twice."""
    counts = [Counter(item.name for item in lock.distributions) for lock in locks]
    twice = {name for count in counts for name, times in count.items() if times > 1}
    return [
        {d.name if d.name not in twice else f"{d.name} {d.version}{d.marker}": d for d in lock.distributions}
        for lock in locks
    ]


def _changed(name: str, before: LockedDistribution, after: LockedDistribution) -> DistributionChange | None:
    if before == after:
        return None
    return DistributionChange(name, before, after, tuple(table_changes(_fields(before), _fields(after))))


def _fields(item: LockedDistribution) -> dict[str, Any]:
    """A distribution as a table whose keys a reader of the lock knows."""
    file = item.wheel or item.sdist
    fields: dict[str, Any] = {"version": item.version}
    if file is not None:
        fields |= {
            "file": file.name,
            "size": file.size,
            "sha256": file.sha256,
            "path": file.path,
            "url": file.url,
        }
        fields |= {"hashes": file.hashes, "upload-time": file.upload_time, "digest-from": file.digest_from}
    return {
        **fields,
        "index": item.index_name,
        "index-url": item.index,
        "requires-python": item.requires_python,
        "dependencies": tuple(map(_edge, item.dependencies)),
        "extras": item.extras,
        "direct-url": item.direct_url,
        "notes": item.notes,
        "marker": item.marker,
        "sdist": item.sdist.sha256 if item.sdist and item.wheel else None,
        "more-wheels": tuple(wheel.name for wheel in item.more_wheels),
    }


def _edge(edge: Dependency) -> str:
    return f"{edge.name}[{','.join(edge.extras)}]" if edge.extras else edge.name


def digest_changes(a: Lock, b: Lock) -> Iterator[DigestChange]:
    """Files that both locks know by one name, and by two digests."""
    before = {file.name: file for file in _published(a)}
    for file in _published(b):
        known = before.get(file.name)
        if known is not None and known.sha256 != file.sha256:
            yield DigestChange(file.name, known, file)
    known_assets = dict(published(a))
    for name, after in published(b):
        was = known_assets.get(name)
        if was is not None and was.sha256 != after.sha256:
            yield DigestChange(name, was, after)


def _files(lock: Lock) -> Iterator[LockedFile | AssetFile]:
    """The files that are carried inside: one of each distribution, all of assets."""
    yield from _wheels(lock)
    for asset in lock.assets:
        yield from asset.files


def _wheels(lock: Lock) -> Iterator[LockedFile]:
    for item in lock.distributions:
        file = item.wheel or item.sdist
        if file is not None:
            yield file


def _published(lock: Lock) -> Iterator[LockedFile]:
    """Files that shouldn't change under one name; a wheel of the user's own does, whenever it's built."""
    for item in lock.distributions:
        files = [file for file in (item.wheel, item.sdist, *item.more_wheels) if file is not None]
        yield from (file for file in files if not (item.direct_url and file.path))
    for build in lock.builds:
        yield from (each.file for each in build.requirements)


def _amount(files: Iterable[LockedFile | AssetFile]) -> Amount:
    sizes = {file.sha256: file.size for file in files}
    known = [size for size in sizes.values() if size is not None]
    return Amount(sum(known), len(sizes), len(sizes) - len(known))


def _consequences(a: Lock, b: Lock) -> Iterator[Change]:
    yield Change("Python", a.requires_python or None, b.requires_python or None)
    yield Change("glibc that the wheels need", _floor_of_lock(a), _floor_of_lock(b))
    yield Change("hosts to fetch from", a.hosts, b.hosts)
    if a.verdict or b.verdict:
        yield Change("the promised host", _verdict(a), _verdict(b))
    yield from _contract_changes(a, b, of_sources=False)
    yield from table_changes(_host_side(a), _host_side(b))


def _host_side(lock: Lock) -> dict[str, Any]:
    """What else is told of the host: told where it differs."""
    tags = [_tags(file) for file in _wheels(lock) if file.name.endswith(".whl")]
    return {
        "target": lock.target,
        "environments": lock.environments,
        "wheel tags": tuple(sorted({interpreter for interpreter, _ in tags})),
        "wheel platforms": tuple(sorted({platform for _, platforms in tags for platform in platforms})),
        "wheels that tell no glibc": tuple(
            item.name for item in lock.distributions if item.wheel and _tells_no_glibc(item.wheel)
        ),
    }


def _verdict(lock: Lock) -> str | None:
    """``refused (fail)``: the driver's grade, where there is one, and the worst status of any rule."""
    grade, status = lock.verdict.get("grade"), lock.verdict.get("status")
    if not grade:
        return str(status) if status else None
    return f"{grade} ({status})" if status else str(grade)


def _contract_changes(a: Lock, b: Lock, *, of_sources: bool) -> Iterator[Change]:
    """What differs in what a host must have, or in who says so."""
    for change in table_changes(a.contract, b.contract, "contract"):
        name = change.subject.rpartition(".")[2]
        if (name in ("by", "source") or name.endswith("-source")) == of_sources:
            yield change


def _verdict_table(lock: Lock) -> dict[str, Any]:
    """The verdict, what isn't fulfilled by rule and subject."""
    rows = lock.verdict.get("findings")
    if not isinstance(rows, (list, tuple)) or not all(isinstance(row, Mapping) for row in rows):
        return dict(lock.verdict)
    named = {f"{row.get('rule')}: {row.get('subject')}": row for row in rows}
    return {**lock.verdict, "findings": named if len(named) == len(rows) else rows}


def _floor_of_lock(lock: Lock) -> str | None:
    floors = [floor for file in _wheels(lock) if (floor := glibc_floor(file))]
    return ".".join(map(str, max(floors))) if floors else None


def _tells_no_glibc(file: LockedFile) -> bool:
    return any(tag.startswith("linux_") for tag in _tags(file)[1]) and glibc_floor(file) is None


def _tags(file: LockedFile) -> tuple[str, tuple[str, ...]]:
    """(``cp310-cp310``, platform tags) of a wheel's name; nothing of an sdist's."""
    parts = file.name.removesuffix(".whl").rsplit("-", 3)
    if not file.name.endswith(".whl") or len(parts) != 4:
        return "", ()
    return f"{parts[1]}-{parts[2]}", tuple(parts[3].split("."))


def _glibc_of(tag: str) -> tuple[int, int] | None:
    legacy = _LEGACY_GLIBC.get(tag.partition("_")[0])
    modern = re.match(r"manylinux_(\d{1,4})_(\d{1,4})_", tag)
    return (int(modern[1]), int(modern[2])) if modern else legacy


def _other(lock: Lock) -> dict[str, Any]:
    return {
        "name": lock.name,
        "variant": lock.variant or None,
        "spec-digest": lock.spec_digest or None,
        "files": lock.files,
        "requirements": lock.requirements,
        "not-locked": tuple(f"{kind}: {label}" for kind, label in lock.not_locked),
        "warnings": lock.warnings,
        "indexes": dict(lock.indexes),
        "builds": {build.name: _build(build) for build in lock.builds},
        "environment": {
            variable.name: {
                "value": variable.value,
                "read-by": variable.read_by,
                "source": variable.source,
            }
            for variable in lock.environment
        },
        "verdict": _verdict_table(lock),
        **lock.extra_tool,
    }


def _build(build: Build) -> dict[str, Any]:
    return {"version": build.version, "requirements": {each.name: _pin(each) for each in build.requirements}}


def _pin(requirement: BuildRequirement) -> dict[str, Any]:
    file = requirement.file
    return {
        "release": f"{requirement.version} {file.name} sha256:{file.sha256}",
        "index": requirement.index_name,
        **{name: cell for name, cell in file._asdict().items() if name != "name"},
    }
