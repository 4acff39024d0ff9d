"""Provider: resolvelib's questions answered from a Catalog, by bit masks.

A release matches where every mask has its bit: what each demand admits, the
constraint, what the policy admits, not yet found incompatible. Pre-releases and
yanked releases come last, by PEP 440 and PEP 592.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from resolvelib import AbstractProvider

from envspec.errors import BrokenArtifactError, InputError
from envspec.index.catalog import Catalog, Project
from envspec.index.dependencies import Dependencies
from envspec.index.requirement import Requirement
from envspec.index.versions import is_same_version, mentions_prerelease, normal_version
from envspec.resolve.candidate import Candidate, Demand, Matches, RuledOut, Skipped, UnusableSdist

_SDISTS_TRIED = 2
"""One may be a slip; where a second can't be used, either, others rarely can, and each may take minutes."""


class Provider(AbstractProvider[Demand, Candidate, str]):
    """Answers for one variant. ``skipped`` and ``missing`` tell what was met on the way."""

    def __init__(
        self,
        catalog: Catalog,
        *,
        constraints: Mapping[str, Sequence[str]],
        allow_prereleases: bool,
        preferred: Mapping[str, str],
        direct: Callable[[str, str], Project],
    ) -> None:
        self._catalog = catalog
        self.constraints = constraints
        self.allow_prereleases = allow_prereleases
        self.preferred = preferred
        self.direct = direct
        """(URL, name) of a direct reference to its project."""
        self._asked_by_url: set[str] = set()
        self._at_odds: set[Candidate] = set()
        """Candidates that demand another release of their own project."""
        self._candidates: dict[tuple[int, int, str], Candidate] = {}
        self.examined: dict[Candidate, tuple[Demand, ...]] = {}
        """What each candidate demands, of those that were looked into."""
        self._root_masks: dict[str, int] = {}
        self._root_demands: dict[str, list[Demand]] = {}
        self.skipped: dict[tuple[str, str], Skipped] = {}
        self.unopened: dict[tuple[str, str], Skipped] = {}
        """Source distributions left alone, since others of their project can't be used."""
        self._unusable_sdists: dict[str, list[str]] = {}
        self.missing: set[str] = set()
        self.unknown_extras: set[Candidate] = set()
        """Candidates of extras that their release doesn't have."""

    # What the solver asks

    def identify(self, requirement_or_candidate: Demand | Candidate) -> str:
        """The key."""
        return requirement_or_candidate.key

    def get_preference(self, *args: Any, **kwargs: Any) -> Any:
        """Not asked: the solver keeps its own order."""
        raise NotImplementedError

    def find_matches(
        self,
        identifier: str,
        requirements: Mapping[str, Iterator[Demand]],
        incompatibilities: Mapping[str, Iterator[Candidate | RuledOut]],
    ) -> Sequence[Candidate]:
        """What all demands on the key, and on the project if it's an extra's, admit."""
        name, _, extra = identifier.partition("[")
        demands = list(requirements[identifier])
        if extra and name in requirements:
            demands += requirements[name]
        project = self.project(name, demands)
        if project is None:
            return ()
        out = 0
        for ruled_out in RuledOut.merged(incompatibilities[identifier]):
            if ruled_out.project is project:
                out |= ruled_out.mask
        specifiers = [d.specifier for d in demands if d.specifier]
        specifiers += self.constraints.get(project.name, ())
        return self._matches(
            project,
            extra.rstrip("]"),
            self._asked_for(project, demands),
            out,
            any(demand.is_exact for demand in demands),
            any(map(mentions_prerelease, specifiers)),
        )

    def narrowed(self, matches: Matches, demand: Demand) -> Sequence[Candidate]:
        """``matches`` under one demand more: the same as asking ``find_matches`` again, but cheap."""
        project = matches.project
        return self._matches(
            project,
            demand.extra,
            matches.admitted & demand.mask(project),
            matches.out,
            matches.is_exact or demand.is_exact,
            matches.wants_prerelease or (bool(demand.specifier) and mentions_prerelease(demand.specifier)),
        )

    def _matches(
        self, project: Project, extra: str, admitted: int, out: int, is_exact: bool, wants_prerelease: bool
    ) -> Sequence[Candidate]:
        """Whether pre-releases are let in hangs on what's asked for, not on what was tried before."""
        kept = self._preferred_place(project)
        mask = admitted
        if not project.direct_url:
            yanked = project.record.yanked & mask
            if yanked and not is_exact:
                mask &= ~yanked | (1 << kept if kept >= 0 else 0)
            if not (self.allow_prereleases or is_exact or wants_prerelease):
                mask = (mask & ~project.record.prereleases) or mask
        mask &= ~(project.dead | out)
        if not mask:
            return ()
        return Matches(
            self,
            project,
            extra,
            mask,
            kept,
            admitted=admitted,
            out=out,
            is_exact=is_exact,
            wants_prerelease=wants_prerelease,
        )

    def only(self, matches: Matches, mask: int) -> Matches:
        """Those of ``matches`` that are in ``mask``."""
        return Matches(self, matches.project, "", matches.mask & mask)

    def _asked_for(self, project: Project, demands: Iterable[Demand]) -> int:
        """The releases that the policy, the constraints and all ``demands`` admit."""
        mask = project.usable
        for demand in demands:
            mask &= demand.mask(project)
        for specifier in self.constraints.get(project.name, ()):
            mask &= project.mask(specifier)
        return mask

    def admitted(self, project: Project, demands: Iterable[Demand]) -> int:
        """The same without those that are dead."""
        return self._asked_for(project, demands) & ~project.dead

    def _preferred_place(self, project: Project) -> int:
        version = self.preferred.get(project.name)
        if version is None:
            return -1
        place = project.place_of(version)
        if place < 0 and normal_version(version) is not None:  # another tool's lock may write 1.0.0 for 1.0
            place = project.mask(f"=={version}").bit_length() - 1
            if place >= 0 and not is_same_version(project.versions[place], version):
                return -1
        return place

    def project(self, name: str, demands: Iterable[Demand] = ()) -> Project | None:
        """The project, or the direct reference that a demand names; None where nobody has it."""
        for demand in demands:
            if demand.url:
                return self.direct(demand.url, demand.name)
        project = self._catalog.project(name)
        if project is None:
            self.missing.add(name)
        return project

    def candidate(self, project: Project, place: int, extra: str) -> Candidate:
        """The one candidate of a release (and extra)."""
        key = (id(project), place, extra)
        known = self._candidates.get(key)
        if known is None:
            known = self._candidates[key] = Candidate(project, place, extra)
        return known

    def is_satisfied_by(self, requirement: Demand, candidate: Candidate) -> bool:
        """Whether the demand admits the candidate."""
        return bool(requirement.mask(candidate.project) >> candidate.place & 1)

    def get_dependencies(self, candidate: Candidate) -> tuple[Demand, ...]:
        """What the candidate demands; only asked of candidates that ``examine`` passed."""
        return self.examined[candidate]

    # What the solver asks besides

    def examine(self, candidate: Candidate) -> bool:
        """Read what the candidate demands; False where it can't be used at all.

        A release whose demands no solution can meet, given what the spec itself
        demands, is dead: it's left out from then on (and so is what needs only it).
        """
        if candidate in self.examined:
            return not (candidate.project.dead >> candidate.place & 1 or candidate in self._at_odds)
        if self.unopened and (candidate.project.name, candidate.version) in self.unopened:
            return False
        found = self._catalog.dependencies(candidate.project, candidate.place)
        if isinstance(found, str):
            self._skip(candidate, found)
            if isinstance(found, UnusableSdist):
                self._note_unusable_sdist(candidate)
            return False
        demands = self._demands_of(candidate, found)
        unusable = self._unusable_reference(candidate, demands)
        if unusable:
            self._skip(candidate, unusable)
            return False
        for demand in demands:
            self._catalog.expect(demand.name, demand.specifier, (demand.extra,) if demand.extra else ())
        self.examined[candidate] = demands
        if any(d.name == candidate.project.name and not self.is_satisfied_by(d, candidate) for d in demands):
            self._at_odds.add(candidate)
            return False
        if not candidate.extra and any(self.is_hopeless(demand) for demand in demands):
            candidate.project.dead |= 1 << candidate.place
            return False
        return True

    def _unusable_reference(self, candidate: Candidate, demands: Iterable[Demand]) -> str:
        """Why a file that the release names by URL can't be locked; empty where all of them can.

        What the spec itself names is the user's to mend, and ends locking elsewhere.
        """
        for demand in demands:
            if demand.url and demand.name != candidate.project.name:
                try:
                    self.direct(demand.url, demand.name)
                except (InputError, BrokenArtifactError) as error:
                    return f"it requires {error.what}{f' ({error.why})' if error.why else ''}"
        return ""

    def _skip(self, candidate: Candidate, why: str) -> None:
        if candidate.extra:
            self._at_odds.add(candidate)
        else:
            candidate.project.dead |= 1 << candidate.place
        self.skipped[(candidate.project.name, candidate.version)] = Skipped(
            candidate.project.name, candidate.version, why
        )

    def _note_unusable_sdist(self, candidate: Candidate) -> None:
        """Leave the project's other source distributions alone where several can't be used.

        Else a project that doesn't build here is built release after release, for hours.
        """
        project = candidate.project
        unusable = self._unusable_sdists.setdefault(project.name, [])
        if candidate.version not in unusable:
            unusable.append(candidate.version)
        if len(unusable) < _SDISTS_TRIED or project.direct_url:
            return
        why = f"not opened, since {' and '.join(unusable[:_SDISTS_TRIED])} can't be used"
        rest = project.record.sdist_only & project.usable & ~project.dead
        for place, version in enumerate(project.versions):
            if rest >> place & 1 and self.candidate(project, place, "") not in self.examined:
                project.dead |= 1 << place
                self.unopened[(project.name, version)] = Skipped(project.name, version, why)

    def _demands_of(self, candidate: Candidate, found: Dependencies) -> tuple[Demand, ...]:
        if not candidate.extra:
            return tuple(d for r in found.always for d in self.demands(r))
        if found.extras and candidate.extra not in found.extras:
            self.unknown_extras.add(candidate)
        own = Demand(candidate.project.name, place=candidate.place, url=candidate.project.direct_url)
        behind = found.of_extra(candidate.extra, self._catalog.environment)
        return (own, *(d for r in behind for d in self.demands(r)))

    def demands(self, requirement: Requirement) -> Iterator[Demand]:
        """A requirement as demands on the project and on each extra, overrides applied."""
        if requirement.name in self._catalog.policy.dropped:
            return
        override = (self._catalog.policy.overrides or {}).get(requirement.name)
        used = override or requirement
        extras = used.extras or requirement.extras
        if used.url:
            self._asked_by_url.add(used.name)
        yield Demand(used.name, specifier=used.specifier, url=used.url)
        for extra in extras:
            yield Demand(used.name, extra=extra, specifier=used.specifier, url=used.url)

    def older(self, candidate: Candidate) -> int:
        """The mask of releases before the candidate's that may still be picked."""
        project = candidate.project
        roots = self._root_demands.get(project.name, ())
        if project.direct_url or any(root.url for root in roots):
            return 0
        return self.admitted(project, roots) & ~((2 << candidate.place) - 1)

    def set_roots(self, demands: Iterable[Demand]) -> None:
        """Say what the spec itself demands; ``examine`` judges by it."""
        for demand in demands:
            self._root_demands.setdefault(demand.name, []).append(demand)

    def is_hopeless(self, demand: Demand) -> bool:
        """Whether nothing that the roots leave of a project could meet a demand on it."""
        if demand.name in self._asked_by_url:
            return False
        roots = self._root_demands.get(demand.name, ())
        project = self.project(demand.name)
        if project is None:
            return True
        return not self.admitted(project, (*roots, demand))
