"""Members of a zip file, read to their end in parts, each held against its length and CRC-32.

Source: PKWARE's APPNOTE 6.3, sections 4.3.7 (local header) and 4.4. The list of members is read by
``zipfile``; the bytes are read here, within bounds, and never written anywhere.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from envspec.errors import BrokenArtifactError
from envspec.named_tuple import NamedTuple

MAX_MEMBERS = 100_000
_CHUNK_BYTES = 1 << 20
_LOCAL = struct.Struct("<4s5H3L2H")
_ENCRYPTED = 0x1
_KINDS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


class Read(NamedTuple):
    """A member that was read to its end and is whole."""

    name: str
    size: int


def read_members(file: BinaryIO, *, max_bytes: int) -> Iterator[Read]:
    """Every file of the archive, read to its end. Raises BrokenArtifactError."""
    archive = _archive(file)
    left = max_bytes
    for info in archive.infolist():
        if info.is_dir():
            continue
        size = sum(len(part) for part in member_parts(file, info, max_bytes=left))
        left -= size
        yield Read(info.filename, size)


def find_member(file: BinaryIO, name: str) -> zipfile.ZipInfo:
    """The one member of that name, wherever in the archive it lies. Raises BrokenArtifactError."""
    held = [info for info in _archive(file).infolist() if info.filename.rpartition("/")[2] == name]
    if len(held) != 1:
        raise BrokenArtifactError(
            what=f"the archive has no member {name}"
            if not held
            else f"the archive has {name} {len(held)} times",
            why="one file of that name was expected in it",
        )
    return held[0]


def member_parts(file: BinaryIO, info: zipfile.ZipInfo, *, max_bytes: int) -> Iterator[bytes]:
    """The bytes of one member, in parts. Raises BrokenArtifactError where it isn't whole or too long."""
    if info.file_size > max_bytes:
        raise _broken(info, f"it unpacks to {info.file_size} bytes, more than the {max_bytes} allowed")
    if info.flag_bits & _ENCRYPTED or info.compress_type not in _KINDS:
        raise _broken(info, "it's encrypted, or packed in a way that isn't read here")
    file.seek(info.header_offset)
    local = file.read(_LOCAL.size)
    if len(local) < _LOCAL.size or not local.startswith(b"PK\3\4"):
        raise _broken(info, "its header isn't where the list of members says")
    *_, name_bytes, extra_bytes = _LOCAL.unpack(local)
    file.seek(name_bytes + extra_bytes, io.SEEK_CUR)
    crc, size = 0, 0
    for part in _unpacked(file, info):
        size += len(part)
        if size > info.file_size:
            break
        crc = zlib.crc32(part, crc)
        yield part
    if (size, crc) != (info.file_size, info.CRC):
        raise _broken(
            info, f"{info.file_size} bytes with CRC {info.CRC:08x} were promised, it has {size}, {crc:08x}"
        )


def _unpacked(file: BinaryIO, info: zipfile.ZipInfo) -> Iterator[bytes]:
    left = info.compress_size
    inflater = zlib.decompressobj(-zlib.MAX_WBITS) if info.compress_type == zipfile.ZIP_DEFLATED else None
    while left:
        data = file.read(min(left, _CHUNK_BYTES))
        if not data:
            raise _broken(info, "the archive ends in the middle of it")
        left -= len(data)
        if inflater is None:
            yield data
            continue
        try:
            while data:
                yield inflater.decompress(data, _CHUNK_BYTES)
                data = inflater.unconsumed_tail
        except zlib.error as error:
            raise _broken(info, str(error)) from error
    if inflater is not None:
        yield inflater.flush()


def _archive(file: BinaryIO) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError, struct.error) as error:
        raise BrokenArtifactError(what="the archive is no whole zip file", why=str(error)) from error
    if len(archive.infolist()) > MAX_MEMBERS:
        raise BrokenArtifactError(what=f"the archive has more than {MAX_MEMBERS} members")
    return archive


def _broken(info: zipfile.ZipInfo, why: str) -> BrokenArtifactError:
    return BrokenArtifactError(
        what=f"member {info.filename[:200]!r} of the archive isn't whole",
        why=why,
        fix="fetch the archive again",
    )
