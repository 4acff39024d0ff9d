"""One call in a source file: which of its arguments names a model, and whether it's one that fetches."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from envspec.audit.place import Place
from envspec.audit.tables import SinkRow

MAX_WHAT = 32
MAX_WHAT_CHARACTERS = 300


def subject(row: SinkRow, node: ast.Call) -> ast.expr | None:
    """The argument that names the model or the URL."""
    for keyword in node.keywords:
        if keyword.arg in row.argument:
            return keyword.value
    if len(node.args) > row.position and not any(isinstance(arg, ast.Starred) for arg in node.args):
        return node.args[row.position]
    return None


def given(node: ast.Call, parameter: str, taker: Place | None) -> ast.expr | None:
    """What a call gives to one parameter of the function it calls."""
    for keyword in node.keywords:
        if keyword.arg == parameter:
            return keyword.value
    if taker is None:
        return None
    names = [name for name in taker.defaults if name not in ("self", "cls")]
    place = names.index(parameter) if parameter in names else -1
    return node.args[place] if 0 <= place < len(node.args) else None


def is_on(row: SinkRow, node: ast.Call) -> bool:
    """Whether one of the arguments that make it a fetch is given, and neither None nor False."""
    for keyword in node.keywords:
        if keyword.arg in row.only_with:
            return not (isinstance(keyword.value, ast.Constant) and keyword.value.value in (None, False))
    return any(isinstance(arg, ast.Constant) and arg.value is True for arg in node.args[:1])


def told(what: Sequence[str], row: SinkRow) -> tuple[str, ...]:
    """As the provider knows the models: with the owner that it adds to a bare name."""
    texts = (plain(text) for text in what[:MAX_WHAT] if text and text != "{}")
    return tuple(
        f"{row.bare_prefix}{text}" if row.bare_prefix and "/" not in text and "{" not in text else text
        for text in texts
    )


def plain(text: str) -> str:
    """A text of the code for reports and locks: bounded, on one line, without what steers a terminal."""
    return "".join(char if char.isprintable() else "?" for char in text[:MAX_WHAT_CHARACTERS])
