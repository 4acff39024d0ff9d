"""What NVML answered, call by call: ``call:nvml`` of the evidence.

Source of the codes: NVIDIA, NVML API Reference, nvmlReturn_t and nvmlGpuVirtualizationMode_t.
"""

from __future__ import annotations

import msgspec

from envspec.probe.facts import Gpu, GpuState
from envspec.probe.numbers import driver_version, whole_number
from envspec.probe.shown import plain
from envspec.target.gpu import ComputeCapability, DriverVersion

DONE = 0
STATES: dict[int, GpuState] = {9: "not-loaded", 12: "library-missing", 18: "versions-differ"}
CODES = {
    1: "uninitialized",
    2: "invalid argument",
    3: "not supported",
    4: "no permission",
    6: "not found",
    9: "driver not loaded",
    10: "timeout",
    11: "interrupt trouble",
    12: "the library's own library is missing",
    13: "no such function",
    14: "the infoROM is corrupted",
    15: "the GPU is lost",
    16: "the GPU must be reset",
    17: "refused by the operating system",
    18: "driver and library versions differ",
    20: "out of memory",
    28: "GPU not found",
    999: "unknown error",
}
_VGPU_GUEST = 2
_MIB = 1 << 20


class Part(msgspec.Struct, frozen=True, rename="kebab"):
    """Frozen, with keys in kebab-case."""


class DeviceMemory(Part, frozen=True):
    """In bytes."""

    total: int | None = None
    free: int | None = None


class Slice(Part, frozen=True):
    """A MIG device."""

    name: str = ""


class Device(Part, frozen=True):
    """What one device answered; a key whose call failed is missing."""

    calls: dict[str, int | None] = {}
    name: str = ""
    capability: tuple[int, int] | None = None
    memory: DeviceMemory = DeviceMemory()
    mig: tuple[int, int] | None = None
    mig_devices: tuple[Slice, ...] | None = None
    virtualization: int | None = None
    ecc: tuple[int, int] | None = None
    processes: int | None = None


class Nvml(Part, frozen=True):
    """The whole of ``call:nvml``."""

    library: str = ""
    load_error: str = ""
    hung_in: str = ""
    calls: dict[str, int | None] = {}
    driver: str = ""
    nvml: str = ""
    cuda: int | None = None
    count: int | None = None
    devices: tuple[Device, ...] = ()

    @property
    def began(self) -> int | None:
        """The return code of nvmlInit; None where it wasn't called or did not return."""
        return first_code(self.calls, "nvmlInit")

    @property
    def kernel_driver(self) -> DriverVersion | None:
        """Of the loaded kernel module, as the library learned it."""
        return driver_version(self.driver)

    @property
    def library_version(self) -> str:
        """``515.105.01`` of ``11.515.105.01``, which begins with the API's own major."""
        version = self.nvml.partition(".")[2]
        return version if driver_version(version) is not None else ""


def first_code(calls: dict[str, int | None], name: str) -> int | None:
    """The code of the call ``name``, in whichever version of it was called."""
    return next((code for call, code in calls.items() if call == name or call.startswith(f"{name}_v")), None)


def code_words(code: int | None) -> str:
    """``code 15, the GPU is lost``."""
    if code is None:
        return "no answer"
    return f"code {code}, {CODES[code]}" if code in CODES else f"code {code}"


def answered(device: Device) -> bool:
    """Whether the device said anything of itself."""
    return bool(device.name)


def gpu_of(device: Device) -> Gpu:
    """The device as a fact; numbers that can't be are left out."""
    capability = None
    if device.capability is not None:
        major, minor = device.capability
        if 1 <= major <= 99 and 0 <= minor <= 9:
            capability = ComputeCapability(major, minor)
    mig, slices = _switch(device.mig), None
    if mig and device.mig_devices is not None:
        names = [each.name.rpartition(" MIG ")[2] for each in device.mig_devices[:16]]
        slices = tuple(plain(name, 40) or "without a name" for name in names)
    return Gpu(
        name=plain(device.name, 120),
        capability=capability,
        memory_mib=_mebibytes(device.memory.total),
        memory_free_mib=_mebibytes(device.memory.free),
        mig=mig,
        mig_slices=slices,
        vgpu=None if device.virtualization is None else device.virtualization == _VGPU_GUEST,
        ecc=_switch(device.ecc),
        processes=whole_number(device.processes, high=1 << 20),
    )


def _mebibytes(size_bytes: int | None) -> int | None:
    whole = whole_number(size_bytes, high=1 << 60)
    return None if whole is None else whole // _MIB


def _switch(pair: tuple[int, int] | None) -> bool | None:
    return {0: False, 1: True}.get(pair[0]) if pair is not None else None
