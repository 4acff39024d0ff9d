"""Programs of someone else's: bounded in time and output, and nothing of them left behind."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from envspec.adapters.process import KEPT_BYTES, run


def python(code: str, folder: Path, timeout_s: float = 20.0) -> tuple[int | None, str, float]:
    outcome = run(
        [sys.executable, "-I", "-S", "-c", code], cwd=folder, environment={"ONE": "1"}, timeout_s=timeout_s
    )
    return outcome.status, outcome.output, outcome.seconds


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")


def ends(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_running(pid)


def test_output_and_errors_come_in_their_order(tmp_path: Path) -> None:
    code = "import os; os.write(1, b'a'); os.write(2, b'b'); os.write(1, b'c'); raise SystemExit(3)"
    assert python(code, tmp_path)[:2] == (3, "abc")


def test_the_environment_is_what_was_given(tmp_path: Path) -> None:
    code = "import os; print(sorted(os.environ), os.getcwd(), os.read(0, 1))"
    # Python itself adds LC_CTYPE where the locale is C (PEP 538)
    assert python(code, tmp_path)[1] == f"['LC_CTYPE', 'ONE'] {tmp_path.resolve()} b''\n"


def test_only_the_end_of_endless_output_is_kept(tmp_path: Path) -> None:
    status, output, _ = python(
        "import os\nfor n in range(300): os.write(1, b'x' * 10_000)\nprint('end')", tmp_path
    )
    assert (status, len(output), output[-4:]) == (0, KEPT_BYTES, "end\n")


def test_a_signal_is_told_as_a_negative_status(tmp_path: Path) -> None:
    assert python("import os; os.kill(os.getpid(), 9)", tmp_path)[:2] == (-9, "")


def test_the_deadline_kills_the_children_too(tmp_path: Path) -> None:
    code = "import os, time\nos.fork()\nprint(os.getpid(), flush=True)\ntime.sleep(60)"
    status, output, seconds = python(code, tmp_path, timeout_s=1.0)
    pids = [int(line) for line in output.split()]
    assert (status, len(pids), seconds < 10) == (None, 2, True)
    assert [ends(pid) for pid in pids] == [True, True]


def test_a_child_that_stays_behind_is_killed_and_not_waited_for(tmp_path: Path) -> None:
    code = "import os, time\npid = os.fork()\nif pid: print(pid, flush=True)\nelse: time.sleep(60)"
    status, output, seconds = python(code, tmp_path)
    assert (status, seconds < 10) == (0, True)
    assert ends(int(output))


def test_a_program_that_closes_its_output_is_still_bound_by_the_deadline(tmp_path: Path) -> None:
    assert python("import os, time; os.close(1); os.close(2); time.sleep(60)", tmp_path, 0.5)[:2] == (
        None,
        "",
    )


def test_a_program_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run([str(tmp_path / "nothing")], cwd=tmp_path, environment={}, timeout_s=1)
