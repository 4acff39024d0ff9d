"""What's wrong with a spec, in sentences a user can act on, gathered while it's read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from envspec.errors import InvalidValueError
from envspec.named_tuple import NamedTuple
from envspec.spec.shown import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envspec.spec.table import Key, Table
    from envspec.spec.variants import Place


class WrongValueError(Exception):
    """A check refuses a value; whoever reads the value turns it into a problem at its place."""

    def __init__(self, why: str, fix: str = "", at: Place = (), of: Sequence[str] = ()) -> None:
        super().__init__(why)
        self.why = why
        self.fix = fix
        self.at = at
        """Where inside the table that was checked."""
        self.of = of
        """Keys of that table that this is about: nothing is known of it where one of them is wrong itself."""


class Problem(NamedTuple):
    """One thing that's wrong, at its place in the tables that were read."""

    place: Place
    found: str
    """What was met: ``missing``, ``no such key``, ``'2,28' can't be read``."""
    why: str
    fix: str
    of_a_value: bool
    """True where a written value is at fault by itself; False for absences and contradictions."""

    def to_error(self, where: str, place: Place) -> InvalidValueError:
        """The error to show, as if it stood at ``place`` of the file ``where``."""
        return InvalidValueError(what=f"{where}: {spell(place)}: {self.found}", why=self.why, fix=self.fix)


class Spot(NamedTuple):
    """Where a value is read; refusals there join ``problems``, and return nothing to go on with."""

    place: Place
    key: Key | None
    """The key that holds the value or the array of it, for its examples."""
    problems: list[Problem]

    def inside(self, step: str | int, key: Key | None = None) -> Spot:
        """One step deeper, under ``key`` where that's another one."""
        return Spot((*self.place, step), key, self.problems)

    def refuse(self, value: Any, why: str) -> None:
        """``value`` isn't what stands here; the key's example follows."""
        self._refuse(f"{shown(value)} can't be read", why, self._example())

    def refuse_type(self, value: Any, wanted: str, *, fits_as_text: bool = False) -> None:
        """``value`` isn't ``a string``, or whatever is wanted; in quotes it may be what is."""
        if fits_as_text:
            fix = f'write it in quotes: "{shown(value)}"'
        elif wanted == "a table" and isinstance(value, list):
            fix = f"write [{spell(self.place)}] with single brackets"
        else:
            fix = self._example() or self._as_table(many=wanted == "an array")
        self._refuse(f"{shown(value)} can't be read", f"it must be {wanted}", fix)

    def refuse_choice(self, value: Any, choices: Sequence[str], meant: Any = None) -> None:
        """``value`` is none of ``choices``; the one nearest to what's ``meant`` by it is told."""
        from difflib import get_close_matches

        meant = value if meant is None else meant
        near = get_close_matches(meant.lower(), choices, n=1, cutoff=0.5) if isinstance(meant, str) else []
        why = f"it must be one of: {', '.join(choices)}"
        self._refuse(f"{shown(value)} can't be read", why, f"did you mean {near[0]!r}?" if near else "")

    def refuse_wrong(self, error: WrongValueError, value: Any) -> None:
        """A check refused ``value``, which may be a whole table."""
        is_table = isinstance(value, dict)
        found = "doesn't hold together" if is_table else f"{shown(value)} can't be read"
        place = (*self.place, *error.at)
        self.problems.append(Problem(place, found, error.why, error.fix, of_a_value=not is_table))

    def miss(self, why: str = "the lock depends on it", fix: str | None = None) -> None:
        """The value that must stand here isn't there."""
        fix = (self._example() or self._as_table()) if fix is None else fix
        self.problems.append(Problem(self.place, "missing", why, fix, of_a_value=False))

    def refuse_key(self, table: type[Table]) -> None:
        """``table`` has no such key."""
        from envspec.spec.known_keys import suggestion

        known = tuple(table.KEYS)
        why = f"{_header(self.place[:-1])} knows {', '.join(known)}"
        self._refuse("no such key", why, suggestion(str(self.place[-1]), known))

    def _refuse(self, found: str, why: str, fix: str) -> None:
        self.problems.append(Problem(self.place, found, why, fix, of_a_value=True))

    def _example(self) -> str:
        example = self.key.example() if self.key else ""
        return f"for example {example}" if example else ""

    def _as_table(self, *, many: bool = False) -> str:
        if self.key is None or not self.key.kind.tables:
            return ""
        return f"write [[{spell(self.place)}]]" if many else f"write [{spell(self.place)}]"


def spell(place: Place) -> str:
    """``target.disk."/".free`` and ``index[0].name``, as TOML would write the keys."""
    text = ""
    for step in place:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            key = step if re.fullmatch(r"[A-Za-z0-9_-]{1,80}", step) else _quoted(step)
            text += f".{key}" if text else key
    return text


def _header(place: Place) -> str:
    if not place:
        return "the top of the file"
    keys = spell(tuple(step for step in place if isinstance(step, str)))
    return f"[[{keys}]]" if isinstance(place[-1], int) else f"[{keys}]"


def _quoted(key: str) -> str:
    return '"' + shown(key)[1:-1].replace('"', '\\"') + '"'
