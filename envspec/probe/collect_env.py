"""``python -m torch.utils.collect_env``: what the torch of an environment says of its host.

For one device the name stands on the line of its label, for more on lines of their own.
"""

from __future__ import annotations

import re

from envspec.named_tuple import NamedTuple
from envspec.probe.facts import OsRelease
from envspec.probe.glibc import read_glibc
from envspec.probe.numbers import driver_version, toolkit_version
from envspec.probe.nvidia_smi_list import read_list
from envspec.probe.os_release import read_os_name
from envspec.target.gpu import DriverVersion, ToolkitVersion

_LINE = re.compile(r"^([A-Z][A-Za-z ]{1,40}):(.*)$", re.MULTILINE)
_GPUS = re.compile(r"^GPU models and configuration: *\n?((?:GPU [0-9]+: .*\n?)+)", re.MULTILINE)
_KERNEL = re.compile(r"Linux-(\S+?)-([a-z0-9_]+)-with-")


class CollectEnv(NamedTuple):
    """The lines that a host can be judged by; None or '' where they say ``Could not collect``."""

    os: OsRelease | None
    glibc: tuple[int, int] | None
    kernel: str
    arch: str
    python: str
    gpus: tuple[str, ...]
    driver: DriverVersion | None
    toolkit: ToolkitVersion | None
    """Of nvcc on the host (``CUDA runtime version``), not the one torch was built with."""
    torch: str
    cuda_available: bool | None
    """Whether this torch could use the devices."""


def is_collect_env(text: str) -> bool:
    """Whether it is such a report."""
    return "\nPyTorch version:" in f"\n{text[:4000]}"


def read_collect_env(text: str) -> CollectEnv:
    """The report's lines; the first counts where one comes twice."""
    values = {match[1]: match[2].strip() for match in reversed(list(_LINE.finditer(text)))}
    names = _GPUS.search(text)
    platform = _KERNEL.match(values.get("Python platform", "")[:200])
    return CollectEnv(
        os=read_os_name(values.get("OS", "")),
        glibc=read_glibc(values.get("Libc version", "")),
        kernel=platform[1] if platform is not None else "",
        arch=platform[2] if platform is not None else "",
        python=_version(values.get("Python version", "")),
        gpus=tuple(gpu.name for gpu in read_list(names[1]).gpus) if names is not None else (),
        driver=driver_version(values.get("Nvidia driver version", "")),
        toolkit=toolkit_version(values.get("CUDA runtime version", "")),
        torch=values.get("PyTorch version", ""),
        cuda_available={"True": True, "False": False}.get(values.get("Is CUDA available", "")),
    )


def _version(text: str) -> str:
    match = re.match(r"[0-9]\.[0-9]{1,2}(?:\.[0-9]{1,3})?", text)
    return match[0] if match is not None else ""
