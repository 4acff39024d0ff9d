"""Integrity: whether an archive is whole by what it says of itself, read to its end.

Sources: RFC 1952 (gzip: CRC-32 and length of each member), the .xz file format 1.1.0 and bzip2's own (checks
of each block), PKWARE's APPNOTE 6.3 (zip: CRC-32 and size of each member), makeself 2.4's header (``CRCsum``,
``MD5``, ``SHA``, ``filesizes``, ``skip``), makeself 1.6.0-nv2 as NVIDIA's driver 390.48 carries it (sums from
the fourth line on: ``tail -n +4 | md5sum``), POSIX ``cksum``.

That an archive is whole says nothing of who made it: it tells a download that was cut or damaged.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from envspec.assets.zip_members import read_members
from envspec.errors import BrokenArtifactError
from envspec.named_tuple import NamedTuple

MAX_UNPACKED_BYTES = 1 << 40
MAX_RATIO = 1100
"""DEFLATE packs 1032 bytes into one at most; what swells more is made to harm."""
_CHUNK_BYTES = 1 << 20
_MAX_XZ_MEMORY_BYTES = 512 * 1024 * 1024
_MAX_HEADER_BYTES = 256 * 1024
_REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def confirm(file: BinaryIO) -> str:
    """How the archive confirms that it's whole; empty for what carries nothing that could.

    Reads ``file`` from its start to its end. Raises BrokenArtifactError where it isn't whole.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    head = file.read(_MAX_HEADER_BYTES)
    file.seek(0)
    if head.startswith(b"\x1f\x8b"):
        _read_on("gzip", _parts_of(gzip.GzipFile(fileobj=file)), limit=MAX_RATIO * size + _CHUNK_BYTES)
        return "gzip, read to its end: length and CRC-32 agree"
    if head.startswith(b"\xfd7zXZ\0"):
        _read_on("xz", _xz_parts(file), limit=MAX_UNPACKED_BYTES)
        return "xz, read to its end: its checks agree" if head[7:8] != b"\0" else ""  # it may have none
    if head.startswith(b"BZh"):
        _read_on("bzip2", _parts_of(bz2.BZ2File(file)), limit=MAX_UNPACKED_BYTES)
        return "bzip2, read to its end: its checks agree"
    if head.startswith(b"PK\3\4"):
        count = sum(1 for _ in read_members(file, max_bytes=MAX_UNPACKED_BYTES))
        return f"zip, {count} members read to their end: lengths and CRC-32 agree"
    if head.startswith(b"#!") and b"makeself" in head[:4096].lower():
        return _makeself(file, size, head)
    return ""


# Compressed streams


def _read_on(name: str, parts: Iterator[bytes], *, limit: int) -> None:
    """Read all parts; raise where they end too early, contradict a check, or don't end."""
    unpacked = 0
    try:
        for part in parts:
            unpacked += len(part)
            if unpacked > limit:
                raise _broken(name, f"it unpacks to more than {limit} bytes")
    except (zlib.error, lzma.LZMAError, OSError, EOFError) as error:
        raise _broken(name, f"it can't be read to its end: {error}") from error


def _parts_of(stream: BinaryIO | gzip.GzipFile | bz2.BZ2File) -> Iterator[bytes]:
    while part := stream.read(_CHUNK_BYTES):
        yield part


def _xz_parts(file: BinaryIO) -> Iterator[bytes]:
    """All streams of the file, with a bound for memory that LZMAFile knows none for."""
    rest = file.read(_CHUNK_BYTES)
    while rest:
        decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MAX_XZ_MEMORY_BYTES)
        while not decompressor.eof:
            if decompressor.needs_input and not rest:
                rest = file.read(_CHUNK_BYTES)
                if not rest:
                    raise EOFError("the file ends in the middle")
            yield decompressor.decompress(rest, _CHUNK_BYTES)
            rest = b""
        rest = decompressor.unused_data.lstrip(b"\0")
        while not rest and (padding := file.read(_CHUNK_BYTES)):
            rest = padding.lstrip(b"\0")


# makeself


_NVIDIA = re.compile(rb"#! ?/bin/sh\nCRCsum=(\d{1,10})\nMD5=([0-9A-Fa-f]{32})\n")
"""How a driver's runfile begins: its sums are of all that follows, header and payload alike."""


class _Header(NamedTuple):
    skip_lines: int
    sizes: tuple[int, ...]
    sums: dict[str, tuple[str, ...]]
    """``CRCsum``, ``MD5`` and ``SHA``: one each for each payload, as the header has them."""


def _makeself(file: BinaryIO, size: int, head: bytes) -> str:
    whole = _NVIDIA.match(head)
    if whole is not None:
        header = _Header(0, (size - whole.end(),), {"MD5": (_text(whole[2]),), "CRCsum": (_text(whole[1]),)})
        at = whole.end()
    else:
        header = _read_header(head)
        at = 0
        for _ in range(header.skip_lines):
            at = head.find(b"\n", at) + 1
            if not at:
                raise _broken("makeself", "its header is longer than it may be")
        if header.sizes and at + sum(header.sizes) != size:
            told = at + sum(header.sizes)
            raise _broken("makeself", f"its header announces {told} bytes, there are {size}")
    file.seek(at)
    checked = [_check_payload(file, number, length, header) for number, length in enumerate(header.sizes)]
    if not checked or not all(checked):
        return ""
    return f"makeself: the header's {' and '.join(sorted(set(checked)))} agrees"


def _text(data: bytes) -> str:
    return data.decode("ascii").lower()


def _read_header(head: bytes) -> _Header:
    """Of a file that doesn't say where its payload is, no sizes: nothing can be held against its sums."""
    text = head.decode("latin-1")

    def said(name: str) -> tuple[str, ...]:
        match = re.search(rf'^{name}="?([0-9A-Fa-f ]*)"?$', text, re.MULTILINE)
        return tuple(match[1].lower().split()) if match else ()

    skip = re.search(r'^skip="?(\d{1,6})"?$', text, re.MULTILINE) or re.search(
        r'offset=`head -n (\d{1,6}) "\$0"', text
    )
    sizes = tuple(int(word) for word in said("filesizes") if word.isdigit())
    if skip is None or not sizes:
        return _Header(0, (), {})
    return _Header(int(skip[1]), sizes, {name: said(name) for name in ("SHA", "MD5", "CRCsum")})


def _check_payload(file: BinaryIO, number: int, length: int, header: _Header) -> str:
    """The name of the strongest sum that the header has for one payload; empty where it has none."""
    for name, digits in (("SHA", 64), ("MD5", 32), ("CRCsum", 0)):
        sums = header.sums.get(name, ())
        wanted = sums[number] if number < len(sums) else ""
        if not wanted.strip("0") or (digits and len(wanted) != digits):
            continue
        parts = _parts(file, length)
        found = (
            posix_cksum(parts) if name == "CRCsum" else _digest("sha256" if name == "SHA" else "md5", parts)
        )
        if found != wanted:
            raise _broken("makeself", f"{name} of its payload is {found}, its header says {wanted}")
        return {"SHA": "sha256", "MD5": "md5", "CRCsum": "CRC"}[name]
    return ""


def _parts(file: BinaryIO, length: int) -> Iterator[bytes]:
    while length:
        part = file.read(min(length, _CHUNK_BYTES))
        if not part:
            raise _broken("makeself", "it ends in the middle")
        length -= len(part)
        yield part


def _digest(name: str, parts: Iterator[bytes]) -> str:
    digest = hashlib.new(name, usedforsecurity=False)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def posix_cksum(parts: Iterator[bytes]) -> str:
    """What ``cksum`` prints for these bytes.

    Its CRC runs from the highest bit down and zlib's from the lowest up, over the same polynomial, so bytes
    and result are reversed; the length follows the bytes, its lowest byte first.
    """
    register, length = 0xFFFFFFFF, 0  # zlib inverts what it's given: an empty register
    for part in parts:
        register = zlib.crc32(part.translate(_REVERSED_BITS), register)
        length += len(part)
    tail = length.to_bytes((length.bit_length() + 7) // 8, "little")
    register = zlib.crc32(tail.translate(_REVERSED_BITS), register)
    return str(int(f"{register:032b}"[::-1], 2))


def _broken(name: str, why: str) -> BrokenArtifactError:
    return BrokenArtifactError(
        what=f"this {name} archive isn't whole",
        why=why,
        fix="fetch it again; if it stays so, its publisher's host serves a damaged file",
    )
