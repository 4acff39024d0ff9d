"""Solver: demands to pins, with resolvelib's backtracking over states that cost nothing to copy.

resolvelib's own loop looks at every project in every round, and copies its state for
each; here a round costs what it changes. The order of decisions: what caused the last
conflict, then what names exactly one release, then first come, first served. Where that meets
conflict after conflict, a new run decides first what they were about: what depends on much is
left for later, and one bad choice of it no longer has to be undone a thousand times.

Source of the new runs: F. Boussemart and others, "Boosting systematic search by weighting
constraints" (2004).

Built on the inner methods of resolvelib 1.2 (``_add_to_criteria``, ``_backjump``,
``_rollback_states``); pyproject.toml holds it to that line.
"""

from __future__ import annotations

import heapq
from collections import ChainMap
from collections.abc import Callable, Collection, ItemsView, Iterable, Mapping, MutableMapping
from typing import Any

from resolvelib import BaseReporter
from resolvelib.resolvers import (
    Criterion,
    RequirementInformation,
    RequirementsConflicted,
    Resolution,
    ResolutionImpossible,
)
from resolvelib.structs import IteratorMapping, State

from envspec.resolve.candidate import Candidate, Demand, Matches, RuledOut
from envspec.resolve.persistent import PersistentDict
from envspec.resolve.provider import Provider

MAX_ROUNDS = 100_000
_TRIED_BEFORE_FORESEEING = 4
_LARGEST_BATCH = 512
_CALM_ROUNDS, _CALM_ROUNDS_A_KEY = 2000, 20

Cause = RequirementInformation[Demand, Candidate]


class Conflict(Exception):  # noqa: N818 - an answer, caught where it becomes a value
    """Nothing fits; ``causes`` are the demands that met last, with who made them."""

    def __init__(self, causes: list[Cause], *, gave_up: bool = False) -> None:
        super().__init__("conflict")
        self.causes = causes
        self.gave_up = gave_up
        """Whether the rounds ran out before all was tried."""


class _Criteria(PersistentDict[str, Criterion[Demand, Candidate]]):
    """The criteria of one state."""

    __slots__ = ()

    def items(self) -> ItemsView[str, Criterion[Demand, Candidate]]:
        """Only those with candidates ruled out: a jump back carries these over, and asks for nothing else."""
        return {key: found for key, found in self._data().items() if found.incompatibilities}.items()


class Solver(Resolution[Demand, Candidate, str]):
    """One run over one provider, hopeful: it moves pins that a later demand breaks, and jumps far back.

    So it may miss a solution, or never end; when it finds none, ThoroughSolver has the last word.
    """

    _p: Provider

    def __init__(
        self,
        provider: Provider,
        foresee: Callable[[Any, int, int], None],
        max_rounds: int = MAX_ROUNDS,
        *,
        max_jumps: int | None = None,
        heat: Mapping[str, int] | None = None,
    ) -> None:
        """``heat``, as an earlier run left it, puts the keys first that caused most of its conflicts."""
        super().__init__(provider, BaseReporter())
        self._max_rounds = max_rounds
        self._max_jumps = max_rounds if max_jumps is None else max_jumps
        self._weights = dict(heat or {})
        self.heat = dict(heat or {})
        """How often each key took part in a conflict."""
        self.went_back = False
        """Whether some pin was taken back, so that others may have been made under what gave way."""
        self.rounds = 0
        """How many were needed so far."""
        self._foresee = foresee
        self._serial: dict[str, int] = {}
        self._unsatisfied: set[str] = set()
        self._agenda: list[tuple[int, int, int, str]] = []
        self._causes: set[str] = set()
        self._tried: dict[str, int] = {}
        self._foreseen: dict[str, int] = {}

    def solve(self, roots: Iterable[Demand]) -> dict[str, Candidate]:
        """Key to candidate for all that the roots reach. Raises Conflict, OutsideError."""
        self._states = [State(mapping=PersistentDict(), criteria=_Criteria(), backtrack_causes=[])]  # type: ignore[arg-type]
        for root in roots:
            try:
                self._add_to_criteria(self.state.criteria, root, parent=None)
            except RequirementsConflicted as conflict:
                raise Conflict(list(conflict.criterion.information)) from None
            self._note(root.key)
        self._push_new_state()
        self._rounds()
        return dict(self.state.mapping)

    def _rounds(self) -> None:
        """resolvelib's round: pin one key, or jump back to before what caused the conflict."""
        jumps = calm = 0
        for number in range(self._max_rounds):
            self.rounds = number
            key = self._next_key()
            if key is None:
                return
            failed = self._attempt_to_pin_criterion(key)
            if failed:
                self.went_back = True
                causes = self._extract_causes(failed)
                self._warm(causes)
                self._jump_back(causes)
                self._look_again()
                jumps, calm = jumps + 1, 0
                if jumps >= self._max_jumps:
                    break
            else:
                self._push_new_state()
                calm += 1
                if calm > _CALM_ROUNDS + _CALM_ROUNDS_A_KEY * len(self._serial):
                    break  # pins move each other in a circle
        raise Conflict(list(self.state.backtrack_causes), gave_up=True)

    def _warm(self, causes: list[Cause]) -> None:
        heat = self.heat
        for cause in causes:
            asked = cause.requirement.key
            heat[asked] = heat.get(asked, 0) + 1
            if cause.parent is not None:
                heat[cause.parent.key] = heat.get(cause.parent.key, 0) + 1

    def _jump_back(self, causes: list[Cause]) -> None:
        """To the latest pin that seems to matter. Raises Conflict where none is left."""
        try:
            jumped = self._backjump(causes)
        except ResolutionImpossible:
            jumped = False
        if not jumped:
            raise Conflict(causes) from None
        self.state.backtrack_causes[:] = causes

    def _save_state(self) -> None:
        """Nothing: where this solver's jumps skip a solution, a thorough one searches from the start."""

    def _add_to_criteria(
        self,
        criteria: dict[str, Criterion[Demand, Candidate]],
        requirement: Demand,
        parent: Candidate | None,
    ) -> None:
        """As resolvelib's, but a demand more on a known project costs one ``&``, not one for each demand."""
        known = criteria.get(requirement.key)
        matches = None if known is None else known.candidates
        if known is None or not isinstance(matches, Matches) or requirement.extra or requirement.url:
            super()._add_to_criteria(criteria, requirement, parent)
            self._unwrap(criteria, requirement.key)
            return
        criterion = Criterion(
            self._p.narrowed(matches, requirement),
            [*known.information, RequirementInformation(requirement, parent)],
            known.incompatibilities,
        )
        if not criterion.candidates:
            raise RequirementsConflicted(criterion)
        criteria[requirement.key] = criterion

    def _unwrap(self, criteria: MutableMapping[str, Criterion[Demand, Candidate]], key: str) -> None:
        """Keep our own Matches in the criterion, and not the view that resolvelib wraps them in."""
        criterion = criteria[key]
        matches = getattr(criterion.candidates, "_sequence", None)
        if isinstance(matches, Matches):
            criteria[key] = Criterion(matches, criterion.information, criterion.incompatibilities)

    def _patch_criteria(self, incompatibilities_from_broken: list[tuple[str, list[Candidate]]]) -> bool:
        """As resolvelib's, but each key is looked at once, and what's ruled out is one mask."""
        criteria = self.state.criteria
        ruled_out: dict[str, list[Any]] = {}
        for key, found in incompatibilities_from_broken:
            if found and key in criteria:
                ruled_out.setdefault(key, list(criteria[key].incompatibilities)).extend(found)
        for key, found in ruled_out.items():
            merged: list[Any] = RuledOut.merged(found)
            matches = self._p.find_matches(
                identifier=key,
                requirements=IteratorMapping(criteria, Criterion.iter_requirement),
                incompatibilities={key: iter(merged)},
            )
            if not matches:
                return False
            criteria[key] = Criterion(matches, list(criteria[key].information), merged)
        return True

    def _unpin(self, keys: Collection[str]) -> None:
        """Take back pins and what they demand.

        resolvelib leaves such pins in place: one that fits again later would count as
        pinned without its demands.
        """
        self.went_back = True
        criteria = self.state.criteria
        for key in keys:
            self.state.mapping.pop(key, None)
        freed: set[str] = set()
        for key in list(criteria):
            criterion = criteria[key]
            kept = [i for i in criterion.information if i.parent is None or i.parent.key not in keys]
            if len(kept) < len(criterion.information):
                criteria[key] = self._widened(key, criterion, kept)
                self._note(key)
                freed.add(key)
        # What's asked of a project narrows its extras, too.
        for key in list(criteria):
            base, _, extra = key.partition("[")
            if extra and base in freed:
                criterion = criteria[key]
                criteria[key] = self._widened(key, criterion, list(criterion.information))
                self._note(key)

    def _widened(
        self, key: str, criterion: Criterion[Demand, Candidate], kept: list[Cause]
    ) -> Criterion[Demand, Candidate]:
        """A criterion with fewer demands: what the others ruled out may match again."""
        demands = {key: [information.requirement for information in kept]}
        base = key.partition("[")[0]
        if base != key and base in self.state.criteria:
            demands[base] = list(self.state.criteria[base].iter_requirement())
        matches = self._p.find_matches(
            identifier=key,
            requirements={name: iter(found) for name, found in demands.items()},
            incompatibilities={key: iter(criterion.incompatibilities)},
        )
        return Criterion(matches, kept, criterion.incompatibilities)

    def _is_current_pin_satisfying(self, name: str, criterion: Criterion[Demand, Candidate]) -> bool:
        matches, pinned = criterion.candidates, self.state.mapping.get(name)
        if pinned is not None and isinstance(matches, Matches) and not pinned.extra:
            return pinned.project is matches.project and bool(matches.admitted >> pinned.place & 1)
        return super()._is_current_pin_satisfying(name, criterion)

    # What is to be pinned next

    def _note(self, key: str) -> None:
        """Put a key on the agenda if its pin is missing or no longer fits."""
        criterion = self.state.criteria[key]
        if not criterion.information or self._is_current_pin_satisfying(key, criterion):
            self._unsatisfied.discard(key)
            return
        serial = self._serial.setdefault(key, len(self._serial))
        self._unsatisfied.add(key)
        exact = isinstance(criterion.candidates, Matches) and criterion.candidates.is_exact
        heapq.heappush(self._agenda, (not exact, -self._weights.get(key, 0), serial, key))

    def _look_again(self) -> None:
        """After a jump back: the agenda from the state that stands now."""
        self._unsatisfied.clear()
        self._agenda.clear()
        for key in self.state.criteria:
            self._note(key)
        self._causes = {
            key
            for cause in self.state.backtrack_causes
            for key in (cause.requirement.key, cause.parent.key if cause.parent is not None else "")
        }

    def _next_key(self) -> str | None:
        blamed = self._causes & self._unsatisfied
        if blamed:
            return min(blamed, key=self._serial.__getitem__)
        while self._agenda:
            key = self._agenda[0][3]
            if key in self._unsatisfied:
                return key
            heapq.heappop(self._agenda)
        return None

    # Pinning

    def _attempt_to_pin_criterion(self, name: str) -> list[Criterion[Demand, Candidate]]:
        """Pin the first candidate whose demands fit; else give the criteria that they broke."""
        state, provider = self.state, self._p
        criterion = state.criteria[name]
        causes: list[Criterion[Demand, Candidate]] = []
        for candidate in self._in_order(name, criterion):
            self._watch_tries(candidate)
            if not provider.examine(candidate):
                causes.append(self._blamed_for_death(candidate, criterion))
                continue
            if candidate.extra:
                self._make_way(candidate)
            own: dict[str, Any] = {}
            changed: ChainMap[str, Any] = ChainMap(own, state.criteria)
            try:
                for demand in provider.get_dependencies(candidate):
                    self._add_to_criteria(changed, demand, parent=candidate)  # type: ignore[arg-type]
            except RequirementsConflicted as conflict:
                causes.append(conflict.criterion)
                continue
            self._pin(name, candidate, own)
            return []
        return causes or [criterion]

    def _in_order(self, name: str, criterion: Criterion[Demand, Candidate]) -> Iterable[Candidate]:
        """An extra is tried at the release that its project is pinned to."""
        base, _, extra = name.partition("[")
        pinned = self.state.mapping.get(base) if extra else None
        if pinned is None:
            return criterion.candidates
        matches = criterion.candidates
        return sorted(matches, key=lambda candidate: candidate.place != pinned.place)

    def _make_way(self, candidate: Candidate) -> None:
        """Take back the project's pin where an extra is tried at another release: it moves with it."""
        pinned = self.state.mapping.get(candidate.project.name)
        if pinned is not None and pinned.place != candidate.place:
            self._unpin({pinned.key})

    def _blamed_for_death(
        self, candidate: Candidate, criterion: Criterion[Demand, Candidate]
    ) -> Criterion[Demand, Candidate]:
        """A dead release is out whatever else is pinned: blame only who asked for its project."""
        return Criterion((), list(criterion.information), [candidate])

    def _pin(self, name: str, candidate: Candidate, changed: dict[str, Any]) -> None:
        state = self.state
        for key, criterion in changed.items():
            state.criteria[key] = criterion
        state.mapping.pop(name, None)
        state.mapping[name] = candidate
        self._unsatisfied.discard(name)
        broken = {key for key in changed if key in state.mapping and key != name and not self._holds(key)}
        for key in changed:
            self._note(key)
        if broken:
            self._unpin(broken)

    def _holds(self, key: str) -> bool:
        return self._is_current_pin_satisfying(key, self.state.criteria[key])

    def _watch_tries(self, candidate: Candidate) -> None:
        """From the fourth try of a project on fetch ahead what it may come to, in growing batches."""
        name = candidate.project.name
        tried = self._tried[name] = self._tried.get(name, 0) + 1
        if tried >= self._foreseen.get(name, _TRIED_BEFORE_FORESEEING):
            batch = min(2 * tried, _LARGEST_BATCH)
            self._foreseen[name] = tried + batch // 2
            self._foresee(candidate.project, self._p.older(candidate), batch)


def reachable(
    pins: dict[str, Candidate], roots: Iterable[Demand], provider: Provider
) -> dict[str, Candidate]:
    """The pins that the roots lead to, in the order they're met. Iterative: graphs are deep."""
    found: dict[str, Candidate] = {}
    waiting = [root.key for root in roots]
    while waiting:
        key = waiting.pop()
        if key in found or key not in pins:
            continue
        found[key] = pins[key]
        waiting.extend(demand.key for demand in provider.get_dependencies(pins[key]))
    return found


__all__ = ["Cause", "Conflict", "Matches", "Solver", "reachable"]
