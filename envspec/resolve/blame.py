"""Blame: which demands of a conflict met on which projects, and how the spec leads to them.

The solver's causes are where it gave up; releases that it found dead on the way died of
demands of their own, so those are followed too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from envspec.errors import EnvspecError
from envspec.index.catalog import Project
from envspec.index.credentials import without_credentials
from envspec.resolve.candidate import Candidate, Demand
from envspec.resolve.resolution import NoResolution

MAX_PROJECTS = 40


@dataclass(slots=True)
class Asked:
    """One demand on a project, and the releases of one other project that make it."""

    asker: str
    """Empty for the spec itself."""
    demand: Demand
    is_overridden: bool = False
    """Whether the spec's override stands where the asker's own specifier was."""
    extras: set[str] = field(default_factory=set)
    by_place: dict[int, Candidate] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """As a requirement is written, without credentials; without what an override replaced."""
        return written(self.demand, self.extras, bare=self.is_overridden)

    @property
    def candidates(self) -> list[Candidate]:
        """The releases that make the demand."""
        return list(self.by_place.values())


class Blame:
    """What a conflict is about, as far as it can be told from what the provider looked into."""

    def __init__(self, conflict: NoResolution, overridden: Collection[str] = ()) -> None:
        self._provider = conflict.provider
        self._overridden = overridden
        self._examined: dict[str, list[Candidate]] = {}
        for candidate in conflict.provider.examined:
            self._examined.setdefault(candidate.project.name, []).append(candidate)
        self._asked: dict[str, dict[tuple[str, str, str], Asked]] = {}
        for root in conflict.roots:
            self._ask(root, None)
        self.projects: dict[str, Project | None] = {}
        """All that the conflict is about, in the order they're met; None where the index has none."""
        self._follow(conflict)
        clashes = tuple(name for name in self.projects if name in self._asked and not self.room(name))
        self.clashes = clashes or tuple(dict.fromkeys(cause.requirement.name for cause in conflict.causes))
        """The projects of which no release meets all that's asked of it."""

    def _follow(self, conflict: NoResolution) -> None:
        waiting: deque[str] = deque()
        for cause in conflict.causes:
            self._ask(cause.requirement, cause.parent)
            waiting.append(cause.requirement.name)
            if cause.parent is not None:
                waiting.append(cause.parent.project.name)
        self._follow_the_hopeless(waiting)
        for name in self.projects:
            askers = {asked.asker for asked in self.asked(name)}
            for candidate in (c for asker in askers for c in self.examined(asker)):
                for demand in self.demands(candidate):
                    if demand.name == name:
                        self._ask(demand, candidate)

    def _follow_the_hopeless(self, waiting: deque[str]) -> None:
        while waiting and len(self.projects) < MAX_PROJECTS:
            name = waiting.popleft()
            if name in self.projects:
                continue
            self.projects[name] = self._project(name)
            for candidate in self.examined(name):
                for demand in self.hopeless(candidate):
                    self._ask(demand, candidate)
                    waiting.append(demand.name)

    def _project(self, name: str) -> Project | None:
        known = self._examined.get(name)
        if known:
            return known[0].project
        return self._provider.project(name, [asked.demand for asked in self.asked(name)])

    def _ask(self, demand: Demand, parent: Candidate | None) -> None:
        """Note a demand, but for what an extra asks of its own project."""
        asker = parent.project.name if parent is not None else ""
        if asker == demand.name:
            return
        known = self._asked.setdefault(demand.name, {})
        asked = known.setdefault(
            (asker, demand.specifier, demand.url), Asked(asker, demand, demand.name in self._overridden)
        )
        if demand.extra:
            asked.extras.add(demand.extra)
        if parent is not None:
            asked.by_place.setdefault(parent.place, parent)

    def asked(self, name: str) -> Sequence[Asked]:
        """What's asked of a project, the spec's own requirements first."""
        return tuple(self._asked.get(name, {}).values())

    def hopeless(self, candidate: Candidate) -> list[Demand]:
        """The demands of a release that no solution can meet."""
        return [demand for demand in self.demands(candidate) if self._is_hopeless(demand)]

    def _is_hopeless(self, demand: Demand) -> bool:
        try:
            return demand.place < 0 and self._provider.is_hopeless(demand)
        except EnvspecError:  # its page wasn't asked for before, and can't be now
            return False

    def known_names(self) -> list[str]:
        """All projects that the spec asks for or that were looked into."""
        return [*self._asked, *self._examined]

    def examined(self, name: str) -> Sequence[Candidate]:
        """The releases of a project that were looked into, in that order; those of its extras too."""
        return self._examined.get(name, ())

    def demands(self, candidate: Candidate) -> Sequence[Demand]:
        """What a release that was looked into demands."""
        return self._provider.examined.get(candidate, ())

    def room(self, name: str, *, without: str = "") -> int:
        """The releases of a project that meet what's asked of it, but for what ``without`` asks.

        The releases of one project are alternatives: one of them has to be content.
        """
        project = self.projects.get(name)
        if project is None:
            return 0
        mask = project.usable
        for specifier in self._provider.constraints.get(name, ()):
            mask &= project.mask(specifier)
        if not any(asked.demand.is_exact for asked in self.asked(name)):
            mask &= ~project.record.yanked
        by_asker: dict[str, int] = {}
        for asked in self.asked(name):
            if not asked.asker:
                mask &= asked.demand.mask(project)
            elif asked.asker != without:
                by_asker[asked.asker] = by_asker.get(asked.asker, 0) | asked.demand.mask(project)
        for admitted in by_asker.values():
            mask &= admitted
        return mask

    def path(self, name: str) -> list[tuple[Candidate, Demand]]:
        """The shortest way from a requirement of the spec to a project: each release and its demand."""
        roots = [
            root for root, found in self._asked.items() if any(not asked.asker for asked in found.values())
        ]
        came_from: dict[str, tuple[Candidate, Demand] | None] = dict.fromkeys(roots)
        waiting = deque(roots)
        while waiting and name not in came_from:
            for candidate in self.examined(waiting.popleft()):
                for demand in self.demands(candidate):
                    if demand.name not in came_from:
                        came_from[demand.name] = (candidate, demand)
                        waiting.append(demand.name)
        steps: list[tuple[Candidate, Demand]] = []
        step = came_from.get(name)
        while step is not None:
            steps.append(step)
            step = came_from[step[0].project.name]
        return steps[::-1]

    def root_of(self, name: str) -> str:
        """The project among the spec's requirements that leads to ``name``; itself if it's one."""
        steps = self.path(name)
        return steps[0][0].project.name if steps else name

    def root_texts(self, name: str) -> list[str]:
        """The spec's own requirements on a project."""
        return [asked.text for asked in self.asked(name) if not asked.asker]


def demand_text(demand: Demand) -> str:
    """As a requirement is written, without credentials."""
    return written(demand, {demand.extra} if demand.extra else set())


def written(demand: Demand, extras: Iterable[str], *, bare: bool = False) -> str:
    """A demand with these extras; ``bare`` of its specifier or URL."""
    named = f"[{','.join(sorted(extras))}]" if extras else ""
    if bare:
        return f"{demand.name}{named}"
    if demand.url:
        return without_credentials(f"{demand.name}{named} @ {demand.url}")
    return f"{demand.name}{named}{demand.specifier}"
