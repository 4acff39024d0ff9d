"""A rule as text and as JSON: what it asks and says, what it doesn't see, its tables and their sources."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from envspec.compat.all_tables import rows_of
from envspec.compat.rows import Row
from envspec.compat.rules import Rule

_WIDTH = 100
_WIDEST_CELL = 60
"""A column whose cells are longer stands last, where nothing has to line up behind it."""


class _Sources:
    """Sources as footnotes: each different one once, numbered as it's met."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}

    def mark(self, row: Row) -> str:
        """``[3]``, or ``[3]*`` for what only observations say."""
        key = (row.source, row.checked.isoformat())
        number = self._numbers.setdefault(key, len(self._numbers) + 1)
        return f"[{number}]{'*' if row.weak else ''}"

    def lines(self) -> Iterator[str]:
        for (source, checked), number in self._numbers.items():
            yield from _under(f"  [{number}] ", f"{source} (checked {checked})")


def rules_text(rules: Iterable[Rule]) -> str:
    """One line a rule."""
    named = [(rule.name, rule.asks) for rule in rules]
    room = max(len(name) for name, _ in named)
    return "".join(f"{name.ljust(room)}  {asks}\n" for name, asks in named)


def rules_json(rules: Iterable[Rule]) -> str:
    """``{"rules": [{"name": ..., "asks": ...}]}``."""
    listed = [{"name": rule.name, "asks": rule.asks} for rule in rules]
    return json.dumps({"rules": listed}, indent=2) + "\n"


def rule_text(rule: Rule) -> str:
    """The rule, then its tables with a footnote a row, then the footnotes."""
    sources = _Sources()
    lines = [*_under(f"{rule.name}: ", rule.asks), ""]
    for sentence in rule.says:
        lines += _under("  ", sentence)
    if rule.limits:
        lines += ["", "What it does not see or promise"]
        for sentence in rule.limits:
            lines += _under("  ", sentence)
    lines += ["", f"The rule itself is from {sources.mark(rule)}."]
    for use in rule.tables:
        lines += ["", use.table, *_table(rows_of(use.table), use.columns, sources)]
    lines += ["", "Sources", *sources.lines()]
    if any(row.weak for use in rule.tables for row in rows_of(use.table)):
        lines += [
            "",
            *_under("  * ", "an observation that others can't look up: never the only ground of a rule"),
        ]
    return "\n".join(lines) + "\n"


def rule_json(rule: Rule) -> str:
    """The rule with every column of its tables' rows."""
    import msgspec

    whole = msgspec.to_builtins(rule)
    whole["tables"] = {use.table: msgspec.to_builtins(rows_of(use.table)) for use in rule.tables}
    return json.dumps(whole, indent=2) + "\n"


def _table(rows: Sequence[Row], columns: Sequence[str], sources: _Sources) -> Iterator[str]:
    """A head, then a row a line with its footnote, and a note under the row that has one."""
    cells = [[_cell(getattr(row, _field(row, column))) for column in columns] for row in rows]
    marks = [sources.mark(row) for row in rows]
    widths = [max(len(name), *(len(line[at]) for line in cells)) for at, name in enumerate(columns)]
    order = sorted(range(len(columns)), key=lambda at: widths[at] > _WIDEST_CELL)
    lead = max(map(len, marks)) + 4
    yield _line(" " * lead, columns, widths, order)
    for row, line, mark in zip(rows, cells, marks, strict=True):
        yield _line(f"  {mark}".ljust(lead), line, widths, order)
        if row.note:
            yield from _under(" " * (lead + 2), f"note: {row.note}")


def _line(lead: str, cells: Sequence[str], widths: Sequence[int], order: Sequence[int]) -> str:
    return (lead + "  ".join(cells[at].ljust(widths[at]) for at in order)).rstrip()


def _field(row: Row, column: str) -> str:
    """The name in Python of a column, ``from_`` of ``from``."""
    return row.__struct_fields__[row.__struct_encode_fields__.index(column)]


def _cell(value: object) -> str:
    """``?`` for what no source says, which isn't the same as ``none``."""
    if value is None:
        return "?"
    if value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value)


def _under(lead: str, text: str) -> Iterator[str]:
    """``text`` behind ``lead``, and under itself where it's long."""
    rows = wrap(text, _WIDTH - len(lead), break_long_words=False, break_on_hyphens=False)
    for number, row in enumerate(rows):
        yield f"{lead if number == 0 else ' ' * len(lead)}{row}"
