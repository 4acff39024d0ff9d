"""What a command doesn't understand: two lines for people, one document for machines, and 2."""

from __future__ import annotations

import argparse
import json
from importlib import import_module

import pytest

from envspec.cli.main import COMMANDS, main


@pytest.mark.parametrize(
    ("arguments", "what", "fix"),
    [
        (
            ["lock", "--format", "json"],
            "the following arguments are required: SPEC",
            "envspec lock --help",
        ),
        (
            ["lock", "x.toml", "--format=json", "--tiemout", "3"],
            "unrecognized arguments: --tiemout 3",
            "envspec lock --help",
        ),
        (
            ["tree", "x.toml", "--format", "json", "--depth", "deep"],
            "argument --depth: ",
            "envspec tree --help",
        ),
        (["lcok", "--format", "json"], "no command 'lcok'", "did you mean 'lock'?"),
        (["", "--format", "json"], "no command was named", "envspec --help"),
    ],
)
def test_a_machine_reads_what_was_not_understood(
    capsys: pytest.CaptureFixture[str], arguments: list[str], what: str, fix: str
) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    error = json.loads(printed.out)["error"]
    assert error["exit-code"] == 2
    assert error["what"].startswith(what)
    assert error["fix"] == fix
    assert printed.err == ""


def test_a_person_reads_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["lock"])
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("usage: envspec lock ")


def test_an_option_before_the_command_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--quiet", "lock", "specs/ocr.toml"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("envspec: no command '--quiet'; options stand behind the command\n\nusage: ")


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_speaks_to_people_and_machines(command: str) -> None:
    parser = argparse.ArgumentParser()
    import_module(f"envspec.cli.{command}").add_arguments(parser)
    options = {name: action for action in parser._actions for name in action.option_strings}
    assert {"text", "json"} <= set(options["--format"].choices or ())
    assert "-o" in options
