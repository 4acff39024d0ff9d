"""Changes: leaf by leaf what differs between two values of TOML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs; None on the side that lacks it."""

    subject: str
    before: Any
    after: Any

    @property
    def same(self) -> bool:
        """Whether nothing differs; a consequence is told also where it's the same."""
        return bool(self.before == self.after)


def table_changes(before: Any, after: Any, at: str = "") -> Iterator[Change]:
    """Leaf by leaf what differs between two values of TOML, by dotted path.

    Arrays of texts count as sets; tables in an array are paired by their ``name`` or ``soname``.
    """
    if before == after:
        return
    before, after = _named(before), _named(after)
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in [*before, *(name for name in after if name not in before)]:
            yield from table_changes(before.get(name), after.get(name), f"{at}.{name}" if at else name)
    else:
        yield Change(at, before, after)


def _named(item: Any) -> Any:
    """Rows of an array under their names, where each has one of its own."""
    if not isinstance(item, (list, tuple)) or not item:
        return item
    for key in ("name", "soname"):
        if all(isinstance(row, Mapping) and isinstance(row.get(key), str) for row in item):
            named = {row[key]: row for row in item}
            return named if len(named) == len(item) else item
    return item
