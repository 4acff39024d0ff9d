from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from envspec.verify.draw import needs_of
from envspec.verify.verify import judge
from tests.verify.case import CASES, facts_of, lock_of, read_case


@pytest.mark.parametrize("path", sorted(CASES.glob("*.toml")), ids=lambda path: path.stem)
def test_a_case_is_judged_as_it_says(path: Path) -> None:
    case = read_case(path)
    found = judge(needs_of(lock_of(case)), facts_of(case), today=case.get("today", ""))
    met = {(each.rule, each.subject): each for each in found}
    for expected in case["expect"]:
        key = (expected["rule"], expected["subject"])
        assert key in met, f"{key} is not among {sorted(met)}"
        seen: dict[str, Any] = met[key]._asdict()
        wanted = {name: "\n".join(value) if name == "fix" else value for name, value in expected.items()}
        assert {name: seen[name] for name in wanted} == wanted
    whole = {(each["rule"], each["subject"], each["status"]) for each in case["expect"]}
    for rule in case["rules"]:
        judged = {(each.rule, each.subject, each.status) for each in found if each.rule == rule}
        assert judged == {each for each in whole if each[0] == rule}


def test_each_case_says_what_it_is_about_and_names_its_rules() -> None:
    for path in CASES.glob("*.toml"):
        case = read_case(path)
        assert case["about"], path
        assert case["rules"], path
        assert {each["rule"] for each in case["expect"]} <= set(case["rules"]), path
