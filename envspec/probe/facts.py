"""HostFacts: what evidence says of a host. Not found out is not the same as not there.

Plain values, made by ``reader`` from evidence, or by ``verify.planned`` from what a spec promises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, NamedTuple, TypeVar

from envspec.target.gpu import ComputeCapability, DriverVersion, ToolkitVersion

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
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
    mig_slices: tuple[str, ...] = ()
    """``1g.10gb``, ... of a device in MIG mode."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """Everything a rule may ask of a host."""

    label: str = ""
    source: str = ""
    """``evidence``, ``brief``, ``pasted``, or ``spec`` where it's only promised."""
    os: Fact[OsRelease] = field(default_factory=unknown)
    kernel: Fact[str] = field(default_factory=unknown)
    arch: Fact[str] = field(default_factory=unknown)
    glibc: Fact[tuple[int, int]] = field(default_factory=unknown)
    glibcxx: Fact[tuple[int, ...]] = field(default_factory=unknown)
    """The newest GLIBCXX symbol version of the host's libstdc++, (3, 4, 25)."""
    cpu_flags: Fact[frozenset[str]] = field(default_factory=unknown)
    cpu_count: Fact[int] = field(default_factory=unknown)
    memory: Fact[Memory] = field(default_factory=unknown)
    limits: Fact[Mapping[str, int]] = field(default_factory=unknown)
    """ulimits: ``nofile``, ``memlock`` (bytes), ``nproc``; -1 without limit."""
    gpu_state: Fact[GpuState] = field(default_factory=unknown)
    gpus: Fact[tuple[Gpu, ...]] = field(default_factory=unknown)
    gpus_on_bus: Fact[int] = field(default_factory=unknown)
    """How many GPUs of NVIDIA PCI shows, whatever their driver does."""
    gpus_silent: Fact[int] = field(default_factory=unknown)
    """How many devices the driver counts that did not answer: lost, or hung."""
    gpu_devices_usable: Fact[bool] = field(default_factory=unknown)
    """Whether whoever ran the probe may read and write /dev/nvidia*."""
    driver: Fact[DriverVersion] = field(default_factory=unknown)
    driver_at_least: bool = False
    """Whether ``driver`` is only the floor that a spec promises."""
    driver_library: Fact[str] = field(default_factory=unknown)
    """The user-space library's version, where it differs or the module isn't loaded: ``570.86``."""
    driver_flavour: Fact[Literal["open", "proprietary"]] = field(default_factory=unknown)
    driver_install: Fact[DriverInstall] = field(default_factory=unknown)
    driver_cuda: Fact[ToolkitVersion] = field(default_factory=unknown)
    """The CUDA level of the driver; no toolkit."""
    nvswitches: Fact[int] = field(default_factory=unknown)
    fabric_manager: Fact[DriverVersion] = field(default_factory=unknown)
    fabric_manager_active: Fact[bool] = field(default_factory=unknown)
    nouveau_loaded: Fact[bool] = field(default_factory=unknown)
    kernel_headers: Fact[bool] = field(default_factory=unknown)
    secure_boot: Fact[bool] = field(default_factory=unknown)
    toolkits: Fact[tuple[Toolkit, ...]] = field(default_factory=unknown)
    cudnn: Fact[tuple[Cudnn, ...]] = field(default_factory=unknown)
    pythons: Fact[tuple[Interpreter, ...]] = field(default_factory=unknown)
    libraries: Fact[frozenset[str]] = field(default_factory=unknown)
    """Sonames that the loader knows, of the host's own word size."""
    libraries_asked: frozenset[str] = frozenset()
    """Not empty where only these were looked for, as for a brief: of others nothing is known."""
    executables: Fact[Mapping[str, str]] = field(default_factory=unknown)
    """Name to path of those found; a name that was looked for and isn't there maps to ''."""
    mounts: Fact[tuple[Mount, ...]] = field(default_factory=unknown)
    selinux: Fact[str] = field(default_factory=unknown)
    """``enforcing``, ``permissive`` or ``disabled``."""
    fips: Fact[bool] = field(default_factory=unknown)
    fapolicyd: Fact[bool] = field(default_factory=unknown)
    repositories: Fact[tuple[str, ...]] = field(default_factory=unknown)
    """Ids of the enabled ones."""
    media: Fact[tuple[str, ...]] = field(default_factory=unknown)
    """Mount points of optical or ISO media."""
    clock: Fact[str] = field(default_factory=unknown)
    """The host's own UTC time, RFC 3339."""
    locale: Fact[str] = field(default_factory=unknown)
    network: Fact[NetworkFacts] = field(default_factory=unknown)
    ca_stores: Fact[tuple[str, ...]] = field(default_factory=unknown)
    endpoints: Fact[tuple[EndpointObservation, ...]] = field(default_factory=unknown)
