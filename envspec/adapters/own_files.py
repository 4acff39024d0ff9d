"""Files of the user's own, by digest: single ones, and folders with all they hold, in one order anywhere.

A large file whose size, inode and times are what they were is not read again: the cache remembers its digest.
What stands in a lock is made of bytes alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import time
from typing import TYPE_CHECKING

from envspec.adapters.files import read_text, sha256_of
from envspec.assets.interface import OwnFile
from envspec.errors import DiskError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envspec.index.store import IndexStore

MAX_FILES = 50_000
MAX_DEPTH = 64
MAX_TEXT_BYTES = 64 * 1024 * 1024
REMEMBERED_BYTES = 4 * 1024 * 1024
"""Files from this size on are remembered; smaller ones are read in no time."""
_SETTLED_NS = 2_000_000_000
"""A file that changed less than this ago could change again within one tick of its clock."""
_LOCK_NAME = re.compile(r"pylock\.(?:[^.]+\.)?toml")
"""PEP 751. A lock that lies beside what it locks would change with itself."""
_PASSED_OVER = frozenset({"__pycache__", ".git"})


def file_digests(path: str, store: IndexStore) -> tuple[OwnFile, ...]:
    """The file at ``path``, or every file below that folder, sorted by path.

    ``__pycache__``, ``.git`` and locks are passed over. Raises InputError for what can't be carried: nothing
    at all, a link that leads outside or to a folder, a device, too many files, a name that's no text.
    """
    if not os.path.isdir(path):
        return (_digest(path, "", store),)
    found = tuple(sorted(_digest(full, below, store) for full, below in _below(path)))
    if not found:
        raise InputError(what=f"{path}: holds no file", fix="name a folder that holds some, or leave it out")
    return found


def content_digest(path: str, store: IndexStore) -> str:
    """One sha256 in hex for all that ``file_digests`` would tell; of a single file its own."""
    if not os.path.isdir(path):
        return _digest(path, "", store).sha256
    rows = "".join(f"{f.mode} {f.size} {f.sha256} {f.path}\n" for f in file_digests(path, store))
    return hashlib.sha256(rows.encode()).hexdigest()


def small_text(path: str) -> str:
    """The text of a recording."""
    return read_text(path, limit=MAX_TEXT_BYTES)


def _below(root: str) -> Iterator[tuple[str, str]]:
    """(path, path below ``root`` with /) of every file."""
    real_root = os.path.realpath(root)
    waiting = [(root, "", 0)]
    count = 0
    while waiting:
        folder, below, depth = waiting.pop()
        for entry in _entries(folder):
            path = f"{below}/{entry.name}" if below else entry.name
            _check_name(entry.path, entry.name)
            if entry.is_dir(follow_symlinks=False):
                if depth >= MAX_DEPTH:
                    raise InputError(what=f"{entry.path}: lies more than {MAX_DEPTH} folders deep")
                if entry.name not in _PASSED_OVER:
                    waiting.append((entry.path, path, depth + 1))
                continue
            if entry.is_symlink():
                _check_link(entry.path, real_root)
            if _LOCK_NAME.fullmatch(entry.name):
                continue
            count += 1
            if count > MAX_FILES:
                raise InputError(
                    what=f"{root}: holds more than {MAX_FILES} files",
                    fix="pack them into one archive, or name the folders that are needed",
                )
            yield entry.path, path


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise DiskError(what=f"{folder}: can't be read", why=error.strerror or str(error)) from error


def _check_name(path: str, name: str) -> None:
    if not name.isprintable() or "\\" in name:
        shown = ascii(path)[1:-1]
        raise InputError(
            what=f"{shown}: a name that can't stand in a lock",
            why="it isn't UTF-8, or holds a backslash or a control character",
            fix="rename it, or move it out of the folder",
        )


def _check_link(path: str, root: str) -> None:
    real = os.path.realpath(path)
    if os.path.isdir(real) or not real.startswith(root.rstrip("/") + "/"):
        leads = "to a folder" if os.path.isdir(real) else "outside the folder, or nowhere"
        raise InputError(
            what=f"{path}: a link that leads {leads}",
            why="links are followed to files inside the same folder only",
            fix="put the file itself there",
        )


def _digest(path: str, below: str, store: IndexStore) -> OwnFile:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        raise InputError(
            what=f"{path}: no such file or folder", fix="paths in a spec are relative to the spec"
        ) from None
    except OSError as error:
        raise DiskError(what=f"{path}: can't be read", why=error.strerror or str(error)) from error
    if not stat.S_ISREG(status.st_mode):
        raise InputError(what=f"{path}: is neither a file nor a folder")
    mode = "0755" if status.st_mode & stat.S_IXUSR else "0644"
    return OwnFile(below, status.st_size, _sha256(path, status, store), mode)


def _state(status: os.stat_result) -> list[int]:
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _read(path: str, state: list[int]) -> str:
    """Its sha256. Raises InputError where it isn't the file of ``state`` any more, once it's read."""
    digest = sha256_of(path)
    try:
        is_same = _state(os.stat(path)) == state
    except OSError:
        is_same = False
    if not is_same:
        raise InputError(
            what=f"{path}: changed while it was read",
            why="its digest would be that of no file",
            fix="lock again once nothing writes to it",
        )
    return digest


def _sha256(path: str, status: os.stat_result, store: IndexStore) -> str:
    state = _state(status)
    if status.st_size < REMEMBERED_BYTES:
        return _read(path, state)
    place = "own-file:" + json.dumps(os.path.abspath(path))  # which has no byte that isn't text
    try:
        *before, digest = json.loads(store.note(place) or "[]") or [""]
    except (ValueError, TypeError):
        before, digest = [], ""
    if before == state and isinstance(digest, str) and len(digest) == 64:
        return digest
    digest = _read(path, state)
    if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > _SETTLED_NS:
        store.put_note(place, json.dumps([*state, digest]))
    return digest
