"""Table: what all tables of a spec have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, TypeVar, overload

from envspec.named_tuple import NamedTuple
from envspec.spec.kinds import Kind
from envspec.spec.problems import Spot, WrongValueError

T = TypeVar("T")

_REQUIRED: Any = object()


class Key(NamedTuple):
    """One key of a table."""

    kind: Kind[Any]
    default: Any
    examples: list[Any]
    name: str = ""
    """As a spec writes it: in kebab-case."""
    attribute: str = ""

    @property
    def is_required(self) -> bool:
        """Whether it must stand in the table."""
        return self.default is _REQUIRED

    def example(self) -> str:
        """A line to copy, such as ``glibc = "2.28"``; empty where there's none."""
        return f"{self.name} = {_toml(self.examples[0])}" if self.examples else ""


@overload
def key(kind: Kind[T], *, examples: list[Any] = ...) -> T: ...
@overload
def key(kind: Kind[T], default: None, *, examples: list[Any] = ...) -> T | None: ...
@overload
def key(kind: Kind[T], default: T, *, examples: list[Any] = ...) -> T: ...
def key(kind: Kind[Any], default: Any = _REQUIRED, *, examples: list[Any] | None = None) -> Any:
    """Declare a key of a Table; an instance then has the value or ``default``, the class the default."""
    return Key(kind, default, examples or [])


class Table:
    """One table of a spec: frozen, unknown keys refused, keys in kebab-case.

    Source and place of each key's description is the docstring below it, which ``envspec schema`` reads.
    """

    KEYS: ClassVar[Mapping[str, Key]] = {}
    """By the names that a spec writes, in the order in which messages list them."""

    def __init_subclass__(cls) -> None:
        keys = {}
        for attribute, value in list(vars(cls).items()):
            if isinstance(value, Key):
                name = attribute.replace("_", "-")
                keys[name] = value._replace(name=name, attribute=attribute)
                setattr(cls, attribute, value.default)
        cls.KEYS = keys

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and all(
            getattr(self, key.attribute) == getattr(other, key.attribute) for key in self.KEYS.values()
        )

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"
        )

    @classmethod
    def read(cls, value: Any, at: Spot) -> Any:
        """The table that ``value`` says; every problem of it joins those of ``at``."""
        if not isinstance(value, dict):
            return at.refuse_type(value, "a table")
        before = len(at.problems)
        values = {}
        for name, key in cls.KEYS.items():
            if name in value:
                values[key.attribute] = key.kind.read(value[name], at.inside(name, key))
            elif key.is_required:
                values[key.attribute] = at.inside(name, key).miss()
        for name in value:
            if name not in cls.KEYS:
                at.inside(name).refuse_key(cls)
        table = cls(**values)
        wrong = {problem.place[len(at.place)] for problem in at.problems[before:]}
        for error in table._check():
            if wrong.isdisjoint(error.of):
                at.refuse_wrong(error, value)
        return table if len(at.problems) == before else None

    def _check(self) -> Iterator[WrongValueError]:
        """Where values that are fine by themselves don't hold together; those that aren't are None here."""
        return iter(())

    def whole(self) -> dict[str, Any]:
        """Every key by its name, defaults filled in, as JSON could hold it."""
        return {name: _plain(getattr(self, key.attribute)) for name, key in self.KEYS.items()}

    def said(self) -> dict[str, Any]:
        """What differs from the defaults, as JSON could hold it."""
        values = {name: getattr(self, key.attribute) for name, key in self.KEYS.items()}
        return {name: _plain(value) for name, value in values.items() if value != self.KEYS[name].default}


def _plain(value: Any) -> Any:
    if isinstance(value, Table):
        return value.said()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, dict) else value


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f'"{key}" = {_toml(inner)}' for key, inner in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(_toml(inner) for inner in value)}]"
    return f'"{value}"' if isinstance(value, str) else str(value)
