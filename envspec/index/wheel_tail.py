"""METADATA of a wheel, from its tail by byte ranges or from the whole file; asks, and does no I/O.

Source: the binary distribution format (PEP 427) and PKWARE's APPNOTE 6.3, sections 4.3 and 4.5
(zip64). Of the archive only three things are read: its end, the list of its members, and the
one member; each within a bound, and no number of it is believed before it's checked.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from struct import Struct
from typing import TYPE_CHECKING, BinaryIO, Protocol

from envspec.errors import BrokenArtifactError, BrokenBodyError, HttpStatusError, TooLargeError
from envspec.index.filenames import wheel_parts
from envspec.index.versions import is_same_version
from envspec.named_tuple import NamedTuple
from envspec.project_name import normal_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from envspec.ports import Response

TAIL_BYTES = 66 * 1024
"""The first question. Holds the longest end of an archive, and of most wheels all that's needed."""
MAX_WHOLE_BYTES = 8 * 1024 * 1024
"""A server that ignores Range may send this much; larger wheels are downloaded properly."""
MAX_METADATA_BYTES = 16 * 1024 * 1024
_MAX_DIRECTORY_BYTES = 16 * 1024 * 1024
_REFUSALS = (401, 403, 407, 429)

_END = Struct("<4s4H2LH")
_END64_LOCATOR = Struct("<4sLQL")
_END64 = Struct("<4sQ2H2L4Q")
_MEMBER = Struct("<4s6H3L5H2L")
_LOCAL = Struct("<4s5H3L2H")
_LOCAL_SLACK = 512
"""Bytes of extra fields in a local header that the list of members can't tell of."""
_UNSET16, _UNSET32 = 0xFFFF, 0xFFFFFFFF
_STORED, _DEFLATED = 0, 8


def metadata_by_ranges(filename: str, ask: Callable[[str, int], Response]) -> bytes | None:
    """METADATA of the wheel ``filename`` through a few byte ranges; None if the whole wheel is needed.

    ``ask`` takes the value of a Range header and the most bytes that may come, and answers as
    ``ports.Http.get`` does. A server that ignores Range, refuses or botches it leads to None, or
    to the answer where it sent the whole wheel. Raises BrokenArtifactError, and what ``ask`` raises.
    """
    try:
        return _metadata(_RemoteArchive.find(ask), filename)
    except _WholeWheelError as whole:
        return metadata_from_wheel(whole.data, filename)
    except (_NoRangesError, _DamagedError, TooLargeError, BrokenBodyError):
        # Damage may be the server's doing, who cut or mixed up the parts; a digest can tell of the whole.
        return None
    except HttpStatusError as error:
        if error.status in _REFUSALS:
            raise
        return None


def metadata_from_wheel(data: bytes | BinaryIO, filename: str = "") -> bytes:
    """METADATA of a whole wheel. Raises BrokenArtifactError.

    Where ``filename`` is given, the folder of the metadata must be of that project and version.
    """
    file = io.BytesIO(data) if isinstance(data, bytes) else data
    return _metadata(_LocalArchive(file), filename)


class _DamagedError(BrokenArtifactError):
    """The bytes contradict themselves: a broken wheel, or broken on its way."""


class _NoRangesError(Exception):
    """The server doesn't give the parts we asked for."""


class _WholeWheelError(Exception):
    """The server gave everything in place of a part."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.data = data


class _Archive(Protocol):
    size: int

    def read(self, start: int, end: int) -> bytes:
        """The bytes from ``start`` up to ``end``, which are inside the archive."""
        ...


class _LocalArchive:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, io.SEEK_END)

    def read(self, start: int, end: int) -> bytes:
        self._file.seek(start)
        return self._file.read(end - start)


class _RemoteArchive:
    """The archive as byte ranges tell it; what was told once isn't asked again."""

    def __init__(self, ask: Callable[[str, int], Response], size: int, start: int, tail: bytes) -> None:
        self._ask = ask
        self.size = size
        self._start = start
        self._tail = tail

    @classmethod
    def find(cls, ask: Callable[[str, int], Response]) -> _RemoteArchive:
        answer = ask(f"bytes=-{TAIL_BYTES}", MAX_WHOLE_BYTES)
        if answer.status == 416:
            # Some servers know no ranges from the end, and tell the length when they say so.
            match = re.fullmatch(r"bytes \*/([0-9]{1,18})", answer.headers.get("content-range", "").strip())
            size = int(match[1]) if match else 0
            if size:
                start = max(0, size - TAIL_BYTES)
                answer = ask(f"bytes={start}-{size - 1}", MAX_WHOLE_BYTES)
        start, end, size = _place(answer)
        if end != size or start != max(0, size - TAIL_BYTES):
            raise _NoRangesError
        return cls(ask, size, start, answer.body)

    def read(self, start: int, end: int) -> bytes:
        if start >= self._start:
            return self._tail[start - self._start : end - self._start]
        answer = self._ask(f"bytes={start}-{end - 1}", max(end - start, MAX_WHOLE_BYTES))
        if _place(answer) != (start, end, self.size):
            raise _NoRangesError
        return answer.body


def _place(answer: Response) -> tuple[int, int, int]:
    """Start, end and whole size of the part that came."""
    if answer.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise _NoRangesError
    if answer.status == 200:
        raise _WholeWheelError(answer.body)
    place = re.fullmatch(
        r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})", answer.headers.get("content-range", "").strip()
    )
    if answer.status != 206 or place is None:
        raise _NoRangesError
    start, end, size = int(place[1]), int(place[2]) + 1, int(place[3])
    if len(answer.body) != end - start or end > size:
        raise _NoRangesError
    return start, end, size


class _Directory(NamedTuple):
    """Where the list of members lies."""

    start: int
    end: int
    members: int


class _Member(NamedTuple):
    name: bytes
    flags: int
    method: int
    crc: int
    packed_bytes: int
    bytes: int
    offset: int


def _metadata(archive: _Archive, filename: str) -> bytes:
    label = filename[:200] or "the wheel"
    directory = _directory(archive, label)
    listing = _read(archive, directory.start, directory.end, label)
    found: list[_Member] = []
    offsets: list[int] = []
    for member in _members(listing, directory.members, label):
        offsets.append(member.offset)
        if member.name.endswith(b".dist-info/METADATA") and member.name.count(b"/") == 1:
            found.append(member)
    if len(found) != 1:
        folders = ", ".join(sorted(_shown(member.name) for member in found)[:5])
        raise BrokenArtifactError(
            what=f"{label} has {len(found)} METADATA files" if found else f"{label} has no METADATA",
            why=folders or "every wheel has NAME-VERSION.dist-info/METADATA",
        )
    _check_folder(found[0], filename, label)
    return _content(archive, found[0], directory.start, offsets, label)


def _directory(archive: _Archive, label: str) -> _Directory:
    tail_start = max(0, archive.size - TAIL_BYTES)
    tail = _read(archive, tail_start, archive.size, label)
    at = _end_record(tail)
    if at < 0:
        raise _damaged(label, "it isn't a zip file, or its end is missing")
    _, disk, first_disk, here, count, size, start, _ = _END.unpack_from(tail, at)
    end = tail_start + at
    if count == _UNSET16 or _UNSET32 in (size, start):
        end, disk, first_disk, here, count, size, start = _end64(archive, tail, at, label)
    if disk or first_disk or here != count:
        raise _damaged(label, "it claims to be one of several volumes")
    if start + size != end or count * _MEMBER.size > size:
        raise _damaged(label, "its list of members isn't where its end says")
    if size > _MAX_DIRECTORY_BYTES:
        raise BrokenArtifactError(
            what=f"{label} can't be read",
            why=f"its list of members has {size} bytes, more than the {_MAX_DIRECTORY_BYTES} we read",
        )
    return _Directory(start, end, count)


def _end_record(tail: bytes) -> int:
    """Where the end record lies: the last one whose comment fills the rest of the file; -1 if none."""
    at = tail.rfind(b"PK\5\6", 0, len(tail) - _END.size + 4)
    while at >= 0:
        if at + _END.size + int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail):
            return at
        at = tail.rfind(b"PK\5\6", 0, at + 3)
    return -1


def _end64(archive: _Archive, tail: bytes, at: int, label: str) -> tuple[int, int, int, int, int, int, int]:
    if at >= _END64_LOCATOR.size:
        signature, _, end, _ = _END64_LOCATOR.unpack_from(tail, at - _END64_LOCATOR.size)
        if signature == b"PK\6\7" and end + _END64.size <= archive.size:
            record = _END64.unpack(_read(archive, end, end + _END64.size, label))
            if record[0] == b"PK\6\6":
                return (end, *record[4:10])
    raise _damaged(label, "its zip64 end is missing")


def _members(listing: bytes, count: int, label: str) -> Iterator[_Member]:
    at = 0
    for _ in range(count):
        if at + _MEMBER.size > len(listing):
            raise _damaged(label, "its list of members is cut off")
        fields = _MEMBER.unpack_from(listing, at)
        signature, _, _, flags, method, _, _, crc, packed, size, name_size, extra_size = fields[:12]
        offset = fields[16]
        name_end = at + _MEMBER.size + name_size
        if signature != b"PK\1\2" or name_end + extra_size + fields[12] > len(listing):
            raise _damaged(label, "its list of members is broken")
        name = listing[at + _MEMBER.size : name_end]
        if _UNSET32 in (size, packed, offset):
            extra = listing[name_end : name_end + extra_size]
            size, packed, offset = _sizes64(extra, size, packed, offset, label)
        yield _Member(name, flags, method, crc, packed, size, offset)
        at = name_end + extra_size + fields[12]
    if at != len(listing):
        raise _damaged(label, "its list of members is longer than it says")


def _sizes64(extra: bytes, size: int, packed: int, offset: int, label: str) -> tuple[int, int, int]:
    """The long numbers, in this order and each only where its short place is full (APPNOTE 4.5.3)."""
    at = 0
    while at + 4 <= len(extra):
        kind = int.from_bytes(extra[at : at + 2], "little")
        length = int.from_bytes(extra[at + 2 : at + 4], "little")
        if kind == 1:
            numbers = iter(
                int.from_bytes(extra[place : place + 8], "little")
                for place in range(at + 4, min(at + 4 + length, len(extra)) - 7, 8)
            )
            try:
                size, packed, offset = (
                    next(numbers) if short == _UNSET32 else short for short in (size, packed, offset)
                )
            except (StopIteration, RuntimeError) as error:
                raise _damaged(label, "a zip64 field is cut off") from error
            return size, packed, offset
        at += 4 + length
    raise _damaged(label, "a zip64 field is missing")


def _check_folder(member: _Member, filename: str, label: str) -> None:
    expected = wheel_parts(filename)
    if expected is None:
        return
    folder = _shown(member.name).removesuffix(".dist-info/METADATA")
    name, _, version = folder.partition("-")
    if normal_name(name) != expected.name or not is_same_version(version, expected.version):
        raise BrokenArtifactError(
            what=f"{label} holds the metadata of another release: {folder[:200]!r}",
            why="file name and folder must name the same project and version",
        )


def _content(archive: _Archive, member: _Member, limit: int, offsets: list[int], label: str) -> bytes:
    """The member unpacked; ``limit`` is where the list of members begins, and all content ends."""
    if member.bytes > MAX_METADATA_BYTES or member.packed_bytes > MAX_METADATA_BYTES:
        raise BrokenArtifactError(
            what=f"{label} can't be read",
            why=f"its METADATA has {member.bytes} bytes, more than the {MAX_METADATA_BYTES} we unpack",
        )
    if member.flags & 1 or member.method not in (_STORED, _DEFLATED):
        raise BrokenArtifactError(
            what=f"{label} can't be read",
            why="its METADATA is encrypted, or packed by another method than wheels may use",
        )
    likely_end = member.offset + _LOCAL.size + len(member.name) + _LOCAL_SLACK + member.packed_bytes
    head = _read(archive, member.offset, min(likely_end, limit), label)
    if len(head) < _LOCAL.size:
        raise _damaged(label, "METADATA isn't where the list says")
    signature, *_, name_size, extra_size = _LOCAL.unpack_from(head)
    start = _LOCAL.size + name_size + extra_size
    if signature != b"PK\3\4" or head[_LOCAL.size : _LOCAL.size + name_size] != member.name:
        raise _damaged(label, "METADATA isn't where the list says")
    end = member.offset + start + member.packed_bytes
    if (
        end > limit
        or any(member.offset < other < end for other in offsets)
        or offsets.count(member.offset) > 1
    ):
        raise BrokenArtifactError(what=f"{label} can't be read", why="its METADATA overlaps another member")
    packed = head[start : start + member.packed_bytes]
    if len(packed) < member.packed_bytes:  # extra fields of more than the slack
        packed = _read(archive, member.offset + start, end, label)
    plain = _unpacked(packed, member, label)
    if len(plain) != member.bytes or zlib.crc32(plain) != member.crc:
        raise _damaged(label, "its METADATA doesn't have the length and checksum that it says")
    return plain


def _unpacked(packed: bytes, member: _Member, label: str) -> bytes:
    if member.method == _STORED:
        return packed
    stream = zlib.decompressobj(-15)
    try:
        # One byte more than promised shows a bomb without unpacking it.
        return stream.decompress(packed, member.bytes + 1)
    except zlib.error as error:
        raise _damaged(label, f"its METADATA can't be unpacked: {error}") from error


def _read(archive: _Archive, start: int, end: int, label: str) -> bytes:
    """The bytes from ``start`` to ``end``, both checked against the archive."""
    if not 0 <= start <= end <= archive.size:
        raise _damaged(label, "it points outside of itself")
    data = archive.read(start, end) if start < end else b""
    if len(data) != end - start:
        raise _damaged(label, "it ends too early")
    return data


def _shown(name: bytes) -> str:
    return name.decode("utf-8", "replace")


def _damaged(label: str, why: str) -> BrokenArtifactError:
    return _DamagedError(what=f"{label} can't be read", why=why)
