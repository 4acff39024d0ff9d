"""What ``python benchmarks/run.py`` does, in which order."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import sys
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import extras, peers, table
from benchmarks.recording import BASE_URL
from benchmarks.runner import Runner, Series
from benchmarks.server import Server
from benchmarks.tools import ENVSPEC, TOOLS, Job, Tool, read_input

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

RECORDED = peers.HERE / "recorded"
SDISTS = {"A": ("openai-whisper",)}
INSIDE = {"D": "urllib3"}
TOO_HARD = {("pip", "D"), ("nab", "D")}
"""These don't end in four minutes (PERF figures of both: over 100 CPU seconds), so they are not recorded."""

RECORDING_LIMIT_S = 1500.0
SCENARIOS = ["cold", "warm", "edited", "stale"]
EXTRAS = ("startup", "check", "variants", "growth")


def main() -> int:
    """Record if there is no recording, then time and print; 1 where a tool failed or its pins aren't uv's."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server ends with us
    options = _options()
    tools = _chosen_tools(options)
    peers.set_up(["server", *(tool.name for tool, _ in tools)])
    if options.record:
        shutil.rmtree(RECORDED, ignore_errors=True)
    if options.record or options.record_more or not (RECORDED / "pages").exists():
        _record(options, [tool for tool, _ in tools])
    if options.record_more:
        return 0
    if options.serve:
        return _serve()
    return _replay(options, tools)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks/run.py", description=__doc__)
    split: Callable[[str], list[str]] = lambda text: [one for one in text.split(",") if one]  # noqa: E731
    parser.add_argument(
        "--only", type=split, help="inputs, such as A,C (all of A,B,C,D,E; leaves out the extras)"
    )
    parser.add_argument("--scenarios", type=split, default=SCENARIOS, help=",".join(SCENARIOS))
    parser.add_argument("--extras", type=split, help=f"of {','.join(EXTRAS)}; '' for none")
    parser.add_argument("--runs", type=int, default=5, help="of envspec and uv (5)")
    parser.add_argument("--slow-runs", type=int, default=1, help="of pip and nab (1)")
    parser.add_argument("--peers", choices=["none", "uv", "all"], default="uv", help="besides envspec")
    parser.add_argument("--no-envspec", action="store_true", help="the peers alone")
    parser.add_argument(
        "--timeout", type=float, default=240, help="seconds after which a run is stopped (240)"
    )
    parser.add_argument("--record", action="store_true", help="record everything anew, then time")
    parser.add_argument(
        "--record-more", action="store_true", help="add what the tools ask for now; no timing"
    )
    parser.add_argument("--serve", action="store_true", help="only serve what is recorded, until Ctrl-C")
    parser.add_argument("--json", type=Path, help="write every single run to this file")
    return parser.parse_args()


def _chosen_tools(options: argparse.Namespace) -> list[tuple[Tool, int]]:
    names = {"none": [], "uv": ["uv"], "all": ["uv", "pip", "nab"]}[options.peers]
    chosen = [TOOLS[name] for name in names]
    if not options.no_envspec:
        chosen.insert(1 if chosen else 0, ENVSPEC)
    return [(tool, options.slow_runs if tool.name in {"pip", "nab"} else options.runs) for tool in chosen]


def _jobs(options: argparse.Namespace, index_url: str) -> list[Job]:
    names = options.only or ["A", "B", "C", "D", "E"]
    return [
        Job(
            name,
            read_input(peers.HERE / "inputs" / f"{name}.in"),
            index_url,
            SDISTS.get(name, ()),
            INSIDE.get(name, "idna"),
        )
        for name in names
    ]


def _root(scenario: str) -> str:
    return f"{BASE_URL}/{'stale' if scenario == 'stale' else 'simple'}"


@contextmanager
def _runner(*, record: bool, timeout_s: float) -> Iterator[Runner]:
    folder = Path(tempfile.mkdtemp(prefix="envspec-benchmark-"))
    try:
        with Server(RECORDED, record=record) as server:
            yield Runner(server, folder, timeout_s)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _record(options: argparse.Namespace, tools: Sequence[Tool]) -> None:
    """Let each tool lock each input with an empty cache, keeping what it asks for."""
    with _runner(record=True, timeout_s=RECORDING_LIMIT_S) as runner:
        for scenario in SCENARIOS:
            for job in _jobs(options, _root(scenario)):
                for tool in (one for one in tools if (one.name, job.name) not in TOO_HARD):
                    run = runner.in_turn(job, scenario, [(tool, 1)])[0].runs[0]
                    cost = f"{run.requests} requests, {run.wall_s:.0f} s, {len(run.missed)} not to be had"
                    print(f"recording {job.name} with {tool.name}, {scenario}: {cost}", file=sys.stderr)
                    if run.error:
                        print(run.error, file=sys.stderr)
        if any(tool.name == "envspec" for tool in tools) and _extras(options):
            _timed_extras(runner, options, [], lambda _series: None)


def _serve() -> int:
    with Server(RECORDED, record=False) as server, suppress(KeyboardInterrupt):
        print(f"serving; SSL_CERT_FILE={server.ca}, index {BASE_URL}/simple (or /stale, or /made-100/simple)")
        signal.pause()
    return 0


def _replay(options: argparse.Namespace, tools: list[tuple[Tool, int]]) -> int:
    everything: list[Series] = []
    failed: list[str] = []

    def show(series: Sequence[Series]) -> None:
        everything.extend(series)
        if not table.holds(series):
            failed.append(f"{series[0].job} {series[0].scenario}")
        print("\n".join(table.rows(series)), flush=True)

    versions = ", ".join(f"{tool.name} {peers.installed_version(tool.name)}" for tool, _ in tools)
    machine = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    print(f"{versions}; {machine}; 20 ms a request; medians\n\n{table.heading()}")
    with _runner(record=False, timeout_s=options.timeout) as runner:
        for scenario in options.scenarios:
            for job in _jobs(options, _root(scenario)):
                able = [(tool, count) for tool, count in tools if (tool.name, job.name) not in TOO_HARD]
                show(runner.in_turn(job, scenario, able))
        lines = _timed_extras(runner, options, tools, show)
    if lines:
        print("\n" + "\n".join(f"- {line}" for line in lines))
    _tell_misses(everything)
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in everything], indent=1))
    if failed:
        print(f"\nnot all ended with the same pins: {', '.join(failed)}")
    return 1 if failed else 0


def _extras(options: argparse.Namespace) -> list[str]:
    if options.extras is not None:
        return list(options.extras)
    return [] if options.only else list(EXTRAS)


def _timed_extras(
    runner: Runner,
    options: argparse.Namespace,
    tools: list[tuple[Tool, int]],
    show: Callable[[Sequence[Series]], None],
) -> list[str]:
    chosen, lines = _extras(options), []
    job = Job("A", read_input(peers.HERE / "inputs" / "A.in"), f"{BASE_URL}/simple", SDISTS["A"])
    if "growth" in chosen and tools:
        lines += extras.growth(runner, [one for one in tools if one[0].name in {"uv", "envspec"}], show)
    if not options.no_envspec:
        steps = {
            "startup": extras.start_up,
            "check": extras.unchanged,
            "variants": extras.two_variants,
        }
        for name, step in steps.items():
            if name in chosen:
                lines += step(runner, job, max(options.runs, 5))
    return lines


def _tell_misses(series: Sequence[Series]) -> None:
    for tool, paths in table.misses(series).items():
        shown = sorted(path.rsplit("/", 1)[-1] or path for path in paths)
        print(f"\n{tool} asked for {len(paths)} things that aren't recorded (--record-more adds them):")
        print("\n".join(f"    {name}" for name in shown[:20]))
