"""``nvidia-smi -q`` and ``nvidia-smi --version``: ``Key : value`` lines, a section by its indentation.

From 610 on ``--version`` says ``DRIVER version : Deprecated, see "KMD version" instead``; a value that is
no number is passed over, so the line that carries it counts. On a vGPU host ``-q`` says ``CUDA Version :
Not Found``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from envspec.probe.numbers import driver_version, mebibytes, toolkit_version
from envspec.probe.nvidia_smi_report import SmiGpu, SmiReport, on_or_off

_GPU = re.compile(r"GPU [0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.[0-9A-Fa-f]\s*")
_MAX_GPUS = 256

_Entry = tuple[str, str, str]
"""Section, key and value."""


def read_log(text: str) -> SmiReport:
    """What ``-q`` says of the driver and of each device."""
    head, *devices = _split(text)
    top = _read_top(_entries(head))
    gpus = tuple(_gpu(list(_entries(device))) for device in devices)
    return top._replace(gpus=gpus)


def read_versions(text: str) -> SmiReport:
    """What ``--version`` says."""
    return _read_top(_entries(text.splitlines()))


def is_log(text: str) -> bool:
    """Whether it is what ``-q`` prints."""
    return "NVSMI LOG" in text


def is_versions(text: str) -> bool:
    """Whether it is what ``--version`` prints."""
    return re.search(r"^NVIDIA-SMI version {0,20}:", text, re.MULTILINE) is not None


def _split(text: str) -> list[list[str]]:
    """The lines before the first device, then those of each."""
    parts: list[list[str]] = [[]]
    for line in text.splitlines():
        if _GPU.fullmatch(line):
            if len(parts) > _MAX_GPUS:
                break
            parts.append([])
        else:
            parts[-1].append(line)
    return parts


def _entries(lines: Iterable[str]) -> Iterator[_Entry]:
    section, depth = "", 0
    for line in lines:
        key, colon, value = line.partition(":")
        indented = len(line) - len(line.lstrip(" "))
        if colon:
            if indented <= depth:
                section, depth = "", 0
            yield section, key.strip(), value.strip()
        elif key.strip() and indented:
            section, depth = key.strip(), indented


def _read_top(entries: Iterable[_Entry]) -> SmiReport:
    report = SmiReport()
    for _, key, value in entries:
        word = key.lower()
        if word == "nvidia-smi version":
            report = report._replace(tool=driver_version(value))
        elif word in ("driver version", "kmd version"):
            report = report._replace(driver=driver_version(value) or report.driver)
        elif word in ("cuda version", "cuda umd version"):
            report = report._replace(cuda=toolkit_version(value) or report.cuda)
    return report


def _gpu(entries: list[_Entry]) -> SmiGpu:
    values = {(section, key): value for section, key, value in reversed(entries)}
    mode = values.get(("GPU Virtualization Mode", "Virtualization Mode"), "").lower()
    kinds = [value for section, key, value in entries if (section, key) == ("Processes", "Type")]
    has_processes = bool(kinds) or ("", "Processes") in values
    return SmiGpu(
        name=values.get(("", "Product Name"), ""),
        memory_mib=mebibytes(values.get(("FB Memory Usage", "Total"))),
        memory_used_mib=mebibytes(values.get(("FB Memory Usage", "Used"))),
        memory_free_mib=mebibytes(values.get(("FB Memory Usage", "Free"))),
        mig=on_or_off(values.get(("MIG Mode", "Current"), "")),
        vgpu={"vgpu": True, "none": False, "pass-through": False, "host vgpu": False}.get(mode),
        ecc=on_or_off(values.get(("Ecc Mode", "Current"), values.get(("ECC Mode", "Current"), ""))),
        processes=sum("C" in kind.split("+") for kind in kinds) if has_processes else None,
    )
