"""Finding: what a rule says of a host."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeVar

from envspec.named_tuple import NamedTuple
from envspec.probe.facts import Fact

T = TypeVar("T")

Status = Literal["pass", "warn", "fail", "unknown"]
RANK: dict[Status, int] = {"fail": 0, "unknown": 1, "warn": 2, "pass": 3}


class Finding(NamedTuple):
    """One rule, asked of one subject. What was wanted, what was met, and what to do."""

    rule: str
    """``driver``, ``gpu-code``, ``disk``: what ``envspec explain`` takes."""
    subject: str
    """What it's about: ``torch 2.1.2+cu121``, ``/tmp``, ``GPU 0``."""
    status: Status
    expected: str
    actual: str
    why: str = ""
    fix: str = ""
    """One way out a line; empty for a pass."""
    source: str = ""
    """The table or document that the rule rests on, with its row."""
    grade: str = ""
    """Of the rule ``driver`` alone: ``full``, ``minor-version``, ``refused``."""
    variants: tuple[str, ...] = ()
    """Variants that would pass where this one fails, as far as the caller knows them."""


def not_known(rule: str, subject: str, expected: str, fact: Fact[T], fix: str, source: str) -> Finding:
    """For a fact that could not be found out, which is no pass."""
    actual = f"not known: {fact.why or 'it was not read'}"
    return Finding(rule, subject, "unknown", expected, actual, fix=fix, source=source)


def verdict(findings: Iterable[Finding]) -> Status:
    """The worst of them: a fail before an unknown before a warning before a pass."""
    return min((finding.status for finding in findings), key=RANK.__getitem__, default="unknown")


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """In the order a person reads them; equal ones by rule and subject."""
    return sorted(findings, key=lambda finding: (RANK[finding.status], finding.rule, finding.subject))
