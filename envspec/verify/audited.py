"""What ``envspec audit --write`` has put into a lock (docs/audit.md), wheel by wheel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from envspec.lock.document import Lock, LockedDistribution
from envspec.verify.lock_table import subtable


def audit_row(lock: Lock, item: LockedDistribution) -> Mapping[str, Any]:
    """The table of a distribution's file, by its sha256; empty where that file was not read."""
    file = item.wheel or item.sdist
    if file is None:
        return {}
    return subtable(subtable(lock.extra_tool, "audit"), dict(file.hashes).get("sha256", ""))


def is_audited(lock: Lock) -> bool:
    """Whether any of it was read."""
    return bool(subtable(lock.extra_tool, "audit"))
