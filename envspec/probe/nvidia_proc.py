"""``/proc/driver/nvidia/version``: the kernel module that is loaded, in its two spellings.

``NVRM version: NVIDIA UNIX x86_64 Kernel Module  515.105.01  <date>``, and for the open modules
``NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.144.03  Release Build  (...)  <date>``.
It tells the loaded module, not the library beside it.
"""

from __future__ import annotations

import re
from typing import Literal

from envspec.named_tuple import NamedTuple
from envspec.probe.numbers import driver_version
from envspec.target.gpu import DriverVersion

_NVRM = re.compile(r"^NVRM version:(.*?)\bKernel Module\b(.*)$", re.MULTILINE)


class LoadedModule(NamedTuple):
    """The kernel module as it names itself."""

    version: DriverVersion
    flavour: Literal["open", "proprietary"] | None
    """None where only its version is known."""


def read_proc_version(text: str) -> LoadedModule | None:
    """The module's version and flavour; None where the text has another form."""
    match = _NVRM.search(text)
    if match is None:
        return None
    token = next((word for word in match[2].split() if word[0].isdigit()), "")
    version = driver_version(token)
    if version is None:
        return None
    return LoadedModule(version, "open" if re.search(r"\bOpen\b", match[1]) else "proprietary")
