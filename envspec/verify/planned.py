"""Planned facts: what a spec promises of its host, in the form of facts, so that the same rules judge it."""

from __future__ import annotations

import re

from envspec.compat.operating_systems import known_os
from envspec.errors import InvalidValueError
from envspec.lock.document import Lock
from envspec.probe.facts import Fact, Gpu, HostFacts, Mount, OsRelease, known, unknown
from envspec.target.gpu import DriverVersion
from envspec.verify.lock_table import count, size_bytes, subtable, text

HOW = "the spec"

_UNSAID = "the spec doesn't say"
_MAX_GPUS = 1024


def planned_facts(lock: Lock) -> HostFacts:
    """The host that the lock's target describes; what the spec doesn't promise is unknown.

    A promised driver is the floor: the site may have a newer one (``driver_at_least``).
    """
    target = lock.target
    return HostFacts(
        label=lock.label,
        source="spec",
        os=_os(text(target, "os")),
        kernel=_said(text(target, "kernel")),
        arch=_said(text(target, "arch")),
        glibc=_glibc(text(target, "glibc")),
        glibcxx=_glibcxx(text(target, "os")),
        gpus=_gpus(lock),
        driver=_driver(text(target, "driver")),
        driver_at_least=True,
        mounts=_mounts(lock),
    )


def _said(value: str) -> Fact[str]:
    return known(value, HOW) if value else unknown(HOW, _UNSAID)


def _os(name: str) -> Fact[OsRelease]:
    if not name:
        return unknown(HOW, _UNSAID)
    distribution, _, version = name.rpartition("-")
    return known(OsRelease(distribution or name, version if distribution else "", (), name), HOW)


def _glibc(version: str) -> Fact[tuple[int, int]]:
    match = re.fullmatch(r"([0-9]{1,3})\.([0-9]{1,3})", version)
    return known((int(match[1]), int(match[2])), HOW) if match else unknown(HOW, _UNSAID)


def _glibcxx(os: str) -> Fact[tuple[int, ...]]:
    """That of the OS, as the table has it; a host may have a newer one."""
    row = known_os(os)
    version = row.glibcxx_version if row is not None else None
    return known(version, f"os.json, {os}") if version else unknown(HOW, _UNSAID)


def _gpus(lock: Lock) -> Fact[tuple[Gpu, ...]]:
    name = text(lock.target, "gpu")
    if not name:
        return unknown(HOW, _UNSAID)
    many = min(count(lock.target, "gpu-count") or 1, _MAX_GPUS)
    return known((Gpu(name),) * many, HOW)


def _driver(floor: str) -> Fact[DriverVersion]:
    try:
        return known(DriverVersion.parse(floor.removeprefix(">=")), HOW)
    except InvalidValueError:
        return unknown(HOW, _UNSAID)


def _mounts(lock: Lock) -> Fact[tuple[Mount, ...]]:
    disks = subtable(lock.target, "disk")
    promised = tuple(
        Mount(
            path=point,
            mount_point=point,
            total_bytes=size_bytes(subtable(disks, point), "size"),
            free_bytes=size_bytes(subtable(disks, point), "free"),
        )
        for point in sorted(disks)
    )
    return known(promised, HOW) if promised else unknown(HOW, _UNSAID)
