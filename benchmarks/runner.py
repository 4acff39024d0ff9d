"""One measured run of one tool, and sets of runs that take turns."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from dataclasses import dataclass, field, replace
from statistics import median
from typing import TYPE_CHECKING

from benchmarks import peers
from benchmarks.tools import Job, Tool, environment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.server import Server

FRESH_FOR_S = 300.0
"""Caches filled longer ago are filled anew: the server's pages are fresh for ten minutes."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run cost; requests as the server counted them."""

    wall_s: float
    cpu_s: float
    peak_mib: float
    exit_code: int
    timed_out: bool
    requests: int
    not_modified: int
    missed: tuple[str, ...]
    server_cpu_s: float
    pins: dict[str, str] = field(default_factory=dict)
    error: str = ""
    """The first lines of what the tool said, where it failed."""


@dataclass(frozen=True, slots=True)
class Series:
    """The runs of one tool in one scenario."""

    job: str
    scenario: str
    tool: str
    runs: tuple[Run, ...]

    def median(self, figure: str) -> float:
        """The median of one of Run's figures, by its name."""
        return float(median(getattr(run, figure) for run in self.runs))


class Runner:
    """Runs commands against one server, in a clean environment and in folders of their own."""

    def __init__(self, server: Server, folder: Path, timeout_s: float) -> None:
        self._server = server
        self._folder = folder
        self._timeout_s = timeout_s
        self._count = 0
        self._server_cpu_s = float(server.stats()["cpu_s"])

    def folder(self) -> Path:
        """A new empty folder."""
        self._count += 1
        path = self._folder / str(self._count)
        path.mkdir(parents=True)
        return path

    def lock(self, tool: Tool, job: Job, cache: Path, work: Path) -> Run:
        """Lock ``job`` once with ``tool`` in ``work``, which is emptied first, and read the pins it wrote."""
        shutil.rmtree(work)
        work.mkdir()
        run = self.command(tool.command(job, work, cache), work)
        pins = tool.pins(work, (work / "stdout.txt").read_text()) if run.exit_code == 0 else {}
        return replace(run, pins=pins)

    def command(self, command: Sequence[str], work: Path) -> Run:
        """Run any command in ``work``, where its output is left as stdout.txt and stderr.txt."""
        result, out, err = (work / name for name in ("result.json", "stdout.txt", "stderr.txt"))
        launcher = [str(peers.INTERPRETER), "-I", "-S", str(peers.HERE / "measure.py")]
        whole = [*launcher, str(result), str(self._timeout_s), str(out), str(err), *command]
        home = self._folder / "home"
        home.mkdir(exist_ok=True)
        subprocess.run(whole, env=environment(self._server.ca, home), cwd=work, check=True)
        cost = json.loads(result.read_text())
        stats = self._server.stats()
        asked: dict[str, int] = stats["asked"]
        server_cpu_s, self._server_cpu_s = stats["cpu_s"] - self._server_cpu_s, stats["cpu_s"]
        return Run(
            wall_s=cost["wall_s"],
            cpu_s=cost["cpu_s"],
            peak_mib=cost["peak_kib"] / 1024,
            exit_code=cost["exit_code"],
            timed_out=cost["timed_out"],
            requests=sum(count for status, count in asked.items() if status != "missed"),
            not_modified=asked.get("304", 0),
            missed=tuple(stats["missed"]),
            server_cpu_s=server_cpu_s,
            error=err.read_text(errors="replace")[-600:].strip() if cost["exit_code"] else "",
        )

    def in_turn(self, job: Job, scenario: str, tools: Sequence[tuple[Tool, int]]) -> list[Series]:
        """Run each tool as often as is said beside it, one after the other and again from the first.

        ``cold`` gives every run an empty cache; the other scenarios one that an unmeasured run has filled.
        ``edited`` then asks for a little more than the run that filled it, and something else each turn.
        """
        runs: dict[str, list[Run]] = {tool.name: [] for tool, _ in tools}
        caches = {tool.name: _Cache(self, tool, job, filled=scenario != "cold") for tool, _ in tools}
        for turn in range(max(count for _, count in tools)):
            asked = job.edited(turn) if scenario == "edited" else job
            for tool, count in tools:
                if turn < count and not any(run.timed_out for run in runs[tool.name]):
                    runs[tool.name].append(caches[tool.name].run(asked))
        for cache in caches.values():
            cache.remove()
        return [Series(job.name, scenario, name, tuple(found)) for name, found in runs.items()]


class _Cache:
    """The cache of one tool in one scenario, and the folder it works in: a spec keeps its path."""

    def __init__(self, runner: Runner, tool: Tool, job: Job, *, filled: bool) -> None:
        self._runner, self._tool, self._job, self._filled = runner, tool, job, filled
        self._work = runner.folder()
        self._path = runner.folder()
        self._filled_at = -FRESH_FOR_S

    def run(self, job: Job) -> Run:
        """Lock ``job`` with an empty cache, or with one that was filled a short time ago."""
        if not self._filled or time.monotonic() - self._filled_at >= FRESH_FOR_S:
            self.remove()
            if self._filled:
                self._filled_at = time.monotonic()
                self._runner.lock(self._tool, self._job, self._path, self._work)
        return self._runner.lock(self._tool, job, self._path, self._work)

    def remove(self) -> None:
        """Delete the cache; the next run makes it anew at the same path."""
        shutil.rmtree(self._path, ignore_errors=True)
