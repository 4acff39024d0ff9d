"""Conflicts: wheels that would install different bytes at one path, where the last one wins silently."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from envspec.audit.reading import Reading
from envspec.named_tuple import NamedTuple


class PathConflict(NamedTuple):
    """Two wheels of one lock that can't both be installed whole."""

    first: str
    """Project names, sorted."""
    second: str
    differing: tuple[str, ...]
    """Paths at which their bytes differ, by size or CRC-32."""
    shared: int
    """Paths that both have, the equal ones too."""


def path_conflicts(readings: Mapping[str, Reading]) -> tuple[PathConflict, ...]:
    """Among all wheels, by project."""
    first_at: dict[str, list[tuple[str, int, int]]] = {}
    for project in sorted(readings):
        for path, size, crc in readings[project].files:
            first_at.setdefault(path, []).append((project, size, crc))
    shared: dict[tuple[str, str], int] = {}
    differing: dict[tuple[str, str], list[str]] = {}
    for path, holders in first_at.items():
        for one, other in _pairs(holders) if len(holders) > 1 else ():
            pair = (one[0], other[0])
            shared[pair] = shared.get(pair, 0) + 1
            if one[1:] != other[1:]:
                differing.setdefault(pair, []).append(path)
    return tuple(
        PathConflict(one, other, tuple(sorted(paths)), shared[one, other])
        for (one, other), paths in sorted(differing.items())
    )


def _pairs(
    holders: list[tuple[str, int, int]],
) -> Iterable[tuple[tuple[str, int, int], tuple[str, int, int]]]:
    return ((one, other) for place, one in enumerate(holders) for other in holders[place + 1 :])
