"""Siblings: which other variants of the same spec pass where one fails, named as the first way out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from envspec.verify.finding import Finding
from envspec.verify.needs import Needs


def with_variants(several: Sequence[Needs], judged: Mapping[str, list[Finding]]) -> dict[str, list[Finding]]:
    """The same findings; each that fails or refuses names the variants for whose sake nothing need change.

    A variant helps where its own findings of that rule don't fail, and where it fails in nothing that the
    present one gets right.
    """
    failing = {
        label: {each.rule for each in found if each.status == "fail"} for label, found in judged.items()
    }
    named: dict[str, list[Finding]] = {}
    for needs in several:
        others = [
            other
            for other in several
            if other.lock.name == needs.lock.name and other.lock.variant not in ("", needs.lock.variant)
        ]
        named[needs.label] = [
            _named(finding, [other for other in others if _helps(finding, needs, other, failing)], judged)
            for finding in judged[needs.label]
        ]
    return named


def _helps(finding: Finding, needs: Needs, other: Needs, failing: Mapping[str, set[str]]) -> bool:
    its = failing[other.label]
    wanted = finding.status == "fail" or finding.grade == "refused"
    return wanted and finding.rule not in its and its <= failing[needs.label]


def _named(finding: Finding, helping: list[Needs], judged: Mapping[str, list[Finding]]) -> Finding:
    if not helping:
        return finding
    lines = [_way(finding, other, judged[other.label]) for other in helping]
    fix = "\n".join([*lines, *([finding.fix] if finding.fix else [])])
    return finding._replace(fix=fix, variants=tuple(other.lock.variant for other in helping))


def _way(finding: Finding, other: Needs, found: list[Finding]) -> str:
    variant = other.lock.variant
    if finding.rule != "driver":
        return f"{variant} fits here"
    grade = next((each.grade for each in found if each.grade), "")
    if not grade:
        return f"{variant} needs no driver"
    return f"{variant} runs on it" + (", minor-version compatible" if grade == "minor-version" else "")
