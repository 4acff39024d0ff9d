"""Fleet: many judged hosts, and who differs from whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from envspec.named_tuple import NamedTuple
from envspec.verify.finding import Finding
from envspec.verify.judgement import Answer, HostJudged, Judgement, Seen

HEAD = ("OS", "GPU", "driver")
"""The facts by which hosts are alike or not; others, such as free space, differ on each."""


class Alike(NamedTuple):
    """Hosts that are the same in OS, GPU and driver, and got the same findings."""

    hosts: tuple[HostJudged, ...]
    differs: tuple[str, ...]
    """In what from the largest group, one line each; empty for that one."""

    @property
    def first(self) -> HostJudged:
        """One that stands for all."""
        return self.hosts[0]


class Fleet(NamedTuple):
    """All hosts, in the order in which they were read, and their groups, the largest first."""

    hosts: tuple[HostJudged, ...]
    groups: tuple[Alike, ...]
    """Without those whose facts can't be read."""

    @property
    def unreadable(self) -> tuple[HostJudged, ...]:
        """Hosts of which nothing can be said."""
        return tuple(host for host in self.hosts if host.trouble)

    def totals(self) -> dict[Answer, int]:
        """How many hosts were answered how; an unreadable one isn't among them."""
        counted = Counter(host.answer for host in self.hosts if not host.trouble)
        return {answer: counted[answer] for answer in ("yes", "no", "unknown")}


def fleet(hosts: Iterable[HostJudged]) -> Fleet:
    """Gather hosts as they come; equal findings are kept once, so that memory grows with what differs."""
    lines: dict[Seen, Seen] = {}
    findings: dict[Finding, Finding] = {}
    gathered = tuple(_sharing(host, lines, findings) for host in hosts)
    alike: dict[tuple[object, ...], list[HostJudged]] = {}
    for host in gathered:
        if not host.trouble:
            alike.setdefault(_signature(host), []).append(host)
    ordered = sorted(alike.values(), key=len, reverse=True)  # stable: of equal ones the first that came
    groups = tuple(
        Alike(tuple(group), differences(ordered[0][0], group[0]) if number else ())
        for number, group in enumerate(ordered)
    )
    return Fleet(gathered, groups)


def _sharing(host: HostJudged, lines: dict[Seen, Seen], findings: dict[Finding, Finding]) -> HostJudged:
    seen = tuple(lines.setdefault(one, one) for one in host.seen if one.name in HEAD)
    judgements = tuple(
        judgement._replace(findings=tuple(findings.setdefault(one, one) for one in judgement.findings))
        for judgement in host.judgements
    )
    return host._replace(seen=seen, judgements=judgements)


def _signature(host: HostJudged) -> tuple[object, ...]:
    seen = tuple((one.name, one.text) for one in host.seen if one.name in HEAD)
    return seen, tuple(_outcome(judgement) for judgement in host.judgements)


def _outcome(judgement: Judgement) -> tuple[object, ...]:
    return judgement.label, judgement.grade, frozenset(_open(judgement))


def _open(judgement: Judgement) -> dict[tuple[str, str, str], Finding]:
    """What didn't pass, by what it is and not by the figures in it."""
    return {
        (finding.rule, finding.subject, finding.status): finding
        for finding in judgement.findings
        if finding.status != "pass"
    }


def differences(usual: HostJudged, other: HostJudged) -> tuple[str, ...]:
    """In what one host differs from another, facts first."""
    lines = []
    theirs = {one.name: one.text for one in other.seen}
    for one in usual.seen:
        text = theirs.get(one.name, "not known")
        if one.name in HEAD and text != one.text:
            lines.append(f"{one.name}: {text}; not {one.text}")
    judged = {judgement.label: judgement for judgement in other.judgements}
    for judgement in usual.judgements:
        found = judged.get(judgement.label)
        if found is not None:
            lines += _apart(judgement, found)
    return tuple(lines)


def _apart(usual: Judgement, other: Judgement) -> list[str]:
    lines = []
    if usual.answer != other.answer or usual.grade != other.grade:
        lines.append(f"{other.label}: {_told(other)}; not {_told(usual)}")
    before, after = _open(usual), _open(other)
    words = {"fail": "fails", "unknown": "not known", "warn": "warning"}
    for key in sorted(after.keys() - before.keys()):
        rule, subject, status = key
        lines.append(f"{other.label}: {words[status]} here: {rule}: {subject}: {after[key].actual}")
    for rule, subject, status in sorted(before.keys() - after.keys()):
        if not any(key[:2] == (rule, subject) for key in after):
            lines.append(f"{other.label}: not here: {words[status]}: {rule}: {subject}")
    return lines


def _told(judgement: Judgement) -> str:
    answer = {"yes": "yes", "no": "no", "unknown": "not known"}[judgement.answer]
    return f"{answer}, {judgement.grade}" if judgement.grade else answer
