"""What ``envspec audit --write`` has put into a lock (docs/audit.md), wheel by wheel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from envspec.lock.document import Lock, LockedDistribution
from envspec.verify.lock_table import rows, subtable, text, texts

_VERSION = re.compile(r"\d{1,4}(?:\.\d{1,4}){1,3}")
_VERSIONS = ("glibc", "glibc-use", "glibcxx", "glibcxx-use")
_TABLES = ("libraries", "executables")


def audit_row(lock: Lock, item: LockedDistribution) -> Mapping[str, Any]:
    """The table of a distribution's file, by its sha256; empty where that file was not read.

    One whose values nobody could use says nothing, so that its wheel counts as not read.
    """
    file = item.wheel or item.sdist
    if file is None:
        return {}
    row = subtable(subtable(lock.extra_tool, "audit"), dict(file.hashes).get("sha256", ""))
    return row if _is_sound(row) else {}


def _is_sound(row: Mapping[str, Any]) -> bool:
    versions = all(_VERSION.fullmatch(text(row, key)) for key in _VERSIONS if key in row)
    tables = all(len(rows(row, key)) == _length(row, key) for key in _TABLES)
    return versions and tables and len(texts(row, "code-targets")) == _length(row, "code-targets")


def _length(row: Mapping[str, Any], key: str) -> int:
    found = row.get(key, [])
    return len(found) if isinstance(found, (list, tuple)) else -1


def is_audited(lock: Lock) -> bool:
    """Whether any of it was read."""
    return bool(subtable(lock.extra_tool, "audit"))
