"""Values out of the tables of a lock, which anyone may have written: of the wanted kind, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_NOTHING: Mapping[str, Any] = {}


def text(table: Mapping[str, Any], key: str) -> str:
    """The string at ``key``, else ``""``."""
    value = table.get(key)
    return value if isinstance(value, str) else ""


def count(table: Mapping[str, Any], key: str) -> int | None:
    """The whole number at ``key``, not negative; else None."""
    value = table.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def subtable(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The table at ``key``, else an empty one."""
    value = table.get(key)
    return value if isinstance(value, Mapping) else _NOTHING


def rows(table: Mapping[str, Any], key: str) -> tuple[Mapping[str, Any], ...]:
    """The tables of the array at ``key``; what is no table is passed over."""
    value = table.get(key)
    if isinstance(value, str) or not isinstance(value, Sequence):
        return ()
    return tuple(row for row in value if isinstance(row, Mapping))


def texts(table: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """The strings of the array at ``key``; what is none is passed over."""
    value = table.get(key)
    if isinstance(value, str) or not isinstance(value, Sequence):
        return ()
    return tuple(item for item in value if isinstance(item, str))


def size_bytes(table: Mapping[str, Any], key: str) -> int | None:
    """Bytes of an amount such as ``39 GiB``; None where there is none that can be read."""
    from envspec.spec.problems import WrongValueError
    from envspec.spec.values import size_bytes as read

    try:
        return read(text(table, key)) if text(table, key) else None
    except WrongValueError:
        return None
