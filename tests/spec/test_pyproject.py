"""The dependencies of a pyproject.toml become those of a spec."""

from __future__ import annotations

import pytest

from envspec.errors import InputError, InvalidValueError
from envspec.spec.imported import Imported, ImportedIndex
from envspec.spec.pyproject import read_pyproject

PROJECT = """
[project]
name = "My.App"
requires-python = ">=3.11"
dependencies = ["torch", "flask; os_name == 'posix'"]
[project.optional-dependencies]
web = ["uvicorn", "my_app[Fast]"]
fast = ["uvloop", "my-app[web]"]
[dependency-groups]
lint = ["ruff", {include-group = "Base_Tools"}]
base-tools = ["mypy", {include-group = "lint"}]
"""


def read(text: str, extras: tuple[str, ...] = (), groups: tuple[str, ...] = ()) -> Imported:
    return read_pyproject(text, "pyproject.toml", extras, groups)


def test_dependencies_alone_where_nothing_else_is_asked_for() -> None:
    found = read(PROJECT)
    assert found.requirements == ["torch", "flask; os_name == 'posix'"]
    assert (found.name, found.python) == ("my-app", "3.11")
    assert found.notes == [
        "pyproject.toml: the project itself isn't in the spec: my-app @ ./dist/NAME.whl adds it"
    ]


def test_extras_that_name_each_other_are_followed_once() -> None:
    assert read(PROJECT, extras=("WEB",)).requirements == [
        "torch", "flask; os_name == 'posix'", "uvicorn", "uvloop",
    ]  # fmt: skip


def test_groups_that_include_each_other_are_followed_once() -> None:
    assert read(PROJECT, groups=("lint",)).requirements == [
        "torch", "flask; os_name == 'posix'", "ruff", "mypy",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("extras", "groups", "what"),
    [(("wbe",), (), "no extra 'wbe'"), ((), ("tests",), "no group 'tests'")],
)
def test_an_unknown_extra_or_group_is_told(
    extras: tuple[str, ...], groups: tuple[str, ...], what: str
) -> None:
    with pytest.raises(InputError, match=what):
        read(PROJECT, extras, groups)


def test_the_settings_of_uv_are_taken_over() -> None:
    found = read(
        """
[project]
dependencies = ["our-models", "torch"]
[tool.uv]
constraint-dependencies = ["numpy<2"]
override-dependencies = ["pillow>=10"]
exclude-newer = "2025-07-01T00:00:00Z"
prerelease = "allow"
[[tool.uv.index]]
name = "Corp"
url = "https://me:secret@corp.example/simple"
explicit = true
[[tool.uv.index]]
name = "pt"
url = "https://download.pytorch.org/whl/cu121"
[tool.uv.sources]
our-models = { index = "Corp" }
torch = [{ index = "pt" }]
other = { git = "https://host.example/x" }
"""
    )
    assert found.cuda == "12.1"
    assert found.indexes == [
        ImportedIndex("corp", "https://corp.example/simple", "pyproject.toml, tool.uv.index", ("our-models",))
    ]
    assert (found.constraints, found.overrides) == (["numpy<2"], ["pillow>=10"])
    assert (found.exclude_newer, found.prereleases) == ("2025-07-01T00:00:00Z", True)
    assert found.notes == [
        "pyproject.toml: tool.uv.sources.'other': only an index can be taken over",
        "pyproject.toml, tool.uv.index: credentials of corp.example were left out; "
        "~/.netrc is the place for them",
    ]


def test_sources_of_poetry_become_indexes() -> None:
    found = read(
        """
[project]
dependencies = ["our-models"]
[tool.poetry.dependencies]
our-models = { source = "corp" }
[[tool.poetry.source]]
name = "corp"
url = "https://corp.example/simple/"
"""
    )
    assert found.indexes == [
        ImportedIndex(
            "corp", "https://corp.example/simple", "pyproject.toml, tool.poetry.source", ("our-models",)
        )
    ]


def test_a_project_that_only_poetry_can_read_is_told_the_way_round() -> None:
    with pytest.raises(InputError) as caught:
        read('[tool.poetry.dependencies]\npython = "^3.10"\n')
    assert caught.value.fix == (
        "poetry export -f requirements.txt -o requirements.txt; then --from requirements.txt"
    )


@pytest.mark.parametrize(
    "text",
    [
        "[project]\nname = 3\nrequires-python = []",
        "[project]\ndynamic = 3\n[tool]\nuv = []\npoetry = 3",
        "[project]\nrequires-python = 'x'\n[tool.uv]\nindex = [1, {}]\nsources = {a = 1, b = [2]}",
    ],
)
def test_odd_values_never_crash(text: str) -> None:
    assert read(text).requirements == []


def test_a_file_without_a_project_is_told() -> None:
    with pytest.raises(InputError, match="has no \\[project\\] table to read dependencies from"):
        read("project = 3")


def test_broken_toml_is_told() -> None:
    with pytest.raises(InvalidValueError, match="line 1, column 9"):
        read("[project\n")


@pytest.mark.parametrize(
    ("requires", "python", "notes"),
    [
        (">=3.9", "3.10", 0),
        (">=3.11,<3.13", "3.11", 0),
        (">=3.9.2,<3.10", "3.9", 0),
        ("==3.12.4", "3.12", 0),
        ("<3.8", "", 1),
    ],
)
def test_the_target_gets_a_python_that_the_project_runs_on(requires: str, python: str, notes: int) -> None:
    found = read_pyproject(f'[project]\nrequires-python = "{requires}"\n', "pyproject.toml")
    assert (found.python, len(found.notes)) == (python, notes)
    if notes:
        why = "no CPython from 3.8 to 3.14 fits it; choose target.python"
        assert found.notes == [f"pyproject.toml: requires-python '<3.8': {why}"]
