from __future__ import annotations

import ast
from pathlib import Path

import pytest

import envspec
from envspec.compat.all_tables import rows_of
from envspec.compat.rules import near_rule, rule_named, rules

VERIFY = Path(envspec.__file__).parent / "verify"


def strings(target: ast.expr, value: ast.expr) -> dict[str, str]:
    """{RULE: driver} of ``RULE = "driver"``, and of several at once."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        pairs = [strings(each, its) for each, its in zip(target.elts, value.elts, strict=True)]
        return {name: text for pair in pairs for name, text in pair.items()}
    if isinstance(target, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
        return {target.id: value.value}
    return {}


def names_in(path: Path) -> set[str]:
    """The rules that a module of verify makes findings of: ``Finding(RULE, ...)`` where RULE is "driver"."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                constants |= strings(target, node.value)
    names = set()
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("Finding", "not_known"):
            given = [keyword.value for keyword in call.keywords if keyword.arg == "rule"] or call.args[:1]
            for rule in given:
                if isinstance(rule, ast.Name):
                    names.add(constants.get(rule.id, ""))
                elif isinstance(rule, ast.Constant):
                    names.add(str(rule.value))
    return names - {""}


def verify_rules() -> set[str]:
    return {name for path in VERIFY.glob("*.py") for name in names_in(path)}


def test_every_rule_that_verify_has_is_explained() -> None:
    assert verify_rules() - {rule.name for rule in rules()} == set()


def test_nothing_is_explained_that_verify_does_not_have() -> None:
    assert {rule.name for rule in rules()} - verify_rules() == set()


def test_every_table_that_a_rule_rests_on_is_there_with_its_columns() -> None:
    for rule in rules():
        for use in rule.tables:
            fields = rows_of(use.table)[0].__struct_encode_fields__
            assert set(use.columns) <= set(fields), (rule.name, use.table)


def test_a_rule_says_what_it_asks_as_a_question_and_what_it_does_not_see() -> None:
    for rule in rules():
        assert rule.asks.endswith("?")
        assert rule.limits, rule.name
        assert all(sentence.endswith(".") for sentence in (*rule.says, *rule.limits)), rule.name


def test_the_driver_rule_has_three_grades() -> None:
    rule = rule_named("driver")
    assert rule is not None
    assert [sentence.partition(":")[0] for sentence in rule.says[:3]] == [
        "Full",
        "Minor-version compatible",
        "Refused",
    ]


def test_no_rule_advises_to_switch_verification_off() -> None:
    rule = rule_named("endpoints")
    assert rule is not None
    assert "No advice switches verification off" in " ".join(rule.says)


@pytest.mark.parametrize(
    ("asked", "near"), [("drivers", "driver"), ("gpucode", "gpu-code"), ("glib", "glibc"), ("zebra", "")]
)
def test_a_misspelt_rule_is_answered_with_the_nearest(asked: str, near: str) -> None:
    assert rule_named(asked) is None
    assert near_rule(asked) == near
