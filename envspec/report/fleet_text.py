"""A fleet as text: one line a host, then who is alike and who differs, then the totals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from envspec.report import sentences
from envspec.report.matrix import cell, matrix_lines
from envspec.report.visible import visible
from envspec.verify.fleet import Alike, Fleet
from envspec.verify.judgement import HostJudged, best_of_each

_MOST_LINES = 60
"""Above so many hosts, those that fit are counted and not named, unless all were asked for."""
_MOST_NAMES = 12


def as_text(fleet: Fleet, *, verbose: bool = False) -> str:
    """The matrix, the groups, the largest first, and the totals last, where a terminal shows them."""
    lines = [*_matrix(fleet, verbose=verbose), ""]
    for number, group in enumerate(fleet.groups, start=1):
        lines += [*_group(group, number, verbose=verbose), ""]
    lines += totals(fleet)
    return "\n".join(lines) + "\n"


def _matrix(fleet: Fleet, *, verbose: bool) -> Iterator[str]:
    shown: Sequence[HostJudged] = fleet.hosts
    if len(fleet.hosts) > _MOST_LINES and not verbose:
        shown = [host for host in fleet.hosts if host.trouble or host.answer != "yes"]
    if shown:
        yield from matrix_lines(shown)
    left_out = len(fleet.hosts) - len(shown)
    if left_out:
        more = "and " if shown else ""
        yield f"{more}{left_out} hosts that fit (--verbose names them)"


def _group(group: Alike, number: int, *, verbose: bool) -> Iterator[str]:
    most = len(group.hosts) if verbose else _MOST_NAMES
    yield f"group {number}: {_hosts(len(group.hosts))}: {names(group.hosts, most)}"
    if group.differs:
        yield "  differs from group 1 by"
        yield from (f"    {visible(line)}" for line in group.differs)
    else:
        yield from (f"  {visible(one.name):<7} {visible(one.text)}" for one in group.first.seen)
        yield from (f"  {visible(one.label)}  {visible(cell(one))}" for one in group.first.judgements)
    for best in best_of_each(group.first.judgements):
        if best.answer == "yes":
            continue
        at = f" (on {group.first.label})" if len(group.hosts) > 1 else ""
        for finding in best.having("fail") or best.having("unknown"):
            word = sentences.WORDS[finding.status]
            yield visible(f"  {best.label}: {word}: {sentences.told(finding)}{at}")
            for index, way in enumerate(sentences.ways_out(finding)):
                yield f"    {' or' if index else 'fix'}: {visible(way)}"


def names(hosts: Sequence[HostJudged], most: int) -> str:
    """The labels of hosts, up to so many, and how many more there are."""
    more = len(hosts) - most
    return ", ".join(visible(host.label) for host in hosts[:most]) + (f" and {more} more" if more > 0 else "")


def totals(fleet: Fleet) -> list[str]:
    """How many hosts fit, don't, aren't known, can't be read; and which lock is whose best."""
    found = fleet.totals()
    parts = [f"{found['yes']} fit", f"{found['no']} do not", f"{found['unknown']} not known"]
    parts += [f"{len(fleet.unreadable)} unreadable"] if fleet.unreadable else []
    lines = [f"{_hosts(len(fleet.hosts))}: {', '.join(parts)}"]
    best: dict[str, int] = {}
    for host in fleet.hosts:
        for one in best_of_each(host.judgements):
            if one.answer == "yes":
                best[one.label] = best.get(one.label, 0) + 1
    if best:
        named = ", ".join(f"{visible(label)} on {count}" for label, count in best.items())
        lines.append(f"best: {named}")
    return lines


def _hosts(count: int) -> str:
    return "1 host" if count == 1 else f"{count} hosts"
