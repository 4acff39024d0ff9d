"""README's first command, as it stands there, in a copy of the project."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.commands import ROOT

NOT_IN_A_CLONE = shutil.ignore_patterns(
    ".git",
    ".venv",
    ".*_cache",
    ".hypothesis",
    "__pycache__",
    "*.egg-info",
    "build",
    "dist",
    "recorded",
    "peers",
)


def command(mark: str) -> str:
    """What README says below ``<!-- mark -->``."""
    text = (ROOT / "README.md").read_text()
    [found] = re.findall(rf"^<!-- {mark} -->\n```sh\n(.+)\n```$", text, re.MULTILINE)
    return str(found)


@pytest.mark.registry
@pytest.mark.slow
def test_the_first_command_writes_the_committed_locks(tmp_path: Path) -> None:
    clone = tmp_path / "envspec"
    shutil.copytree(ROOT, clone, ignore=NOT_IN_A_CLONE)
    shutil.rmtree(clone / "locks")
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment.pop("ENVSPEC_CACHE_DIR", None)
    done = subprocess.run(
        ["bash", "-euc", command("main")],
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for name in ("pylock.founding-cu118.toml", "pylock.founding-cu121.toml"):
        assert (clone / "locks" / name).read_bytes() == (ROOT / "locks" / name).read_bytes()


def test_ci_runs_the_second_command() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    [reading] = re.findall(r'^bash -euc "\$\((.+)\)"$', script, re.MULTILINE)
    read = subprocess.run(
        ["bash", "-euc", reading], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    )
    assert read.stdout.strip() == command("tests")
