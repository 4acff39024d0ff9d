"""Made universes, solved by us, by plain resolvelib, and by trying everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.version import Version
from resolvelib import AbstractProvider, BaseReporter, ResolutionImpossible, Resolver

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
@given(universes())
def test_an_answer_meets_every_requirement_and_no_answer_means_there_is_none(
    made: tuple[Releases, list[str]],
) -> None:
    releases, roots = made
    found, _, _ = solve(Universe(releases), roots, prereleases="allow")
    if isinstance(found, Resolution):
        assert is_solution(releases, roots, pins(found))
    else:
        assert not plainly_solved(releases, roots)
        assert not has_solution(releases, roots)
