"""Our NamedTuple is typing's, but for its price."""

from __future__ import annotations

import copy
import pickle
import typing
from typing import Any, cast

import pytest

from envspec.named_tuple import NamedTuple


class Ours(NamedTuple):
    """A value."""

    name: str
    amount: int = 0
    more: tuple[str, ...] = ()

    @property
    def twice(self) -> int:
        """A method of its own."""
        return 2 * self.amount


class Theirs(typing.NamedTuple):
    """A value."""

    name: str
    amount: int = 0
    more: tuple[str, ...] = ()

    @property
    def twice(self) -> int:
        """A method of its own."""
        return 2 * self.amount


class Empty(NamedTuple):
    """Without a field."""


@pytest.mark.parametrize(
    "asked",
    [
        lambda kind: kind("x"),
        lambda kind: kind("x", 3, more=("y",)),
        lambda kind: kind(name="x", amount=1),
        lambda kind: kind("x", 3).twice,
        lambda kind: kind("x")._replace(amount=4),
        lambda kind: kind._make(["x", 1, ()]),
        lambda kind: kind("x")._asdict(),
        lambda kind: repr(kind("x", 2)).removeprefix(kind.__name__),
        lambda kind: (kind._fields, kind._field_defaults, kind.__match_args__, kind.__doc__),
        lambda kind: typing.get_type_hints(kind),
        lambda kind: (kind("x", 1) < kind("x", 2), hash(kind("x")), kind("x") == ("x", 0, ())),
        lambda kind: pickle.loads(pickle.dumps(kind("x", 1))),
        lambda kind: copy.deepcopy(kind("x", 1)),
        lambda kind: [name for name in ("name", "amount") if getattr(kind("x"), name) == "x"],
    ],
)  # fmt: skip
def test_it_answers_as_typings_does(asked: Any) -> None:
    assert asked(Ours) == asked(Theirs)


@pytest.mark.parametrize(
    "broken",
    [
        lambda kind: kind(),
        lambda kind: kind("x", wrong=1),
        lambda kind: kind("x", 1, (), 4),
        lambda kind: kind._make(["x"]),
        lambda kind: kind("x")._replace(wrong=1),
        lambda kind: setattr(kind("x"), "name", "y"),
        lambda kind: setattr(kind("x"), "wrong", "y"),
    ],
)
def test_it_refuses_what_typings_refuses(broken: Any) -> None:
    with pytest.raises((TypeError, ValueError, AttributeError)) as theirs:
        broken(Theirs)
    with pytest.raises(type(theirs.value)):
        broken(Ours)


def test_a_missing_argument_is_told_with_the_classs_name() -> None:
    with pytest.raises(TypeError, match=r"Ours\.__new__\(\) missing 1 required positional argument: 'name'"):
        Ours()  # type: ignore[call-arg]


def test_fields_and_no_others_are_kept() -> None:
    assert Empty() == ()
    assert not hasattr(Ours("x"), "__dict__")
    assert isinstance(Ours("x"), tuple)


def test_a_field_without_a_default_after_one_with_is_refused() -> None:
    with pytest.raises(TypeError, match="without a default"):
        exec(
            "from __future__ import annotations\nclass Bad(NamedTuple):\n    one: int = 1\n    two: int\n",
            {"NamedTuple": NamedTuple, "__name__": __name__},
        )


def test_a_generic_one_has_to_be_typings() -> None:
    T = typing.TypeVar("T")
    with pytest.raises(TypeError, match="has to be typing's"):

        class Pair(NamedTuple, typing.Generic[T]):
            one: T


def test_annotations_that_are_not_read_yet_are_left_to_typing() -> None:
    """From CPython 3.14 on, a class body without the future import holds a function in their place."""
    made: Any = cast("Any", type(NamedTuple))("Made", (NamedTuple,), {"__module__": __name__})
    assert made() == ()
