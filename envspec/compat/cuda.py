"""CUDA toolkits and drivers: which driver a toolkit needs, how long a branch lives, what may stand in for it.

Three grades rest on this. Full: the driver that came with the toolkit, or a newer one. Minor version
compatible: at least the floor of that CUDA major, with the limits listed. Neither: refused, unless a
compatibility package that NVIDIA lists for the driver's branch stands in.
"""

import functools
from typing import Annotated, Literal

import msgspec

from envspec.compat.rows import Dotted, Month, Row, Table, Word, read_table
from envspec.target.gpu import CodeTarget, ComputeCapability, DriverVersion, ToolkitVersion

Architecture = Literal["Kepler", "Maxwell", "Pascal", "Volta", "Turing"]
_Release = Annotated[str, msgspec.Meta(pattern=r"^[0-9]+\.[0-9]+$")]
_UPDATES = 10
"""Patch numbers below it are releases (12.1.1); those above are of one component (12.1.105)."""


class ToolkitRelease(Row, frozen=True, kw_only=True, rename="kebab"):
    """One release of the CUDA toolkit."""

    version: Annotated[str, msgspec.Meta(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")]
    driver: Dotted | None = None
    """The one NVIDIA's table gives for it: full function from there on."""
    runfile_driver: Dotted | None = None
    """The one inside its runfile, which now and then is another."""
    label: str = ""
    """``12.1 Update 1``."""

    @property
    def toolkit(self) -> ToolkitVersion:
        """12.1.1."""
        return ToolkitVersion.parse(self.version)

    @property
    def driver_version(self) -> DriverVersion | None:
        """530.30.02; None where no source gives it."""
        return DriverVersion.parse(self.driver) if self.driver else None


class MinorFloor(Row, frozen=True, kw_only=True, rename="kebab"):
    """The lowest driver for all toolkits of one CUDA major, under minor version compatibility."""

    major: int
    driver: Dotted
    table_says: Word
    """How NVIDIA writes it: ``>=525``."""
    from_: _Release | None = msgspec.field(default=None, name="from")
    """The first toolkit it holds for, where not for all of them."""

    @property
    def driver_version(self) -> DriverVersion:
        """525.60.13."""
        return DriverVersion.parse(self.driver)


class Branch(Row, frozen=True, kw_only=True, rename="kebab"):
    """A branch of the data-centre driver, such as R580."""

    branch: int
    kind: Literal["lts", "production", "new-feature", ""] = ""
    end_of_life: Month = ""
    """The month that NVIDIA names; empty where it says only that the branch is over, or gives no date."""
    is_over: bool = False
    cuda: _Release | None = None
    """The CUDA level that its drivers have."""
    is_cuda_weak: bool = False
    """Whether that is an observation that others can't look up."""
    last_for: tuple[Architecture, ...] = ()
    """GPUs that no later branch runs."""

    @property
    def name(self) -> str:
        """``R580``."""
        return f"R{self.branch}"

    @property
    def cuda_level(self) -> ToolkitVersion | None:
        """13.0; None where no source gives it."""
        return ToolkitVersion.parse(self.cuda) if self.cuda else None

    def is_supported(self, day: str) -> bool | None:
        """On ``2026-11-28``: whether NVIDIA still mends it. None where it never says until when."""
        if self.end_of_life:
            return day[:7] <= self.end_of_life
        return False if self.is_over else None


class CompatPackage(Row, frozen=True, kw_only=True, rename="kebab"):
    """A package ``cuda-compat-X-Y``: the user part of a newer driver, for data-centre GPUs alone."""

    cuda: _Release
    package: Annotated[str, msgspec.Meta(pattern=r"^cuda-compat-[0-9]+-[0-9]+$")]
    driver: Dotted
    """Whose libraries are inside; the host's driver may not be newer."""
    branches: Annotated[tuple[int, ...], msgspec.Meta(min_length=1)]
    """Of the host's driver: those that NVIDIA's own images list for this CUDA."""
    dropped: tuple[int, ...] = ()
    """Those of them that later images of the same CUDA leave out, mostly since the branch is over."""

    @property
    def driver_version(self) -> DriverVersion:
        """530.30.02."""
        return DriverVersion.parse(self.driver)

    def runs_on(self, driver: DriverVersion) -> bool:
        """Whether NVIDIA lists the branch of the host's driver, and the package is newer than that driver."""
        return driver.branch in self.branches and driver < self.driver_version


class Limit(Row, frozen=True, kw_only=True, rename="kebab"):
    """What one of the rules does not promise."""

    of: Literal["minor-version", "forward", "driver"]
    name: Word
    text: Word


class CodeTargetRow(Row, frozen=True, kw_only=True, rename="kebab"):
    """Which toolkits make machine code for one compute capability."""

    target: Annotated[str, msgspec.Meta(pattern=r"^sm_[0-9]+[af]?$")]
    first: _Release | None = None
    last: Annotated[str, msgspec.Meta(pattern=r"^([0-9]+\.[0-9]+)?$")] | None = None
    """Empty while toolkits still make it; None where no source says."""


class ErrorCode(Row, frozen=True, kw_only=True, rename="kebab"):
    """A CUDA error that tells a mismatch."""

    code: int
    name: Word


class Tables(Table, frozen=True, kw_only=True, rename="kebab"):
    """The document."""

    toolkit: tuple[ToolkitRelease, ...]
    floor: tuple[MinorFloor, ...]
    branch: tuple[Branch, ...]
    compat_package: tuple[CompatPackage, ...]
    limit: tuple[Limit, ...]
    code_target: tuple[CodeTargetRow, ...]
    error_code: tuple[ErrorCode, ...]


@functools.cache
def tables() -> Tables:
    """Every row, in the order of the document."""
    return read_table("cuda", Tables)


def toolkit_driver(cuda: ToolkitVersion) -> ToolkitRelease | None:
    """The release whose driver gives ``cuda`` its full function.

    11.8 and 12.1.105, the version of a component, stand for the first release of their line:
    the level of CUDA is the same in all of it.
    """
    line = [row for row in tables().toolkit if row.driver and row.toolkit[:2] == cuda[:2]]
    exact = [row for row in line if 0 < cuda.patch < _UPDATES and row.toolkit == cuda]
    finished = [row for row in line if not row.label.endswith("RC")]
    return next(iter(exact or finished), None)


def minor_floor(cuda: ToolkitVersion) -> MinorFloor | None:
    """The floor of the major of ``cuda``; None before CUDA 11, which has no minor version compatibility."""
    for row in tables().floor:
        if row.major == cuda.major:
            return row
    return None


def branch(driver: DriverVersion | int) -> Branch | None:
    """The row of R515 for 515 or for 515.105.01."""
    number = driver if isinstance(driver, int) else driver.branch
    for row in tables().branch:
        if row.branch == number:
            return row
    return None


def supported_branches(day: str) -> tuple[Branch, ...]:
    """Those with a date of their end that ``day`` (2026-11-28) has not passed, the oldest first."""
    return tuple(row for row in tables().branch if row.is_supported(day))


def compat_package(cuda: ToolkitVersion) -> CompatPackage | None:
    """The package of 12.1, with the branches that NVIDIA lists; None where no list is known."""
    for row in tables().compat_package:
        if row.cuda == cuda.release:
            return row
    return None


def limits(of: Literal["minor-version", "forward", "driver"]) -> tuple[Limit, ...]:
    """What that rule does not promise, each with its source."""
    return tuple(row for row in tables().limit if row.of == of)


def code_target(capability: ComputeCapability) -> CodeTargetRow | None:
    """Which toolkits make machine code for a device."""
    name = str(CodeTarget(is_ptx=False, capability=capability))
    for row in tables().code_target:
        if row.target == name:
            return row
    return None


def error_code(code: int) -> ErrorCode | None:
    """The name of 222, 803, 804 and their like."""
    for row in tables().error_code:
        if row.code == code:
            return row
    return None
