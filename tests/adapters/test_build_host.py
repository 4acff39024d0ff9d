"""Which Python builds source distributions: the target's own minor version where PATH has it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from envspec.adapters.build_host import BuildHost, find_build_host
from envspec.target.host import Target

OWN = "{}.{}.{}".format(*sys.version_info[:3])


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def answering(version: str, implementation: str = "cpython", libc: str = "glibc 2.35") -> str:
    return (
        f'echo \'{{"executable": "/opt/py/bin/python", "implementation": "{implementation}", '
        f'"version": "{version}", "arch": "aarch64", "libc": "{libc}"}}\''
    )


def test_our_own_interpreter_builds_for_its_own_minor_version() -> None:
    host = find_build_host(sys.version_info[:2], search_path="")
    assert os.path.samefile(host.executable, sys.executable)
    assert (host.target.python, host.target.python_exact, host.notes) == (OWN, True, ())


def test_a_python_of_the_target_on_path_is_preferred(tmp_path: Path) -> None:
    script(tmp_path / "python3.8", answering("3.8.18"))
    assert find_build_host((3, 8), search_path=str(tmp_path)) == BuildHost(
        executable="/opt/py/bin/python",
        target=Target(arch="aarch64", glibc=(2, 35), python="3.8.18", python_exact=True),
    )


def test_the_first_on_path_that_really_runs_is_taken(tmp_path: Path) -> None:
    script(tmp_path / "a" / "python3.8", "echo 'pyenv: python3.8: command not found' >&2; exit 127")
    script(tmp_path / "b" / "python3.8", answering("3.9.2"))
    script(tmp_path / "c" / "python3.8", answering("3.8.1", implementation="pypy"))
    script(tmp_path / "d" / "python3.8", "echo '[[[['")
    script(tmp_path / "e" / "python3.8", answering("3.8.2", libc=""))
    path = os.pathsep.join([".", *(str(tmp_path / name) for name in "xabcde")])
    assert find_build_host((3, 8), search_path=path).target == Target(
        arch="aarch64", glibc=(0, 0), python="3.8.2", python_exact=True
    )


def test_without_one_our_own_builds_and_says_so(tmp_path: Path) -> None:
    host = find_build_host((3, 1), search_path=str(tmp_path))
    assert os.path.samefile(host.executable, sys.executable)
    assert host.notes == (
        f"built with Python {OWN}, as no python3.1 is on PATH: what a project's build decides by the Python "
        "it runs on may differ from the target's 3.1",
    )
