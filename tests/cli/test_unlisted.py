"""A folder that can't be listed: what's in it isn't known, which is not the same as nothing."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_verify import CU118, folder

__all__ = ["folder"]

_DROP, _OVERRIDE, _READ_SEARCH = 24, 1, 2
"""PR_CAPBSET_DROP, CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH of linux/prctl.h and linux/capability.h."""


def be_held_to_rights() -> None:
    """Let root, too, be refused what a file's rights don't allow."""
    libc = ctypes.CDLL(None)
    for capability in (_OVERRIDE, _READ_SEARCH):
        libc.prctl(_DROP, capability, 0, 0, 0)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    before = be_held_to_rights if os.geteuid() == 0 else None
    command = [sys.executable, "-m", "envspec", *arguments]
    return subprocess.run(command, capture_output=True, text=True, preexec_fn=before, timeout=60, check=False)


@pytest.mark.parametrize(
    ("arguments", "which"),
    [
        (["fleet", "facts", "locks"], "facts/rack-2"),
        (["fleet", "facts/rack-2", "locks"], "facts/rack-2"),
        (["verify", "facts/rack-2", "--host", "facts.json"], "facts/rack-2"),
    ],
)
def test_nobody_is_left_out_unsaid(folder: Path, arguments: list[str], which: str) -> None:
    for name in ("rack-1", "rack-2"):
        (folder / "facts" / name).mkdir(parents=True)
        (folder / "facts" / name / "node.json").write_bytes((folder / "facts.json").read_bytes())
    (folder / which).chmod(0o000)
    try:
        done = run(*arguments)
    finally:
        (folder / which).chmod(0o755)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == f"envspec: {which}: can't be listed\n  why: Permission denied\n"


def test_a_lock_is_judged_though_what_lies_beside_it_cannot_be_listed(folder: Path) -> None:
    (folder / "locks").chmod(0o111)
    try:
        done = run("verify", f"locks/{CU118}", "--host", "facts.json", "--prefix", "/data/envs")
    finally:
        (folder / "locks").chmod(0o755)
    assert done.stderr == ""
    assert done.returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["lock", "mine.toml"],
        ["tree", "mine.toml"],
        ["verify", "mine.toml", "--host", "facts.json"],
        ["verify", f"locks/{CU118}", "--host", "mine.toml"],
        ["init", "--from", "mine.toml"],
    ],
)
def test_a_file_that_the_user_may_not_read_is_the_users_input(folder: Path, arguments: list[str]) -> None:
    (folder / "mine.toml").write_text("")
    (folder / "mine.toml").chmod(0o000)
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "envspec: mine.toml: can't be read\n"
        "  why: Permission denied\n"
        "  fix: let it and its folders be read by whoever runs envspec, or name another file\n"
    )
