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
        "python -c 'import pydantic, packaging.pylock'": [python, "-c", "import pydantic, packaging.pylock"],
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


def edited(runner: Runner, job: Job, count: int) -> list[str]:
    """A warm lock of a spec with a new comment: nothing that was kept for the old text serves."""
    work = runner.folder()
    path, cache = work / "bench.toml", work / "cache"
    runs = []
    for edit in range(count + 1):
        path.write_text(spec(job, f"# edit {edit}\n"))
        runs.append(runner.command(_fresh_lock(path, job.index_url, cache)(), work))
    return [f"{job.name}, warm, with the spec's text changed: {_cost(runs[1:])}"]


def two_variants(runner: Runner, job: Job, count: int) -> list[str]:
    """One variant against two in one run, warm: the input for CUDA 11.8, and for CUDA 12.1 as well."""
    work = runner.folder()
    recording = peers.CHECKOUT / "recordings" / "pytorch.json"
    texts = {
        "one": spec(job, _variant("118", "11.8", recording)),
        "two": spec(job, _variant("118", "11.8", recording) + _variant("121", "12.1", recording)),
    }
    commands: dict[str, Callable[[], list[str]]] = {}
    for name, text in texts.items():
        path = work / name / "bench.toml"
        path.parent.mkdir()
        path.write_text(text)
        commands[name] = _fresh_lock(path, job.index_url, work / "cache")
    filling = runner.command(commands["two"](), work)
    if filling.exit_code:
        return [f"two variants, {job.name}: exit {filling.exit_code}: {filling.error}"]
    runs: dict[str, list[Run]] = {"one": [], "two": []}
    for _ in range(count):
        for name, command in commands.items():
            runs[name].append(runner.command(command(), work))
    ratios = [
        median(getattr(run, figure) for run in runs["two"])
        / median(getattr(run, figure) for run in runs["one"])
        for figure in ("wall_s", "cpu_s")
    ]
    lines = [f"{name} of {job.name}'s CUDA variants, warm: {_cost(found)}" for name, found in runs.items()]
    return [*lines, f"two to one: wall {ratios[0]:.2f}, CPU {ratios[1]:.2f}"]


def growth(
    runner: Runner, tools: Sequence[tuple[Tool, int]], show: Callable[[Sequence[Series]], None]
) -> list[str]:
    """Cold and warm on made graphs; milliseconds a project should not grow with the graph."""
    lines = []
    for scenario in ("cold", "warm"):
        costs: dict[str, list[str]] = {}
        for size in SIZES:
            job = Job(f"made{size}", ("made-0",), f"{BASE_URL}/made-{size}/simple")
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


def _fresh_lock(path: Path, index_url: str, cache: Path) -> Callable[[], list[str]]:
    def command() -> list[str]:
        shutil.rmtree(path.parent / "locks", ignore_errors=True)
        return envspec_lock(path, path.parent, index_url, cache)

    return command


def _repeat(runner: Runner, command: Sequence[str], count: int) -> list[Run]:
    work = runner.folder()
    return [runner.command(command, work) for _ in range(count)]


def _cost(runs: Sequence[Run]) -> str:
    failed = next((run for run in runs if run.exit_code), None)
    if failed:
        return f"exit {failed.exit_code}: {failed.error}"
    wall, cpu, peak = (median(getattr(run, name) for run in runs) for name in ("wall_s", "cpu_s", "peak_mib"))
    return f"{1000 * cpu:.0f} ms CPU, {1000 * wall:.0f} ms wall, {peak:.0f} MiB (n = {len(runs)})"
