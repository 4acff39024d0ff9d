from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from envspec.report.junit import as_junit
from tests.report.cases import BROKEN, CASES, judgement, report


@pytest.mark.parametrize("case", CASES)
def test_the_counts_are_those_of_the_cases(case: str) -> None:
    root = ElementTree.fromstring(as_junit(CASES[case]))
    kinds = {"tests": "testcase", "failures": "testcase/failure", "errors": "testcase/error"}
    for name, path in kinds.items():
        assert int(root.attrib[name]) == sum(int(suite.attrib[name]) for suite in root)
        assert all(int(suite.attrib[name]) == len(suite.findall(path)) for suite in root)
    assert all(suite.attrib["skipped"] == "0" and not suite.findall("testcase/skipped") for suite in root)


def test_a_case_for_each_finding_says_how_it_came_out() -> None:
    root = ElementTree.fromstring(as_junit(CASES["refused"]))
    (suite,) = root
    assert suite.attrib["name"] == "founding-cu121 on gpu-7"
    found = [(case.attrib["name"], case[0].tag if len(case) else "") for case in suite]
    assert found == [
        ("driver: torch 2.1.2+cu121", "failure"),
        ("clock: the host's clock", "error"),
        ("libraries: libGL.so.1", "system-out"),
        ("disk: /data", ""),
        ("glibc: numpy 1.26.4", ""),
    ]
    assert "fix: take the variant cu118, which passes here" in (suite[0][0].text or "").splitlines()


def test_strictly_a_warning_is_a_failure() -> None:
    easy, strict = (ElementTree.fromstring(as_junit(CASES[name])) for name in ("founding", "strict"))
    assert (easy.attrib["failures"], strict.attrib["failures"]) == ("1", "4")
    assert easy.attrib["errors"] == strict.attrib["errors"] == "2"


def test_facts_that_can_not_be_read_are_an_error() -> None:
    (suite,) = ElementTree.fromstring(as_junit(report(BROKEN)))
    (case,) = suite
    assert case[0].tag == "error"
    assert case[0].attrib["message"] == BROKEN.trouble


def test_a_lock_of_which_no_rule_spoke_is_no_success() -> None:
    nothing = report(BROKEN._replace(trouble="", judgements=(judgement("cu118"),)))
    (suite,) = ElementTree.fromstring(as_junit(nothing))
    assert [case[0].tag for case in suite] == ["error"]


def test_what_a_host_says_stays_text() -> None:
    (suite,) = ElementTree.fromstring(as_junit(CASES["hostile"]))
    assert [case.tag for case in suite] == ["testcase"]
    assert (
        r"\x1b]0;owned\x07<script>alert(1)</script>&\"'|\u202e]]>\nsecond line\ud800".replace('\\"', '"')
        in (suite[0].attrib["name"])
    )
