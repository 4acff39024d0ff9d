"""What NVIDIA offers to install: CUDA and driver runfiles, cuDNN archives, and what is published of them.

NVIDIA publishes md5 sums alone, and not for every file; a sha256 here is one that a package manager has
recorded. Whoever has neither must take the sum of a file of their own.
"""

import functools
from typing import Annotated, Literal, TypeVar

import msgspec

from envspec.compat.rows import Dotted, Row, Table, Word, read_table
from envspec.target.gpu import DriverVersion, ToolkitVersion

_Url = Annotated[str, msgspec.Meta(pattern=r"^https://[a-z0-9.-]+\.nvidia\.com/")]
_Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
_Md5 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}$")]
_Bytes = Annotated[int, msgspec.Meta(gt=0)]
Runfile = Literal["cuda", "driver"]


class _File(Row, frozen=True, kw_only=True, rename="kebab"):
    version: Dotted
    sha256: _Sha256 | None = None
    md5: _Md5 | None = None
    size: _Bytes | None = None
    """In bytes."""


class CudaRunfile(_File, frozen=True, kw_only=True, rename="kebab"):
    """The self-extracting installer of one toolkit release, with a driver inside."""

    url: _Url
    driver: Dotted
    """The one inside, which is not installed unless ``--driver`` asks for it."""
    md5_list: _Url | None = None
    """NVIDIA's own list of the sums of that release."""


class DriverRunfile(_File, frozen=True, kw_only=True, rename="kebab"):
    """The self-extracting installer of one driver."""

    url: _Url | None = None
    """None where no source says on which line the release is."""
    is_data_center: bool = False

    @property
    def driver(self) -> DriverVersion:
        """580.126.09."""
        return DriverVersion.parse(self.version)


class CudnnArchive(_File, frozen=True, kw_only=True, rename="kebab"):
    """The archive of one cuDNN release for one CUDA major, without an installer."""

    url: _Url
    cuda_major: int


class InstalledSize(Row, frozen=True, kw_only=True, rename="kebab"):
    """What a toolkit takes once it's installed."""

    version: Dotted
    installed_bytes: _Bytes
    runfile_bytes: _Bytes


class Option(Row, frozen=True, kw_only=True, rename="kebab"):
    """An option of a runfile."""

    of: Runfile
    option: Word
    text: Word


class InstallerFact(Row, frozen=True, kw_only=True, rename="kebab"):
    """What a runfile needs, leaves behind or refuses."""

    of: Runfile
    name: Word
    text: Word


class Failure(Row, frozen=True, kw_only=True, rename="kebab"):
    """What a runfile says when it fails, and what it meant."""

    of: Runfile
    text: Word
    cause: Word
    exit_code: int | None = None


class Tables(Table, frozen=True, kw_only=True, rename="kebab"):
    """The document."""

    cuda_runfile: tuple[CudaRunfile, ...]
    driver_runfile: tuple[DriverRunfile, ...]
    cudnn_archive: tuple[CudnnArchive, ...]
    installed_size: tuple[InstalledSize, ...]
    option: tuple[Option, ...]
    fact: tuple[InstallerFact, ...]
    failure: tuple[Failure, ...]


@functools.cache
def tables() -> Tables:
    """Every row, in the order of the document."""
    return read_table("installers", Tables)


def cuda_runfile(version: str) -> CudaRunfile | None:
    """The runfile of ``11.8.0``; of ``11.8`` the newest of its line."""
    return _newest([row for row in tables().cuda_runfile if _is_of(row.version, version)])


def driver_runfile(version: str) -> DriverRunfile | None:
    """The runfile of ``580.126.09``; of ``580`` the newest known one of that branch's data-centre line."""
    rows = tables().driver_runfile
    if "." in version:
        return _newest([row for row in rows if row.version == version])
    return _newest([row for row in rows if row.is_data_center and _is_of(row.version, version)])


def cudnn_archive(version: str, cuda: ToolkitVersion) -> CudnnArchive | None:
    """The archive of ``8.9.7.29``, or the newest of ``8.9.7``, for the major of ``cuda``."""
    rows = [row for row in tables().cudnn_archive if row.cuda_major == cuda.major]
    return _newest([row for row in rows if _is_of(row.version, version)])


def installed_size(version: str) -> InstalledSize | None:
    """What the toolkit ``12.6.3`` took on one host; None for those that nobody has measured."""
    return next((row for row in tables().installed_size if row.version == version), None)


def options(of: Runfile) -> tuple[Option, ...]:
    """Every option that is known of that kind of runfile."""
    return tuple(row for row in tables().option if row.of == of)


def facts(of: Runfile) -> tuple[InstallerFact, ...]:
    """What that kind of runfile needs, leaves behind or refuses."""
    return tuple(row for row in tables().fact if row.of == of)


def failures(of: Runfile) -> tuple[Failure, ...]:
    """What that kind of runfile says when it fails."""
    return tuple(row for row in tables().failure if row.of == of)


def _is_of(version: str, asked: str) -> bool:
    """Whether 11.8.0 is 11.8.0 or of the line 11.8."""
    return version == asked or version.startswith(f"{asked}.")


_FileT = TypeVar("_FileT", bound=_File)


def _newest(rows: list[_FileT]) -> _FileT | None:
    return max(rows, key=lambda row: [int(part) for part in row.version.split(".")], default=None)
