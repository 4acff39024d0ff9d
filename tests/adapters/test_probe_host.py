"""The probe of this host runs in a child, and what goes wrong there is one error."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from envspec import __version__
from envspec.adapters.probe_host import run_probe, script_text
from envspec.errors import DiskError, InvalidValueError
from envspec.probe.evidence import MAX_EVIDENCE_BYTES


def test_the_document_says_whose_probe_it_was() -> None:
    assert f'"probe": "{__version__}"'.encode() in run_probe()
    assert f"VERSION = '{__version__}'" in script_text()


def test_options_that_are_refused_are_input() -> None:
    with pytest.raises(InvalidValueError, match="the probe refused its options: there is no option --colour"):
        run_probe(["--colour"])


@pytest.mark.parametrize(
    ("child", "why"),
    [
        ("import sys; sys.stderr.write('out of paper\\n'); sys.exit(3)", "out of paper"),
        ("import os; os.kill(os.getpid(), 9)", "it printed 0 bytes"),
        (f"print('x' * {MAX_EVIDENCE_BYTES + 1})", f"it printed {MAX_EVIDENCE_BYTES + 2:,} bytes"),
    ],
)
def test_a_child_that_fails_is_an_error_of_the_outside(
    child: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = subprocess.run

    def run(command: list[str], **options: Any) -> Any:
        return real([sys.executable, "-c", child], **options)

    monkeypatch.setattr("envspec.adapters.probe_host.subprocess.run", run)
    with pytest.raises(DiskError) as caught:
        run_probe()
    assert caught.value.why == why


def test_a_python_that_can_not_be_started_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("envspec.adapters.probe_host.sys.executable", "/nonexistent/python")
    with pytest.raises(DiskError, match="the probe could not be run"):
        run_probe()
