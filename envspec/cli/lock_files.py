"""Locks that a command names: read from disk, or found where locks lie."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from envspec.errors import InputError, UnreadableLockError

if TYPE_CHECKING:
    from pathlib import Path

    from envspec.adapters.files import PathText
    from envspec.lock.document import Lock

MAX_LOCK_BYTES = 64 * 1024 * 1024


def read_lock(path: PathText) -> Lock:
    """The lock at ``path``; raises InputError where there's none, UnreadableLockError where it's broken."""
    return lock_of(read_lock_bytes(path), path)


def read_lock_bytes(path: PathText) -> bytes:
    """The bytes at ``path``, whatever they are; raises InputError or DiskError."""
    from envspec.adapters.files import read_bytes

    return read_bytes(path, limit=MAX_LOCK_BYTES)


def lock_of(data: bytes, path: PathText) -> Lock:
    """The lock that ``data`` is, read from ``path``; raises UnreadableLockError where it's broken."""
    from envspec.lock.codec import decode

    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableLockError(
            what=f"{path}: byte {error.start} isn't UTF-8",
            fix="restore the file from version control, or delete it and lock again",
        ) from error
    return decode(text, str(path))


def locks_here() -> list[Path]:
    """Every ``pylock.*.toml`` in ``./locks``, or else in the folder where the user stands."""
    from pathlib import Path

    for folder in (Path("locks"), Path()):
        found = sorted([*folder.glob("pylock.toml"), *folder.glob("pylock.*.toml")])
        if found:
            return found
    raise InputError(
        what="no lock was named, and neither ./locks nor this folder holds a pylock.*.toml",
        fix="name a lock, or run envspec lock first",
    )


def say_not_locked(name: str, paths: Sequence[PathText], known: Iterable[str]) -> None:
    """Tell that no lock holds the project, with the nearest names that one does: the answer is no (1)."""
    from difflib import get_close_matches

    from envspec.cli.console import talk
    from envspec.errors import EnvspecError

    near = get_close_matches(name.lower(), sorted(known), n=3)
    answer = EnvspecError(
        what=f"{', '.join(map(str, paths))}: no {name[:80]!r}",
        why="nothing of that name is locked there",
        fix=f"did you mean {' or '.join(map(repr, near))}?" if near else "envspec tree LOCK shows every name",
    )
    talk(f"envspec: {answer}")
