"""Remedies: single changes of a spec that would let it be locked, each proven by solving again.

The smallest change comes first: a constraint or a requirement loosened, a source
distribution or a pre-release let in, a later day, another Python, a newer glibc, and
at last a requirement left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from envspec.index.catalog import Catalog
from envspec.index.credentials import without_credentials
from envspec.index.left_out import LeftOut, left_out
from envspec.index.requirement import Requirement
from envspec.index.versions import admits
from envspec.index.view import View
from envspec.resolve.blame import Blame
from envspec.resolve.resolution import NoResolution, Wishes
from envspec.resolve.story import is_of_unknown_dependencies, page_of
from envspec.resolve.trial import Trials, Tried

if TYPE_CHECKING:
    from envspec.spec.request import LockRequest

MAX_REMEDIES = 3
_PARTLY = "something else doesn't fit, too"
_MAX_TIGHTENING = 8
_MAX_DAYS_ASKED = 8
_MAX_SDISTS_NAMED = 6
_PYTHON_MINORS = range(8, 15)


@dataclass(frozen=True, slots=True)
class Remedy:
    """One change, and what would be chosen then."""

    kind: str
    """``constraint``, ``requirement``, ``override``, ``sdists``, ``metadata``, ``prereleases``,
    ``exclude-newer``, ``python``, ``glibc`` or ``leave-out``."""
    change: str
    chosen: tuple[tuple[str, str], ...]
    """(name, version) of the projects in question."""
    note: str = ""

    def __str__(self) -> str:
        chosen = " and ".join(f"{name} {version}" for name, version in self.chosen)
        note = f" ({self.note})" if self.note else ""
        return f"{self.change}: then {chosen} would do{note}" if chosen else f"{self.change}{note}"


def tighten(trials: Trials, blame: Blame) -> tuple[Wishes, NoResolution | None]:
    """The fewest wishes that still can't be met together, as far as a few trials tell.

    The conflict of those is easier to explain; None where leaving wishes out changed nothing.
    """
    wishes = trials.wishes
    names = {blame.root_of(name) for name in blame.projects}
    tight = wishes._replace(
        roots=tuple(root for root in wishes.roots if root.name in names),
        constraints={name: found for name, found in wishes.constraints.items() if name in blame.projects},
    )
    conflict = _still_none(trials, tight) if tight != wishes else None
    if conflict is None and tight != wishes:
        return wishes, None
    for smaller in _smaller(tight):
        if trials.spent >= _MAX_TIGHTENING:
            break
        wanted = _without(tight, smaller)
        found = _still_none(trials, wanted)
        if found is not None:
            tight, conflict = wanted, found
    return tight, conflict


def _still_none(trials: Trials, wishes: Wishes) -> NoResolution | None:
    tried = trials.solve(wishes=wishes)
    return tried.outcome if tried is not None and isinstance(tried.outcome, NoResolution) else None


def _smaller(wishes: Wishes) -> Iterator[Requirement | tuple[str, str]]:
    if len(wishes.roots) + sum(map(len, wishes.constraints.values())) > 1:
        yield from ((name, specifier) for name, found in wishes.constraints.items() for specifier in found)
        yield from wishes.roots


def _without(wishes: Wishes, wish: Requirement | tuple[str, str]) -> Wishes:
    """Without one requirement, or one (name, specifier) of the constraints."""
    if isinstance(wish, Requirement):
        return wishes._replace(roots=tuple(root for root in wishes.roots if root is not wish))
    name, specifier = wish
    left = tuple(found for found in wishes.constraints[name] if found != specifier)
    return wishes._replace(constraints={**wishes.constraints, name: left})


def find_remedies(
    trials: Trials,
    *,
    tight: Wishes,
    blame: Blame,
    left_out: Mapping[str, Mapping[str, LeftOut]],
    catalog: Catalog,
    request: LockRequest,
    conflict: NoResolution,
) -> list[Remedy]:
    """At most MAX_REMEDIES changes that were tried and help.

    ``tight`` are the wishes that can't be met together; ``left_out`` tells of each project
    why the target can't take a version. Where no change settles all, but to leave something out,
    also those that settle this much.
    """
    seeker = _Seeker(trials, tight, blame, left_out, catalog, request, conflict)
    found = list(islice(seeker.remedies(trials.wishes), MAX_REMEDIES))
    if tight == trials.wishes or any(remedy.kind != "leave-out" for remedy in found):
        return found
    partly = [
        replace(remedy, note=f"{remedy.note}{'; ' * bool(remedy.note)}{_PARTLY}")
        for remedy in islice(seeker.remedies(tight), MAX_REMEDIES)
        if not (found and remedy.kind == "leave-out")
    ]
    return [*found, *partly][:MAX_REMEDIES]


class _Seeker:
    """Makes the changes, in their order."""

    def __init__(
        self,
        trials: Trials,
        tight: Wishes,
        blame: Blame,
        left_out: Mapping[str, Mapping[str, LeftOut]],
        catalog: Catalog,
        request: LockRequest,
        conflict: NoResolution,
    ) -> None:
        self._trials = trials
        self._tight = tight
        self._blame = blame
        self._left_out = left_out
        self._catalog = catalog
        self._request = request
        self._conflict = conflict
        self._wishes = trials.wishes

    def remedies(self, wishes: Wishes) -> Iterator[Remedy]:
        """The changes of ``wishes`` that help; the last resort only where nothing else does."""
        self._wishes = wishes
        found = False
        for remedy in self._small_ones(stubborn := list[Requirement]()):
            found = True
            yield remedy
        if not found:
            yield from self._leaving_out(stubborn)

    def _small_ones(self, stubborn: list[Requirement]) -> Iterator[Remedy]:
        """``stubborn`` takes up the requirements that loosening doesn't help."""
        yield from self._constraints()
        yield from self._requirements(stubborn)
        yield from self._overrides()
        yield from self._sdists()
        yield from self._metadata()
        yield from self._prereleases()
        yield from self._later_days()
        yield from self._pythons()
        yield from self._glibcs()

    def _remedy(
        self, kind: str, change: str, tried: Tried | None, names: Sequence[str], note: str = ""
    ) -> Iterator[Remedy]:
        """The remedy if the trial found a solution, with what that has of ``names``."""
        versions = tried.versions if tried is not None else None
        if versions is not None:
            chosen = tuple((name, versions[name]) for name in names if name in versions)
            yield Remedy(kind, change, chosen, note)

    def _constraints(self) -> Iterator[Remedy]:
        for name, specifiers in self._tight.constraints.items():
            for specifier in specifiers:
                tried = self._trials.solve(wishes=_without(self._wishes, (name, specifier)))
                yield from self._remedy("constraint", f"drop the constraint {name}{specifier}", tried, [name])

    def _requirements(self, stubborn: list[Requirement]) -> Iterator[Remedy]:
        for root in self._tight.roots:
            if not root.specifier and not root.url:
                stubborn.append(root)
                continue
            looser = root._replace(specifier="", url="")
            roots = tuple(looser if known is root else known for known in self._wishes.roots)
            tried = self._trials.solve(wishes=self._wishes._replace(roots=roots))
            found = list(self._remedy("requirement", f"loosen {requirement_text(root)}", tried, [root.name]))
            yield from found
            if not found:
                stubborn.append(root)

    def _overrides(self) -> Iterator[Remedy]:
        overrides = self._catalog.policy.overrides or {}
        for name, override in overrides.items():
            if name in self._blame.projects:
                left = {other: known for other, known in overrides.items() if other != name}
                policy = self._catalog.policy._replace(overrides=left)
                tried = self._trials.solve(wishes=self._wishes, policy=policy)
                change = f"drop the override {requirement_text(override)}"
                yield from self._remedy("override", change, tried, [name])

    def _sdists(self) -> Iterator[Remedy]:
        """Those of the projects that clash first: an old sdist of who asks for one helps rarely.

        Where none alone helps, all that clash are named together, and what clashes then.
        """
        policy = self._catalog.policy
        clashes = self._blame.clashes
        together: list[str] = []
        helps = False
        for name, project in sorted(self._blame.projects.items(), key=lambda item: item[0] not in clashes):
            has_sdist = any(found.has_sdist for found in self._left_out.get(name, {}).values())
            if project is None or name in policy.sdists or not has_sdist:
                continue
            if name in clashes:
                together.append(name)
            for remedy in self._naming_sdists([name], self._with_sdists([name])):
                helps = True
                yield remedy
        if not helps and together:
            yield from self._naming_more(together)

    def _naming_more(self, names: Sequence[str]) -> Iterator[Remedy]:
        while len(names) <= _MAX_SDISTS_NAMED:
            tried = self._with_sdists(names)
            if tried is None or not isinstance(tried.outcome, NoResolution):
                yield from self._naming_sdists(names, tried)
                return
            more = self._also_lacking_wheels(tried.outcome, names)
            if not more:
                return
            names = [*names, *more]

    def _also_lacking_wheels(self, conflict: NoResolution, names: Sequence[str]) -> list[str]:
        """The projects of a conflict that have source distributions where wheels are missing."""
        found = []
        for name in Blame(conflict, frozenset(self._catalog.policy.overrides or ())).clashes:
            page = None if name in self._catalog.policy.sdists.union(names) else page_of(self._catalog, name)
            left = left_out(page, self._catalog.view, name) if page is not None else {}
            if any(one.has_sdist for one in left.values()):
                found.append(name)
        return found

    def _with_sdists(self, names: Sequence[str]) -> Tried | None:
        policy = self._catalog.policy
        return self._trials.solve(
            wishes=self._wishes, policy=policy._replace(sdists=policy.sdists.union(names))
        )

    def _naming_sdists(self, names: Sequence[str], tried: Tried | None) -> Iterator[Remedy]:
        assumed = tried is not None and any(known in names for known, _ in tried.catalog.assumed)
        what = "what it requires" if len(names) == 1 else "what they require"
        note = f"built from source; {what} is only known then" if assumed else "built from source"
        listed = ", ".join(names[:-1]) + " and " * (len(names) > 1) + names[-1]
        change = f"name {listed} in [python] sdists"
        yield from self._remedy("sdists", change, tried, names, note)

    def _metadata(self) -> Iterator[Remedy]:
        """For releases of recorded indexes whose dependencies nobody knows."""
        policy = self._catalog.policy
        told: set[str] = set()
        for skipped in self._conflict.skipped:
            project = self._blame.projects.get(skipped.name)
            if (
                project is None
                or skipped.name in told
                or not is_of_unknown_dependencies(project, skipped.version)
            ):
                continue
            told.add(skipped.name)
            release = (skipped.name, skipped.version)
            tried = self._trials.solve(
                wishes=self._wishes,
                policy=policy._replace(said={**(policy.said or {}), release: ((), "")}),
                known=[release],
            )
            change = f"say what {skipped.name} {skipped.version} requires in [[python.metadata]]"
            note = "if what it requires fits, too"
            yield from self._remedy("metadata", change, tried, [skipped.name], note)

    def _prereleases(self) -> Iterator[Remedy]:
        names = [
            name
            for name, project in self._blame.projects.items()
            if project is not None and project.record.prereleases & project.usable
        ]
        if self._request.prereleases == "allow" or not names:
            return
        tried = self._trials.solve(wishes=self._wishes, prereleases="allow")
        if tried is not None and tried.versions is not None:
            chosen = [name for name in names if _is_prerelease(tried, name)]
            yield from self._remedy("prereleases", 'set prereleases = "allow"', tried, chosen)

    def _later_days(self) -> Iterator[Remedy]:
        """The first day of exclude-newer that would do, found by halving."""
        cutoff = self._catalog.view.cutoff
        days = sorted(
            {
                found.wanted[0]
                for name, left in self._left_out.items()
                for version, found in left.items()
                if found.kind == "cut-off" and self._is_asked_for(name, version)
            }
        )
        last = self._on_day("") if cutoff and days else None
        if last is None or last.versions is None:
            return
        low, high, best, best_day = 0, len(days) - 1, last, ""
        for _ in range(_MAX_DAYS_ASKED):
            if low > high:
                break
            middle = (low + high) // 2
            tried = self._on_day(days[middle])
            if tried is not None and tried.versions is not None:
                best, best_day, high = tried, days[middle], middle - 1
            else:
                low = middle + 1
        names = [name for name in self._blame.projects if self._is_newer(best, name)]
        change = f"set exclude-newer = {best_day}" if best_day else "drop exclude-newer"
        yield from self._remedy("exclude-newer", change, best, names)

    def _is_asked_for(self, name: str, version: str) -> bool:
        """Whether the spec itself leaves the version in; days of others help nobody."""
        asked = [asked.demand.specifier for asked in self._blame.asked(name) if not asked.asker]
        return all(
            admits(specifier, version) for specifier in (*asked, *self._wishes.constraints.get(name, ()))
        )

    def _on_day(self, day: str) -> Tried | None:
        view = self._catalog.view
        cutoff = f"{(date.fromisoformat(day) + timedelta(days=1)).isoformat()}T00:00:00Z" if day else ""
        return self._trials.solve(wishes=self._wishes, view=View(view.target, cutoff, view.need_hash))

    def _is_newer(self, tried: Tried, name: str) -> bool:
        project = tried.catalog.project(name)
        version = (tried.versions or {}).get(name)
        if project is None or version is None or project.direct_url:
            return False
        place = project.place_of(version)
        return place >= 0 and not self._catalog.view.admits_time(project.record.file(place).upload_time)

    def _wanted(self, *kinds: str) -> set[str]:
        return {
            text
            for left in self._left_out.values()
            for found in left.values()
            if found.kind in kinds
            for text in found.wanted
        }

    def _pythons(self) -> Iterator[Remedy]:
        """The nearest minors that a wheel or a Requires-Python asks for, two at most."""
        major, minor = self._request.target.python_minor
        if major != 3 or not self._wanted("python", "requires-python"):
            return
        nearest = sorted(
            (other for other in _PYTHON_MINORS if other != minor), key=lambda m: (abs(m - minor), m)
        )
        tried_already = 0
        for other in nearest:
            if not self._python_helps(f"3.{other}") or tried_already == 2:
                continue
            tried_already += 1
            target = self._request.target._replace(python=f"3.{other}.0", python_exact=False)
            view = self._catalog.view
            tried = self._trials.solve(wishes=self._wishes, view=View(target, view.cutoff, view.need_hash))
            found = list(self._remedy("python", f"lock for Python 3.{other}", tried, self._blame.clashes))
            yield from found
            if found:
                return

    def _python_helps(self, python: str) -> bool:
        view = View(self._request.target._replace(python=f"{python}.0"))
        if any(view.admits_python(text) for text in self._wanted("requires-python")):
            return True
        wanted = self._wanted("python")
        return python in wanted or any(
            text.endswith("+") and _minor(text[:-1]) <= _minor(python) for text in wanted
        )

    def _glibcs(self) -> Iterator[Remedy]:
        """The lowest glibc that a wheel asks for, and the next."""
        wanted = sorted(
            version for text in self._wanted("glibc") for version in [tuple(map(int, text.split(".")))]
        )
        for major, minor in wanted[:2]:
            target = self._request.target._replace(glibc=(major, minor))
            view = self._catalog.view
            tried = self._trials.solve(wishes=self._wishes, view=View(target, view.cutoff, view.need_hash))
            change = f"lock for a host with glibc {major}.{minor}"
            found = list(self._remedy("glibc", change, tried, self._blame.clashes))
            yield from found
            if found:
                return

    def _leaving_out(self, stubborn: Sequence[Requirement]) -> Iterator[Remedy]:
        for root in stubborn:
            if len(self._wishes.roots) > 1:
                tried = self._trials.solve(wishes=_without(self._wishes, root))
                yield from self._remedy("leave-out", f"leave out {requirement_text(root)}", tried, [])


def requirement_text(requirement: Requirement) -> str:
    """As it's written, without marker and credentials."""
    extras = f"[{','.join(requirement.extras)}]" if requirement.extras else ""
    if requirement.url:
        return without_credentials(f"{requirement.name}{extras} @ {requirement.url}")
    return f"{requirement.name}{extras}{requirement.specifier}"


def _is_prerelease(tried: Tried, name: str) -> bool:
    project = tried.catalog.project(name)
    version = (tried.versions or {}).get(name)
    if project is None or version is None:
        return False
    place = project.place_of(version)
    return place >= 0 and bool(project.record.prereleases >> place & 1)


def _minor(python: str) -> int:
    _, _, minor = python.partition(".")
    return int(minor) if minor.isdigit() else 0
