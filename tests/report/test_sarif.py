"""The SARIF report against the parts of the standard that it uses.

Source: OASIS, SARIF 2.1.0 plus Errata 01, sarif-schema-2.1.0.json: each object's properties and which are
required; no object takes others (``additionalProperties`` is false, but for property bags).
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from envspec.report.sarif import as_sarif
from tests.report.cases import BROKEN, CASES, report

MESSAGE = {"text": str}
LOCATION = {"uri": str}
SHAPE: dict[str, Any] = {
    "$schema": str,
    "!version": "2.1.0",
    "!runs": [
        {
            "!tool": {
                "!driver": {
                    "!name": "envspec",
                    "semanticVersion": str,
                    "rules": [{"!id": str, "shortDescription": MESSAGE, "help": MESSAGE}],
                }
            },
            "invocations": [
                {
                    "!executionSuccessful": bool,
                    "toolExecutionNotifications": [{"!message": MESSAGE, "level": {"warning", "error"}}],
                }
            ],
            "artifacts": [{"location": LOCATION, "hashes": {"sha-256": str}}],
            "results": [
                {
                    "!message": MESSAGE,
                    "ruleId": str,
                    "ruleIndex": int,
                    "kind": {"fail", "open", "pass"},
                    "level": {"error", "warning", "none"},
                    "locations": [
                        {
                            "physicalLocation": {"artifactLocation": LOCATION},
                            "logicalLocations": [{"name": str, "fullyQualifiedName": str}],
                        }
                    ],
                    "partialFingerprints": dict,
                    "properties": dict,
                }
            ],
            "columnKind": {"utf16CodeUnits", "unicodeCodePoints"},
            "properties": dict,
        }
    ],
}
"""``!`` marks what the schema requires."""


def wrong(item: Any, shape: Any, at: str = "") -> list[str]:
    if isinstance(shape, dict):
        names = {name.lstrip("!"): inner for name, inner in shape.items()}
        found = [f"{at}: {name} is no property" for name in item.keys() - names.keys()]
        found += [f"{at}: {name[1:]} is missing" for name in shape if name[0] == "!" and name[1:] not in item]
        return found + [
            line
            for name in item.keys() & names.keys()
            for line in wrong(item[name], names[name], f"{at}.{name}")
        ]
    if isinstance(shape, list):
        return [line for number, one in enumerate(item) for line in wrong(one, shape[0], f"{at}[{number}]")]
    if isinstance(shape, type):
        return [] if type(item) is shape else [f"{at}: {item!r} is no {shape.__name__}"]
    return [] if item in (shape if isinstance(shape, set) else {shape}) else [f"{at}: {item!r}"]


@pytest.mark.parametrize("case", CASES)
def test_a_log_has_the_shape_of_the_standard(case: str) -> None:
    log = json.loads(as_sarif(CASES[case]))
    assert wrong(log, SHAPE) == []
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(rules) == len(set(rules))
    artifacts = {artifact["location"]["uri"] for artifact in run["artifacts"]}
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert (result["level"] == "none") is (result["kind"] != "fail"), "3.27.10: none unless it's a fail"
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert uri in artifacts
        assert uri.isascii()
        assert urlsplit(uri).scheme in ("", "file")
    fingerprints = [result["partialFingerprints"]["finding/v1"] for result in run["results"]]
    assert len(fingerprints) == len(set(fingerprints))


def test_what_is_not_known_is_open_and_told_as_a_warning_of_the_run() -> None:
    (run,) = json.loads(as_sarif(CASES["refused"]))["runs"]
    kinds = {(result["ruleId"], result["kind"], result["level"]) for result in run["results"]}
    assert kinds == {
        ("driver", "fail", "error"),
        ("clock", "open", "none"),
        ("libraries", "fail", "warning"),
        ("disk", "pass", "none"),
        ("glibc", "pass", "none"),
    }
    (invocation,) = run["invocations"]
    assert [one["level"] for one in invocation["toolExecutionNotifications"]] == ["warning"]
    assert invocation["executionSuccessful"] is True


def test_facts_that_can_not_be_read_make_the_run_no_success() -> None:
    (run,) = json.loads(as_sarif(report(BROKEN)))["runs"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert [one["level"] for one in invocation["toolExecutionNotifications"]] == ["error"]
    assert BROKEN.trouble in invocation["toolExecutionNotifications"][0]["message"]["text"]
