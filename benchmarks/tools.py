"""How each tool is asked to lock one input, and the pins it answers with."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from benchmarks import peers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PYTHON = platform.python_version()
GLIBC = platform.libc_ver()[1]

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to lock."""

    name: str
    requirements: tuple[str, ...]
    index_url: str
    sdists: tuple[str, ...] = ()
    inside: str = "idna"
    """A project that is in its graph."""

    def edited(self, turn: int) -> Job:
        """The job with one more requirement, which is new each turn and changes no pin."""
        return replace(self, requirements=(*self.requirements, f"{self.inside}>=0.{turn}"))


@dataclass(frozen=True, slots=True)
class Tool:
    """A locker: its command for a job, and where its answer is."""

    name: str
    command: Callable[[Job, Path, Path], list[str]]
    """Job, an empty work folder, the cache folder; writes the input files that the tool needs."""
    pins: Callable[[Path, str], dict[str, str]]
    """The work folder and the standard output, to normalized name and version."""


def environment(ca: Path, home: Path) -> dict[str, str]:
    """All that a measured command sees of the environment: nothing of this machine's settings."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "SSL_CERT_FILE": str(ca),
        "PIP_CERT": str(ca),
        "REQUESTS_CA_BUNDLE": str(ca),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "NO_COLOR": "1",
    }


def read_input(path: Path) -> tuple[str, ...]:
    """The requirements of a requirements file that holds nothing else but comments."""
    lines = (line.split(" #")[0].strip() for line in path.read_text().splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def spec(job: Job, variants: str = "") -> str:
    """The job as envspec's spec, for this machine as the target."""
    table = [
        f'name = "{job.name.lower()}"',
        "[target]",
        f'glibc = "{GLIBC}"',
        f'arch = "{platform.machine()}"',
        f'python = "{PYTHON}"',
        "[python]",
        f"requirements = {json.dumps(job.requirements)}",
        f"sdists = {json.dumps(job.sdists)}",
    ]
    return "\n".join(table) + "\n" + variants


def _uv(job: Job, work: Path, cache: Path) -> list[str]:
    command = [peers.program("uv", "uv"), "pip", "compile", "--generate-hashes", "--no-config", "--quiet"]
    command += ["--python", str(peers.INTERPRETER), "--default-index", job.index_url]
    return [*command, "--cache-dir", str(cache), _requirements(job, work)]


def _pip(job: Job, work: Path, cache: Path) -> list[str]:
    command = [peers.program("pip", "pip"), "lock", "--quiet", "--index-url", job.index_url]
    return [
        *command,
        "--cache-dir",
        str(cache),
        "-r",
        _requirements(job, work),
        "-o",
        str(work / "pylock.toml"),
    ]


def _nab(job: Job, work: Path, cache: Path) -> list[str]:
    project = work / "pyproject.toml"
    policy = "".join(f'[tool.nab.packages."{name}"]\nbuild-policy = "build-remote"\n' for name in job.sdists)
    project.write_text(
        f'[project]\nname = "bench"\nversion = "1"\nrequires-python = "=={PYTHON}"\n'
        f"dependencies = {json.dumps(job.requirements)}\n"
        f'[tool.nab]\nindexes = [{{ name = "replay", url = "{job.index_url}/" }}]\n{policy}'
    )
    command = [peers.program("nab", "nab"), "lock", str(project), "--cache-dir", str(cache), "--no-progress"]
    return [*command, "--project-mode", "specific", "--output", str(work / "pylock.toml")]


def _envspec(job: Job, work: Path, cache: Path) -> list[str]:
    path = work / "bench.toml"
    path.write_text(spec(job))
    return envspec_lock(path, work, job.index_url, cache)


def envspec_lock(path: Path, work: Path, index_url: str, cache: Path, *more: str) -> list[str]:
    """``envspec lock`` of one spec, its lock in a folder where no older one lies."""
    command = [peers.program("envspec", "envspec"), "lock", str(path), "-o", str(work / "locks")]
    return [*command, "--index-url", index_url, "--cache-dir", str(cache), *more]


def _requirements(job: Job, work: Path) -> str:
    path = work / "requirements.in"
    path.write_text("\n".join(job.requirements) + "\n")
    return str(path)


def _pins_in_text(_work: Path, stdout: str) -> dict[str, str]:
    return {_normalized(name): version for name, version in _PIN.findall(stdout)}


def _pins_in_lock(work: Path, _stdout: str) -> dict[str, str]:
    pins: dict[str, str] = {}
    for path in [*work.glob("pylock*.toml"), *work.glob("locks/pylock*.toml")]:
        lock: dict[str, Any] = tomllib.loads(path.read_text())
        pins |= {_normalized(one["name"]): one.get("version", "") for one in lock["packages"]}
    return pins


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


UV = Tool("uv", _uv, _pins_in_text)
ENVSPEC = Tool("envspec", _envspec, _pins_in_lock)
PIP = Tool("pip", _pip, _pins_in_lock)
NAB = Tool("nab", _nab, _pins_in_lock)

TOOLS = {tool.name: tool for tool in (UV, ENVSPEC, PIP, NAB)}
