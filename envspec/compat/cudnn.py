"""cuDNN: which driver and devices a release supports, and which sonames a major has."""

import functools
from typing import Annotated

import msgspec

from envspec.compat.rows import Dotted, Row, Table, Word, read_table
from envspec.target.gpu import ComputeCapability, DriverVersion, ToolkitVersion

_Cuda = Annotated[str, msgspec.Meta(pattern=r"^[0-9]+\.([0-9]+|x)$")]
_Capability = Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]?\.[0-9]$")]


class CudnnSupport(Row, frozen=True, kw_only=True, rename="kebab"):
    """A row of NVIDIA's support matrix: one release with some CUDA versions."""

    cudnn: Dotted
    cuda: Annotated[tuple[_Cuda, ...], msgspec.Meta(min_length=1)]
    """``11.x`` stands for every minor version."""
    driver: Dotted
    """The lowest one on Linux."""
    capabilities: Annotated[tuple[_Capability, ...], msgspec.Meta(min_length=1)]

    @property
    def driver_version(self) -> DriverVersion:
        """525.60.13."""
        return DriverVersion.parse(self.driver)

    def is_for(self, cuda: ToolkitVersion) -> bool:
        """Whether the row is about that CUDA."""
        return cuda.release in self.cuda or f"{cuda.major}.x" in self.cuda

    def runs_on(self, device: ComputeCapability) -> bool:
        """Whether the row names the device's capability."""
        return str(device) in self.capabilities


class CudnnLibrary(Row, frozen=True, kw_only=True, rename="kebab"):
    """One library of a major."""

    major: int
    soname: Annotated[str, msgspec.Meta(pattern=r"^libcudnn[a-z_]*\.so\.[0-9]+$")]


class CudnnFact(Row, frozen=True, kw_only=True, rename="kebab"):
    """What holds for every release."""

    name: Word
    text: Word


class Tables(Table, frozen=True, kw_only=True, rename="kebab"):
    """The document."""

    support: tuple[CudnnSupport, ...]
    library: tuple[CudnnLibrary, ...]
    fact: tuple[CudnnFact, ...]


@functools.cache
def tables() -> Tables:
    """Every row, in the order of the document."""
    return read_table("cudnn", Tables)


def cudnn_support(version: str, cuda: ToolkitVersion) -> tuple[CudnnSupport, ...]:
    """The rows of ``8.9.6`` or ``8.9.6.50`` with ``cuda``; several where devices need different drivers."""
    release = ".".join(version.split(".")[:3])
    return tuple(row for row in tables().support if row.cudnn == release and row.is_for(cuda))


def sonames(major: int) -> tuple[str, ...]:
    """``libcudnn.so.9`` and its siblings; a program built for one major doesn't take those of another."""
    return tuple(row.soname for row in tables().library if row.major == major)
