"""CUDA toolkits by what lies in their folders, what nvcc says and what the CUDA installer printed.

``version.json`` (from 11.1 on) may say 11.8.20220929, with a date, or 11.5.2; its ``nvidia_driver`` is the
driver that came along in the installer, not the one that is loaded. Up to 11.0 there is ``version.txt``.
"""

from __future__ import annotations

import re

from envspec.named_tuple import NamedTuple
from envspec.probe.numbers import toolkit_version
from envspec.target.gpu import ToolkitVersion

_NVCC = re.compile(r"\brelease [0-9.]{1,12}, V([0-9]{1,2}(?:\.[0-9]{1,8}){1,2})\b")
_TEXT = re.compile(r"^CUDA Version ([0-9]{1,2}(?:\.[0-9]{1,8}){1,2})\s*$", re.MULTILINE)
_PART = r'"{}"\s*:\s*\{{[^{{}}]*?"version"\s*:\s*"([0-9.]{{1,24}})"'
_CUDA = re.compile(_PART.format("cuda"))
_CUDA_NVCC = re.compile(_PART.format("cuda_nvcc"))
_INSTALLED_IN = re.compile(
    r"^Toolkit: +Installed in (/\S{0,200}?cuda-([0-9]{1,2}\.[0-9]{1,2}))/?$", re.MULTILINE
)
_DRIVER = re.compile(r"^Driver:(.*)$", re.MULTILINE)
_NO_DRIVER = re.compile(
    r"version at least [0-9.]+ is required for CUDA ([0-9]{1,2}\.[0-9]{1,2}) functionality"
)


class VersionFile(NamedTuple):
    """What version.json says; read by its labels, so that one cut in the middle tells what is left."""

    toolkit: ToolkitVersion | None
    nvcc: ToolkitVersion | None


class InstallerSummary(NamedTuple):
    """What the CUDA runfile printed at its end."""

    toolkit: ToolkitVersion | None
    path: str
    driver_installed: bool | None


def read_nvcc(text: str) -> ToolkitVersion | None:
    """11.8.89 of ``release 11.8, V11.8.89``; None where nvcc isn't there."""
    match = _NVCC.search(text)
    return toolkit_version(match[1]) if match is not None else None


def read_version_json(text: str) -> VersionFile:
    """The toolkit's version, and that of its nvcc."""
    cuda, nvcc = _CUDA.search(text), _CUDA_NVCC.search(text)
    return VersionFile(
        toolkit_version(cuda[1]) if cuda is not None else None,
        toolkit_version(nvcc[1]) if nvcc is not None else None,
    )


def read_version_txt(text: str) -> ToolkitVersion | None:
    """10.2.89 of ``CUDA Version 10.2.89``."""
    match = _TEXT.search(text)
    return toolkit_version(match[1]) if match is not None else None


def read_installer_summary(text: str) -> InstallerSummary | None:
    """Toolkit and driver by the summary, or by the warning that no driver was installed; None for neither."""
    where, driver, warning = _INSTALLED_IN.search(text), _DRIVER.search(text), _NO_DRIVER.search(text)
    if where is None and driver is None and warning is None:
        return None
    installed = driver[1].strip() == "Installed" if driver is not None else None
    version = where[2] if where is not None else warning[1] if warning is not None else ""
    return InstallerSummary(
        toolkit_version(version), where[1] if where is not None else "", False if warning else installed
    )
