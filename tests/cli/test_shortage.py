"""A process that may have no more memory or threads says so and ends, whatever it was doing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from envspec.cli.main import main

LOCK = Path(__file__).parents[2] / "locks" / "pylock.founding-cu118.toml"
WITHIN = """\
import resource, sys
from envspec.cli.main import command
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv.pop(1)), -1))
command()
"""


def within(memory_bytes: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHIN, str(memory_bytes), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_too_little_memory_is_told_without_a_traceback() -> None:
    ended = within(256 * 1024, "tree", str(LOCK))
    assert ended.returncode == 3
    assert ended.stderr.startswith("envspec: this process may have no more memory\n")
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("kib", [512, 1024, 2048, 3072, 4096])
def test_wherever_memory_ends_it_is_told_or_was_enough(kib: int) -> None:
    """How far each gets hangs on the interpreter, and on whether its modules are compiled yet."""
    ended = within(kib * 1024, "tree", str(LOCK))
    told = ended.stderr.startswith("envspec: this process may have no more memory\n")
    assert (ended.returncode, told) in ((0, False), (3, True))
    assert "Traceback" not in ended.stderr


def test_enough_memory_is_much_less_than_the_longest_file_allowed() -> None:
    ended = within(64 * 1024 * 1024, "tree", str(LOCK))
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(
    ("error", "what"),
    [
        pytest.param(MemoryError(), "memory", id="memory"),
        pytest.param(OSError(12, "Cannot allocate memory"), "memory", id="memory of the system"),
        pytest.param(
            ImportError("x.so: failed to map segment from shared object"), "memory", id="memory for a library"
        ),
        pytest.param(SystemError("error return without exception set"), "memory", id="memory of CPython"),
        pytest.param(RuntimeError("can't start new thread"), "threads", id="threads"),
    ],
)
def test_what_is_short_is_told_in_the_form_that_was_asked_for(
    error: Exception, what: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(arguments: object) -> int:
        raise error

    monkeypatch.setattr("envspec.cli.tree.run", fail)
    assert main(["tree", str(LOCK), "--format", "json"]) == 3
    told = json.loads(capsys.readouterr().out)["error"]
    assert (told["exit-code"], told["what"]) == (3, f"this process may have no more {what}")
    assert told["fix"].startswith("raise the limit")


def test_another_fault_of_ours_is_not_called_a_shortage(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(arguments: object) -> int:
        raise RuntimeError("another")

    monkeypatch.setattr("envspec.cli.tree.run", fail)
    with pytest.raises(RuntimeError, match="another"):
        main(["tree", str(LOCK)])
