"""Projects that make GPU code while a program runs: what they make, and what of a toolkit they look for.

It tells what minor version compatibility costs: PTX newer than the driver isn't compiled (``cuda.limits``).
"""

import functools
from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec

from envspec.compat.rows import Row, Table, Word, read_table

_Project = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


class RunTimeCompiler(Row, frozen=True, kw_only=True, rename="kebab"):
    """One project."""

    project: _Project
    makes: Literal["ptx", "machine"]
    by: Word
    when: Word
    toolkit_parts: tuple[Word, ...] = ()
    """What it looks for on the host, unless wheels bring it."""


class Tables(Table, frozen=True, kw_only=True, rename="kebab"):
    """The document."""

    compiler: tuple[RunTimeCompiler, ...]


@functools.cache
def run_time_compilers() -> tuple[RunTimeCompiler, ...]:
    """Every row, in the order of the document."""
    return read_table("compilers", Tables).compiler


def compilers_among(projects: Iterable[str]) -> tuple[RunTimeCompiler, ...]:
    """The rows of those normalized names, in the table's order."""
    wanted = frozenset(projects)
    return tuple(row for row in run_time_compilers() if row.project in wanted)
