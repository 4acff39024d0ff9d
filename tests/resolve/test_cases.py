"""The resolver's cases: each file of tests/cases/solve is a made universe, a wish and its answer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from envspec.resolve.explain import explain
from envspec.resolve.resolution import NoResolution
from envspec.spec.request import StaticMetadata
from envspec.target.host import Target
from tests.resolve.universe import Universe, pins, solve

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parent.parent / "cases" / "solve"
CASES = sorted(FOLDER.glob("*.toml"))
KEYS = {
    "about",
    "requirements",
    "options",
    "target",
    "preferred",
    "releases",
    "indexes",
    "directs",
    "expected",
}
OPTIONS = {
    "constraints", "overrides", "exclude-newer", "prereleases", "sdists", "local-label", "labelled",
    "metadata", "variant",
}  # fmt: skip
EXPECTED = {"pins", "files", "extras", "skipped", "unknown-extras", "explanation"}


def target(table: dict[str, Any]) -> Target:
    major, minor = table.get("glibc", "2.28").split(".")
    python = table.get("python", "3.10")
    is_exact = python.count(".") == 2
    return Target(
        arch=table.get("arch", "x86_64"),
        glibc=(int(major), int(minor)),
        python=python if is_exact else f"{python}.0",
        python_exact=is_exact,
    )


def options(table: dict[str, Any]) -> dict[str, Any]:
    assert set(table) <= OPTIONS
    read = {
        key.replace("-", "_"): tuple(value) if isinstance(value, list) else value
        for key, value in table.items()
    }
    if "metadata" in table:
        read["metadata"] = tuple(
            StaticMetadata(row["name"], row["version"], tuple(row["requires-dist"]))
            for row in table["metadata"]
        )
    return read


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_case_is_answered_as_its_file_says(path: Path) -> None:
    case = tomllib.loads(path.read_text(encoding="utf-8"))
    assert set(case) <= KEYS
    expected = case["expected"]
    assert expected
    assert set(expected) <= EXPECTED
    named = {
        project: Universe(index["releases"], name=name, url=f"https://{name}.example/simple")
        for name, index in case.get("indexes", {}).items()
        for project in index["packages"]
    }
    found, catalog, request = solve(
        Universe(case.get("releases", {})),
        case["requirements"],
        named=named,
        preferred=case.get("preferred"),
        target=target(case.get("target", {})),
        directs=case.get("directs"),
        **options(case.get("options", {})),
    )
    if "explanation" in expected:
        assert isinstance(found, NoResolution), f"it has a solution: {pins(found)}"
        assert explain(found, catalog, request) == expected["explanation"].rstrip("\n")
        return
    assert not isinstance(found, NoResolution), explain(found, catalog, request)
    assert pins(found) == expected["pins"]
    files = {pin.name: pin.project.record.file(pin.candidate.place).filename for pin in found.pins}
    assert {name: files[name] for name in expected.get("files", {})} == expected.get("files", {})
    if "extras" in expected:
        assert {pin.name: list(pin.extras) for pin in found.pins if pin.extras} == expected["extras"]
    if "skipped" in expected:
        assert [f"{s.name} {s.version}: {s.why}" for s in found.skipped] == expected["skipped"]
    if "unknown-extras" in expected:
        assert [f"{name}[{extra}]" for name, extra in found.unknown_extras] == expected["unknown-extras"]


def test_there_are_cases() -> None:
    assert len(CASES) >= 40
