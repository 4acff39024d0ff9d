"""One digest of the tables that locking rests on: with another table, a lock may come out otherwise."""

from __future__ import annotations

import os

import envspec
from envspec.short_digest import short_sha256

_FOLDERS = ("assets/data", "compat/data")


def tables_digest() -> str:
    """sha256 in hex over the names and bytes of all tables."""
    root = os.path.dirname(envspec.__file__)
    parts = []
    for folder in _FOLDERS:
        place = os.path.join(root, *folder.split("/"))
        for name in sorted(os.listdir(place) if os.path.isdir(place) else ()):
            if name.endswith((".json", ".toml")):
                with open(os.path.join(place, name), "rb") as file:
                    data = file.read()
                parts.append(b"%s/%s %d\n%s" % (folder.encode(), name.encode(), len(data), data))
    return short_sha256(b"".join(parts))
