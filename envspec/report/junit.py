"""A report as JUnit XML: a suite for each lock on each host, a case for each finding.

JUnit knows success, failure, error and skipped. A failed rule is a failure. What could not be found out is
an error, which every reader counts against the run; skipped would be shown as if nothing were amiss. A
warning is a success with its text in ``system-out``, and a failure under ``--strict``. JUnit has no
standard; the names are those of the XSD that Jenkins' xUnit plugin reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from envspec.named_tuple import NamedTuple
from envspec.report import sentences
from envspec.report.judged import Report
from envspec.report.visible import visible
from envspec.verify.finding import Finding
from envspec.verify.judgement import HostJudged, Judgement


class _Suite(NamedTuple):
    text: str
    tests: int
    failures: int
    errors: int


def as_junit(report: Report) -> str:
    """One ``testsuites``; its counts are the sums of the suites'."""
    suites = list(_suites(report))
    tests = sum(suite.tests for suite in suites)
    failures = sum(suite.failures for suite in suites)
    errors = sum(suite.errors for suite in suites)
    head = f'<testsuites name="envspec verify" tests="{tests}" failures="{failures}" errors="{errors}">'
    body = "".join(suite.text for suite in suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}\n{body}</testsuites>\n'


def _suites(report: Report) -> Iterator[_Suite]:
    for host in report.hosts:
        if host.trouble:
            yield _suite(host, "facts", [_error("facts", "unreadable", host.trouble)])
        for judgement in host.judgements:
            cases = [_judged(judgement, finding, report.strict) for finding in judgement.findings]
            nothing = _error(judgement.label, "unknown", "no rule had anything to say")
            yield _suite(host, judgement.label, cases or [nothing])


def _suite(host: HostJudged, label: str, cases: list[tuple[str, str]]) -> _Suite:
    kinds = [kind for _, kind in cases]
    failures, errors = kinds.count("failure"), kinds.count("error")
    counted = f'tests="{len(cases)}" failures="{failures}" errors="{errors}" skipped="0"'
    head = f"<testsuite name={_quoted(f'{label} on {host.label}')} {counted} hostname={_quoted(host.label)}>"
    body = "".join(case for case, _ in cases)
    return _Suite(f"  {head}\n{body}  </testsuite>\n", len(cases), failures, errors)


def _error(classname: str, kind: str, message: str) -> tuple[str, str]:
    return _case(classname, kind, f"<error type={_quoted(kind)} message={_quoted(message)}/>"), "error"


def _judged(judgement: Judgement, finding: Finding, strict: bool) -> tuple[str, str]:
    kind = {"fail": "failure", "unknown": "error", "warn": "failure" if strict else ""}.get(
        finding.status, ""
    )
    said = sentences.told(finding)
    more = [f"fix: {way}" for way in sentences.ways_out(finding)]
    more += [f"source: {finding.source}"] if finding.source else []
    text = escape("\n".join(visible(line) for line in [said, *more]))
    inside = ""
    if kind:
        inside = f"<{kind} type={_quoted(finding.status)} message={_quoted(said)}>{text}</{kind}>"
    elif finding.status == "warn":
        inside = f"<system-out>{escape(sentences.WORDS['warn'])}: {text}</system-out>"
    classname = f"{judgement.label}.{finding.rule}"
    return _case(
        classname, f"{finding.rule}: {finding.subject}" if finding.subject else finding.rule, inside
    ), kind


def _case(classname: str, name: str, inside: str) -> str:
    head = f"    <testcase classname={_quoted(classname)} name={_quoted(name)}"
    return f"{head}>{inside}</testcase>\n" if inside else f"{head}/>\n"


def _quoted(text: str) -> str:
    return quoteattr(visible(text))
