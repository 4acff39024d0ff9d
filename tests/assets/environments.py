"""Environments with real libraries, made once for a user and kept: making one takes longer than a test."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.acceptance.commands import run, succeed, uv


def kept_folder() -> Path:
    """Where such environments and downloads stay between runs."""
    folder = Path(tempfile.gettempdir()) / f"envspec-tests-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    assert folder.stat().st_uid == os.getuid()
    return folder


@contextmanager
def made_once(name: str) -> Iterator[Path | None]:
    """The folder to fill, or None where it was filled before; another process that fills it is waited for."""
    folder = kept_folder() / name
    with (kept_folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / ".made").exists():
            yield None
            return
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        yield folder
        (folder / ".made").touch()


def environment(*requirements: str, python: str = sys.executable, system_packages: bool = False) -> Path:
    """The interpreter of an environment that holds these, from the package index of the user's settings."""
    name = hashlib.sha256("\n".join([python, sys.version, *requirements]).encode()).hexdigest()[:16]
    with made_once(f"environment-{name}") as folder:
        if folder is not None:
            command = [uv(), "venv", "--quiet", "--allow-existing", "--python", python]
            succeed(*command, *(["--system-site-packages"] if system_packages else []), folder)
            succeed(uv(), "pip", "install", "--quiet", "--python", folder / "bin" / "python", *requirements)
    return kept_folder() / f"environment-{name}" / "bin" / "python"


def unpacked(requirement: str) -> Path:
    """The folder of a wheel's files, downloaded and unpacked."""
    name = requirement.replace("==", "-")
    with made_once(name) as folder:
        if folder is not None:
            pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d"]
            succeed(*pip, folder, requirement)
            [wheel] = folder.glob("*.whl")
            succeed(sys.executable, "-m", "zipfile", "-e", wheel, folder)
            wheel.unlink()
    return kept_folder() / name


def without_network() -> Sequence[str]:
    """A command's prefix that takes the network away; empty where this machine doesn't allow that."""
    prefix = ["unshare", "-r", "-n"]
    if shutil.which("unshare") is None or run(*prefix, "true").returncode != 0:
        return []
    return prefix


def offline(python: Path, script: str, **variables: str) -> str:
    """What ``script`` prints, run with nothing to reach and no home; it must end well."""
    environ = {"PATH": os.environ.get("PATH", ""), "HOME": "/nonexistent", **variables}
    done = subprocess.run(
        [*without_network(), str(python), "-c", script],
        env=environ,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout
