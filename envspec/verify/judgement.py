"""Judgement: what the rules said of one lock on one host, and what follows for whoever asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from envspec.named_tuple import NamedTuple
from envspec.verify.finding import Finding, Status, verdict

Answer = Literal["no", "unknown", "yes"]
ANSWERS: tuple[Answer, ...] = ("no", "unknown", "yes")

DECIDES = frozenset({"driver", "gpu", "gpu-code", "glibc", "python", "arch"})
"""Rules without whose answer nobody can say that anything runs: unknown in one of them is no yes."""


class Judgement(NamedTuple):
    """One lock on one host."""

    label: str
    """``founding-cu118``; no two of a report are alike."""
    spec: str
    """``founding``."""
    variant: str
    """``cu118``; empty where the spec has none."""
    where: str
    """The lock's file, as the user named it."""
    sha256: str
    """Of that file, so that a filed report says which bytes were judged."""
    findings: tuple[Finding, ...]
    """The worst first."""

    @property
    def status(self) -> Status:
        """The worst of all findings; ``unknown`` where there are none."""
        return verdict(self.findings)

    @property
    def grade(self) -> str:
        """The driver's: ``full``, ``minor-version``, ``refused``; empty where it wasn't judged."""
        return next((finding.grade for finding in self.findings if finding.grade), "")

    @property
    def answer(self) -> Answer:
        """Whether the lock runs there: no where anything fails, unknown where what decides isn't known."""
        if self.status == "fail":
            return "no"
        if not any(finding.status == "pass" for finding in self.findings):
            return "unknown"  # nothing at all was seen to hold
        return "unknown" if any(map(is_decisive_unknown, self.findings)) else "yes"

    def having(self, status: Status) -> tuple[Finding, ...]:
        """The findings of one status, in their order."""
        return tuple(finding for finding in self.findings if finding.status == status)


def is_decisive_unknown(finding: Finding) -> bool:
    """Whether it leaves open that anything runs at all."""
    return finding.status == "unknown" and finding.rule in DECIDES


class Seen(NamedTuple):
    """One line of what is known of a host."""

    name: str
    """``OS``, ``driver``."""
    text: str
    how: str = ""
    """Where it was read."""
    is_known: bool = True


class HostJudged(NamedTuple):
    """One host, by every lock that was asked about; or why its facts can't be read."""

    label: str
    where: str
    """The file of facts as the user named it, ``-``, or ``this host``."""
    sha256: str = ""
    """Of the evidence as it came."""
    taken: str = ""
    """When the evidence was taken, by the host's own clock."""
    seen: tuple[Seen, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    """In the order in which the locks were named."""
    trouble: str = ""
    """Why nothing could be judged, on one line; then there are no judgements."""

    @property
    def answer(self) -> Answer:
        """The worst over all specs, each of which is answered by the variant that fits it best."""
        if self.trouble:
            return "unknown"
        return min(
            (best.answer for best in best_of_each(self.judgements)), key=ANSWERS.index, default="unknown"
        )

    def passes(self, *, strict: bool) -> bool:
        """Whether the answer is yes; under ``strict`` without a warning or anything unknown."""
        if self.answer != "yes":
            return False
        return not strict or all(best.status == "pass" for best in best_of_each(self.judgements))


def best_of_each(judgements: Iterable[Judgement]) -> tuple[Judgement, ...]:
    """Of each spec the variant that fits best; specs in the order in which they came."""
    best: dict[str, Judgement] = {}
    for judgement in judgements:
        before = best.get(judgement.spec)
        if before is None or fitness(judgement) < fitness(before):
            best[judgement.spec] = judgement
    return tuple(best.values())


_GRADES = ("full", "minor-version", "", "refused")
"""The best first; none is a lock that asks no driver, such as one for the CPU."""


def fitness(judgement: Judgement) -> tuple[int, ...]:
    """Less is better: the answer, the driver's grade, then how much fails, isn't known, is warned of.

    Of equals the one that was named first is taken.
    """
    grade = _GRADES.index(judgement.grade) if judgement.grade in _GRADES else len(_GRADES)
    counts = [len(judgement.having(status)) for status in ("fail", "unknown", "warn")]
    return (-ANSWERS.index(judgement.answer), grade, *counts)
