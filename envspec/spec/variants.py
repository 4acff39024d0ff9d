"""Merges a variant into the tables of its spec, and remembers what came from where."""

from __future__ import annotations

from typing import Any

from envspec.named_tuple import NamedTuple

Place = tuple[str | int, ...]
"""Keys and positions that lead to a value: ``("index", 0, "name")``."""


class Merged(NamedTuple):
    """The raw tables of one variant, and where in the file each part of them stands."""

    variant: str
    tables: dict[str, Any]
    came_from: dict[Place, Place]
    """Place in ``tables`` to place inside the variant, for what the variant brought."""

    def origin(self, place: Place) -> Place:
        """Where in the file the value at ``place`` is written."""
        for length in range(len(place), 0, -1):
            if place[:length] in self.came_from:
                return ("variants", self.variant, *self.came_from[place[:length]], *place[length:])
        return place

    def in_variant(self, place: Place) -> Place:
        """Where in the file the variant itself would say something at ``place``."""
        origin = self.origin(place)
        return origin if origin[:1] == ("variants",) else ("variants", self.variant, *place)


def merge(base: dict[str, Any], variant: str, own: dict[str, Any]) -> Merged:
    """Lay ``own`` over ``base``: tables merge by key, arrays replace, [[index]] merges by name.

    ``extra-requirements`` needs no rule here: it's a key of its own, that the base can't have.
    """
    came_from: dict[Place, Place] = {}
    return Merged(variant, _merge_tables(base, own, (), came_from), came_from)


def _merge_tables(
    base: dict[str, Any], own: dict[str, Any], place: Place, came_from: dict[Place, Place]
) -> dict[str, Any]:
    result = dict(base)
    for key, value in own.items():
        here = (*place, key)
        before = base.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            result[key] = _merge_tables(before, value, here, came_from)
        elif here == ("index",) and isinstance(before, list) and isinstance(value, list):
            result[key] = _merge_indexes(before, value, came_from)
        else:
            result[key] = value
            came_from[here] = here
    return result


def _merge_indexes(base: list[Any], own: list[Any], came_from: dict[Place, Place]) -> list[Any]:
    result = list(base)
    positions = {_index_name(entry): position for position, entry in reversed(list(enumerate(base)))}
    positions.pop(None, None)
    for own_position, entry in enumerate(own):
        position = positions.pop(_index_name(entry), None)
        if position is None:
            came_from["index", len(result)] = ("index", own_position)
            result.append(entry)
            continue
        result[position] = {**base[position], **entry}
        for key in entry:
            came_from["index", position, key] = ("index", own_position, key)
    return result


def _index_name(entry: Any) -> str | None:
    name = entry.get("name") if isinstance(entry, dict) else None
    return name if isinstance(name, str) else None
