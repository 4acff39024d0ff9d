from __future__ import annotations

import json
from pathlib import Path

import pytest

from envspec.cli.main import main
from envspec.lock.codec import encode
from envspec.lock.document import Build, BuildRequirement
from tests.lock.locks import distribution, file, lock

SETUPTOOLS = BuildRequirement("setuptools", "75", file("setuptools-75-py3-none-any.whl"), "default")
CU118 = lock(
    distribution("easyocr", "1.7.2", "numpy", "torch"),
    distribution("filelock", "3.13.1"),
    distribution("numpy", "1.26.4"),
    distribution("stray", "1"),
    distribution("torch", "2.1.2+cu118", "filelock"),
    requirements=("easyocr", "numpy<2", "torch==2.1.2"),
    builds=(Build("openai-whisper", "20240930", (SETUPTOOLS,)),),
    variant="cu118",
)
CPU = lock(distribution("numpy", "1.26.4"), requirements=("numpy<2",), variant="cpu")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two locks in ./locks."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "locks").mkdir()
    for held in (CU118, CPU):
        (tmp_path / "locks" / held.file_name).write_bytes(encode(held))
    return tmp_path


def test_the_shortest_chain_of_each_requirement_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "Filelock", "locks/pylock.ocr-cu118.toml"]) == 0
    assert capsys.readouterr().out == (
        "locks/pylock.ocr-cu118.toml: filelock 3.13.1\n"
        "  torch==2.1.2 -> filelock\n"
        "  easyocr -> torch -> filelock\n"
    )


def test_every_lock_in_the_folder_is_asked_where_none_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "numpy"]) == 0
    assert capsys.readouterr().out == (
        "locks/pylock.ocr-cpu.toml: numpy 1.26.4\n"
        "  numpy<2  (the spec asks for it)\n"
        "locks/pylock.ocr-cu118.toml: numpy 1.26.4\n"
        "  numpy<2  (the spec asks for it)\n"
        "  easyocr -> numpy\n"
    )


def test_what_only_a_build_needed_is_told_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "setuptools"]) == 0
    assert capsys.readouterr().out == (
        "locks/pylock.ocr-cpu.toml: no setuptools\n"
        "locks/pylock.ocr-cu118.toml: setuptools is not installed\n"
        "  needed to build openai-whisper 20240930\n"
    )


def test_what_no_requirement_leads_to_is_told_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "stray", "locks/pylock.ocr-cu118.toml"]) == 0
    assert capsys.readouterr().out == (
        "locks/pylock.ocr-cu118.toml: stray 1\n  no requirement of the spec leads to it\n"
    )


def test_a_project_in_no_lock_is_a_no(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "filelok"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "envspec: locks/pylock.ocr-cpu.toml, locks/pylock.ocr-cu118.toml: no 'filelok'\n"
        "  why: nothing of that name is locked there\n"
        "  fix: did you mean 'filelock'?\n"
    )
    assert main(["why", "setup-tool"]) == 1
    assert capsys.readouterr().err.endswith("  fix: did you mean 'setuptools'?\n")
    assert main(["why", "nope", "--format", "json"]) == 1
    captured = capsys.readouterr()
    assert [row["version"] for row in json.loads(captured.out)] == [None, None]
    assert captured.err.endswith(
        ": no 'nope'\n  why: nothing of that name is locked there\n"
        "  fix: envspec tree LOCK shows every name\n"
    )


def test_json_holds_every_chain(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "filelock", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {
            "lock": "locks/pylock.ocr-cpu.toml",
            "name": "filelock",
            "version": None,
            "chains": [],
            "builds": [],
        },
        {
            "lock": "locks/pylock.ocr-cu118.toml",
            "name": "filelock",
            "version": "3.13.1",
            "chains": [
                {"requirement": "torch==2.1.2", "names": ["torch", "filelock"]},
                {"requirement": "easyocr", "names": ["easyocr", "torch", "filelock"]},
            ],
            "builds": [],
        },
    ]


def test_without_any_lock_the_user_is_told_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert main(["why", "numpy"]) == 2
    assert capsys.readouterr().err == (
        "envspec: no lock was named, and neither ./locks nor this folder holds a pylock.*.toml\n"
        "  fix: name a lock, or run envspec lock first\n"
    )
