"""Run probe.py as a host does: by an interpreter or by sh, in a process of its own."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from envspec.adapters.probe_host import script_text

BEGIN, END = "----- BEGIN ENVSPEC EVIDENCE -----\n", "\n----- END ENVSPEC EVIDENCE -----\n"
NO_PYTHON = {"ENVSPEC_PYTHON": "none"}


class Ran(NamedTuple):
    """How one run ended."""

    code: int
    out: bytes
    err: str
    took_s: float

    @property
    def text(self) -> str:
        return self.out.decode("ascii")

    @property
    def document(self) -> dict[str, Any]:
        """The evidence; it must stand between its markers and nowhere else."""
        assert self.code == 0, self.err
        before, _, rest = self.text.partition(BEGIN)
        body, _, after = rest.partition(END)
        assert (before, after) == ("", "")
        loaded: dict[str, Any] = json.loads(body)
        return loaded

    @property
    def items(self) -> dict[str, Any]:
        found: dict[str, Any] = self.document["items"]
        return found

    def value(self, key: str) -> Any:
        return self.items[key]["value"]


@functools.lru_cache(maxsize=1)
def pythons() -> Mapping[str, str]:
    """CPythons of the versions that the script is for, by version: this one, pyenv's and the path's."""
    root = Path(os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv")))
    found = {}
    for minor in range(6, 15):
        version = f"3.{minor}"
        paths = sorted(root.glob(f"versions/{version}.*/bin/python{version}"))
        path = str(paths[-1]) if paths else shutil.which(f"python{version}")
        if path and subprocess.run([path, "-I", "-c", "pass"], capture_output=True).returncode == 0:
            found[version] = path
    return {**found, "here": sys.executable}


def python_of(version: str) -> str:
    if version not in pythons():
        pytest.skip(f"there is no CPython {version} here")
    return pythons()[version]


@functools.lru_cache(maxsize=1)
def may_unshare() -> bool:
    """Whether this user may have mounts and a network of its own."""
    tool = shutil.which("unshare")
    command = [str(tool), "-r", "-m", "-n", "mount", "-t", "tmpfs", "none", "/mnt"]
    return bool(tool) and subprocess.run(command, capture_output=True).returncode == 0


@functools.lru_cache(maxsize=1)
def names_of_script() -> Mapping[str, Any]:
    """Everything that the file defines, for a look at one function of it."""
    space: dict[str, Any] = {"__name__": "probe"}
    exec(compile(script_text(), "probe.py", "exec"), space)
    return space


def script_path(folder: Path) -> Path:
    path = folder / "probe.py"
    path.write_text(script_text(), encoding="utf-8")
    return path


def run(command: Sequence[object], environment: Mapping[str, str] | None = None, **options: Any) -> Ran:
    """Run ``command`` in an environment that has PATH, and what is given."""
    started = time.monotonic()
    path = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    done = subprocess.run(
        [str(word) for word in command],
        env={**path, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=options.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
        **options,
    )
    err = done.stderr.decode("utf-8", "replace")
    return Ran(done.returncode, done.stdout or b"", err, time.monotonic() - started)
