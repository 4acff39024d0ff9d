"""Rows of the tables in ``compat/data``: each has a source and the day on which it was compared with it.

A table is one JSON document with a row a line, since msgspec reads that, checks and all, in a millisecond,
where TOML takes ten (docs/decisions/0009). Nothing is read before the first question.

The modules of tables do without ``from __future__ import annotations``: msgspec would have to compile each
text, which takes as long as the reading.
"""

import datetime
import pkgutil
from typing import Annotated, TypeVar

import msgspec

Word = Annotated[str, msgspec.Meta(min_length=1)]
Dotted = Annotated[str, msgspec.Meta(pattern=r"^[0-9]+(\.[0-9]+)*$")]
"""A version or a release: ``11.8``, ``515.105.01``."""
Month = Annotated[str, msgspec.Meta(pattern=r"^(20[0-9][0-9]-(0[1-9]|1[0-2]))?$")]
"""``2028-06``; empty where nobody names one."""


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """What every row has."""

    source: Word
    """Where others can read it: a page with its table, a file at a commit, a measurement."""
    checked: datetime.date
    """The day on which the row was last compared with its source."""
    note: str = ""
    weak: bool = False
    """Whether it's an observation that others can't look up: never the only ground of a rule."""


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """One document: ``about`` says what the columns mean, for whoever edits it."""

    schema: int
    about: tuple[Word, ...]


TableT = TypeVar("TableT", bound=Table)


def read_table(name: str, kind: type[TableT]) -> TableT:
    """``data/NAME.json`` as ``kind``; a row that breaks its own rules ends in msgspec.ValidationError."""
    data = pkgutil.get_data("envspec.compat", f"data/{name}.json") or b""
    return msgspec.json.decode(data, type=kind)
