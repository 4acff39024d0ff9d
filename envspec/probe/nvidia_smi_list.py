"""``nvidia-smi -L``: one line a device with its whole name, and its MIG slices under it."""

from __future__ import annotations

import re

from envspec.probe.nvidia_smi_report import SmiGpu, SmiReport

_GPU = re.compile(r"GPU [0-9]{1,3}: (\S.*)")
_SLICE = re.compile(r" +MIG (\S+) +Device +[0-9]+:.*")
_MAX_GPUS = 256


def read_list(text: str) -> SmiReport:
    """The devices in their order; slices make known that MIG is on, their lack says nothing of the mode."""
    gpus: list[SmiGpu] = []
    for line in text.splitlines():
        device = _GPU.fullmatch(line)
        if device is not None and len(gpus) < _MAX_GPUS:
            gpus.append(SmiGpu(_name(device[1]), mig_slices=()))
        slice_ = _SLICE.fullmatch(line)
        if slice_ is not None and gpus:
            last = gpus[-1]
            gpus[-1] = last._replace(mig=True, mig_slices=(*(last.mig_slices or ()), slice_[1]))
    return SmiReport(gpus=tuple(gpus))


def _name(rest: str) -> str:
    return rest.partition("(UUID:")[0].strip()


def is_list(text: str) -> bool:
    """Whether a line of it names a device so, with its UUID (torch's report has such lines without)."""
    return re.search(r"^GPU [0-9]{1,3}: [^\n]{1,200}\(UUID:", text, re.MULTILINE) is not None
