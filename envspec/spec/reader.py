"""Reads the text of a spec: every problem of the file at once, each with its table and key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from envspec.errors import EnvspecError, InvalidValueError, SeveralProblems
from envspec.spec.document import Spec, SpecTables
from envspec.spec.problems import Problem, Spot
from envspec.spec.shown import shown
from envspec.spec.toml import read_toml
from envspec.spec.values import NAME_PATTERN
from envspec.spec.variants import Merged, Place, merge

MAX_PROBLEMS = 100


def read_spec(text: str, where: str) -> Spec:
    """The spec that ``text`` says, its variants merged; ``where`` names the file in messages.

    Raises SeveralProblems with every problem of the file, or InvalidValueError where it's no TOML.
    """
    raw = read_toml(text, where)
    base = {key: value for key, value in raw.items() if key != "variants"}
    own, problems = _own_tables(raw.get("variants", {}), where)
    problems += _appends_to_nothing(base, where)
    variants = [merge(base, name, tables) for name, tables in own.items()] or [Merged("", base, {})]
    read = {variant.variant: _check(variant.tables) for variant in variants}
    found = {variant.variant: _found(read[variant.variant]) for variant in variants}
    if own:
        problems += [problem.to_error(where, problem.place) for problem in _of_base(base)]
    problems += _located(variants, found, where)
    unique = list({str(problem): problem for problem in problems}.values())
    if unique:
        raise SeveralProblems(_at_most(unique, where))
    tables = {name: outcome for name, outcome in read.items() if isinstance(outcome, SpecTables)}
    return Spec(name=next(iter(tables.values())).name, variants=tables)


def _own_tables(variants: Any, where: str) -> tuple[dict[str, dict[str, Any]], list[EnvspecError]]:
    """The tables that each variant brings, and what's wrong with the variants themselves."""
    if not isinstance(variants, dict):
        fix = "for example [variants.cu118]"
        return {}, [
            _problem(where, ("variants",), f"{shown(variants)} can't be read", "it must be a table", fix)
        ]
    own: dict[str, dict[str, Any]] = {}
    problems = []
    for name, tables in variants.items():
        place = ("variants", name)
        if re.fullmatch(NAME_PATTERN, name) is None:
            why = (
                "the name of a variant is made of a-z, 0-9 and - between them, since it names the lock's file"
            )
            problems.append(_problem(where, place, f"{name[:80]!r} can't be a name", why))
        if not isinstance(tables, dict):
            why = f"it must be a table; {shown(tables)} stands here"
            fix = f'[variants.{name[:80]}] with cuda = "11.8", for example'
            problems.append(_problem(where, place, "can't be read", why, fix))
            continue
        for key in ("name", "variants"):
            if key in tables:
                why = f"a variant can't say {key!r}; it may hold any other table of the spec"
                problems.append(
                    _problem(where, (*place, key), "no such key", why, "move it to the top of the file")
                )
        own[name] = {key: value for key, value in tables.items() if key not in ("name", "variants")}
    return own, problems


def _appends_to_nothing(base: Mapping[str, Any], where: str) -> list[EnvspecError]:
    python = base.get("python")
    if not isinstance(python, dict) or "extra-requirements" not in python:
        return []
    why = "it's what a variant appends to requirements"
    place = ("python", "extra-requirements")
    return [_problem(where, place, "belongs in a variant", why, "write these into requirements")]


def _problem(where: str, place: Place, found: str, why: str, fix: str = "") -> EnvspecError:
    return Problem(place, found, why, fix, of_a_value=True).to_error(where, place)


def _check(tables: dict[str, Any]) -> SpecTables | list[Problem]:
    problems: list[Problem] = []
    read = SpecTables.read(tables, Spot((), None, problems))
    return problems or read


def _found(outcome: SpecTables | list[Problem]) -> list[Problem]:
    return outcome if isinstance(outcome, list) else []


def _of_base(base: dict[str, Any]) -> list[Problem]:
    """What's wrong with values that stand outside of variants, also where each variant replaces them."""
    return [problem for problem in _found(_check(base)) if problem.of_a_value]


def _located(variants: list[Merged], found: Mapping[str, list[Problem]], where: str) -> list[EnvspecError]:
    """The problems at the places where they're written: the base's once, a variant's in it."""
    errors: list[EnvspecError] = []
    everywhere = set.intersection(*(set(problems) for problems in found.values()))
    for variant in variants:
        for problem in found[variant.variant]:
            if problem.of_a_value or problem in everywhere:
                place = variant.origin(problem.place)
            else:
                place = variant.in_variant(problem.place)
            errors.append(problem.to_error(where, place))
    return errors


def _at_most(problems: list[EnvspecError], where: str) -> list[EnvspecError]:
    if len(problems) <= MAX_PROBLEMS:
        return problems
    rest = InvalidValueError(what=f"{where}: {len(problems) - MAX_PROBLEMS} more problems like these")
    return [*problems[:MAX_PROBLEMS], rest]
