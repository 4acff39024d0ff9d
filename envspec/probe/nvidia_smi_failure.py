"""What nvidia-smi prints when it can show nothing, and its exit status.

Source of the statuses: NVIDIA, nvidia-smi's manual, "RETURN VALUE". The texts are those it prints on stdout.
"""

from __future__ import annotations

import re

from envspec.probe.facts import GpuState
from envspec.probe.nvidia_smi_report import NO_DEVICES, SmiFailure
from envspec.probe.shown import plain

_TEXTS: tuple[tuple[re.Pattern[str], GpuState], ...] = (
    (re.compile(r"Driver/library version mismatch"), "versions-differ"),
    (re.compile(r"couldn't communicate with the NVIDIA driver"), "not-loaded"),
    (re.compile(r"Failed to initialize NVML: Driver Not Loaded"), "not-loaded"),
    (re.compile(r"couldn't find libnvidia-ml\.so"), "library-missing"),
    (re.compile(r"Failed to initialize NVML: [^\n]{1,80}"), "no-answer"),
    (re.compile(r"Unable to determine the device handle for [^\n]{1,120}"), "no-answer"),
    (re.compile(r"Mismatch in versions between nvidia-smi and NVML"), "no-answer"),
    (re.compile(NO_DEVICES), "no-answer"),
)
_STATUSES: dict[int, GpuState] = {
    9: "not-loaded",
    12: "library-missing",
    15: "no-answer",
    18: "versions-differ",
}
_LIBRARY = re.compile(r"NVML library version: {0,20}([0-9]{2,4}(?:\.[0-9]{1,4}){1,2})\b")


def read_failure(text: str, status: int | None = None) -> SmiFailure | None:
    """The failure that a text or an exit status stands for; None for an output that is none."""
    for pattern, state in _TEXTS:
        match = pattern.search(text)
        if match is not None:
            library = _LIBRARY.search(text)
            return SmiFailure(state, plain(match[0], 160), library[1] if library is not None else "")
    if status in _STATUSES:
        return SmiFailure(_STATUSES[status], f"exit status {status}")
    return None
