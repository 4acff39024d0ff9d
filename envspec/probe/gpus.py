"""The devices: by NVML, else as nvidia-smi, /proc or torch name them. The fullest source wins, whole."""

from __future__ import annotations

from envspec.probe.facts import Fact, Gpu, GpuState, absent, known, unknown
from envspec.probe.gpu_sources import GpuSources
from envspec.probe.items import Items
from envspec.probe.nvidia_smi_report import SmiGpu
from envspec.probe.nvml import answered, code_words, first_code, gpu_of
from envspec.probe.shown import plain

_MAX_GPUS = 256


def read_gpus(items: Items, sources: GpuSources, state: Fact[GpuState]) -> Fact[tuple[Gpu, ...]]:
    """Every device that could be asked or is at least named; absent where there is none."""
    nvml = sources.nvml.value
    if nvml is not None and any(map(answered, nvml.devices)):
        devices = [device for device in nvml.devices[:_MAX_GPUS] if answered(device)]
        return known(tuple(map(gpu_of, devices)), "NVML")
    smi = sources.smi
    if smi.gpus:
        why = ""
        if smi.refused:
            why = f"nvidia-smi {smi.tool or ''} is too old to be asked for {', '.join(smi.refused)}".replace(
                "  ", " "
            )
        return Fact("known", tuple(map(_gpu_of_smi, smi.gpus)), smi.how, why)
    if state.value == "no-gpu":
        return absent(state.how, state.why)
    named = items.value("call:proc-gpus", tuple[str, ...])
    if named.is_known and named.need():
        gpus = tuple(Gpu(plain(name, 120)) for name in named.need()[:_MAX_GPUS])
        return Fact("known", gpus, "/proc/driver/nvidia/gpus", "names alone: nothing else could be asked")
    if sources.report is not None and sources.report.gpus:
        names = sources.report.gpus[:_MAX_GPUS]
        return known(tuple(Gpu(plain(name, 120)) for name in names), "torch's collect_env")
    return unknown(state.how, state.why or "nothing could be asked for its devices")


def read_silent_gpus(sources: GpuSources) -> Fact[int]:
    """How many devices the driver or the bus shows that did not answer, where that can be known."""
    nvml = sources.nvml.value
    if nvml is None or nvml.count is None:
        return unknown(sources.nvml.how, sources.nvml.why or "NVML did not come so far")
    shown = min(max(nvml.count, len(nvml.devices)), 4096)
    silent = [device for device in nvml.devices if not answered(device)]
    number = shown - (len(nvml.devices) - len(silent))
    if not number:
        return known(0, "nvmlDeviceGetCount")
    codes = {code_words(first_code(device.calls, "nvmlDeviceGetHandleByIndex")) for device in silent}
    why = ", ".join(sorted(codes)) or sources.nvml_error
    return Fact("known", number, "nvmlDeviceGetCount", why)


def read_gpus_on_bus(sources: GpuSources) -> Fact[int]:
    """How many GPUs of NVIDIA the PCI bus shows, whatever they are bound to."""
    if not sources.bus.is_known:
        return unknown(sources.bus.how, sources.bus.why)
    return known(sources.bus.need().gpus, sources.bus.how)


def _gpu_of_smi(gpu: SmiGpu) -> Gpu:
    free = gpu.memory_free_mib
    if free is None and gpu.memory_mib is not None and gpu.memory_used_mib is not None:
        free = max(0, gpu.memory_mib - gpu.memory_used_mib)
    return Gpu(
        name=plain(gpu.name, 120),
        capability=gpu.capability,
        memory_mib=gpu.memory_mib,
        memory_free_mib=free,
        mig=gpu.mig,
        mig_slices=tuple(plain(each, 40) for each in gpu.mig_slices[:16])
        if gpu.mig and gpu.mig_slices is not None
        else None,
        vgpu=gpu.vgpu,
        ecc=gpu.ecc,
        processes=gpu.processes,
        name_is_cut=gpu.name_is_cut,
    )
