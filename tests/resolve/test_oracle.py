"""Made universes, solved by us, by plain resolvelib, and by trying everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.version import Version
from resolvelib import AbstractProvider, BaseReporter, ResolutionImpossible, Resolver

from envspec.resolve.explain import explanation
from envspec.resolve.resolution import Resolution
from tests.resolve.universe import Universe, pins, solve

NAMES = ("ant", "bee", "cat", "dog", "elk")
VERSIONS = ("1.0", "1.1", "2.0", "3.0a1")
SPECIFIERS = ("", "==1.0", "==1.*", ">=1.1", "<2", "!=1.1", ">=2", "<=1.1", "==2.0", ">=3.0a1", "~=1.0")
EXTRAS = ("", "", "", "[x]")

Releases = Mapping[str, Mapping[str, Mapping[str, Any]]]


@st.composite
def requirement_texts(draw: st.DrawFn, *, behind: bool = False) -> str:
    name, extra, specifier = (draw(st.sampled_from(choice)) for choice in (NAMES, EXTRAS, SPECIFIERS))
    marker = draw(st.sampled_from(("", "", "", '; extra == "x"'))) if behind else ""
    return f"{name}{extra}{specifier}{marker}"


@st.composite
def universes(draw: st.DrawFn) -> tuple[Releases, list[str]]:
    releases: dict[str, dict[str, dict[str, Any]]] = {}
    for name in NAMES[: draw(st.integers(2, len(NAMES)))]:
        versions = draw(st.lists(st.sampled_from(VERSIONS), min_size=1, max_size=3, unique=True))
        releases[name] = {
            version: {"requires": draw(st.lists(requirement_texts(behind=True), max_size=3))}
            for version in versions
        }
    return releases, draw(st.lists(requirement_texts(), min_size=1, max_size=3))


def required(releases: Releases, name: str, version: str, extras: frozenset[str]) -> list[Requirement]:
    """What a release requires with these extras, by packaging alone."""
    read = [Requirement(text) for text in releases[name][version]["requires"]]
    return [
        r for r in read if r.marker is None or any(r.marker.evaluate({"extra": e}) for e in ("", *extras))
    ]


def is_solution(releases: Releases, roots: Sequence[str], versions: Mapping[str, str]) -> bool:
    """Whether every requirement that the roots lead to is met."""
    waiting = [Requirement(text) for text in roots]
    asked: dict[str, frozenset[str]] = {}
    while waiting:
        requirement = waiting.pop()
        version = versions.get(requirement.name)
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            return False
        extras = asked.get(requirement.name, frozenset()) | requirement.extras
        if asked.get(requirement.name) != extras:
            asked[requirement.name] = extras
            waiting += required(releases, requirement.name, version, extras)
    return set(asked) == set(versions)


def every_choice(releases: Releases) -> Iterator[dict[str, str]]:
    names = list(releases)
    for choice in product(*([None, *releases[name]] for name in names)):
        yield {name: version for name, version in zip(names, choice, strict=True) if version is not None}


def has_solution(releases: Releases, roots: Sequence[str]) -> bool:
    return any(is_solution(releases, roots, choice) for choice in every_choice(releases))


class PlainProvider(AbstractProvider[Requirement, "tuple[str, str, str]", str]):
    """resolvelib's delegate as its documentation would write it: packaging and lists."""

    def __init__(self, releases: Releases) -> None:
        self.releases = releases

    def identify(self, requirement_or_candidate: Any) -> str:
        if isinstance(requirement_or_candidate, tuple):
            name, _, extra = requirement_or_candidate
        else:
            name, extra = requirement_or_candidate.name, "".join(requirement_or_candidate.extras)
        return f"{name}[{extra}]" if extra else name

    def get_preference(self, identifier: str, *args: Any, **kwargs: Any) -> str:
        return identifier

    def find_matches(self, identifier: str, requirements: Any, incompatibilities: Any) -> list[Any]:
        name, _, extra = identifier.rstrip("]").partition("[")
        wanted, out = list(requirements[identifier]), list(incompatibilities[identifier])
        found = [
            (name, version, extra)
            for version in sorted(self.releases.get(name, ()), key=Version, reverse=True)
            if all(r.specifier.contains(version, prereleases=True) for r in wanted)
        ]
        return [candidate for candidate in found if candidate not in out]

    def is_satisfied_by(self, requirement: Requirement, candidate: tuple[str, str, str]) -> bool:
        return requirement.specifier.contains(candidate[1], prereleases=True)

    def get_dependencies(self, candidate: tuple[str, str, str]) -> list[Requirement]:
        name, version, extra = candidate
        wanted = required(self.releases, name, version, frozenset({extra} - {""}))
        if extra:
            wanted = [r for r in wanted if r not in required(self.releases, name, version, frozenset())]
            wanted.append(Requirement(f"{name}=={version}"))
        return [
            Requirement(f"{r.name}{part}{r.specifier}")
            for r in wanted
            for part in ("", *(f"[{e}]" for e in r.extras))
        ]


def plainly_solved(releases: Releases, roots: Sequence[str]) -> bool:
    wanted = [
        Requirement(f"{r.name}{part}{r.specifier}")
        for r in map(Requirement, roots)
        for part in ("", *(f"[{e}]" for e in r.extras))
    ]
    try:
        Resolver(PlainProvider(releases), BaseReporter()).resolve(wanted, max_rounds=2000)
    except ResolutionImpossible:
        return False
    return True


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(universes(), st.sampled_from((1_000_000, 40, 15)))
def test_an_answer_meets_every_requirement_and_no_answer_means_there_is_none(
    made: tuple[Releases, list[str]], max_rounds: int
) -> None:
    """Few rounds make the solver take back its optimistic jumps early."""
    releases, roots = made
    found, _, _ = solve(Universe(releases), roots, prereleases="allow", max_rounds=max_rounds)
    if isinstance(found, Resolution):
        assert is_solution(releases, roots, pins(found))
    elif not found.gave_up:
        assert not plainly_solved(releases, roots)
        assert not has_solution(releases, roots)


def random_universe(seed: int) -> tuple[Releases, list[str]]:
    """Few projects that ask much of each other: half of these have no solution."""
    random = Random(seed)
    names = [f"n{number}" for number in range(random.randint(4, 12))]
    versions = ["1", "2", "3", "4", "5"][: random.randint(2, 5)]

    def requirement() -> str:
        return (
            f"{random.choice(names)}{random.choice(('==', '!=', '>=', '<', '<='))}{random.choice(versions)}"
        )

    releases = {
        name: {
            version: {"requires": [requirement() for _ in range(random.randint(0, 3))]}
            for version in versions
        }
        for name in names
    }
    roots = [
        name + random.choice(("", "", ">=2", "!=3")) for name in random.sample(names, random.randint(1, 4))
    ]
    return releases, roots


def can_be_solved(releases: Releases, roots: Sequence[str]) -> bool:
    """By trying every release of one requirement after the other; for universes without extras."""

    def search(chosen: Mapping[str, str], waiting: Sequence[Requirement]) -> bool:
        if not waiting:
            return True
        first, *rest = waiting
        if first.name in chosen:
            return first.specifier.contains(chosen[first.name]) and search(chosen, rest)
        return any(
            search(
                {**chosen, first.name: version}, rest + required(releases, first.name, version, frozenset())
            )
            for version in releases.get(first.name, ())
            if first.specifier.contains(version)
        )

    return search({}, [Requirement(text) for text in roots])


@pytest.mark.parametrize("first", [0, 100, 200])
def test_hard_universes_are_answered_rightly_and_their_remedies_are_true(first: int) -> None:
    conflicts = 0
    for seed in range(first, first + 100):
        releases, roots = random_universe(seed)
        found, catalog, request = solve(Universe(releases), roots, max_rounds=1000 if seed % 2 else 30)
        if isinstance(found, Resolution):
            assert is_solution(releases, roots, pins(found)), seed
        elif not found.gave_up:
            conflicts += 1
            assert not can_be_solved(releases, roots), seed
            told = explanation(found, catalog, request)
            assert told.chains, seed
            for remedy in told.remedies:
                changed = [root for root in roots if root != remedy.change.rsplit(" ", 1)[1]]
                if remedy.kind == "requirement":
                    changed += [Requirement(root).name for root in roots if root not in changed]
                assert remedy.kind in ("requirement", "leave-out")
                assert remedy.note or can_be_solved(releases, changed), (seed, remedy)
    assert conflicts > 10


def test_a_release_that_asks_for_another_of_its_own_project_is_none() -> None:
    """Plain resolvelib takes 2.0 here: it counts a pin as met whose demands it has forgotten."""
    releases: Releases = {"a": {"2.0": {"requires": ["a<2"]}, "1.0": {}}}
    assert pins(solve(Universe(releases), ["a"])[0]) == {"a": "1.0"}


def test_a_pin_that_was_moved_and_fits_again_still_makes_its_demands() -> None:
    """Seed 2 of the first search for such universes: 4.0 of n4 asks n5<2 and was pinned beside n5 4."""
    releases: Releases = {
        "n0": {"1": {"requires": ["n2!=3"]}, "2": {"requires": ["n2==1", "n4==1", "n5==3"]}, "3": {},
               "4": {"requires": ["n2>=1"]}},
        "n1": {"1": {}, "2": {"requires": ["n5>=4"]}, "3": {}, "4": {"requires": ["n2!=1", "n2<=1"]}},
        "n2": {"1": {}, "2": {"requires": ["n2<=3", "n0==1", "n1>=3"]}, "3": {"requires": ["n3==3"]},
               "4": {"requires": ["n5==2"]}},
        "n3": {"1": {"requires": ["n1!=4", "n1>=2"]}, "2": {"requires": ["n2<1"]},
               "3": {"requires": ["n3<2"]}, "4": {"requires": ["n5<=1"]}},
        "n4": {"1": {"requires": ["n1!=2", "n5<2", "n0>=2"]}, "2": {},
               "3": {"requires": ["n0==3", "n1>=4", "n3==4"]}, "4": {"requires": ["n5<2"]}},
        "n5": {"1": {"requires": ["n0>=2", "n4<=1", "n1!=3"]}, "2": {"requires": ["n5!=3", "n4>=3"]},
               "3": {}, "4": {}},
    }  # fmt: skip
    found = pins(solve(Universe(releases), ["n1", "n4", "n0>=2"])[0])
    assert found == {"n0": "4", "n1": "3", "n2": "1", "n4": "2"}


def test_a_solution_beside_an_exhausted_project_is_found() -> None:
    """Plain resolvelib's jump goes past n0, which only n5 leads to, and finds none."""
    releases: Releases = {
        "n0": {"4": {"requires": ["n5==4"]}, "2": {}},
        "n2": {"2": {}},
        "n5": {"4": {"requires": ["n9==2"]}},
        "n9": {"2": {"requires": ["n0>=3", "n0<=2"]}},
    }
    assert pins(solve(Universe(releases), ["n2!=3", "n0!=3"])[0]) == {"n0": "2", "n2": "2"}
