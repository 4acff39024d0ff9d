"""Reopen: pins that a search which took steps back left older than need be.

What held such a pin down gave way later, and the pin stayed. One that nothing holds down is made
anew where that costs nothing else: all that the newer release demands is pinned already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from envspec.errors import OfflineError
from envspec.resolve.candidate import Candidate, Demand, Matches
from envspec.resolve.provider import Provider

_TRIED = 3


def reopened(
    found: Mapping[str, Candidate],
    roots: Sequence[Demand],
    provider: Provider,
    foresee: Callable[[Any, int, int], None],
) -> dict[str, Candidate]:
    """The same solution with newer releases where no other pin changes. Raises OutsideError."""
    pins = dict(found)
    demands = _demands(pins, roots, provider)
    names = [key for key, pin in pins.items() if not pin.extra and not pin.project.direct_url]
    for name in names:
        newer = _newer(pins[name], demands[name], provider)
        if newer is not None:
            foresee(newer.project, newer.mask, _TRIED)
    for name in names:
        newer = _newer(pins[name], demands[name], provider)
        for candidate in islice(newer or (), _TRIED):
            moved = _moved(candidate, pins, provider)
            if moved is not None:
                pins.update(moved)
                demands = _demands(pins, roots, provider)
                break
    return pins


def _demands(
    pins: Mapping[str, Candidate], roots: Iterable[Demand], provider: Provider
) -> dict[str, list[Demand]]:
    """Project to what's asked of it, but for what its own extras ask."""
    demands: dict[str, list[Demand]] = {pin.project.name: [] for pin in pins.values()}
    for demand in (*roots, *(d for pin in pins.values() for d in provider.get_dependencies(pin))):
        if not demand.extra and demand.place < 0:
            demands.setdefault(demand.name, []).append(demand)
    return demands


def _newer(pin: Candidate, demands: Sequence[Demand], provider: Provider) -> Matches | None:
    """The releases that would be picked before the one that's pinned."""
    name = pin.project.name
    matches = provider.find_matches(name, {name: iter(demands)}, {name: iter(())})
    if not isinstance(matches, Matches) or next(iter(matches)) is pin:
        return None
    before = matches.mask & ((1 << pin.place) - 1)
    return provider.only(matches, before) if before else None


def _moved(
    candidate: Candidate, pins: Mapping[str, Candidate], provider: Provider
) -> dict[str, Candidate] | None:
    """The pins of the candidate's project and its extras at its release; None where others would change."""
    project = candidate.project
    keys = [key for key, pin in pins.items() if pin.project is project]
    moved = {key: provider.candidate(project, candidate.place, pins[key].extra) for key in keys}
    try:
        if not all(map(provider.examine, moved.values())):
            return None
    except OfflineError:
        return None
    after = {**pins, **moved}
    for demand in (d for new in moved.values() for d in provider.get_dependencies(new)):
        pin = after.get(demand.key)
        if pin is None or not provider.is_satisfied_by(demand, pin):
            return None
    return moved
