"""Plain values to canonical TOML: sorted keys, one form for each value.

Source: TOML 1.0. Written by hand, since a general writer takes longer than all the
rest of an unchanged relock.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_TO_ESCAPE = re.compile(r'["\\\x00-\x1f\x7f]')
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def string(text: str) -> str:
    """A basic string on one line."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return f'"{_TO_ESCAPE.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    return _SHORT_ESCAPES.get(character) or f"\\u{ord(character):04x}"


def key(text: str) -> str:
    """A key, bare where TOML allows it."""
    return text if _BARE_KEY.fullmatch(text) else string(text)


def value(item: Any) -> str:
    """Any TOML value on one line."""
    if isinstance(item, str):
        return string(item)
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, (int, float)):
        return repr(item)
    if isinstance(item, (datetime, date, time)):
        return item.isoformat().replace("+00:00", "Z")
    if isinstance(item, dict):
        pairs = ", ".join(f"{key(name)} = {value(item[name])}" for name in sorted(item))
        return f"{{ {pairs} }}" if pairs else "{}"
    return "[" + ", ".join(map(value, item)) + "]"


def entry(name: str, item: Any) -> str:
    """``name = item`` with a line for each element where an array has several."""
    if isinstance(item, (list, tuple)) and (len(item) > 1 or any(isinstance(row, dict) for row in item)):
        rows = "".join(f"    {value(row)},\n" for row in item)
        return f"{key(name)} = [\n{rows}]"
    return f"{key(name)} = {value(item)}"


def table(path: str, content: dict[str, Any], first: tuple[str, ...] = ()) -> Iterator[str]:
    """The lines of ``[path]``: the keys in ``first``, then the others by name, then the tables in it."""
    yield f"\n[{path}]"
    yield from _content(path, content, first)


def _content(path: str, content: dict[str, Any], first: tuple[str, ...] = ()) -> Iterator[str]:
    names = [name for name in first if name in content]
    names += sorted(name for name in content if name not in first)
    for name in names:
        if not isinstance(content[name], dict) and not _is_array_of_tables(content[name]):
            yield entry(name, content[name])
    for name in names:
        inner = f"{path}.{key(name)}"
        if isinstance(content[name], dict):
            yield from table(inner, content[name])
        elif _is_array_of_tables(content[name]):
            for row in content[name]:
                yield f"\n[[{inner}]]"
                yield from (entry(cell, row[cell]) for cell in sorted(row))


def _is_array_of_tables(item: Any) -> bool:
    """Whether rows of an array hold tables or arrays themselves, and so want lines of their own."""
    return (
        isinstance(item, (list, tuple))
        and bool(item)
        and all(isinstance(row, dict) for row in item)
        and any(isinstance(cell, (dict, list, tuple)) for row in item for cell in row.values())
    )
