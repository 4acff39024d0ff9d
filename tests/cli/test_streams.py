"""Standard streams that are closed, full, or left by their reader: the exit code stays the answer."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

LOCK = Path(__file__).parents[2] / "locks" / "pylock.founding-cu118.toml"


def run(
    *arguments: str, before: Callable[[], object] | None = None, stderr: int = subprocess.PIPE
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "envspec", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        preexec_fn=before,
        timeout=60,
        check=False,
    )


def closing(*numbers: int) -> Callable[[], None]:
    def close() -> None:
        for number in numbers:
            os.close(number)

    return close


CASES = [
    pytest.param(["tree", str(LOCK)], 0, id="a report"),
    pytest.param(["tree", "no-such.toml"], 2, id="an error"),
    pytest.param(["lock", "no-such.toml"], 2, id="an error of a command that talks"),
    pytest.param(["nope"], 2, id="no such command"),
    pytest.param([], 2, id="no command"),
]


@pytest.mark.parametrize(("arguments", "code"), CASES)
def test_a_closed_stream_changes_no_answer(arguments: list[str], code: int) -> None:
    without_out = run(*arguments, before=closing(1))
    without_err = run(*arguments, before=closing(2))
    without_any = run(*arguments, before=closing(0, 1, 2))
    assert [one.returncode for one in (without_out, without_err, without_any)] == [code, code, code]
    assert b"Traceback" not in without_out.stderr
    assert bool(without_out.stderr) is (code == 2)
    assert bool(without_err.stdout) is (code == 0)


@pytest.mark.parametrize(("arguments", "code"), CASES)
def test_talk_that_nobody_reads_changes_no_answer(arguments: list[str], code: int) -> None:
    with open("/dev/full", "wb") as full:
        assert run(*arguments, stderr=full.fileno()).returncode == code
    reading, writing = os.pipe()
    os.close(reading)
    assert run(*arguments, stderr=writing).returncode == code
    os.close(writing)


def test_without_a_command_the_usage_is_shown() -> None:
    done = run()
    assert done.stdout == b""
    assert done.stderr.startswith(b"usage: envspec COMMAND [OPTION ...]\n")


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()

    def leave() -> None:
        os.chdir(gone)
        gone.rmdir()

    done = run("init", before=leave)
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr == b"envspec: the folder that you stand in: No such file or directory\n"
