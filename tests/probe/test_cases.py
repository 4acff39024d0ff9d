"""The reader's cases: each file of tests/cases/probe is evidence, or a text, and the facts in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.probe.cases import CASES, facts_of_case, load_case, shown_fact

KEYS = {"about", "items", "file", "expected", "how", "why"}


def test_there_are_cases() -> None:
    assert len(CASES) > 30


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_evidence_says(path: Path) -> None:
    case = load_case(path)
    assert set(case) <= KEYS
    facts = facts_of_case(case)
    assert {name: shown_fact(getattr(facts, name)) for name in case["expected"]} == case["expected"]
    assert {name: getattr(facts, name).how for name in case.get("how", {})} == case.get("how", {})
    assert {name: getattr(facts, name).why for name in case.get("why", {})} == case.get("why", {})
