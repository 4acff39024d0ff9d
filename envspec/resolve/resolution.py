"""Resolution: what one LockRequest comes to over one Catalog, or why it comes to nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence

from envspec.errors import InvalidValueError
from envspec.index.catalog import Catalog, Project
from envspec.index.requirement import Requirement, parse_requirement
from envspec.named_tuple import NamedTuple
from envspec.resolve.candidate import Candidate, Demand, Skipped
from envspec.resolve.provider import Provider
from envspec.resolve.solver import MAX_ROUNDS, Cause, Conflict, Solver, reachable
from envspec.spec.request import LocalWheel, LockRequest

_MANY_JUMPS = 3000
"""A project of thousands of releases takes as many to go down them, and is done; more are a thicket."""
_JUMPS_ANEW = (600, 1200, 2400)


class Pin(NamedTuple):
    """One project of the solution."""

    candidate: Candidate
    extras: tuple[str, ...]
    """Extras of it that are asked for, sorted."""
    requires: tuple[tuple[str, tuple[str, ...]], ...]
    """(name, extras) of what it requires, sorted by name."""

    @property
    def name(self) -> str:
        """Normalized."""
        return self.candidate.project.name

    @property
    def project(self) -> Project:
        """Where the pin comes from."""
        return self.candidate.project


class Resolution(NamedTuple):
    """Every project that the target needs, sorted by name."""

    pins: tuple[Pin, ...]
    skipped: tuple[Skipped, ...] = ()
    unknown_extras: tuple[tuple[str, str], ...] = ()


class NoResolution(NamedTuple):
    """Nothing fits. ``explain`` turns it into sentences."""

    causes: tuple[Cause, ...]
    provider: Provider
    roots: tuple[Demand, ...]
    skipped: tuple[Skipped, ...] = ()
    missing: frozenset[str] = frozenset()
    gave_up: bool = False
    """Whether the search ended before all was tried."""


class Wishes(NamedTuple):
    """The requirements of a LockRequest, read and their markers judged."""

    roots: tuple[Requirement, ...]
    constraints: Mapping[str, tuple[str, ...]] = {}
    out: tuple[str, ...] = ()
    """Requirements that the target's markers leave out, as written."""


def read_wishes(request: LockRequest, catalog: Catalog) -> Wishes:
    """Split the request's requirements by their markers. Raises InvalidValueError."""
    holds = catalog.environment.holds
    texts = [*request.requirements, *map(_with_file_url, request.local_wheels)]
    roots, out = [], []
    for text in texts:
        requirement = parse_requirement(text)
        if not requirement.marker or holds(requirement.marker, ""):
            roots.append(requirement)
        else:
            out.append(text)
    constraints: dict[str, tuple[str, ...]] = {}
    for text in request.constraints:
        requirement = parse_requirement(text)
        if requirement.extras or requirement.url:
            raise InvalidValueError(
                what=f"constraint {text!r} can't be used",
                why="a constraint only narrows versions: it has no extras and no URL",
                fix="put it among the requirements, or write NAME and versions only",
            )
        if not requirement.marker or holds(requirement.marker, ""):
            constraints[requirement.name] = (*constraints.get(requirement.name, ()), requirement.specifier)
    return Wishes(tuple(roots), constraints, tuple(out))


def _with_file_url(wheel: LocalWheel) -> str:
    """The requirement with the file's URL in place of the path that the spec writes."""
    from pathlib import Path

    return wheel.requirement.replace(wheel.spec_path, Path(wheel.path).as_uri(), 1)


def resolve(
    request: LockRequest,
    catalog: Catalog,
    *,
    wishes: Wishes,
    preferred: Mapping[str, str],
    direct: Callable[[str, str], Project],
    seen: Sequence[str] = (),
    max_rounds: int = MAX_ROUNDS,
) -> Resolution | NoResolution:
    """Find a release for every project that the wishes lead to.

    ``preferred`` are pins of an earlier lock, kept where they still fit; ``direct`` opens
    the project behind the URL of a direct reference; ``seen`` are projects of an earlier
    run, asked for at once where their pages grew old. Raises OutsideError.
    """
    provider = Provider(
        catalog,
        constraints=wishes.constraints,
        allow_prereleases=request.prereleases == "allow",
        preferred=preferred,
        direct=direct,
    )
    roots = tuple(demand for root in wishes.roots for demand in provider.demands(root))
    demanded = {name: list(specifiers) for name, specifiers in wishes.constraints.items()}
    for root in roots:
        demanded.setdefault(root.name, []).append(root.specifier)
    catalog.aim(preferred, demanded)
    for root in roots:
        if not root.url:
            catalog.expect(root.name, root.specifier, (root.extra,) if root.extra else ())
    catalog.wake([*(root.name for root in roots if not root.url), *seen])
    provider.set_roots(roots)
    try:
        pins, went_back = _solved(provider, catalog, roots, max_rounds)
        found = reachable(pins, roots, provider)
    except Conflict as conflict:
        return NoResolution(
            tuple(conflict.causes),
            provider,
            roots,
            (*provider.skipped.values(), *provider.unopened.values()),
            frozenset(provider.missing),
            conflict.gave_up,
        )
    if went_back:
        from envspec.resolve.reopen import reopened

        found = reachable(reopened(found, roots, provider, catalog.foresee), roots, provider)
    return Resolution(
        _pins(found, provider),
        tuple(skipped for _, skipped in sorted(provider.skipped.items())),
        tuple(sorted((c.project.name, c.extra) for c in found.values() if c in provider.unknown_extras)),
    )


def _solved(
    provider: Provider, catalog: Catalog, roots: Sequence[Demand], max_rounds: int
) -> tuple[dict[str, Candidate], bool]:
    """Hopefully, anew where conflicts don't end; where that finds nothing, thoroughly. Raises Conflict.

    And whether the search that found the pins took some back.
    """
    heat: Mapping[str, int] = {}
    for max_jumps in (_MANY_JUMPS, *_JUMPS_ANEW, None):
        solver = Solver(
            provider, catalog.foresee, max_rounds, max_jumps=max_jumps, heat=heat if max_jumps else {}
        )
        try:
            return solver.solve(roots), solver.went_back
        except Conflict as conflict:
            hoped = conflict
            if not conflict.gave_up or solver.rounds + 1 >= max_rounds:
                break
        heat = solver.heat
    from envspec.resolve.thorough import ThoroughSolver

    try:
        return ThoroughSolver(provider, catalog.foresee, max_rounds).solve(roots), True
    except Conflict as conflict:
        # Both are true; what the hopeful solver met is less, and so easier to tell.
        causes = conflict.causes if hoped.gave_up else hoped.causes
        raise Conflict(causes, gave_up=conflict.gave_up) from None


def _pins(found: Mapping[str, Candidate], provider: Provider) -> tuple[Pin, ...]:
    extras: dict[str, set[str]] = {}
    requires: dict[str, dict[str, set[str]]] = {}
    for candidate in found.values():
        name = sys.intern(candidate.project.name)
        if candidate.extra:
            extras.setdefault(name, set()).add(candidate.extra)
        edges = requires.setdefault(name, {})
        for demand in provider.get_dependencies(candidate):
            if demand.name == name and demand.place >= 0:
                continue
            edge = edges.setdefault(demand.name, set())
            if demand.extra:
                edge.add(demand.extra)
    return tuple(
        Pin(
            found[name],
            tuple(sorted(extras.get(name, ()))),
            tuple((to, tuple(sorted(wanted))) for to, wanted in sorted(requires[name].items())),
        )
        for name in sorted(requires)
        if name in found
    )
