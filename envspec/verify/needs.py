"""Needs: what a lock asks of its host, drawn out once for all rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envspec.named_tuple import NamedTuple
from envspec.target.gpu import CodeTarget, ToolkitVersion

if TYPE_CHECKING:
    from envspec.lock.document import Asset, Lock


class WheelCode(NamedTuple):
    """GPU code of one locked wheel, besides the one that ``cuda_by`` names."""

    by: str
    """``flash-attn 2.5.6``."""
    targets: tuple[CodeTarget, ...]
    source: str


class RunTimeCode(NamedTuple):
    """A locked project that makes GPU code while a program runs."""

    what: str
    """``torch.compile (triton 2.1.0)``, ``numba.cuda (numba 0.61.2)``."""
    is_ptx: bool
    """Whether the driver has to compile it further; else it's machine code already."""
    toolkit: ToolkitVersion | None = None
    """The CUDA that it's made by; None where nobody says."""
    source: str = ""


class FromWheel(NamedTuple):
    """Something a locked wheel expects of the host, and how that is known."""

    thing: str
    """A soname, an executable, or a version: ``libGL.so.1``, ``ffmpeg``, ``2.28``, ``3.4.29``."""
    by: str
    """``opencv-python 4.10.0.84``."""
    how: str
    """``audit`` where the wheel was read, ``tag`` from its file name, or the source of a table's row."""
    needed: str = ""
    """``import``: fails without it. ``use``: only a feature of it does. Empty: all of it, or nobody says."""
    what_for: str = ""
    """The feature: ``reading an audio file by its name``."""


class DiskNeed(NamedTuple):
    """Bytes that one path must offer: what stays, and the most that is taken at any time."""

    path: str
    """``/data/envs``: the prefix, the scratch folder, ``/tmp``, ..."""
    stays_bytes: int
    peak_bytes: int
    assumed_bytes: int = 0
    """Of files whose size nobody says, as they are assumed to be at most; not among the above."""
    of: tuple[str, ...] = ()
    """What takes it: ``wheels 5.1 GiB, three times unpacked``."""
    files: int = 0
    """How many files stay there, estimated."""
    runs: bool = False
    """Whether programs and libraries are loaded from there, so that noexec forbids it."""

    @property
    def is_at_least(self) -> bool:
        """Whether some size isn't known, so that it's more."""
        return self.assumed_bytes > 0


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
    other_code: tuple[WheelCode, ...] = ()
    cudnn: str = ""
    """What the wheels bring."""
    run_time: tuple[RunTimeCode, ...] = ()
    toolkit: tuple[FromWheel, ...] = ()
    """What in the lock wants a CUDA toolkit, or its libraries, on the host."""
    host_cudnn: tuple[FromWheel, ...] = ()
    """What in the lock wants a cuDNN on the host."""
    gpu_name: str = ""
    """As the spec promises it; empty for CPU."""
    wants_gpu: bool = True
    """Whether the spec speaks of a GPU, a driver or a CUDA build. Builds for CUDA that came unasked
    compute on the CPU of a host without a GPU."""
    gpu_count: int = 0
    gpu_memory_mib: int | None = None
    """[needs] gpu-memory."""
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
    tells_no_glibc: tuple[str, ...] = ()
    """Locked wheels that were not read, and whose tag tells nothing: ``torchvision 0.16.2+cu118``."""
    not_read: tuple[str, ...] = ()
    """Locked wheels with compiled code that ``envspec audit`` has not read, or not whole."""
    disks: tuple[DiskNeed, ...] = ()
    installers: tuple[Asset, ...] = ()
    """Those among the lock's assets."""
    newest_upload: str = ""
    """RFC 3339; a host's clock before it is wrong."""
