"""Run a program of someone else's: with a deadline, its output bounded, and nothing left behind."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

KEPT_BYTES = 64 * 1024
"""Of the output, its end."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a program ended."""

    status: int | None
    """Exit status, negative for a signal; None where the deadline came first."""
    output: str
    """The end of what it printed, stdout and stderr as one."""
    seconds: float


def run(command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], timeout_s: float) -> Outcome:
    """Run ``command`` in a process group of its own, and kill the group whatever happens.

    So neither a deadline nor Ctrl-C leaves a compiler running; only a child that starts a
    session of its own escapes. ``environment`` is the whole of it. Raises OSError where the
    program can't be started.
    """
    started = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - the callers say what runs
        list(command),
        cwd=cwd,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    with process:
        try:
            output, status = _follow(process, started + timeout_s)
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
    return Outcome(status, output.decode("utf-8", "replace"), time.monotonic() - started)


def _follow(process: subprocess.Popen[bytes], deadline: float) -> tuple[bytes, int | None]:
    """Read until the program ends; a child that holds its output open is not waited for."""
    output = b""
    stdout = cast("IO[bytes]", process.stdout)
    with selectors.DefaultSelector() as selector:
        selector.register(stdout, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            if selector.select(min(left, 0.1)):
                chunk = os.read(stdout.fileno(), KEPT_BYTES)
                output = (output + chunk)[-KEPT_BYTES:]
                if not chunk:
                    with suppress(subprocess.TimeoutExpired):
                        return output, process.wait(max(0.0, deadline - time.monotonic()))
                    break
            elif process.poll() is not None:
                return output, process.returncode
    return output, None
