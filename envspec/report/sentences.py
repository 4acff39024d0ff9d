"""Sentences that every form of a report shares: the verdict, why a variant is chosen, the ways out."""

from __future__ import annotations

from collections.abc import Iterable

from envspec.verify.finding import Finding, Status
from envspec.verify.judgement import HostJudged, Judgement, best_of_each, fitness, is_decisive_unknown

STATUSES: tuple[Status, ...] = ("fail", "unknown", "warn", "pass")
WORDS: dict[str, str] = {"fail": "FAIL", "unknown": "NOT KNOWN", "warn": "WARNING", "pass": "PASS"}
ANSWER_WORDS: dict[str, str] = {"yes": "YES", "no": "NO", "unknown": "NOT KNOWN"}
GRADES: dict[str, str] = {
    "full": "full function",
    "minor-version": "minor-version compatible",
    "refused": "refused by the driver",
}

STRICT = "no: under --strict warnings and what isn't known count as no"


def counts(judgement: Judgement) -> str:
    """``1 fails, 2 not known, 3 warnings, 20 pass``, without what there's none of."""
    return _counted(judgement, STATUSES)


def verdict(host: HostJudged) -> str:
    """One sentence for one host, over all the locks."""
    if host.trouble:
        return f"not judged: {host.trouble}"
    answers = [_answer(best, host.judgements) for best in best_of_each(host.judgements)]
    return f"{ANSWER_WORDS[host.answer].lower()}: {'; '.join(answers) or 'no lock was asked about'}"


def _answer(best: Judgement, judgements: Iterable[Judgement]) -> str:
    others = [one for one in judgements if one.spec == best.spec and one is not best]
    if best.answer == "no":
        if not others:
            return f"{best.label} does not fit this host: {failing(best)}"
        failed = ", ".join(f"{one.variant or one.label} ({failing(one)})" for one in (best, *others))
        return f"no variant of {best.spec} fits this host: {failed}"
    if best.answer == "unknown":
        rules = deciding(best)
        why = f"{rules} could not be found out" if rules else "nothing was seen to hold"
        return f"whether {best.label} fits this host: {why}"
    grade = f", {GRADES.get(best.grade, best.grade)}" if best.grade else ""
    rest = _counted(best, ("unknown", "warn"))
    return f"{best.label} fits this host{grade}{f' ({rest})' if rest else ''}"


def choice(host: HostJudged) -> list[str]:
    """Why the best variant of each spec that has several was preferred, one line each."""
    lines = []
    for best in best_of_each(host.judgements):
        others = [one for one in host.judgements if one.spec == best.spec and one is not best]
        if others and best.answer != "no":
            lines.append(f"{best.label} fits best: {'; '.join(_preferred(best, one) for one in others)}")
    return lines


def _preferred(best: Judgement, other: Judgement) -> str:
    if other.answer == "no":
        return f"{other.label} fails ({failing(other)})"
    if other.answer != best.answer:
        return f"whether {other.label} fits isn't known ({deciding(other) or 'nothing was seen to hold'})"
    if other.grade != best.grade:
        return f"{other.label} is {GRADES.get(other.grade, other.grade) or 'for no GPU'}"
    if fitness(other) == fitness(best):
        return f"{other.label} fits as well and was named later"
    mine, theirs = (_counted(one, ("unknown", "warn")) or "nothing open" for one in (best, other))
    return f"{other.label} has {theirs}, and {best.label} {mine}"


def ways_out(finding: Finding) -> list[str]:
    """What may be done, one way each: another variant first, since it costs nothing."""
    ways = [line.strip().removeprefix("or ") for line in finding.fix.splitlines() if line.strip()]
    if finding.variants and not any(variant in finding.fix for variant in finding.variants):
        named = " or ".join(finding.variants)
        ways.insert(0, f"take the variant {named}, which passes here")
    return ways


def _counted(judgement: Judgement, statuses: Iterable[Status]) -> str:
    words = {"fail": "failed", "unknown": "not known", "pass": "passed"}
    parts = []
    for status in statuses:
        count = len(judgement.having(status))
        word = words.get(status) or ("warning" if count == 1 else "warnings")
        parts += [f"{count} {word}"] if count else []
    return ", ".join(parts)


def failing(judgement: Judgement) -> str:
    """The rules that fail: ``driver, disk``."""
    return _names(judgement.having("fail"))


def deciding(judgement: Judgement) -> str:
    """The rules whose answer isn't known, and without which nobody can say that it runs."""
    return _names(finding for finding in judgement.findings if is_decisive_unknown(finding))


def _names(findings: Iterable[Finding]) -> str:
    return ", ".join(dict.fromkeys(finding.rule for finding in findings))


def told(finding: Finding) -> str:
    """One line: the rule, of what, what was met, what was wanted, and why that matters."""
    text = f"{finding.rule}: {of_subject(finding)}{finding.actual}"
    if finding.expected:
        text += f" (wanted: {finding.expected})"
    return f"{text}; {finding.why}" if finding.why else text


def of_subject(finding: Finding) -> str:
    """``torch 2.1.2: ``; empty where the rule's name says it already."""
    return f"{finding.subject}: " if finding.subject not in ("", finding.rule) else ""
