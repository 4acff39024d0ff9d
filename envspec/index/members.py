"""A few members of a wheel or sdist by name, each within a bound; nothing is extracted or imported."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Collection
from typing import BinaryIO

from envspec.errors import BrokenArtifactError

MAX_MEMBERS = 200_000


def wheel_members(file: BinaryIO, label: str, names: Collection[str], max_bytes: int) -> dict[str, bytes]:
    """Those of ``names`` that the wheel holds. Raises BrokenArtifactError, and what reading ``file``
    raises."""
    try:
        with zipfile.ZipFile(file) as archive:
            if len(archive.infolist()) > MAX_MEMBERS:
                raise BrokenArtifactError(what=f"{label} has more than {MAX_MEMBERS} members")
            held = {info.filename: info for info in archive.infolist() if info.filename in names}
            for info in held.values():
                if info.file_size > max_bytes:
                    raise _too_long(label, info.filename, max_bytes)
            return {name: archive.read(info) for name, info in held.items()}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise BrokenArtifactError(what=f"{label} can't be read", why=str(error)[:200]) from error


def sdist_members(file: BinaryIO, label: str, names: Collection[str], max_bytes: int) -> dict[str, bytes]:
    """The same of a source distribution, whose packages lie below its own folder or below ``src`` in it."""
    from envspec.index.sdist_archive import members

    found: dict[str, bytes] = {}
    for member in members(file, label):
        path = "/".join(member.path)
        name = path.removeprefix("src/") if path not in names else path
        if name not in names or member.kind != "file" or name in found:
            continue
        if member.size_bytes > max_bytes:
            raise _too_long(label, name, max_bytes)
        found[name] = b"".join(member.content())
    return found


def _too_long(label: str, name: str, max_bytes: int) -> BrokenArtifactError:
    return BrokenArtifactError(what=f"{label}: {name} has more than {max_bytes:,} bytes")
