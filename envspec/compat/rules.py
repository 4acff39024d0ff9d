"""Rules: what each rule of verify asks, says and rests on, for ``envspec explain``."""

import functools
from typing import Annotated

import msgspec

from envspec.compat.rows import Row, Table, Word, read_table

RuleName = Annotated[str, msgspec.Meta(pattern=r"^[a-z]+(-[a-z]+)*$")]


class TableUse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A table that a rule rests on."""

    table: Annotated[str, msgspec.Meta(pattern=r"^[a-z-]+\.[a-z-]+$")]
    """``cuda.floor``."""
    columns: Annotated[tuple[Word, ...], msgspec.Meta(min_length=1)]
    """Those that the rule looks at."""


class Rule(Row, frozen=True, kw_only=True, rename="kebab"):
    """One family of rules, as findings name it."""

    name: RuleName
    asks: Word
    says: Annotated[tuple[Word, ...], msgspec.Meta(min_length=1)]
    """The rule in sentences."""
    tables: tuple[TableUse, ...] = ()
    limits: tuple[Word, ...] = ()
    """What it doesn't see, or doesn't promise."""


class Tables(Table, frozen=True, kw_only=True, rename="kebab"):
    """The document."""

    rule: tuple[Rule, ...]


@functools.cache
def rules() -> tuple[Rule, ...]:
    """Every rule, the ones that decide most first."""
    return read_table("rules", Tables).rule


def rule_named(name: str) -> Rule | None:
    """The rule that findings call ``driver``."""
    return next((rule for rule in rules() if rule.name == name), None)


def near_rule(name: str) -> str:
    """The known name that looks most like ``name``; empty where none does."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name[:80], [rule.name for rule in rules()], n=1, cutoff=0.5)), "")
