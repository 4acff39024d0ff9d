"""``envspec init`` writes a spec and overwrites none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envspec.cli.main import main
from envspec.spec.reader import read_spec


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "My Project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_the_spec_is_named_after_the_folder(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init"]) == 0
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == "specs/my-project.toml written; next: envspec lock specs/my-project.toml\n"
    text = (project / "specs" / "my-project.toml").read_text(encoding="utf-8")
    assert read_spec(text, "x").name == "my-project"


def test_an_existing_file_is_never_overwritten(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "ocr.toml").write_text("mine")
    assert main(["init", "-o", "ocr.toml"]) == 2
    assert (project / "ocr.toml").read_text() == "mine"
    assert "envspec: ocr.toml: is there already" in capsys.readouterr().err


def test_a_dash_writes_to_stdout_and_no_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "-o", "-", "--name", "ocr"]) == 0
    assert read_spec(capsys.readouterr().out, "x").name == "ocr"
    assert list(project.iterdir()) == []


def test_a_name_that_no_lock_could_bear_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--name", "O.C.R"]) == 2
    assert "name: 'O.C.R' can't be read" in capsys.readouterr().err
    assert list(project.iterdir()) == []


def test_a_requirements_file_is_imported(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "requirements.txt").write_text("-r more.txt\nnumpy\n./dist/app-1.0-py3-none-any.whl\n-e .\n")
    (project / "more.txt").write_text("keybert\n")
    assert main(["init", "--from", "requirements.txt", "-o", "specs/ocr.toml"]) == 0
    tables = read_spec((project / "specs" / "ocr.toml").read_text(encoding="utf-8"), "x").variants[""]
    assert tables.name == "ocr"
    assert tables.python.requirements == ("numpy", "app @ ../dist/app-1.0-py3-none-any.whl", "keybert")
    assert capsys.readouterr().err == (
        "note: requirements.txt:4: -e '.' was left out; build its wheel: NAME @ ./path/to.whl\n"
        "specs/ocr.toml written; next: envspec lock specs/ocr.toml\n"
    )


def test_a_pyproject_is_imported_with_its_extras(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "pyproject.toml").write_text(
        '[project]\nname = "app"\ndependencies = ["a"]\noptional-dependencies.gpu = ["b"]\n'
    )
    assert main(["init", "--from", "pyproject.toml", "--extra", "gpu", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "written": "specs/app.toml",
        "notes": ["pyproject.toml: the project itself isn't in the spec: app @ ./dist/NAME.whl adds it"],
    }
    tables = read_spec((project / "specs" / "app.toml").read_text(encoding="utf-8"), "x").variants[""]
    assert tables.python.requirements == ("a", "b")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "none.txt"], "none.txt: no such file"),
        (["--from", "pyproject.toml"], "pyproject.toml: no such file"),
        (["--extra", "gpu"], "--extra and --group need --from pyproject.toml"),
        (["--from", "r.txt", "--group", "x"], "r.txt: a requirements file has no extras and no groups"),
    ],
)
def test_input_that_cannot_be_used_is_told(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_an_include_that_is_missing_leaves_nothing_behind(project: Path) -> None:
    (project / "requirements.txt").write_text("-r none.txt\n")
    assert main(["init", "--from", "requirements.txt"]) == 2
    assert [path.name for path in project.iterdir()] == ["requirements.txt"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('dependencies = "numpy"', "project.dependencies: 'numpy' can't be read"),
        ("dependencies = [1]", "project.dependencies: 1 can't be read"),
        (
            '[project.optional-dependencies]\nx = "numpy"',
            "project.optional-dependencies.x: 'numpy' can't be read",
        ),
        ('[dependency-groups]\nx = "numpy"', "dependency-groups.x: 'numpy' can't be read"),
        ("[dependency-groups]\nx = [[]]", "dependency-groups.x: an array can't be read"),
        ("optional-dependencies = 1", "project.optional-dependencies: 1 can't be read"),
    ],
)
def test_requirements_of_a_wrong_type_are_not_passed_over(
    project: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    (project / "pyproject.toml").write_text(f'[project]\nname = "app"\nversion = "1"\n{text}\n')
    assert main(["init", "--from", "pyproject.toml"]) == 2
    assert f"envspec: pyproject.toml: {told}" in capsys.readouterr().err
    assert not (project / "specs").exists()


def test_a_url_is_not_imported(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--from", "https://me:secret@host.example/requirements.txt", "-o", "-"]) == 2
    assert capsys.readouterr() == (
        "",
        "envspec: --from takes a file, and a URL was met\n  fix: download it first\n",
    )


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("Pipfile", '[packages]\nrequests = "*"\n', "its name is that of another kind of file"),
        ("environment.yml", "dependencies:\n  - numpy\n", "its name is that of another kind of file"),
        ("setup.cfg", "[options]\ninstall_requires =\n  numpy\n", "its name is that of another kind of file"),
        ("poetry.lock", '[[package]]\nname = "a"\n', "no line of it is a requirement; met '[[package]]'"),
        ("notes", "call the site again\n", "no line of it is a requirement; met 'call the site again'"),
    ],
)
def test_a_file_of_another_kind_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, why: str
) -> None:
    (project / name).write_text(text)
    assert main(["init", "--from", name]) == 2
    assert capsys.readouterr() == (
        "",
        f"envspec: {name}: isn't read as a requirements file\n"
        f"  why: {why}\n"
        "  fix: requirements files and pyproject.toml are read; most tools can export a requirements file\n",
    )
    assert not (project / "specs").exists()


def test_one_line_that_cannot_be_read_leaves_the_others(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "requirements.lock").write_text("numpy\ncall the site again\n")
    assert main(["init", "--from", "requirements.lock"]) == 0
    assert "note: requirements.lock:2: 'call the site again' was left out: " in capsys.readouterr().err
    (project / "requirements-editable").write_text("-e .\n")
    assert main(["init", "--from", "requirements-editable", "--name", "editable"]) == 0
