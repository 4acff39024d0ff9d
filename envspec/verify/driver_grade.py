"""Grades of a driver: what it is to builds for one CUDA, by the two floors of NVIDIA's tables."""

from __future__ import annotations

import functools
from typing import Literal

from envspec.compat.cuda import MinorFloor, ToolkitRelease, branch, minor_floor, toolkit_driver
from envspec.named_tuple import NamedTuple
from envspec.target.gpu import DriverVersion, ToolkitVersion

Grade = Literal["full", "minor-version", "refused", ""]


class Floors(NamedTuple):
    """The two drivers that CUDA's own tables name for one toolkit."""

    full: ToolkitRelease | None
    minor: MinorFloor | None

    @property
    def lowest(self) -> DriverVersion | None:
        """The oldest driver that bears it at all."""
        if self.minor is not None:
            return self.minor.driver_version
        return self.full.driver_version if self.full is not None else None


@functools.cache
def floors(cuda: ToolkitVersion) -> Floors:
    """The rows of ``cuda``; its own floor stays away for 11.0, which came before that promise."""
    minor, full = minor_floor(cuda), toolkit_driver(cuda)
    if minor is not None and minor.from_ and cuda < ToolkitVersion.parse(minor.from_) and full is not None:
        minor = None
    return Floors(full, minor)


def grade(cuda: ToolkitVersion, driver: DriverVersion) -> Grade:
    """What a driver is to builds for ``cuda``; empty where no table says."""
    rows = floors(cuda)
    full = rows.full.driver_version if rows.full is not None else None
    if full is not None and driver >= full:
        return "full"
    row = branch(driver)
    if full is None and row is not None and row.cuda_level is not None and row.cuda_level >= cuda[:2]:
        return "full"
    if rows.minor is not None and driver >= rows.minor.driver_version:
        return "minor-version"
    return "refused" if rows.lowest is not None else ""
