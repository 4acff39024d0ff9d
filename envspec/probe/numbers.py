"""Numbers out of evidence: read, or None where a text is no such number. Nothing here raises.

What a host prints is not the user's input: a driver of an unknown form makes one fact unknown and stops
nobody.
"""

from __future__ import annotations

import re

from envspec.errors import InvalidValueError
from envspec.target.gpu import ComputeCapability, DriverVersion, ToolkitVersion

_DRIVER = re.compile(r"[1-9][0-9]{1,3}(?:\.[0-9]{1,4}){1,2}")
_TOOLKIT = re.compile(r"([1-9][0-9]?)\.([0-9]{1,2})(?:\.([0-9]{1,8}))?")
_LARGEST = 1 << 63


def driver_version(text: object) -> DriverVersion | None:
    """``515.105.01``, ``595.80``; None for ``N/A``, ``Deprecated, see ...`` and all else."""
    if not isinstance(text, str) or _DRIVER.fullmatch(text.strip()) is None:
        return None
    return DriverVersion.parse(text)


def toolkit_version(text: object) -> ToolkitVersion | None:
    """``11.8``, ``11.8.89``; of ``11.8.20220929``, where the third is a date, only 11.8."""
    match = _TOOLKIT.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        return None
    patch = match[3] or ""
    return ToolkitVersion(int(match[1]), int(match[2]), int(patch) if patch and len(patch) <= 4 else 0)


def toolkit_of_number(number: object) -> ToolkitVersion | None:
    """12040 is 12.4, as NVML and the driver API say it (1000 * major + 10 * minor)."""
    whole = whole_number(number, low=1000, high=99_990)
    return None if whole is None else ToolkitVersion(whole // 1000, whole % 1000 // 10)


def compute_capability(text: object) -> ComputeCapability | None:
    """``9.0``; None for ``[N/A]`` and all else."""
    if not isinstance(text, str):
        return None
    try:
        return ComputeCapability.parse(text)
    except InvalidValueError:
        return None


def whole_number(value: object, *, low: int = 0, high: int = _LARGEST) -> int | None:
    """A whole number from low to high, from JSON or from its digits; None for all else."""
    if isinstance(value, str):
        digits = value.strip()
        if not digits.isascii() or not digits.isdigit() or len(digits) > 19:
            return None
        value = int(digits)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        return None
    return value


def mebibytes(text: object) -> int | None:
    """``81559 MiB``, or without its unit; None for ``[N/A]`` and all else."""
    if not isinstance(text, str):
        return None
    return whole_number(text.strip().removesuffix("MiB"), high=1 << 40)
