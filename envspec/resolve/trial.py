"""Trial: a conflict's catalog with something changed, to find out whether that would help.

What's known already costs nothing; what isn't may be asked for a bounded number of
times over all trials, and no source distribution is opened or built.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from envspec.errors import EnvspecError, OfflineError
from envspec.index.catalog import Catalog, Policy, Project
from envspec.index.dependencies import Dependencies, Environment
from envspec.index.live import LiveIndex
from envspec.index.view import ProjectRecord, ReleaseFile, View, reduce_page
from envspec.resolve.resolution import NoResolution, Resolution, Wishes, resolve

if TYPE_CHECKING:
    from envspec.index.page import ProjectPage
    from envspec.spec.request import LockRequest

MAX_TRIALS = 30
MAX_ROUNDS = 20_000
MAX_ASKED = 600


class TrialEnded(OfflineError):  # noqa: N818 - it never leaves this module
    """What a trial would have to ask for is beyond what explaining may ask."""


@dataclass(slots=True)
class Allowance:
    """What all trials of one explanation may still do."""

    trials: int = MAX_TRIALS
    asked: int = MAX_ASKED
    """Pages and metadata files that nobody asked for before."""
    known: set[tuple[str, str]] = field(default_factory=set)
    """(name, version) whose metadata was asked for."""
    pages: dict[str, ProjectPage | None] = field(default_factory=dict)

    def ask(self) -> None:
        """Count one question. Raises TrialEnded when there have been too many."""
        if self.asked <= 0:
            raise TrialEnded(what="asked enough")
        self.asked -= 1


class TrialCatalog(Catalog):
    """The catalog of a conflict, seen or ruled otherwise, and with every release alive again."""

    def __init__(
        self,
        origin: Catalog,
        allowance: Allowance,
        *,
        view: View | None = None,
        policy: Policy | None = None,
        broken: Mapping[tuple[str, str], str],
    ) -> None:
        super().__init__(
            client=origin._client,
            default=origin._default,
            named=origin._named,
            view=view or origin.view,
            environment=Environment(view.target) if view is not None else origin.environment,
            policy=policy or origin.policy,
        )
        self._origin = origin
        self._allowance = allowance
        self._broken = broken
        """(name, version) of releases that can't be used, and why."""
        self.assumed: set[tuple[str, str]] = set()
        """Source distributions that were taken to require nothing, since only opening them would tell."""

    def project(self, name: str) -> Project | None:
        """See Catalog; the record is the origin's wherever the view is."""
        if name not in self._projects:
            if name not in self._origin._projects:
                self._allowance.ask()
            known = self._origin.project(name)
            record = None if known is None else self._as_seen_now(name, known)
            project = None
            if known is not None and record is not None:
                project = Project(record, known.index, self._usable(record))
            self._projects[name] = project
        return self._projects[name]

    def _as_seen_now(self, name: str, known: Project) -> ProjectRecord | None:
        view = self._view_of(name)
        if view.key == self._origin._view_of(name).key or known.index is None:
            return known.record
        if not isinstance(known.index, LiveIndex):
            return known.index.record(name, view)
        if name not in self._allowance.pages:
            self._allowance.pages[name] = self._origin.page(name)
        page = self._allowance.pages[name]
        return known.record if page is None else reduce_page(page, view, name=name, url=known.record.url)

    def dependencies(self, project: Project, place: int) -> Dependencies | str:
        """See Catalog."""
        version = project.versions[place]
        release = (project.name, version)
        why = self._broken.get(release)
        if why is not None and release not in (self.policy.said or {}):
            return why
        if release not in self._allowance.known and isinstance(project.index, LiveIndex):
            self._allowance.ask()
            self._allowance.known.add(release)
        return super().dependencies(project, place)

    def _of_sdist(self, file: ReleaseFile, project: Project, version: str) -> Dependencies | str:
        known = self._client.stored_dependencies(file, self.environment)
        if known is None:
            self.assumed.add((project.name, version))
        return known or Dependencies((), ())

    def expect(self, name: str, specifier: str, extras: Sequence[str] = ()) -> None:
        """See Catalog; nothing is fetched ahead of what may still be asked."""
        if self._allowance.asked > 0:
            super().expect(name, specifier, extras)

    def wake(self, names: Sequence[str]) -> None:
        """What the conflict was found with is new enough."""

    def foresee(self, project: Project, mask: int, count: int) -> None:
        """See Catalog; nothing is fetched ahead of what may still be asked."""
        super().foresee(project, mask, min(count, self._allowance.asked))


@dataclass(frozen=True, slots=True)
class Tried:
    """What a trial came to."""

    outcome: Resolution | NoResolution
    catalog: TrialCatalog

    @property
    def versions(self) -> Mapping[str, str] | None:
        """Name to version of the solution; None where there's none."""
        if isinstance(self.outcome, NoResolution):
            return None
        return {pin.name: pin.candidate.version for pin in self.outcome.pins}


class Trials:
    """Solves a conflict's request again, each time with something changed."""

    def __init__(
        self, conflict: NoResolution, catalog: Catalog, request: LockRequest, wishes: Wishes
    ) -> None:
        self._conflict = conflict
        self._catalog = catalog
        self._request = request
        self.wishes = wishes
        self._was_cut_short = False
        provider = conflict.provider
        self._allowance = Allowance(
            known={(candidate.project.name, candidate.version) for candidate in provider.examined}
        )
        self._broken = {(skipped.name, skipped.version): skipped.why for skipped in conflict.skipped}

    @property
    def was_cut_short(self) -> bool:
        """Whether some trial would have had to ask for more than could be had."""
        return self._was_cut_short

    @property
    def spent(self) -> int:
        """How many trials were made."""
        return MAX_TRIALS - self._allowance.trials

    def solve(
        self,
        *,
        wishes: Wishes | None = None,
        view: View | None = None,
        policy: Policy | None = None,
        prereleases: str = "",
        known: Collection[tuple[str, str]] = (),
    ) -> Tried | None:
        """What the request comes to then; None where that can't be found out."""
        if self._allowance.trials <= 0:
            return None
        self._allowance.trials -= 1
        same_python = view is None or view.target.python == self._request.target.python
        broken = self._broken if same_python else {}
        broken = {release: why for release, why in broken.items() if release not in known}
        catalog = TrialCatalog(self._catalog, self._allowance, view=view, policy=policy, broken=broken)
        request = self._request._replace(prereleases=prereleases or self._request.prereleases)
        provider = self._conflict.provider
        try:
            outcome = resolve(
                request,
                catalog,
                wishes=wishes or self.wishes,
                preferred=provider.preferred,
                direct=self._direct,
                max_rounds=MAX_ROUNDS,
            )
        except EnvspecError as error:
            self._was_cut_short = True
            if not isinstance(error, OfflineError):
                self._allowance.asked = 0  # whoever doesn't answer now isn't asked again
            return None
        if isinstance(outcome, NoResolution) and outcome.gave_up:
            return None
        return Tried(outcome, catalog)

    def _direct(self, url: str, name: str) -> Project:
        """A project of its own for each trial: what one trial finds hopeless, another may not."""
        known = self._conflict.provider.direct(url, name)
        return Project(known.record, known.index, known.usable, direct_url=known.direct_url)
