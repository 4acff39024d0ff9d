"""Cases of tests/cases/probe: how they are loaded, and how they write a fact."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from envspec.probe.evidence import Item
from envspec.probe.facts import Fact, HostFacts
from envspec.probe.reader import facts_of_items, read_facts
from envspec.target.gpu import ComputeCapability, DriverVersion, ToolkitVersion

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parent.parent / "cases" / "probe"
CASES = sorted(FOLDER.glob("*.toml"))


def shown(value: Any) -> Any:
    """A value as a case writes it: numbers as text, a named tuple without what it has by default."""
    if isinstance(value, (DriverVersion, ToolkitVersion, ComputeCapability)):
        return str(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        defaults: dict[str, Any] = getattr(value, "_field_defaults")  # noqa: B009 - mypy sees a mere tuple
        names: tuple[str, ...] = getattr(value, "_fields")  # noqa: B009
        fields = [(name, each) for name, each in zip(names, value, strict=True) if each is not None]
        return {name: shown(each) for name, each in fields if name not in defaults or each != defaults[name]}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, (tuple, list)):
        return [shown(each) for each in value]
    return value


def shown_fact(fact: Any) -> Any:
    if not isinstance(fact, Fact):
        return shown(fact)
    return shown(fact.value) if fact.is_known else {fact.state: fact.why}


def facts_of_case(case: dict[str, Any]) -> HostFacts:
    if "file" in case:
        return read_facts(case["file"].encode(), "facts.json")
    return facts_of_items(msgspec.convert(case["items"], dict[str, Item]), "evidence")


def load_case(path: Path) -> dict[str, Any]:
    """The case as TOML has it."""
    return tomllib.loads(path.read_text(encoding="utf-8"))
