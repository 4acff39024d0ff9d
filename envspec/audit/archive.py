"""The members of a wheel: listed with bounds, unpacked in pieces, and never extracted.

Source: the binary distribution format (PEP 427) and PKWARE's APPNOTE 6.3, sections 4.3 and 4.5.
The wheel may be hostile: nothing its directory says of sizes and places is believed unchecked.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from envspec.named_tuple import NamedTuple

_inflating: Any = zlib
_broken: Any = zlib.error
try:  # three fifths of the time of zlib, and inflating is most of what reading a big wheel takes
    from isal import igzip_lib, isal_zlib

    _inflating, _broken = isal_zlib, igzip_lib.IsalError
except ImportError:  # a platform that it has no wheel for
    pass

CHUNK_BYTES = 1 << 20
MAX_MEMBERS = 200_000
MAX_DIRECTORY_BYTES = 64 << 20
MAX_MEMBER_BYTES = 16 << 30
MAX_CONTENT_BYTES = 64 << 30
_SUSPICIOUS_BYTES, _SUSPICIOUS_RATIO = 64 << 20, 500
"""Members beyond both aren't unpacked: libraries reach a ratio of 50."""
_TAIL_BYTES = 0xFFFF + 22 + 20
_LOCAL = struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED = 0, 8
_LINK = 0o12
"""The kind of a file in the highest bits of its Unix mode."""
_DIRECTORY_ERRORS = (
    zipfile.BadZipFile, struct.error, ValueError, OverflowError, LookupError, NotImplementedError, EOFError,
    OSError, RuntimeError,
)  # fmt: skip
"""What zipfile raises about a broken directory."""


class BrokenWheelError(Exception):
    """Nothing of the wheel can be read; the text says why."""


class BrokenMemberError(Exception):
    """One member can't be read; the text says why."""


class Member(NamedTuple):
    """One file of a wheel, as its directory tells of it."""

    path: str
    size: int
    """Unpacked, in bytes."""
    crc: int
    packed: int
    offset: int
    method: int
    is_encrypted: bool
    is_executable: bool


class Listing(NamedTuple):
    """All files of a wheel."""

    members: tuple[Member, ...]
    problems: tuple[str, ...]
    """Files that are left out, and why."""


def list_members(file: BinaryIO) -> Listing:
    """The files of a wheel, without folders. Raises BrokenWheelError.

    Left out and named: paths that leave the wheel, links, and of several files with one path
    all of them, since which one is installed is up to the installer.
    """
    infos = _infos(file)
    total = sum(info.file_size for info in infos)
    if total > MAX_CONTENT_BYTES:
        raise BrokenWheelError(f"it claims to hold {total} bytes, more than the {MAX_CONTENT_BYTES} we read")
    problems: list[str] = []
    found: dict[str, Member | None] = {}
    for info in infos:
        path = info.filename
        if path.endswith("/"):
            continue
        if not path.isprintable():
            problems.append(f"{shown(path)}: its path holds what can't be printed")
        elif not _stays_inside(path):
            problems.append(f"{shown(path)}: leaves the wheel")
        elif info.external_attr >> 28 == _LINK:
            problems.append(f"{shown(path)}: is a symbolic link, and wheels have none")
        elif path in found:
            if found[path] is not None:
                problems.append(f"{shown(path)}: stands in it more than once")
            found[path] = None
        else:
            found[path] = _member(info)
    members = [member for member in found.values() if member is not None]
    overlapping = _overlapping(members)
    problems += [f"{shown(path)}: overlaps another file" for path in sorted(overlapping)]
    kept = tuple(member for member in members if member.path not in overlapping)
    return Listing(kept, tuple(problems))


def chunks(file: BinaryIO, member: Member) -> Iterator[bytes]:
    """The content in pieces. Raises BrokenMemberError, for a wrong checksum at the end."""
    if member.is_encrypted or member.method not in (_STORED, _DEFLATED):
        raise BrokenMemberError("encrypted, or packed by another method than wheels may use")
    if member.size > MAX_MEMBER_BYTES:
        raise BrokenMemberError(f"claims {member.size} bytes, more than the {MAX_MEMBER_BYTES} we unpack")
    if member.size > _SUSPICIOUS_BYTES and member.size > member.packed * _SUSPICIOUS_RATIO:
        raise BrokenMemberError(
            f"claims {member.size} bytes out of {member.packed}: no library packs so well"
        )
    start = _content_start(file, member)
    pieces = _stored(file, start, member.packed)
    if member.method == _DEFLATED:
        pieces = _inflated(pieces)
    size = crc = 0
    for piece in pieces:
        size += len(piece)
        if size > member.size:
            raise BrokenMemberError(f"unpacks to more than the {member.size} bytes it claims")
        crc = zlib.crc32(piece, crc) if _inflating is zlib else _inflating.crc32(piece, crc)
        yield piece
    if size != member.size or crc != member.crc:
        raise BrokenMemberError("doesn't have the length and the checksum that it claims")


def content(file: BinaryIO, member: Member, limit: int) -> bytes:
    """The whole content. Raises BrokenMemberError, also for more than ``limit`` bytes."""
    if member.size > limit:
        raise BrokenMemberError(f"has {member.size} bytes, more than the {limit} we read of such a file")
    return b"".join(chunks(file, member))


def shown(path: str) -> str:
    """A path for a message: on one line, bounded, without characters that steer a terminal."""
    text = "".join(char if char.isprintable() else "?" for char in path)
    return text if len(text) <= 200 else f"{text[:200]}..."


def _infos(file: BinaryIO) -> list[zipfile.ZipInfo]:
    count = _checked_count(file)
    try:
        file.seek(0)
        infos = zipfile.ZipFile(file).infolist()
    except _DIRECTORY_ERRORS as error:
        raise BrokenWheelError((str(error) or type(error).__name__).splitlines()[0][:200]) from error
    if len(infos) != count:  # another reader may see other files in it
        raise BrokenWheelError(f"its directory claims {count} files and lists {len(infos)}")
    return infos


def _checked_count(file: BinaryIO) -> int:
    """How many files it claims; refuses what would fill the memory, as zipfile reads the directory whole."""
    size = file.seek(0, io.SEEK_END)
    start = max(0, size - _TAIL_BYTES)
    file.seek(start)
    tail = file.read(_TAIL_BYTES)
    end = tail.rfind(b"PK\5\6")
    if end < 0 or end + 22 > len(tail):
        raise BrokenWheelError("it isn't a zip file, or its end is missing")
    count, directory_bytes = struct.unpack_from("<HL", tail, end + 10)
    if tail[max(0, end - 20) : end].startswith(b"PK\6\7"):
        count, directory_bytes = _sizes64(file, tail, end - 20, size)
    if count > MAX_MEMBERS or directory_bytes > MAX_DIRECTORY_BYTES:
        raise BrokenWheelError(f"its directory claims {count} files in {directory_bytes} bytes")
    return int(count)


def _sizes64(file: BinaryIO, tail: bytes, locator: int, size: int) -> tuple[int, int]:
    (place,) = struct.unpack_from("<Q", tail, locator + 8)
    if place + 56 > size:
        raise BrokenWheelError("its zip64 end points outside of itself")
    file.seek(place)
    _, count, directory_bytes = struct.unpack_from("<QQQ", file.read(56), 24)
    return count, directory_bytes


def _stays_inside(path: str) -> bool:
    parts = path.split("/")
    return not path.startswith("/") and "\\" not in path and not {"", ".", ".."} & set(parts)


def _member(info: zipfile.ZipInfo) -> Member:
    return Member(
        info.filename,
        info.file_size,
        info.CRC,
        info.compress_size,
        info.header_offset,
        info.compress_type,
        bool(info.flag_bits & 1),
        bool(info.external_attr >> 16 & 0o111),
    )


def _overlapping(members: list[Member]) -> set[str]:
    """Paths whose bytes another member claims too: many files made of the same few bytes."""
    found: set[str] = set()
    end, before = 0, ""
    for member in sorted(members, key=lambda member: member.offset):
        if member.offset < end:
            found |= {member.path, before}
        reach = member.offset + _LOCAL.size + len(member.path) + member.packed
        if reach > end:
            end, before = reach, member.path
    return found


def _content_start(file: BinaryIO, member: Member) -> int:
    file.seek(member.offset)
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size or head[:4] != b"PK\3\4":
        raise BrokenMemberError("isn't where the directory says")
    *_, name_bytes, extra_bytes = _LOCAL.unpack(head)
    return member.offset + _LOCAL.size + int(name_bytes) + int(extra_bytes)


def _stored(file: BinaryIO, start: int, size: int) -> Iterator[bytes]:
    """The packed bytes. Seeks before each read, so that others may read the file meanwhile."""
    at = start
    while at < start + size:
        file.seek(at)
        piece = file.read(min(CHUNK_BYTES, start + size - at))
        if not piece:
            raise BrokenMemberError("is cut short")
        at += len(piece)
        yield piece


def _inflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    stream = _inflating.decompressobj(-15)
    try:
        for piece in pieces:
            data = stream.decompress(piece, CHUNK_BYTES * 4)
            yield data
            while stream.unconsumed_tail and not stream.eof:
                data = stream.decompress(stream.unconsumed_tail, CHUNK_BYTES * 4)
                yield data
            if stream.eof:
                return
        yield stream.flush()
    except _broken as error:
        raise BrokenMemberError(f"can't be unpacked: {error}") from error
