"""The locks that hosts are judged by: found where the user points, and the variants that lie beside them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from envspec.errors import DiskError, EnvspecError, InputError

if TYPE_CHECKING:
    from envspec.steps.verify import LockFile

_MOST_SIBLINGS = 32


def lock_paths(named: Sequence[str]) -> list[str]:
    """The locks that the user named, each once; a folder stands for those in it, or in its ``locks``.

    Raises InputError for a folder without any.
    """
    paths: dict[str, None] = {}
    for name in named:
        if not os.path.isdir(name):
            paths[name] = None
            continue
        found = locks_in(name)
        if not found:
            raise InputError(
                what=f"{name}: no lock in it",
                why="neither it nor its folder locks holds a pylock.*.toml",
                fix="name a lock, or lock a spec first: envspec lock SPEC",
            )
        paths.update(dict.fromkeys(found))
    return list(paths)


def locks_in(folder: str) -> list[str]:
    """Every ``pylock.*.toml`` in a folder, or else in its ``locks``, by name."""
    for place in (folder, os.path.join(folder, "locks")):
        names = _names_in(place)
        if names:
            return [os.path.join(place, name) for name in names]
    return []


def _names_in(folder: str) -> list[str]:
    """The names of locks, none where the folder isn't there; raises DiskError where it can't be listed."""
    try:
        return sorted(name for name in os.listdir(folder) if _is_lock(name))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise unlisted(error) from error


def unlisted(error: OSError) -> DiskError:
    """For a folder that can't be listed: what's in it isn't known, which is not nothing."""
    return DiskError(what=f"{error.filename}: can't be listed", why=error.strerror or str(error))


def _is_lock(name: str) -> bool:
    return name == "pylock.toml" or (name.startswith("pylock.") and name.endswith(".toml"))


def read_locks(paths: Sequence[str]) -> list[LockFile]:
    """Each lock with the digest of its bytes; raises as ``read_lock`` does."""
    from envspec.cli.lock_files import lock_of, read_lock_bytes
    from envspec.short_digest import short_sha256
    from envspec.steps.verify import LockFile

    files = []
    for path in paths:
        data = read_lock_bytes(path)
        files.append(LockFile(lock_of(data, path), path, short_sha256(data)))
    return files


def siblings_of(files: Sequence[LockFile]) -> list[LockFile]:
    """The other variants of these specs that lie beside them; what can't be read isn't a way out."""
    named = {os.path.abspath(file.where) for file in files}
    found: list[LockFile] = []
    for folder in dict.fromkeys(os.path.dirname(path) for path in named):
        specs = {file.lock.name for file in files if os.path.dirname(os.path.abspath(file.where)) == folder}
        names = []
        with suppress(DiskError):
            names = _names_in(folder)
        beside = [name for name in names if any(name.startswith(f"pylock.{spec}-") for spec in specs)]
        for path in (os.path.join(folder, name) for name in beside[:_MOST_SIBLINGS]):
            if path not in named:
                with suppress(EnvspecError):
                    found += [file for file in read_locks([path]) if file.lock.name in specs]
    return found
