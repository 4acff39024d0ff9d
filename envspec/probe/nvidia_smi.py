"""All that nvidia-smi said on one host, its outputs laid one over the other.

What is asked for by name (``--query-gpu``, ``-q``, ``-L``) goes before the default table, which cuts names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from envspec.probe.items import Items, said_why
from envspec.probe.nvidia_smi_failure import read_failure
from envspec.probe.nvidia_smi_list import read_list
from envspec.probe.nvidia_smi_log import read_log, read_versions
from envspec.probe.nvidia_smi_query import read_query, refused_field
from envspec.probe.nvidia_smi_report import Smi, SmiFailure, SmiGpu, SmiReport
from envspec.probe.nvidia_smi_table import read_table

T = TypeVar("T")

_MAX_TEXT = 256 * 1024
_KEY = "command:nvidia-smi"


def read_smi(items: Items) -> Smi:
    """Every output of nvidia-smi in the evidence as one."""
    reports: dict[int, list[SmiReport]] = {order: [] for order in range(5)}
    failures, refused = [], []
    is_there: bool | None = None
    for key, item in items.starting(_KEY):
        arguments = key.removeprefix(_KEY).strip()
        if item.error == "ENOENT":
            is_there = False if is_there is None else is_there
            continue
        is_there = True
        text = (item.text or "")[:_MAX_TEXT]
        if item.error:
            failures.append(SmiFailure("no-answer", said_why(item.error)))
            continue
        failure = read_failure(text + "\n" + item.stderr[:4096], item.status)
        failures += [failure] if failure is not None else []
        field = refused_field(text)
        refused += [field] if field else []
        if arguments.startswith("--query-gpu=") and (failure is not None or field):
            continue
        order, report = _read(arguments, text)
        reports[order].append(report)
    return _joined([each for order in sorted(reports) for each in reports[order]])._replace(
        failure=failures[0] if failures else None, refused=tuple(refused), is_there=is_there
    )


def _read(arguments: str, text: str) -> tuple[int, SmiReport]:
    """The report, and how early it counts."""
    if arguments.startswith("--query-gpu="):
        fields = arguments.removeprefix("--query-gpu=").partition(" ")[0].split(",")
        return 0, read_query(text, fields if "noheader" in arguments else ())
    if arguments == "-q":
        return 1, read_log(text)
    if arguments == "--version":
        return 2, read_versions(text)
    if arguments == "-L":
        return 3, read_list(text)
    return 4, read_table(text)


def _joined(reports: Sequence[SmiReport]) -> Smi:
    count = max((len(report.gpus) for report in reports), default=0)
    gpus = []
    for place in range(count):
        seen = [report.gpus[place] for report in reports if place < len(report.gpus)]
        gpus.append(_one(seen))
    return Smi(
        tool=_first(report.tool for report in reports),
        driver=_first(report.driver for report in reports),
        cuda=_first(report.cuda for report in reports),
        gpus=tuple(gpus),
    )


def _one(seen: Sequence[SmiGpu]) -> SmiGpu:
    """One device of several outputs: what is said first counts, a whole name before a cut one."""
    whole = [gpu.name for gpu in seen if gpu.name and not gpu.name_is_cut]
    return SmiGpu(
        name=[*whole, *(gpu.name for gpu in seen)][0],
        capability=_first(gpu.capability for gpu in seen),
        memory_mib=_first(gpu.memory_mib for gpu in seen),
        memory_used_mib=_first(gpu.memory_used_mib for gpu in seen),
        memory_free_mib=_first(gpu.memory_free_mib for gpu in seen),
        mig=_first(gpu.mig for gpu in seen),
        mig_slices=_first(gpu.mig_slices for gpu in seen),
        vgpu=_first(gpu.vgpu for gpu in seen),
        ecc=_first(gpu.ecc for gpu in seen),
        processes=_first(gpu.processes for gpu in seen),
    )


def _first(values: Iterable[T | None]) -> T | None:
    return next((value for value in values if value is not None), None)
