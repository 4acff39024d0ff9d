"""Kinds of values: each reads one from what TOML gave, and tells editors its JSON Schema.

``Kind[T]`` reads a ``T``, or adds problems to the spot; what it returns then is of no use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from envspec.spec.problems import Spot, WrongValueError
from envspec.spec.shown import shown

if TYPE_CHECKING:
    from envspec.spec.table import Table

T = TypeVar("T")
TableT = TypeVar("TableT", bound="Table")
Schema = dict[str, Any]

MAX_TEXT_LENGTH = 4096
"""No path, URL or requirement is longer; longer ones are attacks or accidents."""


class Kind(Generic[T]):
    """One kind of value."""

    tables: Sequence[type[Table]] = ()
    """The tables that stand in it."""
    words: Sequence[str] = ()
    """The words that it may be, where it's one of a few."""

    def read(self, value: Any, at: Spot) -> Any:
        """The value in its one form."""
        raise NotImplementedError

    def schema(self) -> Schema:
        """Its JSON Schema."""
        raise NotImplementedError


class Checked(Kind[str]):
    """Whatever ``check`` makes a text of; it raises WrongValueError for all else."""

    def __init__(self, check: Callable[[Any], str], schema: Schema) -> None:
        self.check = check
        self._schema = {"type": "string", **schema}

    def read(self, value: Any, at: Spot) -> Any:
        """The text that ``check`` gives."""
        try:
            return self.check(value)
        except WrongValueError as error:
            return at.refuse_wrong(error, value)

    def schema(self) -> Schema:
        """A string."""
        return dict(self._schema)


class Text(Checked):
    """One line of text that isn't empty, of a form that ``check`` knows."""

    def __init__(self, check: Callable[[str], str] = str, schema: Schema | None = None) -> None:
        super().__init__(lambda text: check(_line(text)), schema or {})

    def read(self, value: Any, at: Spot) -> Any:
        """The text in its one form."""
        if isinstance(value, str):
            return super().read(value, at)
        return at.refuse_type(value, "a string", fits_as_text=self._fits_as_text(value))

    def _fits_as_text(self, number: Any) -> bool:
        if not isinstance(number, (int, Decimal)) or isinstance(number, bool):
            return False
        try:
            self.check(shown(number))
        except WrongValueError:
            return False
        return True


def _line(text: str) -> str:
    if not text.strip():
        raise WrongValueError("it's empty")
    if len(text) > MAX_TEXT_LENGTH:
        raise WrongValueError(f"it's {len(text)} characters long, {MAX_TEXT_LENGTH} are the most")
    if not text.isprintable():
        raise WrongValueError(
            "it holds a character that can't be printed", "write it on one line, without tabs"
        )
    return text.strip()


class Choice(Kind[str]):
    """One of a few words; ``others`` says which of them is meant by words that aren't."""

    def __init__(self, *words: str, others: Mapping[str, str] | None = None) -> None:
        self.words = words
        self._others = others or {}

    def read(self, value: Any, at: Spot) -> Any:
        """The word."""
        if value in self.words:
            return value
        meant = self._others.get(value.lower(), value) if isinstance(value, str) else value
        return at.refuse_choice(value, self.words, meant)

    def schema(self) -> Schema:
        """The words."""
        choice = {"const": self.words[0]} if len(self.words) == 1 else {"enum": list(self.words)}
        return {"type": "string", **choice}


class Count(Kind[int]):
    """A whole number from 1 to ``most``."""

    def __init__(self, most: int) -> None:
        self.most = most

    def read(self, value: Any, at: Spot) -> Any:
        """The number."""
        if not isinstance(value, int) or isinstance(value, bool):
            return at.refuse_type(value, "a whole number")
        if value <= 0:
            return at.refuse(value, "input should be greater than 0")
        if value > self.most:
            return at.refuse(value, f"input should be less than or equal to {self.most}")
        return value

    def schema(self) -> Schema:
        """An integer and its bounds."""
        return {"type": "integer", "exclusiveMinimum": 0, "maximum": self.most}


class Flag(Kind[bool]):
    """true or false."""

    def read(self, value: Any, at: Spot) -> Any:
        """The truth."""
        return value if isinstance(value, bool) else at.refuse_type(value, "true or false")

    def schema(self) -> Schema:
        """A boolean."""
        return {"type": "boolean"}


class Array(Kind[tuple[T, ...]]):
    """Values of one kind, in order."""

    def __init__(self, item: Kind[T], *, may_be_empty: bool = True) -> None:
        self.item = item
        self.may_be_empty = may_be_empty
        self.tables = item.tables

    def read(self, value: Any, at: Spot) -> Any:
        """The values, each read."""
        if not isinstance(value, list):
            return at.refuse_type(value, "an array")
        if not value and not self.may_be_empty:
            return at.refuse(value, "it's empty")
        return tuple(self.item.read(item, at.inside(n, at.key)) for n, item in enumerate(value))

    def schema(self) -> Schema:
        """An array."""
        bound = {} if self.may_be_empty else {"minItems": 1}
        return {"type": "array", "items": self.item.schema(), **bound}


class ByKey(Kind[dict[str, T]]):
    """A table whose keys the user chooses, of the kind ``key``."""

    def __init__(self, key: Kind[str], item: Kind[T]) -> None:
        self.key = key
        self.item = item
        self.tables = item.tables

    def read(self, value: Any, at: Spot) -> Any:
        """Keys and values, each read."""
        if not isinstance(value, dict):
            return at.refuse_type(value, "a table")
        read: dict[str, Any] = {}
        for key, item in value.items():
            name = self.key.read(key, at.inside(key))
            if name is not None and name in read:
                at.inside(key).refuse(key, "it stands here in another spelling, too")
            read[name] = self.item.read(item, at.inside(key))
        return read

    def schema(self) -> Schema:
        """An object of any keys."""
        return {"type": "object", "additionalProperties": self.item.schema()}


class Of(Kind[TableT]):
    """A table, or the string that ``short`` makes the table of."""

    def __init__(
        self, table: type[TableT], short: Callable[[str], dict[str, Any] | None] | None = None
    ) -> None:
        self.tables = (table,)
        self.short = short

    def read(self, value: Any, at: Spot) -> Any:
        """The table; None where the string says so."""
        if self.short is not None and isinstance(value, str):
            try:
                value = self.short(value)
            except WrongValueError as error:
                return at.refuse_wrong(error, value)
            if value is None:
                return None
        elif self.short is not None and not isinstance(value, dict):
            return at.refuse_type(value, "a string or a table")
        return self.tables[0].read(value, at)

    def schema(self) -> Schema:
        """A reference to the table's definition."""
        reference = {"$ref": f"#/$defs/{self.tables[0].__name__}"}
        return {"anyOf": [{"type": "string"}, reference]} if self.short else reference


class Tagged(Kind[TableT]):
    """One of several tables: the one that has the word under ``tag`` among its choices.

    ``otherwise`` is the table of all other words, where its first key after the tag stands in it, too.
    """

    def __init__(self, tag: str, *tables: type[TableT], otherwise: type[TableT] | None = None) -> None:
        self.tag = tag
        self.tables = (*tables, otherwise) if otherwise else tables
        self._otherwise = otherwise
        self._by_word = {word: table for table in tables for word in table.KEYS[tag].kind.words}

    def read(self, value: Any, at: Spot) -> Any:
        """The table of the word."""
        if not isinstance(value, dict):
            return at.refuse_type(value, "a table")
        by_word = self._by_word
        at_tag = at.inside(self.tag)
        if self.tag not in value:
            why = f"[[{at.place[0]}]] has no {self.tag}, so nothing says how to read it"
            return at_tag.miss(why, f"{self.tag} is one of: {', '.join(by_word)}")
        word = value[self.tag]
        if isinstance(word, str) and word in by_word:
            return by_word[word].read(value, at)
        if self._otherwise is not None and [*self._otherwise.KEYS][1] in value:
            return self._otherwise.read(value, at)
        return at_tag.refuse_choice(word, tuple(by_word))

    def schema(self) -> Schema:
        """References to the tables' definitions, and which word is whose."""
        mapping = {word: f"#/$defs/{table.__name__}" for word, table in self._by_word.items()}
        references = [{"$ref": f"#/$defs/{table.__name__}"} for table in self.tables]
        return {"oneOf": references, "discriminator": {"propertyName": self.tag, "mapping": mapping}}
