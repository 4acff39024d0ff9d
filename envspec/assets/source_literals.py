"""Tables in the source of a locked distribution, read as literals: nothing of it is imported or run."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from typing import Any

MAX_SOURCE_BYTES = 8 * 1024 * 1024


def parse(source: bytes) -> ast.Module | None:
    """The syntax tree; None where Python can't parse it, or it's too long."""
    if len(source) > MAX_SOURCE_BYTES:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def literal(tree: ast.Module, name: str) -> Any:
    """What the module assigns to ``name`` at its top, the last time; None where that's no literal."""
    found = None
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            targets, value = statement.targets, statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            targets, value = [statement.target], statement.value
        else:
            continue
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            found = _value(value)
    return found


def functions(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    """The functions at the top of the module."""
    return {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef)}


def calls(function: ast.FunctionDef) -> Iterator[tuple[str, list[str], dict[str, str]]]:
    """(name, positional strings, keyword strings) of each call in it, in the order of the source."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            name = str(getattr(node.func, "id", None) or getattr(node.func, "attr", ""))
            named = {each.arg: text for each in node.keywords if each.arg and (text := _text(each.value))}
            yield name, [text for each in node.args if (text := _text(each))], named


def _text(node: ast.expr) -> str:
    value = _value(node)
    return value if isinstance(value, str) else ""


def _value(node: ast.expr) -> Any:
    """What the expression says; of a dict also where some of its cells are no literals: these are None."""
    if isinstance(node, ast.Dict):
        cells = (
            (_value(key), _value(value)) for key, value in zip(node.keys, node.values, strict=True) if key
        )
        return {key: value for key, value in cells if isinstance(key, str)}
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
