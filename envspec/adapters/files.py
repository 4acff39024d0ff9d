"""The user's files: read with a bound, written whole or not at all.

Paths are taken as str too: importing pathlib costs every start 5 ms.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from envspec.errors import DiskError, InputError

if TYPE_CHECKING:
    PathText = str | os.PathLike[str]
MAX_FILE_BYTES = 256 * 1024 * 1024
_CHUNK_BYTES = 1 << 20
_SILENCE_S = 1.0
"""So long a pipe that lies somewhere may say nothing."""
_CANNOT_BE_OPENED = {
    errno.EACCES: "let it and its folders be read by whoever runs envspec, or name another file",
    errno.EPERM: "let it be read by whoever runs envspec, or name another file",
    errno.ELOOP: "name the file itself: its links lead back to themselves",
    errno.ENAMETOOLONG: "check the path",
    errno.ENOTDIR: "check the path: a file stands where it names a folder",
    errno.ENXIO: "name a file: a socket was met",
}
"""What is wrong with the path that the user named, not with the disk; each with what helps."""


def read_bytes(path: PathText, *, limit: int = MAX_FILE_BYTES) -> bytes:
    """The whole file, at most ``limit`` bytes.

    Raises InputError if it isn't there, can't be opened or is too long, DiskError where the disk fails.
    """
    try:
        with open(path, "rb", opener=_at_once) as file:
            handle = file.fileno()
            state = os.fstat(handle)
            if stat.S_ISFIFO(state.st_mode) or os.isatty(handle):
                data = _out_of_a_pipe(path, handle, limit)
            else:  # memory is taken for as much as is asked for
                data = file.read(min(state.st_size, limit) + 1)
                if len(data) > state.st_size:  # of files of the kernel, which say 0
                    data += file.read(limit + 1 - len(data))
    except OSError as error:
        raise _unreadable(path, error) from error
    if len(data) > limit:
        raise InputError(what=f"{path}: longer than {limit} bytes", why="no file of this kind is that long")
    return data


def _at_once(path: str, flags: int) -> int:
    """Open without waiting for another end, as a FIFO would."""
    return os.open(path, flags | os.O_NONBLOCK)


def _out_of_a_pipe(path: PathText, handle: int, limit: int) -> bytes:
    """All that's written into it to its end. One that was handed to us, as by ``<(...)``, is waited for."""
    import select

    patience_s = None if os.fspath(path).startswith("/dev/") else _SILENCE_S
    data = b""
    while len(data) <= limit and select.select([handle], [], [], patience_s)[0]:
        piece = os.read(handle, _CHUNK_BYTES)
        if not piece and data:
            return data
        if not piece:
            break
        data += piece
    if len(data) > limit:
        return data
    raise InputError(
        what=f"{path}: is a pipe with {'no end' if data else 'nothing in it'}", fix="name a file"
    )


def sha256_of(path: PathText) -> str:
    """The digest of a file of any length, in hex; raises as ``read_bytes`` does."""
    import hashlib

    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise _unreadable(path, error) from error
    return digest.hexdigest()


def _unreadable(path: PathText, error: OSError) -> InputError | DiskError:
    if isinstance(error, FileNotFoundError):
        return InputError(
            what=f"{path}: no such file",
            fix="check the path: a spec's are relative to it, all others to where you stand",
        )
    if isinstance(error, IsADirectoryError):
        return InputError(what=f"{path}: is a folder, a file was wanted")
    what, why = f"{path}: can't be read", error.strerror or str(error)
    if error.errno in _CANNOT_BE_OPENED:
        return InputError(what=what, why=why, fix=_CANNOT_BE_OPENED[error.errno])
    return DiskError(what=what, why=why)


def read_text(path: PathText, *, limit: int = MAX_FILE_BYTES) -> str:
    """The whole file as UTF-8; raises InputError where it isn't UTF-8."""
    try:
        return read_bytes(path, limit=limit).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            what=f"{path}: byte {error.start} isn't UTF-8", fix="save the file as UTF-8"
        ) from error


def write_atomically(path: PathText, data: bytes) -> bool:
    """Put ``data`` at ``path`` through a temporary name; say whether anything changed.

    A crash at any instant leaves the old file or the new one; a device or a pipe, such as /dev/stdout, is
    written into. A link stays, and the file behind it is what's put. Raises DiskError.
    """
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        return _write_into(path, data)
    place = _behind_link(path) if os.path.islink(path) else path
    folder, name = os.path.split(place)
    temporary = os.path.join(folder, f".{name}.{os.getpid()}-{os.urandom(4).hex()}.part")
    try:
        if _holds(place, data):
            return False
        os.makedirs(folder or ".", exist_ok=True)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except (FileExistsError, NotADirectoryError) as error:
        raise DiskError(
            what=f"{path}: can't be written",
            why="a file stands where a folder was wanted",
            fix="name another folder, or take that file away",
        ) from error
    except OSError as error:
        raise DiskError(what=f"{path}: can't be written", why=error.strerror or str(error)) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, place)
    except OSError as error:
        _forget(temporary)
        raise DiskError(
            what=f"{path}: can't be written",
            why=error.strerror or str(error),
            fix="make room or choose another folder; what was there before is untouched",
        ) from error
    except BaseException:
        _forget(temporary)
        raise
    return True


def _behind_link(path: PathText) -> str:
    """Where the file lies, or may be put, to which a link leads; raises DiskError where that's nowhere."""
    place = os.path.realpath(path)
    why = ""
    if os.path.islink(place):
        why = "it is a link that leads back to itself"
    elif not os.path.isdir(os.path.dirname(place)):
        why = f"it is a link to {place}, and there is no such folder"
    if why:
        raise DiskError(what=f"{path}: can't be written", why=why, fix="mend the link, or take it away")
    return place


def _write_into(path: PathText, data: bytes) -> bool:
    try:
        with open(path, "wb") as device:
            device.write(data)
    except OSError as error:
        raise DiskError(what=f"{path}: can't be written", why=error.strerror or str(error)) from error
    return True


def _holds(path: PathText, data: bytes) -> bool:
    if not os.path.isfile(path) or os.path.getsize(path) != len(data):
        return False
    with open(path, "rb") as file:
        return file.read() == data


def _forget(temporary: str) -> None:
    with suppress(OSError):
        os.unlink(temporary)
