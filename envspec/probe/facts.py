"""HostFacts: what evidence says of a host. Not found out is not the same as not there.

Plain values, made by ``reader`` from evidence, or by ``verify.planned`` from what a spec promises.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, Literal, TypeVar

import msgspec

from envspec.named_tuple import NamedTuple
from envspec.target.gpu import ComputeCapability, DriverVersion, ToolkitVersion

T = TypeVar("T")


class Fact(msgspec.Struct, Generic[T], frozen=True):
    """One thing that was known, was seen not to be there, or could not be found out."""

    state: Literal["known", "absent", "unknown"] = "unknown"
    value: T | None = None
    how: str = ""
    """Where it was read: ``/etc/os-release``, ``nvmlSystemGetDriverVersion``, ``the spec``."""
    why: str = ""
    """Why it's absent or couldn't be found out: ``Permission denied``, ``no answer in 5 s``."""

    @property
    def is_known(self) -> bool:
        """Whether there is a value."""
        return self.state == "known"

    def need(self) -> T:
        """The value of a known fact. A rule asks ``is_known`` first; ValueError otherwise."""
        if self.state != "known" or self.value is None:
            raise ValueError(f"{self.how}: {self.state}")
        return self.value


def known(value: T, how: str) -> Fact[T]:
    """It is so, and ``how`` says where that was read."""
    return Fact("known", value, how)


def absent(how: str, why: str = "") -> Fact[T]:
    """It was looked for and isn't there."""
    return Fact("absent", None, how, why)


def unknown(how: str = "", why: str = "the evidence doesn't say") -> Fact[T]:
    """It could not be found out."""
    return Fact("unknown", None, how, why)


class OsRelease(NamedTuple):
    """/etc/os-release (freedesktop.org, os-release)."""

    id: str
    version: str
    """``8.9``; empty for rolling ones."""
    like: tuple[str, ...] = ()
    """ID_LIKE."""
    pretty: str = ""

    @property
    def key(self) -> str:
        """``rhel-8.9``, as a spec writes it."""
        return f"{self.id}-{self.version}" if self.version else self.id


class Gpu(NamedTuple):
    """One device, or one MIG slice of it where ``mig_slice`` names it."""

    name: str
    """As NVML says it: ``NVIDIA A100 80GB PCIe``."""
    capability: ComputeCapability | None = None
    memory_mib: int | None = None
    memory_free_mib: int | None = None
    mig: bool | None = None
    """Whether MIG mode is on; None where nobody could tell, or the device has none."""
    mig_slices: tuple[str, ...] | None = None
    """``1g.10gb``, ... of a device in MIG mode; None where nothing has listed them."""
    vgpu: bool | None = None
    """Whether this is a guest of NVIDIA vGPU."""
    ecc: bool | None = None
    processes: int | None = None
    """How many processes compute on it now."""
    name_is_cut: bool = False
    """Whether only the beginning of the name is known: ``NVIDIA A100 80G...`` of nvidia-smi's table."""


GpuState = Literal[
    "ready", "no-gpu", "no-driver", "nouveau", "not-loaded", "library-missing", "versions-differ", "no-answer"
]
"""ready: NVML or nvidia-smi answered. no-driver: a device, and no driver is installed. nouveau: bound to it.
not-loaded: installed, the kernel module isn't loaded. versions-differ: module and library; reboot."""


class DriverInstall(NamedTuple):
    """How the driver came onto the host."""

    method: Literal["rpm", "deb", "dkms", "precompiled", "runfile", "container"]
    packages: tuple[str, ...] = ()
    """Their names and versions, where a package manager knows them."""
    version: DriverVersion | None = None
    """Of the packages; the loaded module may still be an older one."""


class Toolkit(NamedTuple):
    """A CUDA toolkit on disk."""

    version: ToolkitVersion
    path: str
    """``/usr/local/cuda-11.8``; empty where only nvcc said it."""
    nvcc: ToolkitVersion | None = None
    """Of its compiler, 11.8.89, whose third number is not the toolkit's."""


class Cudnn(NamedTuple):
    """A cuDNN on disk or known to the loader."""

    version: str
    """``8.9.7``, or its major alone where only a soname tells."""
    path: str


class Interpreter(NamedTuple):
    """A Python on the host."""

    path: str
    version: str
    """``3.6.8``."""
    has_venv: bool | None = None


class Mount(NamedTuple):
    """The file system under one path that matters."""

    path: str
    """The path asked about, such as ``/tmp``, or PREFIX."""
    mount_point: str
    file_system: str = ""
    """``xfs``, ``nfs4``, ``tmpfs``."""
    total_bytes: int | None = None
    free_bytes: int | None = None
    """For a user without rights, as ``df`` prints it."""
    free_inodes: int | None = None
    noexec: bool | None = None
    read_only: bool | None = None
    trouble: str = ""
    """``no answer in time`` where a server is gone."""
    asked_for: tuple[str, ...] = ()
    """Why: ``root``, ``tmp``, ``TMPDIR``, ``prefix``, ``home``, ``shm``, ``scratch``, ``mount``."""


class Memory(NamedTuple):
    """Main memory, in bytes."""

    total_bytes: int
    available_bytes: int | None = None
    cgroup_limit_bytes: int | None = None


class NetworkFacts(NamedTuple):
    """What can be seen without sending anything."""

    default_route: bool | None
    resolvers: int | None
    """How many name servers are configured; their addresses stay on the host."""
    proxies: tuple[str, ...] = ()
    """Names of the proxy variables that are set."""
    egress: bool | None = None
    """Whether something outside answered; None unless --probe-egress was agreed."""
    unverified: tuple[str, ...] = ()
    """Settings that switch the checking of certificates off: ``PYTHONHTTPSVERIFY``, ``trusted-host``."""


class Stage(NamedTuple):
    """What one stage of reaching an endpoint brought."""

    name: Literal["name", "connection", "tls", "http"]
    ok: bool
    said: str
    """``EAI_NONAME``, ``refused``, ``issuer CN=Site CA, until 2026-01-01``, ``302 to https://...``."""
    faults: tuple[str, ...] = ()
    """Words of ``probe.endpoint_stage.FAULTS``; one that is ok may have some, too: ``resolvers-differ``."""
    issuer: str = ""
    """Who signed the certificate, where one was seen."""


class EndpointObservation(NamedTuple):
    """One URL tried from the host, stage by stage; the first that fails ends it."""

    url: str
    """Without credentials."""
    stages: tuple[Stage, ...]
    redirects: tuple[EndpointObservation, ...] = ()
    """Each further host that a redirect named, asked anew."""


_UNKNOWN: Fact[Any] = unknown()


class HostFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a rule may ask of a host."""

    label: str = ""
    source: str = ""
    """``evidence``, ``brief``, ``pasted``, or ``spec`` where it's only promised."""
    os: Fact[OsRelease] = _UNKNOWN
    kernel: Fact[str] = _UNKNOWN
    arch: Fact[str] = _UNKNOWN
    glibc: Fact[tuple[int, int]] = _UNKNOWN
    glibcxx: Fact[tuple[int, ...]] = _UNKNOWN
    """The newest GLIBCXX symbol version of the host's libstdc++, (3, 4, 25)."""
    cpu_flags: Fact[frozenset[str]] = _UNKNOWN
    cpu_count: Fact[int] = _UNKNOWN
    memory: Fact[Memory] = _UNKNOWN
    limits: Fact[Mapping[str, int]] = _UNKNOWN
    """ulimits: ``nofile``, ``memlock`` (bytes), ``nproc``; -1 without limit."""
    gpu_state: Fact[GpuState] = _UNKNOWN
    gpus: Fact[tuple[Gpu, ...]] = _UNKNOWN
    gpus_on_bus: Fact[int] = _UNKNOWN
    """How many GPUs of NVIDIA PCI shows, whatever their driver does."""
    gpus_silent: Fact[int] = _UNKNOWN
    """How many devices the driver counts that did not answer: lost, or hung."""
    gpu_devices_usable: Fact[bool] = _UNKNOWN
    """Whether whoever ran the probe may read and write /dev/nvidia*."""
    driver: Fact[DriverVersion] = _UNKNOWN
    driver_at_least: bool = False
    """Whether ``driver`` is only the floor that a spec promises."""
    driver_library: Fact[str] = _UNKNOWN
    """The user-space library's version, where it differs or the module isn't loaded: ``570.86``."""
    driver_flavour: Fact[Literal["open", "proprietary"]] = _UNKNOWN
    driver_install: Fact[DriverInstall] = _UNKNOWN
    driver_cuda: Fact[ToolkitVersion] = _UNKNOWN
    """The CUDA level of the driver; no toolkit."""
    nvswitches: Fact[int] = _UNKNOWN
    fabric_manager: Fact[DriverVersion] = _UNKNOWN
    fabric_manager_active: Fact[bool] = _UNKNOWN
    nouveau_loaded: Fact[bool] = _UNKNOWN
    kernel_headers: Fact[bool] = _UNKNOWN
    secure_boot: Fact[bool] = _UNKNOWN
    toolkits: Fact[tuple[Toolkit, ...]] = _UNKNOWN
    cudnn: Fact[tuple[Cudnn, ...]] = _UNKNOWN
    pythons: Fact[tuple[Interpreter, ...]] = _UNKNOWN
    libraries: Fact[frozenset[str]] = _UNKNOWN
    """Sonames that the loader knows, of the host's own word size."""
    libraries_asked: frozenset[str] = frozenset()
    """Not empty where only these were looked for, as for a brief: of others nothing is known."""
    executables: Fact[Mapping[str, str]] = _UNKNOWN
    """Name to path of those found; a name that was looked for and isn't there maps to ''."""
    mounts: Fact[tuple[Mount, ...]] = _UNKNOWN
    selinux: Fact[str] = _UNKNOWN
    """``enforcing``, ``permissive`` or ``disabled``."""
    fips: Fact[bool] = _UNKNOWN
    fapolicyd: Fact[bool] = _UNKNOWN
    repositories: Fact[tuple[str, ...]] = _UNKNOWN
    """Ids of the enabled ones."""
    media: Fact[tuple[str, ...]] = _UNKNOWN
    """Mount points of optical or ISO media."""
    clock: Fact[str] = _UNKNOWN
    """The host's own UTC time, RFC 3339."""
    locale: Fact[str] = _UNKNOWN
    network: Fact[NetworkFacts] = _UNKNOWN
    ca_stores: Fact[tuple[str, ...]] = _UNKNOWN
    endpoints: Fact[tuple[EndpointObservation, ...]] = _UNKNOWN
