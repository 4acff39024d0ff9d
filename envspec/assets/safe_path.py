"""Paths that a publisher names: nothing of them may lead outside the folder they are laid in.

Source: POSIX for what ends a path or a name in it; Linux's NAME_MAX and PATH_MAX for lengths.
"""

from __future__ import annotations

from collections.abc import Iterable

MAX_PATH_BYTES = 1024
"""Far below Linux's 4096, which the folder above shares."""
_MAX_NAME_BYTES = 255


def path_problem(path: str) -> str:
    """What keeps ``path`` from being laid below a folder; empty where nothing does."""
    try:
        data = path.encode()
    except UnicodeEncodeError:
        return "is no text that UTF-8 can hold"
    if not path or len(data) > MAX_PATH_BYTES:
        return f"is empty, or longer than {MAX_PATH_BYTES} bytes"
    if "\\" in path or not path.isprintable():
        return "holds a backslash, or a character that can't be printed"
    parts = path.split("/")
    if path.startswith("/") or ".." in parts:
        return "leads outside its folder"
    if "" in parts or "." in parts:
        return "has an empty name, or a dot, between its slashes"
    if any(len(part.encode()) > _MAX_NAME_BYTES for part in parts):
        return f"holds a name longer than {_MAX_NAME_BYTES} bytes"
    return ""


def twins(paths: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Pairs that differ by case only, and so are one file on some disks; sorted."""
    seen: dict[str, str] = {}
    pairs = []
    for path in sorted(paths):
        first = seen.setdefault(path.casefold(), path)
        if first != path:
            pairs.append((first, path))
    return tuple(sorted(pairs))


def file_as_folder(paths: Iterable[str]) -> str:
    """A path that is both a file and the folder of another; empty where there's none."""
    files = set(paths)
    for path in sorted(files):
        parts = path.split("/")
        for depth in range(1, len(parts)):
            if "/".join(parts[:depth]) in files:
                return "/".join(parts[:depth])
    return ""
