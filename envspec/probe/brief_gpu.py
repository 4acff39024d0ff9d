"""What a brief says of GPUs and driver, as the sources of evidence, so that one code reads both."""

from __future__ import annotations

from typing import Literal

from envspec.probe.brief_line import BriefLine, listed
from envspec.probe.facts import DriverInstall, Fact, absent, known, unknown
from envspec.probe.gpu_sources import GpuSources
from envspec.probe.numbers import compute_capability, driver_version, toolkit_of_number, whole_number
from envspec.probe.nvidia_proc import LoadedModule
from envspec.probe.nvidia_smi_report import Smi, SmiGpu
from envspec.probe.nvml import Device, DeviceMemory, Nvml, Slice
from envspec.probe.pci import Bus

HOW = "the brief"
_MAX_GPUS = 64
_METHODS: tuple[Literal["runfile", "precompiled", "dkms", "rpm", "deb", "container"], ...] = (
    "runfile",
    "precompiled",
    "dkms",
    "rpm",
    "deb",
    "container",
)
"""The first of these among the traces is how the driver was installed."""


def brief_sources(lines: dict[str, BriefLine], gpu_lines: list[BriefLine]) -> GpuSources:
    """NVML, module, bus and devices as the sheet has them."""
    gpus = [gpu for line in gpu_lines for gpu in _gpus(line)][:_MAX_GPUS]
    nvml, error = _nvml(lines.get("NVML"), gpus)
    answered_by_nvml = nvml.is_known and nvml.need().began == 0
    cuda = lines["NVML"].pair("CUDA") if "NVML" in lines else "?"
    return GpuSources(
        nvml=nvml,
        nvml_error=error,
        bus=_bus(lines.get("PCI")),
        module=_module(lines.get("MODULE")),
        module_on_disk=unknown(HOW),
        nouveau=_flag(lines.get("GUARD"), "NOUVEAU"),
        smi=Smi(
            gpus=() if answered_by_nvml else tuple(gpus),
            cuda=None if answered_by_nvml else toolkit_of_number(cuda),
            how=HOW,
        ),
        report=None,
    )


def brief_install(line: BriefLine | None) -> Fact[DriverInstall]:
    """By the traces that FROM lists."""
    traces = listed(line.pair("FROM").lower()) if line is not None else None
    if traces is None:
        return unknown(HOW)
    method = next((method for method in _METHODS if method in traces), None)
    if method is None and traces:
        return unknown(HOW, "a way that isn't known")
    is_loaded = line is not None and line.value(0).lower() != "none"
    if method is None or (method == "container" and not is_loaded):
        return absent(HOW, "no trace of an installation")
    return known(DriverInstall(method), HOW)


def brief_flag(text: str) -> bool | None:
    """1 or 0; None for ``?`` and all else."""
    return {"1": True, "0": False}.get(text)


def _flag(line: BriefLine | None, name: str) -> Fact[bool]:
    value = brief_flag(line.pair(name)) if line is not None else None
    return unknown(HOW) if value is None else known(value, HOW)


def _nvml(line: BriefLine | None, gpus: list[SmiGpu]) -> tuple[Fact[Nvml], str]:
    code = line.value(0).lower() if line is not None else "?"
    if line is None or code == "?":
        return unknown(HOW), ""
    call = line.pair("CALL")
    if code == "library-missing":
        return known(Nvml(load_error="No such file: the loader doesn't know it"), HOW), ""
    if code in ("timeout", "crashed"):
        why = "no answer in time" if code == "timeout" else "what asked it ended without an answer"
        return known(Nvml(hung_in=call if call != "?" else "nvmlInit"), HOW), why
    number = whole_number(code, high=9999)
    if number is None:
        return unknown(HOW, "its code is no number"), ""
    return known(
        Nvml(
            calls={"nvmlInit": number},
            driver=line.pair("DRIVER"),
            cuda=whole_number(line.pair("CUDA"), high=99_990),
            count=len(gpus) if gpus or call == "?" else None,
            devices=tuple(map(_device, gpus)) if number == 0 else (),
        ),
        HOW,
    ), ""


def _device(gpu: SmiGpu) -> Device:
    """As NVML would have said it."""
    return Device(
        name=gpu.name,
        capability=gpu.capability,
        memory=DeviceMemory(total=_bytes(gpu.memory_mib), free=_bytes(gpu.memory_free_mib)),
        mig=None if gpu.mig is None else (int(gpu.mig), int(gpu.mig)),
        mig_devices=None
        if gpu.mig_slices is None
        else tuple(Slice(name=f"{gpu.name} MIG {each}") for each in gpu.mig_slices),
        virtualization=None if gpu.vgpu is None else 2 * gpu.vgpu,
        ecc=None if gpu.ecc is None else (int(gpu.ecc), int(gpu.ecc)),
        processes=gpu.processes,
    )


def _bytes(mebibytes: int | None) -> int | None:
    return None if mebibytes is None else mebibytes << 20


def _gpus(line: BriefLine) -> list[SmiGpu]:
    """COUNT devices that are alike; FREE is the smallest of them, PROCESSES stands with the first."""
    if line.value(0).upper() == "MORE":
        more = whole_number(next(iter(line.pairs), ""), high=_MAX_GPUS) or 0
        return [SmiGpu(name="a GPU that the brief doesn't name")] * more
    count = whole_number(line.value(0), low=1, high=_MAX_GPUS)
    name = line.pair("NAME")
    if count is None or name in ("?", ""):
        return []
    gpu = SmiGpu(
        name=name,
        capability=compute_capability(line.pair("CC")),
        memory_mib=whole_number(line.pair("MIB"), high=1 << 40),
        memory_free_mib=whole_number(line.pair("FREE"), high=1 << 40),
        mig=brief_flag(line.pair("MIG")),
        mig_slices=listed(line.pair("SLICES").lower()),
        vgpu=brief_flag(line.pair("VGPU")),
        ecc=brief_flag(line.pair("ECC")),
    )
    processes = whole_number(line.pair("PROCESSES"), high=1 << 20)
    others = gpu if processes is None else gpu._replace(processes=0)
    return [gpu._replace(processes=processes), *[others] * (count - 1)]


def _bus(line: BriefLine | None) -> Fact[Bus]:
    count = whole_number(line.value(0), high=4096) if line is not None else None
    if line is None or count is None:
        return unknown(HOW)
    switches = whole_number(line.pair("SWITCHES"), high=4096) or 0
    return known(Bus(count, switches, listed(line.pair("BOUND").lower()) or ()), HOW)


def _module(line: BriefLine | None) -> Fact[LoadedModule]:
    said = line.value(0) if line is not None else "?"
    if line is None or said == "?":
        return unknown(HOW)
    if said.lower() == "none":
        return absent(HOW, "the module isn't loaded")
    version = driver_version(said)
    if version is None:
        return unknown(HOW, "the driver's version has a form that isn't known")
    flavours: dict[str, Literal["open", "proprietary"]] = {"open": "open", "proprietary": "proprietary"}
    return known(LoadedModule(version, flavours.get(line.pair("FLAVOUR").lower())), HOW)
