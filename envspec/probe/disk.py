"""The file systems under the paths that matter, and media: statvfs and /proc/self/mountinfo."""

from __future__ import annotations

import msgspec

from envspec.probe.evidence import Item
from envspec.probe.facts import Fact, Mount, known, unknown
from envspec.probe.items import Items, said_why
from envspec.probe.numbers import whole_number
from envspec.probe.shown import plain

_READ_ONLY, _NOEXEC = 1, 8
"""ST_RDONLY and ST_NOEXEC of statvfs(3)."""
_MEDIA = {"iso9660", "udf"}
_MAX_MOUNTS = 256


class _Mount(msgspec.Struct, frozen=True, rename="kebab"):
    path: str = ""
    for_: tuple[str, ...] = msgspec.field(default=(), name="for")
    at: str = ""
    mount_point: str = ""
    type: str = ""
    options: str = ""
    block_bytes: int | None = None
    blocks: int | None = None
    available_blocks: int | None = None
    inodes: int | None = None
    available_inodes: int | None = None
    flags: int | None = None
    error: str = ""


def read_mounts(items: Items) -> Fact[tuple[Mount, ...]]:
    """Each path that was asked about; one whose server is silent has ``trouble`` and no sizes."""
    item = items.get("call:mounts") or Item()
    asked = items.value("call:mounts", tuple[_Mount, ...])
    seen = items.value_despite_error("call:mounts", tuple[_Mount, ...])
    if not asked.is_known and not (seen.is_known and seen.need()):
        return unknown(asked.how, asked.why)
    why = f"/proc/self/mountinfo: {said_why(item.error)}" if item.error else ""
    return Fact(
        "known", tuple(map(_mount, seen.need()[:_MAX_MOUNTS])), "statvfs and /proc/self/mountinfo", why
    )


def read_media(mounts: Fact[tuple[Mount, ...]]) -> Fact[tuple[str, ...]]:
    """Mount points of optical media and their images; unknown where the table of mounts is."""
    if not mounts.is_known or mounts.why:
        return unknown(mounts.how, mounts.why)
    points = [mount.mount_point for mount in mounts.need() if mount.file_system in _MEDIA]
    return known(tuple(dict.fromkeys(points)), mounts.how)


def _mount(said: _Mount) -> Mount:
    block = whole_number(said.block_bytes, low=1, high=1 << 40)
    return Mount(
        path=plain(said.path, 400),
        mount_point=plain(said.mount_point, 400),
        file_system=plain(said.type, 40),
        total_bytes=_size(block, said.blocks),
        free_bytes=_size(block, said.available_blocks),
        free_inodes=_inodes(said),
        noexec=_flag(said, _NOEXEC, "noexec"),
        read_only=_flag(said, _READ_ONLY, "ro"),
        trouble=said_why(said.error) if said.error else "",
        asked_for=tuple(plain(each, 40) for each in said.for_[:16]),
    )


def _size(block_bytes: int | None, blocks: int | None) -> int | None:
    number = whole_number(blocks)
    if block_bytes is None or number is None:
        return None
    return whole_number(block_bytes * number)


def _inodes(said: _Mount) -> int | None:
    """None where the file system counts none (btrfs, some NFS say 0 of 0)."""
    return whole_number(said.available_inodes) if said.inodes else None


def _flag(said: _Mount, bit: int, word: str) -> bool | None:
    options = said.options.split(",") if said.options else []
    if said.flags is None or said.flags < 0:
        return word in options if options else None
    return bool(said.flags & bit) or word in options
