"""The table: one line per tool and scenario, ratios to uv in the same set of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.runner import Series

_HEADINGS = [
    "input",
    "scenario",
    "tool",
    "n",
    "wall_s",
    "CPU_s",
    "MiB",
    "wall/uv",
    "CPU/uv",
    "MiB/uv",
    "asked",
    "304",
    "missed",
    "server_CPU_s",
    "pins",
]
_WIDTHS = (9, 9, 8, 2, 7, 7, 6, 7, 6, 6, 6, 5, 6, 12, 4)


def heading() -> str:
    """The first two lines of the table."""
    names = [name.replace("_", " ") for name in _HEADINGS]
    return _line(names) + "\n" + _line(["-" * width for width in _WIDTHS])


def rows(series: Sequence[Series]) -> list[str]:
    """A line for each tool of one set; uv is what the others are compared with, where it ran."""
    reference = next((one for one in series if one.tool == "uv"), None)
    return [_row(one, reference) for one in series]


def holds(series: Sequence[Series]) -> bool:
    """Whether every tool of one set ended well, with uv's pins, the same in every run."""
    runs = [run for one in series for run in one.runs if not run.timed_out]
    return all(run.exit_code == 0 and run.pins == runs[0].pins for run in runs)


def misses(series: Sequence[Series]) -> dict[str, set[str]]:
    """What each tool asked for that the recording lacks."""
    found: dict[str, set[str]] = {}
    for one in series:
        for run in one.runs:
            if run.missed:
                found.setdefault(one.tool, set()).update(run.missed)
    return found


def _row(one: Series, reference: Series | None) -> str:
    figures = [one.median(name) for name in ("wall_s", "cpu_s", "peak_mib")]
    ratios = ["", "", ""]
    if reference and one.tool != "uv":
        compared = [reference.median(name) for name in ("wall_s", "cpu_s", "peak_mib")]
        ratios = [
            f"{mine / other:.2f}" if other else "" for mine, other in zip(figures, compared, strict=True)
        ]
    counts = [f"{one.median(name):.0f}" for name in ("requests", "not_modified")]
    missed = f"{max(len(run.missed) for run in one.runs)}"
    times = [f"{figures[0]:.3f}", f"{figures[1]:.3f}", f"{figures[2]:.0f}"]
    server = f"{one.median('server_cpu_s'):.2f}"
    start = [one.job, one.scenario, one.tool, str(len(one.runs))]
    return _line([*start, *times, *ratios, *counts, missed, server, _verdict(one, reference)])


def _verdict(one: Series, reference: Series | None) -> str:
    """How many pins, and whether they are uv's; or how the run ended."""
    for run in one.runs:
        if run.timed_out:
            return "stopped at the time limit"
        if run.exit_code:
            return f"exit {run.exit_code}: {' '.join(run.error.split())[-200:]}"
    pins = one.runs[0].pins
    if any(run.pins != pins for run in one.runs):
        return "DIFFERS from run to run"
    if not reference or one.tool == "uv" or not reference.runs[0].pins:
        return str(len(pins)) if pins else ""
    expected = reference.runs[0].pins
    if pins == expected:
        return f"{len(pins)} = uv"
    names = sorted(name for name in pins.keys() | expected.keys() if pins.get(name) != expected.get(name))
    shown = [f"{name} {pins.get(name, 'none')} (uv {expected.get(name, 'none')})" for name in names[:4]]
    return f"DIFFERS in {len(names)}: {', '.join(shown)}"


def _line(cells: Sequence[str]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True)]
    return "| " + " | ".join(padded) + " |"
