"""TOML that strangers wrote: parsed within bounds of length and depth."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from envspec.errors import InvalidValueError
from envspec.spec.shown import shown
from envspec.toml_library import tomllib

MAX_CHARACTERS = 1024 * 1024
MAX_DEPTH = 16
"""Nothing that we read lies deeper; checked before anything recurses."""
MAX_DOTS_IN_A_LINE = 2000
_TOML = "see https://toml.io/en/v1.0.0"


def read_toml(text: str, where: str) -> dict[str, Any]:
    """The tables that ``text`` holds, floats as Decimal so that ``3.10`` keeps its digits.

    Raises InvalidValueError, with line and column, for what is no TOML, too long or nested too deep.
    """
    if len(text) > MAX_CHARACTERS:
        raise InvalidValueError(
            what=f"{where}: {len(text)} characters long", why=f"{MAX_CHARACTERS} are the most that is read"
        )
    _refuse_endless_keys(text, where)
    try:
        raw = tomllib.loads(text.removeprefix("\ufeff"), parse_float=Decimal)
    except RecursionError:
        raise _too_deep(where) from None
    except ValueError as error:
        raise _no_toml(text, where, str(error)) from None
    _refuse_depth(raw, where)
    return raw


def _refuse_endless_keys(text: str, where: str) -> None:
    # tomllib needs memory in the square of a dotted key's parts: 40 GB for 100,000 of them.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.count(".") > MAX_DOTS_IN_A_LINE:
            raise InvalidValueError(
                what=f"{where}: line {number} holds more than {MAX_DOTS_IN_A_LINE} dots",
                why="a key of so many parts could fill the memory",
                fix="break the line",
            )


def _no_toml(text: str, where: str, message: str) -> InvalidValueError:
    position = re.search(r" \(at line (\d+), column (\d+)\)$", message)
    if position is None:
        why = message.removesuffix(" (at end of document)")
        if why == message:  # the one ValueError of another kind is Python's, about int()
            return InvalidValueError(what=f"{where}: a whole number in it has thousands of digits")
        return InvalidValueError(what=f"{where}: the end of the file: no valid TOML", why=why, fix=_TOML)
    line, column = int(position[1]), int(position[2])
    lines = text.split("\n")
    met = lines[line - 1].strip() if line <= len(lines) else ""
    return InvalidValueError(
        what=f"{where}: line {line}, column {column}: no valid TOML: {shown(met)}",
        why=message[: position.start()][:300],
        fix=_TOML,
    )


def _refuse_depth(raw: dict[str, Any], where: str) -> None:
    level: list[Any] = [raw]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, dict) else value)
            if isinstance(inner, (dict, list))
        ]
    if level:
        raise _too_deep(where)


def _too_deep(where: str) -> InvalidValueError:
    return InvalidValueError(
        what=f"{where}: tables or arrays are nested more than {MAX_DEPTH} deep",
        why="nothing that is read here lies that deep",
        fix="look for brackets that were never closed",
    )
