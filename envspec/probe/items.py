"""Items of evidence as facts: known, not there (ENOENT), or not found out (every other error)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

import msgspec

from envspec.probe.evidence import Item
from envspec.probe.facts import Fact, absent, known, unknown
from envspec.probe.shown import plain

V = TypeVar("V")

_WHY = {
    "EACCES": "Permission denied",
    "EPERM": "Operation not permitted",
    "EIO": "Input/output error",
    "EINVAL": "it has a form that the probe can't carry",
    "timeout": "no answer in time",
    "abandoned": "no answer in time, and what asked can't be ended: it hangs in the kernel",
    "crashed": "what asked ended without an answer",
    "not-run": "another user may change the program, so it was not run",
    "no-time": "the probe's own time was over",
    "malformed": "the evidence can't be read here",
}


_EMPTY: dict[object, object] = {tuple: [], dict: {}}
"""What an item without a value stands for: an empty list or object is left out of the document."""


class Items:
    """The items of one document, asked by key."""

    def __init__(self, items: Mapping[str, Item], why_missing: str = "the probe didn't look for it") -> None:
        self._items = items
        self.why_missing = why_missing

    def get(self, key: str) -> Item | None:
        """The item as it stands; None where nothing looked for it."""
        return self._items.get(key)

    def starting(self, prefix: str) -> Iterator[tuple[str, Item]]:
        """Key and item of every key that begins so, in the document's order."""
        return ((key, item) for key, item in self._items.items() if key.startswith(prefix))

    def text(self, key: str) -> Fact[str]:
        """Its text, which may be empty; a command's whatever its status."""
        item = self._items.get(key)
        missing: Fact[str] | None = self._missing(key, item)
        if missing is not None or item is None:
            return missing or unknown(key)
        return known(item.text or "", _how(key))

    def value(self, key: str, kind: type[V]) -> Fact[V]:
        """Its value as ``kind``, an empty one where it is left out; unknown of another shape."""
        item = self._items.get(key)
        missing: Fact[V] | None = self._missing(key, item)
        if missing is not None or item is None:
            return missing or unknown(key)
        return self.value_despite_error(key, kind)

    def value_despite_error(self, key: str, kind: type[V]) -> Fact[V]:
        """The same, also of an item with an error: what a call had said before it got no further."""
        item = self._items.get(key) or Item()
        value = item.value
        if value is None:
            value = _EMPTY.get(getattr(kind, "__origin__", kind))
        if value is None:
            return unknown(_how(key), "the evidence doesn't say")
        try:
            return known(msgspec.convert(value, kind), _how(key))
        except (msgspec.ValidationError, RecursionError) as error:
            return unknown(_how(key), f"the evidence can't be read: {plain(str(error))}")

    def _missing(self, key: str, item: Item | None) -> Fact[V] | None:
        if item is None:
            return unknown(_how(key), self.why_missing)
        if item.error == "ENOENT":
            return absent(_how(key), "it isn't there")
        if item.error:
            return unknown(_how(key), said_why(item.error))
        return None


def said_why(error: str) -> str:
    """A sentence's part for an item's error."""
    return _WHY.get(error, plain(error, 60))


def _how(key: str) -> str:
    kind, _, rest = key.partition(":")
    return key if kind == "call" else rest
