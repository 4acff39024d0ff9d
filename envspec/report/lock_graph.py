"""Trees and chains of a lock as text or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from envspec.lock.document import Lock
from envspec.lock.graph import Chain, Graph, TreeRow
from envspec.report.plain import plain

MOST_ROWS = 100_000
"""A tree has a row for each requirement between distributions; nobody reads millions."""
_MOST_RAILS = 40
"""Levels that are drawn in front of a name; how many more there are is said as a number."""


def tree_text(label: str, rows: Iterable[TreeRow]) -> str:
    """Lines as ``tree`` draws them; ``(*)`` marks what is unfolded at another place."""
    rows = iter(rows)
    lines = [plain(label), *_drawn(islice(rows, MOST_ROWS))]
    if left_out := sum(1 for _ in rows):
        lines.append(f"{left_out:,} rows more; --depth or --invert shows a part")
    return "\n".join(lines) + "\n"


def _drawn(rows: Iterable[TreeRow]) -> Iterator[str]:
    rails: list[str] = []
    for row in rows:
        del rails[row.depth :]
        hidden = len(rails) - _MOST_RAILS
        before = f"({hidden} levels) " if hidden > 0 else ""
        mark = " (*)" if row.repeated else ""
        drawn = f"{before}{''.join(rails[-_MOST_RAILS:])}{'└── ' if row.last else '├── '}"
        yield f"{drawn}{_named(row)} {row.version}{mark}"
        rails.append("    " if row.last else "│   ")


def _named(row: TreeRow) -> str:
    return f"{row.name}[{plain(','.join(row.extras))}]" if row.extras else row.name


def tree_json(label: str, rows: Iterable[TreeRow]) -> str:
    """The rows of the tree in order, each with its depth; flat, since chains may be deep."""
    rows = iter(rows)
    return (
        json.dumps(
            {
                "lock": label,
                "rows": [
                    {
                        "depth": row.depth,
                        "name": row.name,
                        "version": row.version,
                        "extras": row.extras,
                        "repeated": row.repeated,
                    }
                    for row in islice(rows, MOST_ROWS)
                ],
                "left-out": sum(1 for _ in rows),
            },
            indent=2,
        )
        + "\n"
    )


class Reason:
    """What one lock says of one name."""

    def __init__(self, where: str, lock: Lock, name: str) -> None:
        graph = Graph(lock)
        found = graph.distributions.get(name)
        self.where = where
        self.name = name
        self.version = found.version if found else None
        self.chains: tuple[Chain, ...] = graph.why(name) if found else ()
        self.builds = tuple(
            f"{build.name} {build.version}"
            for build in lock.builds
            if any(each.name == name for each in build.requirements)
        )

    @property
    def known(self) -> bool:
        """Whether this lock has the name at all."""
        return self.version is not None or bool(self.builds)


def why_text(reasons: Sequence[Reason]) -> str:
    """Each lock with its chains, requirement of the spec first."""
    return "\n".join(line for reason in reasons for line in _why_lines(reason)) + "\n"


def _why_lines(reason: Reason) -> Iterator[str]:
    version = f"{reason.name} {reason.version}" if reason.version else f"{reason.name} is not installed"
    yield f"{reason.where}: {version if reason.known else f'no {reason.name}'}"
    for chain in reason.chains:
        asked = plain(chain.requirement)
        if len(chain.names) == 1:
            yield f"  {asked}  (the spec asks for it)"
        else:
            yield f"  {' -> '.join([asked, *chain.names[1:]])}"
    for build in reason.builds:
        yield f"  needed to build {build}"
    if reason.version and not reason.chains:
        yield "  no requirement of the spec leads to it"


def why_json(reasons: Sequence[Reason]) -> str:
    """The same for machines."""
    document = [
        {
            "lock": reason.where,
            "name": reason.name,
            "version": reason.version,
            "chains": [{"requirement": c.requirement, "names": c.names} for c in reason.chains],
            "builds": reason.builds,
        }
        for reason in reasons
    ]
    return json.dumps(document, indent=2) + "\n"
