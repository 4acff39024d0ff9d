"""The Python that source distributions are built with, and this host as a Target for it."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from envspec.adapters import process
from envspec.errors import BuildHostError
from envspec.target.host import Target

_EVIDENCE = """\
import json, os, platform, sys, venv
try:
    libc = os.confstr("CS_GNU_LIBC_VERSION") or ""
except (AttributeError, OSError, ValueError):
    libc = ""
print(json.dumps({
    "executable": sys.executable,
    "implementation": sys.implementation.name,
    "version": "%d.%d.%d" % sys.version_info[:3],
    "arch": platform.machine(),
    "libc": libc,
}))
"""


@dataclass(frozen=True, slots=True)
class BuildHost:
    """Who builds. What building needs is resolved for ``target``, not for the spec's target."""

    executable: str
    target: Target
    notes: tuple[str, ...] = ()
    """What the user should know: the metadata may be computed for another Python."""


def find_build_host(wanted: tuple[int, int], *, search_path: str | None = None) -> BuildHost:
    """Choose a Python to build with: of the target's minor version where PATH has one, else our own.

    Every ``pythonX.Y`` is run before it's believed. ``search_path`` stands for PATH.
    Raises BuildHostError where not even our own interpreter answers.
    """
    minor = f"{wanted[0]}.{wanted[1]}"
    names = [sys.executable] if sys.version_info[:2] == wanted else []
    folders = (os.environ.get("PATH", "") if search_path is None else search_path).split(os.pathsep)
    names += [os.path.join(folder, f"python{minor}") for folder in folders if os.path.isabs(folder)]
    for name in names:
        host = _ask(name)
        if host is not None and host.target.python_minor == wanted:
            return host
    own = _ask(sys.executable) if sys.executable else None
    if own is None:
        raise BuildHostError(
            what="no Python here can build a source distribution",
            why=f"neither python{minor} on PATH nor {sys.executable or 'an interpreter of our own'} "
            "runs and has the module venv",
            fix="install Python with its venv module, or state the dependencies in [[python.metadata]]",
        )
    note = (
        f"built with Python {own.target.python}, as no python{minor} is on PATH: what a project's build "
        f"decides by the Python it runs on may differ from the target's {minor}"
    )
    return BuildHost(own.executable, own.target, (note,))


def _ask(executable: str) -> BuildHost | None:
    """What this interpreter says of itself; None where it doesn't run or is no CPython."""
    if not os.access(executable, os.X_OK):
        return None
    try:
        outcome = process.run(
            [executable, "-I", "-c", _EVIDENCE],
            cwd=Path(tempfile.gettempdir()),
            environment=os.environ,
            timeout_s=20,
        )
        answer = json.loads(outcome.output.splitlines()[-1])
        executable, arch, libc = str(answer["executable"]), str(answer["arch"]), str(answer["libc"])
        version = str(answer["version"])
        is_cpython = answer["implementation"] == "cpython"
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    if outcome.status != 0 or not is_cpython or not re.fullmatch(r"\d+\.\d+\.\d+", version):
        return None
    glibc = re.fullmatch(r"glibc (\d+)\.(\d+).*", libc)
    levels = (int(glibc[1]), int(glibc[2])) if glibc else (0, 0)
    return BuildHost(executable, Target(arch=arch, glibc=levels, python=version, python_exact=True))
