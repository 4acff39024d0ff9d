"""Place: the module, a class or a function of one source file, with the names that are given values in it."""

from __future__ import annotations

import ast

from envspec.named_tuple import NamedTuple


class Place:
    """The module, a class or a function, with the names that are given values in it."""

    __slots__ = ("annotations", "defaults", "is_class", "name", "node", "parent", "values")

    def __init__(self, name: str, parent: Place | None, node: ast.AST, is_class: bool = False) -> None:
        self.name = name
        """Qualified: ``KeyBERT.__init__``; empty for the module."""
        self.parent = parent
        self.node = node
        self.is_class = is_class
        self.values: dict[str, list[ast.expr]] = {}
        self.defaults: dict[str, ast.expr | None] = {}
        """Parameters, in order."""
        self.annotations: dict[str, ast.expr] = {}

    @property
    def line(self) -> int:
        """Where it begins; 0 for the module."""
        return int(getattr(self.node, "lineno", 0))

    @property
    def owner(self) -> Place | None:
        """The class around a method."""
        place = self.parent
        while place is not None and not place.is_class:
            place = place.parent
        return place


class CallAt(NamedTuple):
    """One call and where it stands."""

    node: ast.Call
    place: Place
    in_main: bool
    """Under ``if __name__ == "__main__"``."""


def parameters(arguments: ast.arguments) -> dict[str, ast.expr | None]:
    """Name to default, None for a parameter without one."""
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    found = dict(zip((each.arg for each in positional), [*defaults, *arguments.defaults], strict=True))
    found.update(zip((each.arg for each in arguments.kwonlyargs), arguments.kw_defaults, strict=True))
    return found


def give(target: ast.expr, value: ast.expr, place: Place) -> None:
    """Note that a name, or an attribute of ``self``, is given a value."""
    if isinstance(target, ast.Name):
        place.values.setdefault(target.id, []).append(value)
    elif (
        isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self"
    ):
        owner = place.owner
        if owner is not None:
            owner.values.setdefault(target.attr, []).append(value)


def is_main_test(node: ast.expr) -> bool:
    """Whether it's ``__name__ == "__main__"``."""
    return (
        isinstance(node, ast.Compare)
        and isinstance(node.left, ast.Name)
        and node.left.id == "__name__"
        and len(node.comparators) == 1
        and isinstance(node.comparators[0], ast.Constant)
        and node.comparators[0].value == "__main__"
    )
