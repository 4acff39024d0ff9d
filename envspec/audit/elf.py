"""ELF: what a shared library asks of the host, read from its dynamic section.

Source: System V ABI, "Dynamic Linking"; Linux Standard Base, "Symbol Versioning".
The file may be hostile: every table is bounded, and nothing outside it is believed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from envspec.audit.reading import Elf
from envspec.named_tuple import NamedTuple

ReadAt = Callable[[int, int], bytes]
"""(offset, length) to bytes, fewer where the file ends. May raise OutOfReachError."""

MAGIC = b"\x7fELF"
_PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_NEEDED, _DT_STRTAB, _DT_STRSZ, _DT_SONAME = 1, 5, 10, 14
_DT_VERNEED, _DT_VERNEEDNUM = 0x6FFFFFFE, 0x6FFFFFFF
_WEAK = 2
_MAX_SEGMENTS = 512
_MAX_DYNAMIC_BYTES = 1 << 20
_MAX_STRINGS_BYTES = 256 << 20
_MAX_VERNEED_BYTES = 1 << 20
_MAX_VERSIONS = 16384
_MAX_NEEDED = 1024
_MAX_NAME_BYTES = 512
_RELR_GLIBC = (2, 36)
"""What the marker GLIBC_ABI_DT_RELR asks for: the first glibc that has it."""


class BrokenElfError(Exception):
    """Not an ELF file that a loader would take, or one of a kind that isn't read; the text says why."""


class OutOfReachError(BrokenElfError):
    """A part of the file that a stream has passed already."""


class _Segment(NamedTuple):
    kind: int
    offset: int
    address: int
    size: int


def read_elf(path: str, read_at: ReadAt) -> Elf | None:
    """What ``path`` asks for; None where it isn't dynamically linked. Raises BrokenElfError.

    Asks forward as far as tables allow: header, dynamic section, then the two tables it
    points to in the order of their offsets.
    """
    head = read_at(0, 64)
    if head[:4] != MAGIC or len(head) < 64:
        raise BrokenElfError("it isn't ELF")
    if head[4] != 2 or head[5] not in (1, 2):
        raise BrokenElfError("it isn't 64-bit")
    order = "<" if head[5] == 1 else ">"
    segments = list(_segments(head, order, read_at))
    dynamic = next((segment for segment in segments if segment.kind == _PT_DYNAMIC), None)
    if dynamic is None:
        return None
    if dynamic.size > _MAX_DYNAMIC_BYTES:
        raise BrokenElfError("its dynamic section is longer than any")
    entries = _dynamic(read_at(dynamic.offset, dynamic.size), order)
    strings, verneed = _tables(entries, segments, read_at)
    glibc, glibcxx = _versions(verneed, strings, order, _one(entries, _DT_VERNEEDNUM))
    return Elf(
        path=path,
        is_module=is_module(path),
        looks_up_hosts=b"\0getaddrinfo\0" in strings,
        soname=_text(strings, entries[_DT_SONAME][0]) if _DT_SONAME in entries else "",
        needed=tuple(_text(strings, offset) for offset in entries.get(_DT_NEEDED, ())),
        glibc=glibc,
        glibcxx=glibcxx,
    )


def is_module(path: str) -> bool:
    """Whether it's an extension module by the tag in its name (PEP 3149).

    One without a tag, such as ``torchvision/_C.so``, is loaded by its package in whatever way.
    """
    name = path.rpartition("/")[2]
    return ".cpython-" in name or ".abi3." in name


def _segments(head: bytes, order: str, read_at: ReadAt) -> Iterator[_Segment]:
    (start,) = struct.unpack_from(f"{order}Q", head, 32)
    size, count = struct.unpack_from(f"{order}HH", head, 54)
    if size < 56 or count > _MAX_SEGMENTS:
        raise BrokenElfError(f"it claims {count} program headers of {size} bytes")
    table = read_at(start, size * count)
    if len(table) < size * count:
        raise BrokenElfError("its program headers lie outside the file")
    for place in range(0, size * count, size):
        kind, _, offset, address, _, in_file = struct.unpack_from(f"{order}IIQQQQ", table, place)
        yield _Segment(kind, offset, address, in_file)


def _dynamic(table: bytes, order: str) -> dict[int, list[int]]:
    entries: dict[int, list[int]] = {}
    for tag, value in struct.iter_unpack(f"{order}QQ", table[: len(table) // 16 * 16]):
        if tag == 0:
            break
        if tag == _DT_NEEDED and len(entries.get(tag, ())) >= _MAX_NEEDED:
            raise BrokenElfError(f"it claims to need more than {_MAX_NEEDED} libraries")
        entries.setdefault(tag, []).append(value)
    return entries


def _tables(entries: dict[int, list[int]], segments: list[_Segment], read_at: ReadAt) -> tuple[bytes, bytes]:
    """The string table and the version needs, read in the order in which they lie."""
    size = _one(entries, _DT_STRSZ)
    if size > _MAX_STRINGS_BYTES:
        raise BrokenElfError("its string table is longer than any")
    wanted = {"strings": (_offset(_one(entries, _DT_STRTAB), segments)[0], size)}
    if _DT_VERNEED in entries:
        offset, room = _offset(_one(entries, _DT_VERNEED), segments)
        wanted["verneed"] = (offset, min(room, _MAX_VERNEED_BYTES))
    found = {name: read_at(*place) for name, place in sorted(wanted.items(), key=lambda item: item[1])}
    return found["strings"], found.get("verneed", b"")


def _one(entries: dict[int, list[int]], tag: int) -> int:
    return entries[tag][0] if tag in entries else 0


def _offset(address: int, segments: list[_Segment]) -> tuple[int, int]:
    """Where an address lies in the file, and how many bytes of its segment follow."""
    for segment in segments:
        inside = address - segment.address
        if segment.kind == _PT_LOAD and 0 <= inside < segment.size:
            return segment.offset + inside, segment.size - inside
    raise BrokenElfError("its dynamic section points outside the file")


def _text(strings: bytes, offset: int) -> str:
    end = strings.find(b"\0", offset, offset + _MAX_NAME_BYTES)
    if offset >= len(strings) or end < 0:
        raise BrokenElfError("a name lies outside its string table")
    text = strings[offset:end].decode("utf-8", "replace")
    if not text.isprintable():
        raise BrokenElfError("a name in it holds what no name does")
    return text


def _versions(table: bytes, strings: bytes, order: str, count: int) -> tuple[str, str]:
    """The newest GLIBC and GLIBCXX that are asked for."""
    newest: dict[str, tuple[int, ...]] = {"GLIBC": (), "GLIBCXX": ()}
    for name in _version_names(table, strings, order, count):
        family, _, version = name.partition("_")
        if name == "GLIBC_ABI_DT_RELR":
            newest["GLIBC"] = max(newest["GLIBC"], _RELR_GLIBC)
        numbers = version.split(".")
        if family in newest and all(part.isascii() and part.isdigit() and len(part) < 6 for part in numbers):
            newest[family] = max(newest[family], tuple(map(int, numbers)))
    return tuple(".".join(map(str, version)) for version in newest.values())  # type: ignore[return-value]


def _version_names(table: bytes, strings: bytes, order: str, count: int) -> Iterator[str]:
    at = seen = 0
    for _ in range(min(count, _MAX_VERSIONS)):
        if at + 16 > len(table):
            return
        _, names, _, first, step = struct.unpack_from(f"{order}HHIII", table, at)
        inner = at + first
        for _ in range(names):
            if inner + 16 > len(table) or seen > _MAX_VERSIONS:
                return
            seen += 1
            _, flags, _, name, inner_step = struct.unpack_from(f"{order}IHHII", table, inner)
            if not flags & _WEAK:
                yield _text(strings, name)
            if not inner_step:
                break
            inner += inner_step
        if not step:
            return
        at += step
