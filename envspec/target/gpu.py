"""GPU numbers: what a device can run, what a build carries code for, and which driver bears it.

Source: NVIDIA, CUDA C++ Programming Guide, "Binary Compatibility" and "PTX
Compatibility". The promises hold for desktop and server devices, not for Tegra.
"""

from __future__ import annotations

import re

from envspec.errors import InvalidValueError
from envspec.named_tuple import NamedTuple

_CAPABILITY = re.compile(r"([1-9][0-9]?)\.([0-9])")
_TARGET = re.compile(r"(sm|compute)_([1-9][0-9]?)([0-9])([af]?)")
_DOTTED = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){0,3}")


class ComputeCapability(NamedTuple):
    """The feature level of one GPU, such as 8.6; neither toolkit nor driver version."""

    major: int
    minor: int

    @classmethod
    def parse(cls, text: str) -> ComputeCapability:
        """Read the form that nvidia-smi prints, such as ``8.6``.

        Raises InvalidValueError for any other form.
        """
        match = _CAPABILITY.fullmatch(text.strip())
        if match is None:
            raise InvalidValueError(
                what=f"compute capability {text[:40]!r} can't be read",
                why="it must be two whole numbers with a dot between them, such as 8.6",
                fix="copy it from: nvidia-smi --query-gpu=compute_cap --format=csv",
            )
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


class CodeTarget(NamedTuple):
    """One target that a build carries code for, such as ``sm_86`` or ``compute_90``."""

    is_ptx: bool
    capability: ComputeCapability
    suffix: str = ""
    """``a``: code for this very capability; ``f``: for its family; mostly empty."""

    @classmethod
    def parse(cls, text: str) -> CodeTarget:
        """Read ``sm_80``, ``compute_90`` or ``sm_90a``. Raises InvalidValueError for any other form."""
        match = _TARGET.fullmatch(text.strip())
        if match is None:
            raise InvalidValueError(
                what=f"code target {text[:40]!r} can't be read",
                why="sm_ or compute_ and a compute capability without its dot was wanted, such as sm_86",
            )
        return cls(match[1] == "compute", ComputeCapability(int(match[2]), int(match[3])), match[4])

    def runs_on(self, device: ComputeCapability) -> bool:
        """Say whether NVIDIA promises that ``device`` runs this code.

        Machine code runs from its own minor version up, inside its major version.
        PTX is compiled by the driver, so it also runs on every later device.
        Code with the suffix ``a`` runs on its own capability only.
        """
        if self.suffix == "a":
            return device == self.capability
        if (not self.is_ptx or self.suffix == "f") and device.major != self.capability.major:
            return False
        return device >= self.capability

    def __str__(self) -> str:
        kind = "compute" if self.is_ptx else "sm"
        return f"{kind}_{self.capability.major}{self.capability.minor}{self.suffix}"


class DriverVersion(NamedTuple):
    """Of the NVIDIA kernel driver, such as 515.105.01; compared as numbers, padded with zeros."""

    numbers: tuple[int, int, int]
    text: str = ""
    """As it was written; ``525`` and ``525.00`` are equal all the same."""

    @classmethod
    def parse(cls, text: str) -> DriverVersion:
        """Read ``515.105.01``, ``450.80`` or ``525``.

        Raises InvalidValueError for any other form.
        """
        return cls(_three_numbers(text, "driver version", "515.105.01", "nvidia-smi"), text.strip())

    @property
    def branch(self) -> int:
        """515 of 515.105.01, which NVIDIA calls R515."""
        return self.numbers[0]

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DriverVersion) and self.numbers == other.numbers

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.numbers)

    def __lt__(self, other: tuple[object, ...]) -> bool:
        return isinstance(other, DriverVersion) and self.numbers < other.numbers

    def __le__(self, other: tuple[object, ...]) -> bool:
        return isinstance(other, DriverVersion) and self.numbers <= other.numbers

    def __gt__(self, other: tuple[object, ...]) -> bool:
        return isinstance(other, DriverVersion) and self.numbers > other.numbers

    def __ge__(self, other: tuple[object, ...]) -> bool:
        return isinstance(other, DriverVersion) and self.numbers >= other.numbers


class ToolkitVersion(NamedTuple):
    """Of a CUDA toolkit, of a build for it, or the CUDA level of a driver: 11.8, or 11.8.89."""

    major: int
    minor: int
    patch: int = 0

    @classmethod
    def parse(cls, text: str) -> ToolkitVersion:
        """Read ``11.8`` or ``11.8.89``.

        Raises InvalidValueError for any other form.
        """
        return cls(*_three_numbers(text, "toolkit version", "11.8", "nvcc --version"))

    @property
    def release(self) -> str:
        """``11.8``, by which builds and packages are named."""
        return f"{self.major}.{self.minor}"

    def __str__(self) -> str:
        return f"{self.release}.{self.patch}" if self.patch else self.release


def _three_numbers(text: str, kind: str, example: str, command: str) -> tuple[int, int, int]:
    if _DOTTED.fullmatch(text.strip()) is None:
        raise InvalidValueError(
            what=f"{kind} {text[:40]!r} can't be read",
            why=f"whole numbers with dots between them were wanted, such as {example}",
            fix=f"copy it from what {command} prints",
        )
    numbers = [*map(int, text.strip().split(".")[:3]), 0, 0]
    return numbers[0], numbers[1], numbers[2]
