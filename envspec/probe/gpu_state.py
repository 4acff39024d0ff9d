"""In which of its states the way to the GPUs is, by the most trustworthy source that tells.

NVML's own return codes go first: it is what every CUDA program's driver library stands beside. Where it
could not begin, the bus, the loaded modules and the modules on disk tell why. nvidia-smi's text comes last:
it is NVML's answer too, in words that change, and it is asked only where nothing else could be.
"""

from __future__ import annotations

from envspec.probe.facts import Fact, GpuState, known, unknown
from envspec.probe.gpu_sources import GpuSources
from envspec.probe.nvidia_smi_report import NO_DEVICES
from envspec.probe.nvml import DONE, STATES, Nvml, answered, code_words, first_code
from envspec.probe.shown import plain


def read_gpu_state(sources: GpuSources) -> Fact[GpuState]:
    """The state, with what showed it."""
    if sources.nvml.is_known:
        nvml = sources.nvml.need()
        if sources.nvml_error and nvml.began in (None, DONE):
            return _stuck(sources, nvml)
        if nvml.began == DONE:
            return _begun(sources, nvml)
        if nvml.began is not None:
            state = STATES.get(nvml.began, "no-answer")
            return _not_begun(sources, state, "nvmlInit", code_words(nvml.began))
        if nvml.load_error and not sources.smi.gpus:
            return _not_begun(sources, "library-missing", "libnvidia-ml.so.1", plain(nvml.load_error))
    return _without_nvml(sources)


def _begun(sources: GpuSources, nvml: Nvml) -> Fact[GpuState]:
    how = "nvmlInit"
    if any(map(answered, nvml.devices)):
        return known("ready", how)
    on_bus = sources.bus.need().gpus if sources.bus.is_known else None
    if nvml.count == 0:
        if on_bus == 0:
            return _state("no-gpu", sources.bus.how, "the driver is loaded, and there is no NVIDIA GPU")
        return _state(
            "no-answer",
            how,
            "the driver answers and shows no device: none is given to this user or container",
        )
    codes = [first_code(device.calls, "nvmlDeviceGetHandleByIndex") for device in nvml.devices]
    codes += [first_code(nvml.calls, "nvmlDeviceGetCount")]
    trouble = next((code for code in codes if code != DONE), None)
    return _state("no-answer", how, f"the driver answers, no device does: {code_words(trouble)}")


def _stuck(sources: GpuSources, nvml: Nvml) -> Fact[GpuState]:
    where = plain(nvml.hung_in, 60) or "NVML"
    why = f"{where}: {sources.nvml_error}"
    silent = (
        f"; {sum(map(answered, nvml.devices))} of {nvml.count} devices had answered" if nvml.count else ""
    )
    return _state("no-answer", where, why + silent)


def _not_begun(sources: GpuSources, state: GpuState, how: str, why: str) -> Fact[GpuState]:
    """``state`` is what the library says of itself; the rest of the host may know better why."""
    if state in ("versions-differ", "no-answer"):
        return _state(state, how, why)
    if sources.module.is_known:
        return _state(state, how, why)
    if _nouveau_holds_it(sources):
        return _state(
            "nouveau",
            "/sys/bus/pci/devices, /proc/modules",
            "the GPU is bound to nouveau, so NVIDIA's driver can't have it",
        )
    if sources.bus.is_known and sources.bus.need().gpus == 0:
        return _state("no-gpu", sources.bus.how, "no NVIDIA GPU on the bus")
    if state == "library-missing":
        if sources.module_on_disk.is_known and sources.module_on_disk.need():
            return _state(
                "not-loaded", sources.module_on_disk.how, f"the module is on disk and not loaded, and {why}"
            )
        if not sources.bus.is_known:
            return unknown(
                how, f"{why}; and whether there is a GPU could not be found out: {sources.bus.why}"
            )
        return _state("no-driver", f"{how}, {sources.bus.how}", f"{_gpu_there(sources)}; {why}")
    return _state(state, how, why)


def _without_nvml(sources: GpuSources) -> Fact[GpuState]:
    smi = sources.smi
    if smi.gpus:
        return known("ready", smi.how)
    nothing_on_bus = sources.bus.is_known and sources.bus.need().gpus == 0
    if smi.failure is not None and not (smi.failure.said == NO_DEVICES and nothing_on_bus):
        return _not_begun(sources, smi.failure.state, smi.how, smi.failure.said)
    if sources.report is not None and sources.report.gpus:
        return known("ready", "torch's collect_env")
    if nothing_on_bus:
        return _state("no-gpu", sources.bus.how, "no NVIDIA GPU on the bus")
    if sources.module.is_known:
        return unknown(sources.module.how, "the module is loaded; nothing here could ask it for its devices")
    if _nouveau_holds_it(sources):
        return _state("nouveau", "/sys/bus/pci/devices, /proc/modules", "the GPU is bound to nouveau")
    if sources.bus.is_known and sources.module.state == "absent" and smi.is_there is False:
        return _state(
            "no-driver",
            f"{sources.bus.how}, {sources.module.how}",
            f"{_gpu_there(sources)}; no module is loaded and no nvidia-smi installed",
        )
    return unknown(sources.nvml.how, sources.nvml.why)


def _nouveau_holds_it(sources: GpuSources) -> bool:
    if sources.bus.is_known:
        return "nouveau" in sources.bus.need().bound_to
    return sources.nouveau.is_known and sources.nouveau.need()


def _gpu_there(sources: GpuSources) -> str:
    """With what drives it instead: ``vfio-pci`` where it is set aside for a virtual machine."""
    bound_to = sources.bus.need().bound_to
    return f"a GPU is there, bound to {plain(', '.join(bound_to), 60)}" if bound_to else "a GPU is there"


def _state(state: GpuState, how: str, why: str) -> Fact[GpuState]:
    return Fact("known", state, how, why)
