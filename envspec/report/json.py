"""A report as JSON; docs/report.md says what each key means. Within a version keys are only added."""

from __future__ import annotations

import json
from typing import Any

from envspec.report import sentences
from envspec.report.judged import Report
from envspec.verify.finding import Finding
from envspec.verify.judgement import HostJudged, Judgement, best_of_each

REPORT_VERSION = 1


def as_json(report: Report) -> str:
    """One object, in ASCII, so that no text of a host can steer a terminal."""
    document = {
        "envspec-report": REPORT_VERSION,
        "by": f"envspec {report.version}",
        "day": report.day,
        "strict": report.strict,
        "passes": report.passes,
        "hosts": [host_row(host) for host in report.hosts],
    }
    return json.dumps(document, indent=2) + "\n"


def host_row(host: HostJudged) -> dict[str, Any]:
    """One host with all that was found."""
    return {
        "label": host.label,
        "facts": host.where,
        "facts-sha256": host.sha256,
        "taken": host.taken,
        "answer": host.answer,
        "verdict": sentences.verdict(host),
        "trouble": host.trouble,
        "best": [best.label for best in best_of_each(host.judgements) if best.answer != "no"],
        "why-best": sentences.choice(host),
        "seen": [
            {"name": one.name, "text": one.text, "how": one.how, "known": one.is_known} for one in host.seen
        ],
        "locks": [_judgement(judgement) for judgement in host.judgements],
    }


def _judgement(judgement: Judgement) -> dict[str, Any]:
    return {
        "label": judgement.label,
        "spec": judgement.spec,
        "variant": judgement.variant,
        "lock": judgement.where,
        "lock-sha256": judgement.sha256,
        "answer": judgement.answer,
        "status": judgement.status,
        "grade": judgement.grade,
        "counts": {status: len(judgement.having(status)) for status in sentences.STATUSES},
        "findings": [finding_row(finding) for finding in judgement.findings],
    }


def finding_row(finding: Finding) -> dict[str, Any]:
    """One finding, with its ways out as a list."""
    return {
        "rule": finding.rule,
        "subject": finding.subject,
        "status": finding.status,
        "expected": finding.expected,
        "actual": finding.actual,
        "why": finding.why,
        "fix": sentences.ways_out(finding),
        "source": finding.source,
        "grade": finding.grade,
        "variants": list(finding.variants),
    }
