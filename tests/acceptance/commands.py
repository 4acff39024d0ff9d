"""Commands as a user runs them: in processes of their own."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def run(
    *command: str | Path, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Any program, its output as text."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=None if environment is None else dict(environment),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def succeed(
    *command: str | Path, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Any program, which must end well."""
    done = run(*command, cwd=cwd, environment=environment)
    assert done.returncode == 0, f"{done.args}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def envspec(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Our own command, with the user's settings, which must end well."""
    return succeed(sys.executable, "-m", "envspec.cli.main", *arguments, cwd=cwd)


def bare_environment() -> dict[str, str]:
    """The environment without settings of pip, of uv and of this interpreter."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PIP_", "UV_", "PYTHON", "VIRTUAL_ENV"))
        and not name.lower().endswith("_proxy")
    }
    return {**kept, "PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


@functools.cache
def uv() -> str:
    """The uv of this environment."""
    from uv import find_uv_bin

    return str(find_uv_bin())


@functools.cache
def python_of(minor: str) -> str | None:
    """A CPython of this machine of a minor version, ``3.10``; None where there's none."""
    candidates = [sys.executable, *filter(None, [shutil.which(f"python{minor}")])]
    candidates += map(str, sorted(Path.home().glob(f".pyenv/versions/{minor}.*/bin/python")))
    question = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    return next((name for name in candidates if run(name, "-c", question).stdout.strip() == minor), None)


def virtual_environment(folder: Path, python: str = sys.executable) -> Path:
    """A bare environment without pip; its interpreter."""
    succeed(uv(), "venv", "--quiet", "--offline", "--python", python, folder, environment=bare_environment())
    return folder / "bin" / "python"


def installed(python: Path) -> dict[str, str]:
    """Name to version of what an environment holds, pip aside."""
    question = (
        "from importlib.metadata import distributions\n"
        "for each in distributions(): print(each.metadata['Name'], each.version)"
    )
    lines = succeed(python, "-I", "-c", question).stdout.splitlines()
    found = dict(line.split(" ", 1) for line in lines)
    return {name: version for name, version in found.items() if name not in ("pip", "setuptools")}
