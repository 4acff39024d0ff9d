"""Thickets: made universes in which many projects bind each other's versions, so that conflicts don't end."""

from __future__ import annotations

import random
from typing import Any

import pytest

from envspec.resolve.candidate import Demand
from envspec.resolve.provider import Provider
from envspec.resolve.solver import Conflict, Solver
from tests.resolve.universe import Universe, no_network, pins, solve

PROJECTS, RELEASES = 16, 10
ROOTS = [f"p{number:02}" for number in range(0, PROJECTS, 2)]


def thicket(seed: int) -> Universe:
    """Each release asks for two others near its own number, as families do that move together."""
    chance = random.Random(seed)
    releases: dict[str, dict[str, Any]] = {}
    for number in range(PROJECTS):
        versions = releases[f"p{number:02}"] = {}
        for version in range(1, RELEASES + 1):
            requires = []
            for other in chance.sample(range(PROJECTS), 2):
                if other != number:
                    low = max(1, version - chance.randint(0, 3))
                    requires.append(f"p{other:02}>={low},<={low + chance.randint(0, 2)}")
            versions[str(version)] = {"requires": requires}
    return Universe(releases)


def hopeful(universe: Universe, **options: Any) -> tuple[Solver, list[Demand]]:
    _, catalog, _ = solve(Universe({"p": {"1": {}}}), ["p"])
    catalog._default = universe
    provider = Provider(catalog, constraints={}, allow_prereleases=False, preferred={}, direct=no_network)
    roots = [Demand(name) for name in ROOTS]
    provider.set_roots(roots)
    return Solver(provider, catalog.foresee, **options), roots


def test_pins_that_move_each_other_in_a_circle_are_left_soon() -> None:
    solver, roots = hopeful(thicket(25))
    with pytest.raises(Conflict) as conflict:
        solver.solve(roots)
    assert conflict.value.gave_up
    assert solver.rounds < 10_000
    assert pins(solve(thicket(25), ROOTS)[0]).keys() >= set(ROOTS)


def test_a_new_run_decides_first_what_the_conflicts_of_the_last_were_about() -> None:
    first, roots = hopeful(thicket(6), max_jumps=1000)
    with pytest.raises(Conflict) as conflict:
        first.solve(roots)
    assert conflict.value.gave_up
    again, roots = hopeful(thicket(6), heat=first.heat, max_jumps=1000)
    assert again.solve(roots).keys() >= set(ROOTS)
    cold, roots = hopeful(thicket(6), max_jumps=2000)
    with pytest.raises(Conflict):
        cold.solve(roots)
