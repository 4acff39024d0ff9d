"""A fleet as JSON; docs/report.md says what each key means. Findings stand once, hosts point to them."""

from __future__ import annotations

import json
from typing import Any

from envspec.report.json import REPORT_VERSION, finding_row
from envspec.report.sentences import STATUSES
from envspec.verify.finding import Finding
from envspec.verify.fleet import Fleet
from envspec.verify.judgement import HostJudged, best_of_each


def as_json(fleet: Fleet, *, day: str, version: str, strict: bool) -> str:
    """One object, in ASCII; ``findings`` holds what didn't pass anywhere, each once."""
    numbers: dict[Finding, int] = {}
    hosts = [_host(host, numbers, strict=strict) for host in fleet.hosts]
    document: dict[str, Any] = {
        "envspec-fleet": REPORT_VERSION,
        "by": f"envspec {version}",
        "day": day,
        "strict": strict,
        "passes": bool(hosts) and all(row["passes"] for row in hosts),
        "totals": {**dict(fleet.totals()), "unreadable": len(fleet.unreadable)},
        "groups": [
            {"hosts": [host.label for host in group.hosts], "differs": list(group.differs)}
            for group in fleet.groups
        ],
        "hosts": hosts,
        "findings": [finding_row(finding) for finding in numbers],
    }
    return json.dumps(document, indent=1) + "\n"


def _host(host: HostJudged, numbers: dict[Finding, int], *, strict: bool) -> dict[str, Any]:
    return {
        "label": host.label,
        "facts": host.where,
        "facts-sha256": host.sha256,
        "answer": host.answer,
        "passes": host.passes(strict=strict),
        "trouble": host.trouble,
        "best": [best.label for best in best_of_each(host.judgements) if best.answer != "no"],
        "seen": {one.name: one.text for one in host.seen},
        "locks": [
            {
                "label": one.label,
                "answer": one.answer,
                "status": one.status,
                "grade": one.grade,
                "counts": {status: len(one.having(status)) for status in STATUSES},
                "findings": [
                    numbers.setdefault(finding, len(numbers))
                    for finding in one.findings
                    if finding.status != "pass"
                ],
            }
            for one in host.judgements
        ],
    }
