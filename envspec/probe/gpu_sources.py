"""The places that tell of GPUs and their driver, each read once for all facts that rest on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envspec.named_tuple import NamedTuple
from envspec.probe.facts import Fact, known, unknown
from envspec.probe.items import Items, said_why
from envspec.probe.nvidia_proc import LoadedModule, read_proc_version
from envspec.probe.nvidia_smi_report import NO_SMI, Smi
from envspec.probe.nvml import Nvml
from envspec.probe.pci import Bus, read_bus

if TYPE_CHECKING:
    from envspec.probe.collect_env import CollectEnv

_ENDED = {"timeout", "abandoned", "crashed"}
"""How asking NVML may end without an answer; what it had said before still counts."""
_PROC = "file:/proc/driver/nvidia/version"


class GpuSources(NamedTuple):
    """All of them; what wasn't looked for is unknown."""

    nvml: Fact[Nvml]
    nvml_error: str
    """Why NVML got no further than ``nvml`` says: it hung, or what asked it crashed."""
    bus: Fact[Bus]
    module: Fact[LoadedModule]
    """The kernel module that is loaded; absent where none is."""
    module_on_disk: Fact[bool]
    """Whether modprobe knows an NVIDIA module for the running kernel."""
    nouveau: Fact[bool]
    """Whether nouveau is loaded."""
    smi: Smi
    report: CollectEnv | None


def read_gpu_sources(items: Items) -> GpuSources:
    """Every source that the evidence has."""
    item = items.get("call:nvml")
    nvml: Fact[Nvml] = unknown("NVML", items.why_missing)
    error = ""
    if item is not None and item.error in _ENDED:
        error = said_why(item.error)
        nvml = (
            items.value_despite_error("call:nvml", Nvml) if item.value is not None else known(Nvml(), "NVML")
        )
    elif item is not None:
        nvml = items.value("call:nvml", Nvml)
    bus = read_bus(items)
    return GpuSources(
        nvml=nvml,
        nvml_error=error,
        bus=bus,
        module=_module(items),
        module_on_disk=_on_disk(items),
        nouveau=_nouveau(items, bus),
        smi=_smi(items),
        report=_report(items),
    )


def _smi(items: Items) -> Smi:
    """Most hosts were asked by NVML alone, so what reads nvidia-smi is loaded only where it's needed."""
    if next(items.starting("command:nvidia-smi"), None) is None:
        return NO_SMI
    from envspec.probe.nvidia_smi import read_smi

    return read_smi(items)


def _report(items: Items) -> CollectEnv | None:
    text = items.text("command:python -m torch.utils.collect_env")
    if not text.is_known:
        return None
    from envspec.probe.collect_env import read_collect_env

    return read_collect_env(text.need())


def _module(items: Items) -> Fact[LoadedModule]:
    text = items.text(_PROC)
    if not text.is_known:
        return Fact(text.state, None, text.how, text.why)
    module = read_proc_version(text.need())
    if module is None:
        return unknown(text.how, "it names its driver in a form that isn't known")
    return known(module, text.how)


def _on_disk(items: Items) -> Fact[bool]:
    text = items.text("file:/lib/modules/RELEASE/modules.dep")
    if not text.is_known:
        return unknown(text.how, text.why)
    names = [line.rpartition("/")[2] for line in text.need().splitlines()]
    return known(any(name.startswith(("nvidia.ko", "nvidia-current.ko")) for name in names), text.how)


def _nouveau(items: Items, bus: Fact[Bus]) -> Fact[bool]:
    if bus.is_known and "nouveau" in bus.need().bound_to:
        return known(True, bus.how)
    text = items.text("file:/proc/modules")
    if text.state == "absent":
        return Fact("known", False, text.how, "a kernel without modules")
    if not text.is_known:
        return unknown(text.how, text.why)
    return known(any(line.split(" ", 1)[0] == "nouveau" for line in text.need().splitlines()), text.how)
