"""Digests of the tables that locking rests on: with another table, a lock may come out otherwise."""

from __future__ import annotations

import os

import envspec
from envspec.short_digest import short_sha256

_FOLDERS = ("assets/data", "compat/data")


def table_digests() -> dict[str, str]:
    """sha256 in hex of each table, by its place in the package: ``compat/data/cuda.json``."""
    root = os.path.dirname(envspec.__file__)
    digests = {}
    for folder in _FOLDERS:
        place = os.path.join(root, *folder.split("/"))
        for name in sorted(os.listdir(place)):
            if name.endswith((".json", ".toml")):
                with open(os.path.join(place, name), "rb") as file:
                    digests[f"{folder}/{name}"] = short_sha256(file.read())
    return digests
