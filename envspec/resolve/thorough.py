"""ThoroughSolver: finds a solution if there is one; asked where the hopeful solver finds none.

A pin stays until a jump back, and a jump skips only pins that the conflict doesn't hang
on: for each release that was ruled out it's remembered on which.

Source: P. Prosser, "Hybrid algorithms for the constraint satisfaction problem" (1993),
conflict-directed backjumping.
"""

from __future__ import annotations

from collections import ChainMap
from typing import Any

from resolvelib.resolvers import Criterion, RequirementsConflicted
from resolvelib.structs import IteratorMapping

from envspec.resolve.candidate import Candidate, Demand, RuledOut
from envspec.resolve.solver import Cause, Conflict, Solver

_MAX_CAUSES = 200


class ThoroughSolver(Solver):
    """As Solver, but complete, and slower where a later demand narrows what's pinned."""

    _blamed: frozenset[str] = frozenset()
    """Keys whose pins the latest failure hangs on."""

    def _attempt_to_pin_criterion(self, name: str) -> list[Criterion[Demand, Candidate]]:
        """Pin the first candidate whose demands fit all pins; else give the criteria that they broke."""
        state, provider = self.state, self._p
        criterion = state.criteria[name]
        failed = [criterion]
        blamed = self._askers(name, criterion)
        for candidate in self._in_order(name, criterion):
            self._watch_tries(candidate)
            if not provider.examine(candidate):  # out whatever is pinned
                continue
            own: dict[str, Any] = {}
            changed: ChainMap[str, Any] = ChainMap(own, state.criteria)
            try:
                for demand in provider.get_dependencies(candidate):
                    self._add_to_criteria(changed, demand, parent=candidate)  # type: ignore[arg-type]
            except RequirementsConflicted as conflict:
                failed.append(conflict.criterion)
                blamed |= self._askers(demand.key, conflict.criterion)
                continue
            broken = self._broken(name, own)
            if not broken:
                self._keep(name, candidate, own)
                return []
            failed.append(own[broken])
            blamed |= {broken}
        self._blamed = blamed - {name}
        return failed

    def _askers(self, key: str, criterion: Criterion[Demand, Candidate]) -> frozenset[str]:
        """The keys whose pins narrow a criterion, those that ruled candidates of it out among them."""
        information = list(criterion.information)
        base = key.partition("[")[0]
        if base != key and base in self.state.criteria:
            information += self.state.criteria[base].information
        found = {cause.parent.key for cause in information if cause.parent is not None}
        return found.union(*(out.blamed for out in RuledOut.merged(criterion.incompatibilities)))  # type: ignore[return-value]

    def _broken(self, name: str, changed: dict[str, Any]) -> str:
        """A pinned key that wouldn't fit its criterion any more; empty if there's none."""
        pinned = (key for key in changed if key != name and key in self.state.mapping)
        return next((key for key in pinned if not self._is_current_pin_satisfying(key, changed[key])), "")

    def _keep(self, name: str, candidate: Candidate, changed: dict[str, Any]) -> None:
        for key, criterion in changed.items():
            self.state.criteria[key] = criterion
        self.state.mapping[name] = candidate
        self._unsatisfied.discard(name)
        for key in changed:
            self._note(key)

    def _jump_back(self, causes: list[Cause]) -> None:
        """To the latest pin that the failure hangs on. Raises Conflict where there's none left."""
        blamed, met = self._blamed, list(causes)
        self._states.pop()
        while len(self._states) > 1:
            name, candidate = self._states.pop().mapping.popitem()
            if name not in blamed:
                continue
            blamed -= {name}
            criterion = self.state.criteria[name]
            ruled_out = self._with(name, criterion, RuledOut(candidate.project, 1 << candidate.place, blamed))
            if ruled_out.candidates:
                self.state.criteria[name] = ruled_out
                self.state.backtrack_causes[:] = met[:_MAX_CAUSES]
                self._push_new_state()
                return
            blamed = self._askers(name, ruled_out) - {name}
            met += criterion.information
        raise Conflict(list({id(cause): cause for cause in met}.values()))

    def _with(
        self, key: str, criterion: Criterion[Demand, Candidate], ruled_out: RuledOut
    ) -> Criterion[Demand, Candidate]:
        """The criterion of a key without these candidates."""
        merged: list[Any] = RuledOut.merged([*criterion.incompatibilities, ruled_out])
        matches = self._p.find_matches(
            identifier=key,
            requirements=IteratorMapping(self.state.criteria, Criterion.iter_requirement),
            incompatibilities={key: iter(merged)},
        )
        return Criterion(matches, list(criterion.information), merged)
