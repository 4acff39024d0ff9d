"""``envspec schema`` writes JSON that editors read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envspec.cli.main import main


def test_the_schema_goes_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "envspec spec"


def test_the_schema_goes_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "spec.schema.json"
    assert main(["schema", "-o", str(path)]) == 0
    assert json.loads(path.read_text())["properties"]["variants"]["type"] == "object"
    output = capsys.readouterr()
    assert (output.out, output.err) == ("", f"{path} written\n")
