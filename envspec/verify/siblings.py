"""Siblings: which other variants of the same spec pass where one fails, named as the first way out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from envspec.verify.finding import Finding
from envspec.verify.needs import Needs


def with_variants(several: Sequence[Needs], judged: Mapping[str, list[Finding]]) -> dict[str, list[Finding]]:
    """The same findings; each that fails or refuses names the variants for whose sake nothing need change.

    A variant helps where its own findings of that rule neither fail nor leave it open, and where it fails in
    nothing that the present one gets right.
    """
    named: dict[str, list[Finding]] = {}
    for needs in several:
        others = [
            other
            for other in several
            if other.lock.name == needs.lock.name and other.lock.variant not in ("", needs.lock.variant)
        ]
        named[needs.label] = [
            _named(
                finding,
                [other for other in others if _helps(finding, judged[needs.label], judged[other.label])],
                judged,
            )
            for finding in judged[needs.label]
        ]
    return named


def _helps(finding: Finding, own: list[Finding], other: list[Finding]) -> bool:
    if finding.status != "fail" and finding.grade != "refused":
        return False
    if any(each.rule == finding.rule and each.status in ("fail", "unknown") for each in other):
        return False
    return _failing(other) <= _failing(own)


def _failing(found: list[Finding]) -> set[str]:
    return {each.rule for each in found if each.status == "fail"}


def _named(finding: Finding, helping: list[Needs], judged: Mapping[str, list[Finding]]) -> Finding:
    if not helping:
        return finding
    lines = [_way(finding, other, judged[other.label]) for other in helping]
    fix = "\n".join([*lines, *([finding.fix] if finding.fix else [])])
    return finding._replace(fix=fix, variants=tuple(other.lock.variant for other in helping))


def _way(finding: Finding, other: Needs, found: list[Finding]) -> str:
    variant = other.lock.variant
    if finding.rule != "driver":
        failing = sorted(_failing(found))
        return f"{variant} fits here" if not failing else f"{variant} passes, but fails {', '.join(failing)}"
    grade = next((each.grade for each in found if each.grade), "")
    if not grade:
        return f"{variant} needs no driver"
    return f"{variant} runs on it" + (", minor-version compatible" if grade == "minor-version" else "")
