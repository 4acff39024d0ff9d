"""``nvidia-smi --query-gpu=... --format=csv``: read by the names of its fields, in whatever order.

``[N/A]`` and ``[Not Supported]`` are no values. A field that the tool is too old for makes it print
``Field "compute_cap" is not a valid field to query.`` and nothing else (branch 470 with ``compute_cap``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from envspec.probe.numbers import compute_capability, driver_version, mebibytes
from envspec.probe.nvidia_smi_report import SmiGpu, SmiReport, on_or_off

_FIELD = re.compile(r"[a-z0-9_.]+(?: \[[A-Za-z%]+\])?")
_REFUSED = re.compile(r'Field "([a-z0-9_.]{1,80})" is not a valid field to query')
_MAX_GPUS = 256


def read_query(text: str, fields: Sequence[str] = ()) -> SmiReport:
    """One device a line; ``fields`` where the output has no header of its own (``noheader``)."""
    lines = [line for line in text.splitlines() if line.strip()]
    if lines and is_query(lines[0]):
        fields = [field.partition(" [")[0] for field in lines.pop(0).strip().split(", ")]
    cells = [line.strip().split(", ") for line in lines[:_MAX_GPUS]]
    rows = [dict(zip(fields, row, strict=True)) for row in cells if len(row) == len(fields)]
    drivers = [driver_version(row.get("kmd_version", row.get("driver_version"))) for row in rows]
    return SmiReport(driver=next(filter(None, drivers), None), gpus=tuple(map(_gpu, rows)))


def is_query(line: str) -> bool:
    """Whether a line is a header of such fields."""
    fields = line.strip().split(", ")
    known = {"name", "gpu_name", "driver_version", "compute_cap", "memory.total [MiB]"}
    return all(_FIELD.fullmatch(field) for field in fields) and bool(known & set(fields))


def refused_field(text: str) -> str:
    """The field that this nvidia-smi doesn't know; empty where it knows all."""
    match = _REFUSED.search(text)
    return match[1] if match is not None else ""


def _gpu(row: Mapping[str, str]) -> SmiGpu:
    mode = row.get("gpu_virtualization_mode.current", row.get("virtualization_mode", "")).strip().lower()
    return SmiGpu(
        name=row.get("name", row.get("gpu_name", "")).strip(),
        capability=compute_capability(row.get("compute_cap")),
        memory_mib=mebibytes(row.get("memory.total")),
        memory_used_mib=mebibytes(row.get("memory.used")),
        memory_free_mib=mebibytes(row.get("memory.free")),
        mig=on_or_off(row.get("mig.mode.current", "")),
        vgpu={"vgpu": True, "none": False, "pass-through": False}.get(mode),
        ecc=on_or_off(row.get("ecc.mode.current", "")),
    )
