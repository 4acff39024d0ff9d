"""A report as SARIF 2.1.0 (OASIS Standard): one run, a result for each finding.

A failed rule is ``fail`` at level ``error``, a warning ``fail`` at level ``warning``. What could not be
found out is ``open``, SARIF's word for "there wasn't enough to decide" (3.27.9); since viewers may show
only levels, each is a notification of the run at level ``warning`` too. What passed is ``pass``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec

from envspec.report import sentences
from envspec.report.judged import Report
from envspec.report.visible import visible
from envspec.verify.finding import Finding
from envspec.verify.judgement import HostJudged, Judgement

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_KINDS = {
    "fail": ("fail", "error"),
    "warn": ("fail", "warning"),
    "unknown": ("open", "none"),
    "pass": ("pass", "none"),
}


def as_sarif(report: Report) -> str:
    """One log with one run; locks are its artifacts, subjects its logical locations."""
    rules = sorted({finding.rule for _, _, finding in _findings(report)})
    run = {
        "tool": {
            "driver": {
                "name": "envspec",
                "semanticVersion": report.version,
                "rules": [
                    {
                        "id": rule,
                        "shortDescription": {"text": f"envspec's rule {visible(rule)}"},
                        "help": {
                            "text": f"envspec explain {visible(rule)} prints it with its table and sources"
                        },
                    }
                    for rule in rules
                ],
            }
        },
        "invocations": [
            {
                "executionSuccessful": not any(host.trouble for host in report.hosts),
                "toolExecutionNotifications": list(_notifications(report)),
            }
        ],
        "artifacts": list(_artifacts(report)),
        "results": [_result(*each, rules) for each in _findings(report)],
        "columnKind": "unicodeCodePoints",
        "properties": {
            "day": report.day,
            "verdicts": {visible(host.label): visible(sentences.verdict(host)) for host in report.hosts},
        },
    }
    whole = json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}).encode()
    del run  # of many hosts it takes more room than its text
    return msgspec.json.format(whole, indent=2).decode() + "\n"


def _findings(report: Report) -> Iterator[tuple[HostJudged, Judgement, Finding]]:
    for host in report.hosts:
        for judgement in host.judgements:
            for finding in judgement.findings:
                yield host, judgement, finding


def _result(host: HostJudged, judgement: Judgement, finding: Finding, rules: list[str]) -> dict[str, Any]:
    kind, level = _KINDS[finding.status]
    ways = "".join(f"\nfix: {visible(way)}" for way in sentences.ways_out(finding))
    place = f"{host.label}/{judgement.label}/{finding.subject}"
    return {
        "ruleId": finding.rule,
        "ruleIndex": rules.index(finding.rule),
        "kind": kind,
        "level": level,
        "message": {"text": f"{visible(sentences.told(finding))}{ways}"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": _uri(judgement.where)}},
                "logicalLocations": [
                    {"name": visible(finding.subject), "fullyQualifiedName": visible(place)}
                ],
            }
        ],
        "partialFingerprints": {
            "finding/v1": hashlib.sha256(f"{finding.rule}\n{place}".encode("utf-8", "replace")).hexdigest()
        },
        "properties": {
            "host": visible(host.label),
            "lock": visible(judgement.label),
            "status": finding.status,
            "expected": visible(finding.expected),
            "actual": visible(finding.actual),
            "source": visible(finding.source),
        },
    }


def _artifacts(report: Report) -> Iterator[dict[str, Any]]:
    named = {one.where: one.sha256 for host in report.hosts for one in host.judgements}
    named |= {host.where: host.sha256 for host in report.hosts}
    for where, sha256 in named.items():
        yield {"location": {"uri": _uri(where)}, **({"hashes": {"sha-256": sha256}} if sha256 else {})}


def _notifications(report: Report) -> Iterator[dict[str, Any]]:
    for host in report.hosts:
        if host.trouble:
            yield _notification("error", f"{host.label}: {sentences.verdict(host)}")
    for host, judgement, finding in _findings(report):
        if finding.status == "unknown":
            yield _notification(
                "warning",
                f"{host.label}, {judgement.label}: not known: {sentences.told(finding)}",
            )


def _notification(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": visible(text)}}


def _uri(where: str) -> str:
    """A path as a URI reference: relative as it was given, or ``file://``."""
    quoted = quote(where.encode("utf-8", "surrogatepass"), safe="/-._~")
    return f"file://{quoted}" if quoted.startswith("/") else quoted
