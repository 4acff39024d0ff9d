"""What requires what in a lock. Cycles and chains of any depth are walked without recursion."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from envspec.lock.document import Dependency, Lock, LockedDistribution
from envspec.project_name import normal_name

_ASKED = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[([^\]]*)\])?")


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One line of a tree, in the order of reading."""

    depth: int
    name: str
    version: str
    extras: tuple[str, ...]
    last: bool
    """Whether no sister follows."""
    repeated: bool
    """Whether what it requires was shown above already, or is being shown: a cycle."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Why something is locked: a requirement of the spec, and the names down from it."""

    requirement: str
    names: tuple[str, ...]


class Graph:
    """The distributions of one lock and the edges between them, sorted by name."""

    def __init__(self, lock: Lock) -> None:
        self.distributions: Mapping[str, LockedDistribution] = _by_project(lock.distributions)
        self._requires: dict[str, tuple[Dependency, ...]] = {
            name: tuple(sorted((e for e in d.dependencies if e.name in self.distributions), key=_by_name))
            for name, d in self.distributions.items()
        }
        self._required_by: dict[str, list[Dependency]] = {name: [] for name in self.distributions}
        for name in sorted(self._requires):
            for edge in self._requires[name]:
                self._required_by[edge.name].append(Dependency(name))
        self.asked = self._asked(lock.requirements)

    def _asked(self, requirements: Sequence[str]) -> tuple[tuple[str, Dependency], ...]:
        """(requirement as written, what it names); of a lock without any, see ``_tops``."""
        asked = [(text, edge) for text in requirements if (edge := _edge(text)).name in self.distributions]
        return tuple(asked or [(name, Dependency(name)) for name in self._tops()])

    def _tops(self) -> list[str]:
        """What nothing requires, and the first of each ring that nothing else leads to: together all."""
        names = sorted(self.distributions)
        reached: set[str] = set()
        tops = []
        for name in [*(name for name in names if not self._required_by[name]), *names]:
            if name not in reached:
                tops.append(name)
                reached.add(name)
                stack = [name]
                while stack:
                    below = [edge.name for edge in self._requires[stack.pop()] if edge.name not in reached]
                    reached.update(below)
                    stack += below
        return sorted(tops)

    def tree(self, *, depth: int | None = None, invert: str = "") -> Iterator[TreeRow]:
        """The tree below the spec's requirements, or upwards from ``invert``, at most ``depth`` levels down.

        Each distribution is unfolded once; where it comes again its row says so.
        """
        below = self._required_by if invert else self._requires
        roots = [Dependency(invert)] if invert else _once([edge for _, edge in self.asked])
        unfolded: set[str] = set()
        stack = _level(roots, 0)
        while stack:
            level, edge, last = stack.pop()
            next_edges = below[edge.name]
            repeated = bool(next_edges) and edge.name in unfolded
            version = self.distributions[edge.name].version
            yield TreeRow(level, edge.name, version, edge.extras, last, repeated)
            if repeated or (depth is not None and level >= depth):
                continue
            unfolded.add(edge.name)
            stack += _level(next_edges, level + 1)

    def why(self, name: str) -> tuple[Chain, ...]:
        """For each requirement of the spec that leads to ``name`` a shortest chain; shortest first.

        Where several ask for different extras of one project the lock doesn't say which of them brings what
        that project requires, so one chain begins with the project alone.
        """
        toward = {name: ""}
        waiting = deque([name])
        while waiting:
            here = waiting.popleft()
            for edge in self._required_by.get(here, ()):
                if edge.name not in toward:
                    toward[edge.name] = here
                    waiting.append(edge.name)
        extras: dict[str, set[tuple[str, ...]]] = {}
        for _, edge in self.asked:
            extras.setdefault(edge.name, set()).add(edge.extras)
        chains = {
            Chain(edge.name if edge.name != name and len(extras[edge.name]) > 1 else text, names)
            for text, edge in self.asked
            if edge.name in toward
            for names in [tuple(_follow(toward, edge.name))]
        }
        return tuple(sorted(chains, key=lambda chain: (len(chain.names), chain.names, chain.requirement)))


def _by_project(distributions: Sequence[LockedDistribution]) -> dict[str, LockedDistribution]:
    """By name; where a lock of another tool holds a project at several versions, all of them as one."""
    several: dict[str, list[LockedDistribution]] = {}
    for item in distributions:
        several.setdefault(item.name, []).append(item)
    return {name: items[0] if len(items) == 1 else _as_one(items) for name, items in several.items()}


def _as_one(items: Sequence[LockedDistribution]) -> LockedDistribution:
    edges = {edge.name: edge for item in items for edge in item.dependencies}
    version = ", ".join(item.version for item in items)
    return items[0]._replace(version=version, dependencies=tuple(edges.values()))


def _edge(requirement: str) -> Dependency:
    match = _ASKED.match(requirement)
    if match is None:
        return Dependency("")
    extras = tuple(
        sorted(normal_name(extra.strip()) for extra in (match[2] or "").split(",") if extra.strip())
    )
    return Dependency(normal_name(match[1]), extras)


def _by_name(edge: Dependency) -> str:
    return edge.name


def _once(edges: Sequence[Dependency]) -> list[Dependency]:
    """Each name once, with all extras that were asked of it."""
    extras: dict[str, set[str]] = {}
    for edge in edges:
        extras.setdefault(edge.name, set()).update(edge.extras)
    return [Dependency(name, tuple(sorted(extras[name]))) for name in sorted(extras)]


def _level(edges: Sequence[Dependency], depth: int) -> list[tuple[int, Dependency, bool]]:
    """Sisters, the first one on top of the stack."""
    return [(depth, edge, place == len(edges) - 1) for place, edge in enumerate(edges)][::-1]


def _follow(toward: Mapping[str, str], name: str) -> Iterator[str]:
    while name:
        yield name
        name = toward[name]
