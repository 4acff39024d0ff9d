"""What the main table has no place for: --check, two variants, growth, and what imports cost."""

from __future__ import annotations

import shutil
from statistics import median
from typing import TYPE_CHECKING

from benchmarks import peers
from benchmarks.recording import BASE_URL
from benchmarks.tools import Job, Tool, envspec_lock, spec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from benchmarks.runner import Run, Runner, Series

SIZES = (100, 1000, 5000)


def start_up(runner: Runner, _job: Job, count: int) -> list[str]:
    """CPU of starting Python, of the heavy imports, and of envspec doing nothing."""
    python = peers.program("envspec", "python")
    commands = {
        "python -c pass": [python, "-c", "pass"],
        "python -c 'import httpx, packaging.pylock'": [python, "-c", "import httpx, packaging.pylock"],
        "envspec --version": [peers.program("envspec", "envspec"), "--version"],
    }
    return [f"{name}: {_cost(_repeat(runner, command, count))}" for name, command in commands.items()]


def unchanged(runner: Runner, job: Job, count: int) -> list[str]:
    """``envspec lock --check`` of a spec whose lock answers it."""
    work = runner.folder()
    path, cache = work / "bench.toml", work / "cache"
    path.write_text(spec(job))
    first = runner.command(envspec_lock(path, work, job.index_url, cache), work)
    if first.exit_code:
        return [f"lock --check, {job.name}: no lock to check: {first.error}"]
    runs = _repeat(runner, envspec_lock(path, work, job.index_url, cache, "--check"), count)
    return [f"lock --check, {job.name} unchanged: {_cost(runs)}"]


def two_variants(runner: Runner, job: Job, count: int) -> list[str]:
    """One variant beside two in one run: the input for CUDA 11.8, and for CUDA 12.1 as well.

    Once with nothing changed since the cache was filled, once with a spec that is edited before each run.
    """
    recording = peers.CHECKOUT / "recordings" / "pytorch.json"
    one = _variant("118", "11.8", recording)
    variants = {"one": one, "two": one + _variant("121", "12.1", recording)}
    work = runner.folder()
    lines = []
    for scenario in ("warm", "edited"):
        runs: dict[str, list[Run]] = {"one": [], "two": []}
        for turn in range(count + 1):
            for place, (name, tables) in enumerate(variants.items()):
                asked = job.edited(2 * turn + place) if scenario == "edited" else job
                runs[name].append(_fresh_lock(runner, asked, work, tables))
        costs = {name: found[1:] for name, found in runs.items()}
        walls, cpus = (
            [median(getattr(run, figure) for run in found) for found in costs.values()]
            for figure in ("wall_s", "cpu_s")
        )
        lines += [f"{name} of {job.name}'s CUDA variants, {scenario}: {_cost(costs[name])}" for name in costs]
        lines.append(f"two to one, {scenario}: wall {walls[1] / walls[0]:.2f}, CPU {cpus[1] / cpus[0]:.2f}")
    return lines


def growth(
    runner: Runner, tools: Sequence[tuple[Tool, int]], show: Callable[[Sequence[Series]], None]
) -> list[str]:
    """Cold and edited on made graphs; milliseconds a project should not grow with the graph."""
    lines = []
    for scenario in ("cold", "edited"):
        costs: dict[str, list[str]] = {}
        for size in SIZES:
            job = Job(f"made{size}", ("made-0",), f"{BASE_URL}/made-{size}/simple", inside="made-1")
            counts = [(tool, 1 if scenario == "cold" else min(count, 3)) for tool, count in tools]
            series = runner.in_turn(job, scenario, counts)
            show(series)
            for one in series:
                each = [1000 * one.median(figure) / size for figure in ("wall_s", "cpu_s")]
                costs.setdefault(one.tool, []).append(f"{size}: {each[0]:.2f} / {each[1]:.2f}")
        lines += [
            f"{scenario}, {tool}: ms a project (wall / CPU) {', '.join(one)}" for tool, one in costs.items()
        ]
    return lines


def _variant(name: str, cuda: str, recording: Path) -> str:
    table = f"variants.cu{name}"
    return (
        f'[{table}]\ncuda = "{cuda}"\n'
        f'[[{table}.index]]\nname = "pytorch-cu{name}"\nrecording = "{recording}"\n'
    )


def _fresh_lock(runner: Runner, job: Job, work: Path, variants: str) -> Run:
    """Lock a spec with these variants; spec, cache and an empty folder for the locks lie in ``work``."""
    path = work / "bench.toml"
    path.write_text(spec(job, variants))
    shutil.rmtree(work / "locks", ignore_errors=True)
    return runner.command(envspec_lock(path, work, job.index_url, work / "cache"), work)


def _repeat(runner: Runner, command: Sequence[str], count: int) -> list[Run]:
    work = runner.folder()
    return [runner.command(command, work) for _ in range(count)]


def _cost(runs: Sequence[Run]) -> str:
    failed = next((run for run in runs if run.exit_code), None)
    if failed:
        return f"exit {failed.exit_code}: {failed.error}"
    wall, cpu, peak = (median(getattr(run, name) for run in runs) for name in ("wall_s", "cpu_s", "peak_mib"))
    return f"{1000 * cpu:.0f} ms CPU, {1000 * wall:.0f} ms wall, {peak:.0f} MiB (n = {len(runs)})"
