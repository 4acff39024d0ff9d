"""The members of a source distribution, read forwards and bounded; nothing is extracted.

Source: "Source distribution format" of the Python Packaging User Guide: a gzipped tar
with one top folder (PEP 517, 625), to be read with the restrictions of tarfile's data
filter (PEP 706, 721). Zip archives are older than those rules, and indexes still serve
them. The filter itself is missing before Python 3.10.12, so its rules stand here.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import IO, BinaryIO, Literal

from envspec.errors import BrokenArtifactError
from envspec.named_tuple import NamedTuple

MAX_CONTENT_BYTES = 1024 * 1024 * 1024
MAX_MEMBERS = 200_000
MAX_HEADER_BYTES = 1024 * 1024
"""One member's headers in a tar: long names, pax records, sparse maps."""
MAX_DIRECTORY_BYTES = 64 * 1024 * 1024
"""The central directory of a zip, which zipfile reads whole."""
CHUNK_BYTES = 256 * 1024

Kind = Literal["file", "folder", "symlink", "hardlink", "other"]


class Member(NamedTuple):
    """One member. Its content must be read before the next member is asked for."""

    path: tuple[str, ...]
    """Parts below the top folder; never empty, never ``..``."""
    kind: Kind
    size_bytes: int
    executable: bool
    link: str
    """Where a symlink points, as written; the archive's own name for a hard link."""
    content: Callable[[], Iterator[bytes]]


class _Raw(NamedTuple):
    name: str
    kind: Kind
    size_bytes: int
    executable: bool
    link: str
    stream: Callable[[], IO[bytes] | None]


def members(data: BinaryIO, label: str) -> Iterator[Member]:
    """Every member below the one top folder, in the order of the archive.

    ``label`` names the distribution in messages. Raises BrokenArtifactError where the
    file is no gzipped tar and no zip, is damaged, leaves its top folder, or holds more
    than MAX_MEMBERS members or MAX_CONTENT_BYTES bytes.
    """
    with _readable(label):
        data.seek(0)
        magic = data.read(4)
        data.seek(0)
    if magic.startswith(b"\x1f\x8b"):
        archive = _tar_members(data)
    elif magic == b"PK\x03\x04":
        archive = _zip_members(data)
    else:
        raise broken(label, "it's neither a gzipped tar nor a zip")
    top = ""
    content_bytes = 0
    with _readable(label):
        for count, raw in enumerate(archive, start=1):
            content_bytes += raw.size_bytes
            if count > MAX_MEMBERS:
                raise broken(label, f"it has more than {MAX_MEMBERS} members")
            if content_bytes > MAX_CONTENT_BYTES:
                raise broken(label, f"it holds more than {MAX_CONTENT_BYTES} bytes")
            parts = parts_of(raw.name, label)
            if not parts:
                continue
            top = top or parts[0]
            if parts[0] != top or (len(parts) == 1 and raw.kind != "folder"):
                raise broken(label, f"{raw.name!r} lies outside of its top folder {top!r}")
            if len(parts) > 1:
                content = partial(_chunks, raw, label)
                yield Member(parts[1:], raw.kind, raw.size_bytes, raw.executable, raw.link, content)
    if not top:
        raise broken(label, "it's empty")


def parts_of(name: str, label: str) -> tuple[str, ...]:
    """The parts of an archive's path; raises BrokenArtifactError where it leaves the archive."""
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if name.startswith("/") or ".." in parts or "\0" in name:
        raise broken(label, f"a member is named {name!r}, which leaves the archive")
    return parts


def broken(label: str, why: str) -> BrokenArtifactError:
    """The error that says what is wrong with this source distribution."""
    return BrokenArtifactError(
        what=f"{label}: the source distribution can't be read",
        why=why,
        fix="choose another version, or fetch it anew if your mirror damaged it",
    )


@contextmanager
def _readable(label: str) -> Iterator[None]:
    """What the archive libraries raise about hostile bytes, as one error of ours."""
    try:
        yield
    except RecursionError as error:
        raise broken(label, "headers nested too deep") from error
    except (
        tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError,
        OverflowError, LookupError, NotImplementedError, RuntimeError,
    ) as error:  # fmt: skip
        raise broken(label, (str(error) or type(error).__name__).splitlines()[0]) from error


def _chunks(raw: _Raw, label: str) -> Iterator[bytes]:
    with _readable(label):
        stream = raw.stream()
        if stream is None:
            raise broken(label, f"{raw.name!r} has no content")
        with stream:
            left = raw.size_bytes
            while left > 0:
                chunk = stream.read(min(left, CHUNK_BYTES))
                if not chunk:
                    raise broken(label, f"{raw.name!r} is cut short")
                left -= len(chunk)
                yield chunk


class _Inflated(io.RawIOBase):
    """The tar inside a gzip stream: forwards only, and bounded.

    tarfile reads the headers of a member whole into memory, however long they claim to
    be, so each of its steps gets an allowance. What is only skipped counts towards
    MAX_CONTENT_BYTES alone, with as much again for headers and padding.
    """

    def __init__(self, data: BinaryIO) -> None:
        self._gzip = gzip.GzipFile(fileobj=data, mode="rb")
        self._at = 0
        self.allowance = MAX_HEADER_BYTES

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        if not 0 <= size <= self.allowance:
            raise tarfile.ReadError("the headers of one member are too long")
        self.allowance -= size
        return self._inflate(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if whence != io.SEEK_SET or offset < self._at:
            raise tarfile.ReadError("a member starts before the end of the one before it")
        while self._at < offset and self._inflate(min(offset - self._at, CHUNK_BYTES)):
            pass
        return self._at

    def drain(self) -> None:
        """Read to the end of the stream, where gzip has its checksum."""
        while self._inflate(CHUNK_BYTES):
            pass

    def _inflate(self, size: int) -> bytes:
        chunk = self._gzip.read(size)
        self._at += len(chunk)
        if self._at > 2 * MAX_CONTENT_BYTES:
            raise tarfile.ReadError(f"it unpacks to more than {2 * MAX_CONTENT_BYTES} bytes")
        return chunk


class _Forgetful(tarfile.TarFile):
    """A TarFile whose list of members is emptied on the way; it would keep them all."""

    members: list[tarfile.TarInfo]
    firstmember: tarfile.TarInfo | None


def _tar_members(data: BinaryIO) -> Iterator[_Raw]:
    inflated = _Inflated(data)
    archive = _Forgetful(fileobj=inflated)
    while archive.firstmember is not None or archive.offset > 0:  # before 3.11, next() fails when it's empty
        inflated.allowance = MAX_HEADER_BYTES
        info = archive.next()
        if info is None:
            inflated.drain()
            return
        archive.members = []
        inflated.allowance = info.size + 2 * CHUNK_BYTES
        yield _Raw(
            name=info.name,
            kind=_tar_kind(info),
            size_bytes=info.size if info.isreg() else 0,
            executable=bool(info.mode & 0o100),
            link=info.linkname,
            stream=partial(archive.extractfile, info),
        )


def _tar_kind(info: tarfile.TarInfo) -> Kind:
    if info.issparse():
        return "other"
    if info.isreg():
        return "file"
    if info.isdir():
        return "folder"
    if info.issym():
        return "symlink"
    return "hardlink" if info.islnk() else "other"


def _zip_members(data: BinaryIO) -> Iterator[_Raw]:
    _check_directory(data)
    with zipfile.ZipFile(data) as archive:
        for info in archive.infolist():
            yield _Raw(
                name=info.filename,
                kind="folder" if info.is_dir() else "file",
                size_bytes=info.file_size,
                executable=bool(info.external_attr >> 16 & 0o100),
                link="",
                stream=partial(archive.open, info),
            )


def _check_directory(data: BinaryIO) -> None:
    """Refuse a central directory that would fill the memory (APPNOTE.TXT 4.3.15 and 4.3.16)."""
    size = data.seek(0, io.SEEK_END)
    data.seek(max(0, size - 0xFFFF - 22 - 20))
    tail = data.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 22:
        raise zipfile.BadZipFile("the end of the zip is missing")
    directory_bytes = int.from_bytes(tail[end + 12 : end + 16], "little")
    if tail[max(0, end - 20) : end].startswith(b"PK\x06\x07") or directory_bytes > MAX_DIRECTORY_BYTES:
        raise zipfile.BadZipFile("its directory is larger than any source distribution needs")
    data.seek(0)
