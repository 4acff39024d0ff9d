"""Disk: whether each file system has what installing takes at its peak, and lets programs run from there.

Paths that lie on one file system ask for room together. What nobody has measured is estimated, and said so.
"""

from __future__ import annotations

import shlex
from collections import defaultdict

from envspec.probe.facts import HostFacts, Mount
from envspec.verify.draw_disk import PREFIX
from envspec.verify.finding import Finding, Status
from envspec.verify.needs import DiskNeed, Needs
from envspec.verify.sizes import shown

RULE = "disk"

_SOURCE = "sizes of the lock, unpacked sizes estimated; statvfs on the host"
_PROMISED = "sizes of the lock, unpacked sizes estimated; target.disk of the spec"
_NOEXEC = "mount(8), noexec: no program and no library is loaded from there"
_CERTAIN = 25
"""A twenty-fifth of the estimate is there in any case: METADATA, RECORD, WHEEL, and what a wheel is for."""


def check(needs: Needs, facts: HostFacts) -> list[Finding]:
    """Room for each file system, and what else forbids a path; unknown where nobody has looked."""
    by_mount: dict[str, list[DiskNeed]] = defaultdict(list)
    mounts: dict[str, Mount] = {}
    found = []
    for need in needs.disks:
        mount = mount_of(need.path, facts)
        if mount is None:
            found.append(_not_looked_at(need, facts))
            continue
        mounts[mount.mount_point] = mount
        by_mount[mount.mount_point].append(need)
        found += _usable(need, mount, facts) if not mount.trouble else []
    for point, wanted in by_mount.items():
        found.append(_room(wanted, mounts[point], facts))
        found += _inodes(wanted, mounts[point])
    return found


def mount_of(path: str, facts: HostFacts) -> Mount | None:
    """Of the path itself where the probe has looked there, else the nearest file system above it."""
    mounts = facts.mounts.value or ()
    for mount in mounts:
        if mount.path == path:
            return mount
    if path == PREFIX:
        return None
    above = [mount for mount in mounts if _is_below(path, mount.mount_point)]
    return max(above, key=lambda mount: len(mount.mount_point), default=None)


def _is_below(path: str, point: str) -> bool:
    return point == "/" or path == point or path.startswith(point.rstrip("/") + "/")


def _not_looked_at(need: DiskNeed, facts: HostFacts) -> Finding:
    if need.path == PREFIX:
        fix = 'say where it goes: [install] prefix = "/data/envs" in the spec'
        if facts.source != "spec":
            fix += "\nor name it where it is judged: envspec verify --prefix DIR"
    elif facts.source == "spec":
        fix = f'ask the site, and say it in the spec: [target.disk] "{need.path}" = "100 GiB"'
    else:
        fix = "run the probe on the host itself; it asks every file system that matters"
    return Finding(
        rule=RULE,
        subject=need.path,
        status="unknown",
        expected=_expected([need]),
        actual=f"not known: {facts.mounts.why if facts.mounts.value is None else 'nobody has looked there'}",
        why="; ".join(need.of),
        fix=fix,
        source=_PROMISED if facts.source == "spec" else _SOURCE,
    )


def _expected(wanted: list[DiskNeed]) -> str:
    peak = sum(need.peak_bytes for need in wanted)
    stays = sum(need.stays_bytes for need in wanted)
    assumed = sum(need.assumed_bytes for need in wanted)
    if not peak and assumed:
        return f"about {shown(assumed)} free at the peak, for files of unknown size"
    at_least = "at least " if assumed else ""
    kept = f", of which {shown(stays)} stay" if stays else ", none of which stays"
    more = f"; {shown(assumed)} more for files of unknown size" if assumed else ""
    return f"{at_least}{shown(peak)} free at the peak{kept}{more}"


def _room(wanted: list[DiskNeed], mount: Mount, facts: HostFacts) -> Finding:
    paths = ", ".join(need.path for need in wanted)
    subject = mount.mount_point if paths == mount.mount_point else f"{mount.mount_point} ({paths})"
    expected, of = _expected(wanted), "; ".join(line for need in wanted for line in need.of)
    source = _PROMISED if facts.source == "spec" else _SOURCE
    if mount.trouble or mount.free_bytes is None:
        what = mount.trouble or "how much is free isn't known"
        fix = "mend that file system, or leave it out of prefix and scratch" if mount.trouble else "df -h"
        return Finding(RULE, subject, "unknown", expected, f"not known: {what}", of, fix, source)
    peak = sum(need.peak_bytes for need in wanted)
    assumed = sum(need.assumed_bytes for need in wanted)
    whole = f" of {shown(mount.total_bytes)}" if mount.total_bytes is not None else ""
    actual = f"{shown(mount.free_bytes)} free{whole}"
    if peak + assumed <= mount.free_bytes:
        return Finding(RULE, subject, "pass", expected, actual, of, source=source)
    status: Status = "fail" if peak > mount.free_bytes else "warn"
    lacking = peak - mount.free_bytes if status == "fail" else peak + assumed - mount.free_bytes
    short = f"{shown(lacking)} short" + (" if those are as large as assumed" if status == "warn" else "")
    return Finding(
        rule=RULE,
        subject=subject,
        status=status,
        expected=expected,
        actual=actual,
        why=f"{short}: {of}",
        fix="\n".join(_elsewhere(wanted, mount, facts)),
        source=source,
    )


def _elsewhere(wanted: list[DiskNeed], mount: Mount, facts: HostFacts) -> list[str]:
    """Which other file system would have room, and the key of the spec that sends things there."""
    peak = sum(need.peak_bytes + need.assumed_bytes for need in wanted)
    points = {other.mount_point: other for other in facts.mounts.value or ()}
    roomy = [
        other
        for other in points.values()
        if other.mount_point != mount.mount_point
        and (other.free_bytes or 0) >= peak
        and not (other.noexec or other.read_only or other.trouble or other.file_system == "tmpfs")
    ]
    ways = []
    if roomy:
        best = max(roomy, key=lambda other: other.free_bytes or 0)
        point = best.mount_point.rstrip("/")
        keys = [f'prefix = "{point}/envs"'] if any(need.stays_bytes for need in wanted) else []
        keys += [f'scratch = "{point}/scratch"'] if any(not need.stays_bytes for need in wanted) else []
        room = f"{best.mount_point} has {shown(best.free_bytes or 0)} free"
        ways.append(f"[install] {', '.join(keys)} in the spec: {room}")
    ways.append(f"make room on {mount.mount_point}, or ask for a larger one")
    return ways


def _usable(need: DiskNeed, mount: Mount, facts: HostFacts) -> list[Finding]:
    """What forbids the path whatever its room."""
    found = []
    point = shlex.quote(mount.mount_point)
    if mount.read_only:
        found.append(
            Finding(
                rule=RULE,
                subject=f"{need.path} read-only",
                status="fail",
                expected="can be written to",
                actual=f"{mount.mount_point} is mounted read-only",
                why="nothing can be installed there",
                fix=f"another path, or root: mount -o remount,rw {point}; a file system that "
                "turned read-only by itself has met errors, which dmesg tells",
                source=_SOURCE,
            )
        )
    if mount.noexec is None and need.runs and facts.source != "spec":
        found.append(
            Finding(
                rule=RULE,
                subject=f"{need.path} noexec",
                status="unknown",
                expected="programs and libraries can be loaded from there",
                actual=f"not known how {mount.mount_point} is mounted",
                fix=f"on the host: findmnt -no OPTIONS -T {shlex.quote(need.path)}",
                source=_NOEXEC,
            )
        )
    if mount.noexec and need.runs:
        found.append(
            Finding(
                rule=RULE,
                subject=f"{need.path} noexec",
                status="fail",
                expected="programs and libraries can be loaded from there",
                actual=f"{mount.mount_point} is mounted noexec",
                why="an import ends with: failed to map segment from shared object; an installer with: "
                "Permission denied",
                fix=f"another path, or root: mount -o remount,exec {point}, if the site's rules allow that",
                source=_NOEXEC,
            )
        )
    return found


def _inodes(wanted: list[DiskNeed], mount: Mount) -> list[Finding]:
    files = sum(need.files for need in wanted)
    if not files or mount.free_inodes is None or mount.free_inodes >= files:
        return []
    certain = files // _CERTAIN
    return [
        Finding(
            rule=RULE,
            subject=f"{mount.mount_point} inodes",
            status="fail" if mount.free_inodes < certain else "warn",
            expected=f"about {files} free inodes, one for each file (estimated)",
            actual=f"{mount.free_inodes}",
            why="a file system without a free inode says that no space is left, whatever df -h prints",
            fix="df -i tells them; remove many small files, or choose another file system",
            source=_SOURCE,
        )
    ]
