"""Draw what installing takes of the host's disks, path by path, at its peak.

What wheels take once they're unpacked is estimated: 60 wheels of 444 MB became 1.3 GB in 10,000 files
(measured, November 2026).
"""

from __future__ import annotations

from collections.abc import Iterable

from envspec.lock.document import Asset, Lock
from envspec.named_tuple import NamedTuple
from envspec.verify.lock_table import text
from envspec.verify.needs import DiskNeed
from envspec.verify.sizes import shown

PREFIX = "PREFIX"
"""Stands for the install prefix, where the spec names none."""
TEMPORARY = "/tmp"  # noqa: S108 - where things land if nobody says otherwise

UNPACKED = 3
"""Times the size of the wheels, unpacked; 1.3 GB of 444 MB, rounded up."""
_FILES_EACH = 170
_LARGEST_UNSIZED = {"torch": 3_000_000_000}
"""Bytes of a wheel whose size no index says: torch 2.0.1+cu118 has 2.27 GB, and others of that index 2.6."""
_UNSIZED = 200_000_000


class _Taken(NamedTuple):
    """What one thing takes of one path."""

    path: str
    stays: int = 0
    temporary: int = 0
    assumed: int = 0
    said: str = ""
    files: int = 0
    runs: bool = False


def disks_of(lock: Lock) -> tuple[DiskNeed, ...]:
    """One need for each path; temporary files of one step are gone before the next begins."""
    prefix = text(lock.target, "prefix") or PREFIX
    scratch = text(lock.target, "scratch") or TEMPORARY
    taken = [*_wheels(lock, prefix, scratch)]
    for asset in lock.assets:
        taken += _installer(asset, prefix, scratch) if asset.kind == "installer" else [_files(asset, prefix)]
    return tuple(_together(path, taken) for path in sorted({each.path for each in taken}))


def _together(path: str, taken: Iterable[_Taken]) -> DiskNeed:
    here = [each for each in taken if each.path == path]
    stays = sum(each.stays for each in here)
    return DiskNeed(
        path=path,
        stays_bytes=stays,
        peak_bytes=stays + max(each.temporary for each in here),
        assumed_bytes=sum(each.assumed for each in here),
        of=tuple(each.said for each in here if each.said),
        files=sum(each.files for each in here),
        runs=any(each.runs for each in here),
    )


def _wheels(lock: Lock, prefix: str, scratch: str) -> list[_Taken]:
    files = [(item.name, item.wheel or item.sdist) for item in lock.distributions]
    known = sum(file.size for _, file in files if file is not None and file.size is not None)
    unsized = [name for name, file in files if file is None or file.size is None]
    assumed = sum(_LARGEST_UNSIZED.get(name, _UNSIZED) for name in unsized)
    if not files:
        return []
    said = f"wheels of {shown(known)}, {UNPACKED} times that unpacked (estimated)"
    if unsized:
        said += f"; {', '.join(unsized)} of unknown size, assumed {shown(assumed)} at most"
    return [
        _Taken(
            prefix,
            stays=UNPACKED * known,
            assumed=UNPACKED * assumed,
            said=said,
            files=_FILES_EACH * len(files),
            runs=True,
        ),
        _Taken(
            scratch,
            temporary=UNPACKED * known,
            assumed=UNPACKED * assumed,
            said="the same again while they are unpacked",
        ),
    ]


def _files(asset: Asset, path: str, runs: bool = False) -> _Taken:
    """What its files take where they lie in the end, an archive unpacked."""
    known, unsized = 0, 0
    for file in asset.files:
        member = file.member.size if file.member is not None else None
        size = member if member is not None else file.size
        unsized += size is None
        known += (size or 0) * (UNPACKED if file.unpack else 1)
    said = f"{asset.label} {shown(known)}" if known or not unsized else asset.label
    if unsized:
        said += f", {unsized} file{'' if unsized == 1 else 's'} of unknown size"
    return _Taken(
        path, known, assumed=UNPACKED * _UNSIZED * unsized, said=said, files=len(asset.files), runs=runs
    )


def _installer(asset: Asset, prefix: str, scratch: str) -> list[_Taken]:
    """Its temporary files where its own command puts them, what it installs where that says."""
    argv = [word for command in asset.commands for word in command]
    unasked = TEMPORARY if argv[:2] == ["sh", "{file}"] else scratch
    temporary = _place(_option(argv, "--tmpdir") or unasked, prefix, scratch)
    default = "/usr" if asset.as_root and asset.provider == "driver" else prefix
    target = _place(_option(argv, "--toolkitpath", "--installpath") or default, prefix, scratch)
    if asset.space is None:
        return [_files(asset, prefix, runs=True)]
    how = " (estimated)" if asset.space.is_estimated else ""
    taken = [
        _Taken(
            temporary,
            temporary=asset.space.temporary_bytes,
            said=f"{asset.label} while it's installed {shown(asset.space.temporary_bytes)}{how}",
            runs=bool(argv),
        ),
        _Taken(
            target,
            stays=asset.space.installed_bytes,
            said=f"{asset.label} installed {shown(asset.space.installed_bytes)}{how}",
            runs=True,
        ),
    ]
    return [each for each in taken if each.temporary or each.stays]


def _option(argv: list[str], *names: str) -> str:
    """The value of ``--tmpdir=PATH`` or ``--tmpdir PATH``."""
    for number, word in enumerate(argv):
        name, equals, value = word.partition("=")
        if name in names:
            return value if equals else argv[number + 1] if number + 1 < len(argv) else ""
    return ""


def _place(path: str, prefix: str, scratch: str) -> str:
    """The host's path of one with a root: ``{scratch}/x`` is on the disk of scratch."""
    if path.startswith("{scratch}"):
        return scratch
    if path.startswith("{"):
        return prefix
    return path
