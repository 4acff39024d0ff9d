"""Needs: what a lock asks of its host, drawn out once for all rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from envspec.target.gpu import CodeTarget, ComputeCapability, ToolkitVersion

if TYPE_CHECKING:
    from envspec.lock.document import Asset, Lock


class FromWheel(NamedTuple):
    """Something a locked wheel expects of the host, and how that is known."""

    thing: str
    """A soname, an executable, or a version: ``libGL.so.1``, ``ffmpeg``, ``2.28``, ``3.4.29``."""
    by: str
    """``opencv-python 4.10.0.84``."""
    how: str
    """``audit`` where the wheel was read, ``tag`` from its file name, or the source of a table's row."""
    needed: str = ""
    """``import``: fails without it. ``use``: only a feature of it does. Empty for versions."""


class DiskNeed(NamedTuple):
    """Bytes that one path must offer: what stays, and the most that is taken at any time."""

    path: str
    """``/data/envs``: the prefix, the scratch folder, ``/tmp``, ..."""
    stays_bytes: int
    peak_bytes: int
    is_at_least: bool = False
    """Whether some size isn't known, so that it's more."""
    of: tuple[str, ...] = ()
    """What takes it: ``wheels 5.1 GB``, ``installed 9.8 GB (estimated)``."""


class Needs(NamedTuple):
    """What the rules ask facts about."""

    lock: Lock
    label: str
    """``founding-cu118``."""
    cuda: ToolkitVersion | None = None
    """Of the locked builds; None for CPU."""
    cuda_by: str = ""
    """``torch 2.1.2+cu118``."""
    code_targets: tuple[CodeTarget, ...] = ()
    code_source: str = ""
    """Row of the table, or ``audit``; empty where nobody knows the code targets."""
    cudnn: str = ""
    """What the wheels bring."""
    compiles_at_run_time: tuple[str, ...] = ()
    """Locked projects that make PTX while they run: triton, numba, cupy."""
    gpu_name: str = ""
    """As the spec promises it; empty for CPU."""
    gpu_count: int = 0
    gpu_capability: ComputeCapability | None = None
    gpu_memory_mib: int | None = None
    """[needs] gpu-memory."""
    driver_floor: str = ""
    """What the spec promises: ``>=515``."""
    python: str = ""
    """``3.10``, or a full version."""
    python_brought: bool = False
    """Whether the lock brings its own interpreter."""
    os: str = ""
    arch: str = ""
    network: str = ""
    glibc: tuple[FromWheel, ...] = ()
    """The highest first."""
    glibcxx: tuple[FromWheel, ...] = ()
    libraries: tuple[FromWheel, ...] = ()
    executables: tuple[FromWheel, ...] = ()
    disks: tuple[DiskNeed, ...] = ()
    installers: tuple[Asset, ...] = ()
    """Those among the lock's assets."""
    newest_upload: str = ""
    """RFC 3339; a host's clock before it is wrong."""
