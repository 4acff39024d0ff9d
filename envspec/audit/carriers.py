"""Carriers: the functions of a package that hand one of their parameters on to what fetches."""

from __future__ import annotations

from collections.abc import Iterator

from envspec.audit.package import SourceText
from envspec.audit.place import Place
from envspec.audit.scope import SourceFile
from envspec.audit.tables import SinkRow
from envspec.named_tuple import NamedTuple

_MOST_A_FUNCTION = 16


class Carrier(NamedTuple):
    """What becomes of one parameter."""

    row: SinkRow
    parameter: str
    through: str
    """Module of the sink."""


class Carriers:
    """By the dotted name of the function, or of the class whose ``__init__`` it is."""

    def __init__(self) -> None:
        self._known: dict[str, list[Carrier]] = {}
        self.count = 0

    def __contains__(self, dotted: str) -> bool:
        return dotted in self._known

    def of(self, dotted: str) -> tuple[Carrier, ...]:
        """What a function hands on."""
        return tuple(self._known.get(dotted, ()))

    def add(self, file: SourceFile, place: Place, carrier: Carrier) -> None:
        """Note that the function at ``place`` is one."""
        if place.is_class or place.parent is None:
            return
        known = self._known.setdefault(carrier_name(file, place), [])
        if carrier not in known and len(known) < _MOST_A_FUNCTION:
            known.append(carrier)
            self.count += 1

    def names_in(self, text: SourceText, everywhere: bool) -> Iterator[bytes]:
        """Names that stand in the file, by which it may call one: its own, or ``everywhere`` all."""
        for dotted in self._known:
            last = dotted.rpartition(".")[2].encode()
            is_near = everywhere or dotted.startswith(f"{text.module}.")
            if is_near and last not in text.hits and last in text.data:
                yield last


def carrier_name(file: SourceFile, place: Place) -> str:
    """How calls name a function."""
    return f"{file.module}.{place.name}".removesuffix(".__init__")
