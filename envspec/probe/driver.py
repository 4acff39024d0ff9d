"""The driver: of the module that is loaded, of the library beside it, and the CUDA level they offer.

Where sources differ the earlier one wins and ``why`` names the others:

1. nvmlSystemGetDriverVersion, where NVML began: the library asked the loaded module itself.
2. /proc/driver/nvidia/version, then /sys/module/nvidia/version: the module, whatever library lies beside
   it. They also answer where module and library differ, or no library is there.
3. nvidia-smi's label ``Driver Version`` (``KMD Version`` from 610). Never its own version, ``NVIDIA-SMI``:
   a tool out of another package (a snap) may be years older than the driver.
4. torch's collect_env, which had it from nvidia-smi.
5. modinfo: a module that is on disk and not loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from envspec.probe.facts import Fact, GpuState, absent, known, unknown
from envspec.probe.gpu_sources import GpuSources
from envspec.probe.items import Items
from envspec.probe.numbers import driver_version, toolkit_of_number
from envspec.probe.nvml import DONE
from envspec.probe.shown import plain
from envspec.target.gpu import DriverVersion, ToolkitVersion


class _LibCuda(msgspec.Struct, frozen=True, rename="kebab"):
    version: int | None = None
    code: int | None = None
    load_error: str = ""


def read_driver(items: Items, sources: GpuSources, state: Fact[GpuState]) -> Fact[DriverVersion]:
    """The kernel driver's version; absent where no driver is installed."""
    seen = list(_versions(items, sources))
    if seen:
        version, how = seen[0]
        others = [f"{place} says {other}" for other, place in seen[1:] if other != version]
        return Fact("known", version, how, "; ".join(others))
    on_disk = items.text("command:modinfo -F version nvidia")
    version_on_disk = driver_version(on_disk.value)
    if version_on_disk is not None:
        return Fact("known", version_on_disk, "modinfo nvidia", "the module is on disk and not loaded")
    if state.value in ("no-driver", "nouveau") or (
        state.value == "no-gpu" and sources.module.state == "absent"
    ):
        return absent(state.how, "no NVIDIA driver is loaded")
    if sources.module.state == "unknown" and items.get("file:/proc/driver/nvidia/version"):
        return unknown(sources.module.how, sources.module.why)
    return unknown(state.how, state.why or "nothing names it")


def read_driver_library(sources: GpuSources) -> Fact[str]:
    """Of libnvidia-ml, which comes with libcuda: ``580.178.01``, or ``580.178`` as nvidia-smi says it."""
    nvml = sources.nvml.value
    if nvml is not None and nvml.library_version:
        return known(nvml.library_version, "nvmlSystemGetNVMLVersion")
    if sources.smi.failure is not None and sources.smi.failure.library:
        return known(sources.smi.failure.library, sources.smi.how)
    if nvml is not None and nvml.load_error and "No such file" in nvml.load_error:
        return absent("libnvidia-ml.so.1", "the loader doesn't know it")
    return unknown(sources.nvml.how, sources.nvml.why or "NVML didn't say")


def read_driver_flavour(items: Items, sources: GpuSources) -> Fact[Literal["open", "proprietary"]]:
    """By the loaded module's own words, else by the licence of the one on disk."""
    flavour = sources.module.need().flavour if sources.module.is_known else None
    if flavour is not None:
        return known(flavour, sources.module.how)
    license_text = items.text("command:modinfo -F license nvidia")
    words = license_text.need().strip() if license_text.is_known else ""
    if words == "NVIDIA":
        return known("proprietary", "modinfo nvidia")
    if words == "Dual MIT/GPL":
        return known("open", "modinfo nvidia")
    if sources.module.is_known:
        return unknown(sources.module.how)
    return Fact(sources.module.state, None, sources.module.how, sources.module.why)


def read_driver_cuda(items: Items, sources: GpuSources) -> Fact[ToolkitVersion]:
    """The CUDA level: as NVML, else as libcuda itself, else as nvidia-smi's header has it.

    It's the level of the libcuda that the loader finds: a compatibility package raises it above what the
    kernel driver came with (11.3 on a 450 driver), and it is never an installed toolkit.
    """
    seen: list[tuple[ToolkitVersion, str]] = []
    nvml = sources.nvml.value
    libcuda = items.value("call:libcuda", _LibCuda)
    level = toolkit_of_number(nvml.cuda) if nvml is not None else None
    if level is not None:
        seen.append((level, "nvmlSystemGetCudaDriverVersion"))
    level = (
        toolkit_of_number(libcuda.need().version)
        if libcuda.is_known and libcuda.need().code in (None, DONE)
        else None
    )
    if level is not None:
        seen.append((level, "cuDriverGetVersion"))
    if sources.smi.cuda is not None:
        seen.append((sources.smi.cuda, sources.smi.how))
    if not seen:
        why = libcuda.need().load_error if libcuda.is_known else libcuda.why
        return unknown("cuDriverGetVersion", plain(why, 200) or "nothing names it")
    level, how = seen[0]
    others = [f"{place} says {other}" for other, place in seen[1:] if other != level]
    return Fact("known", level, how, "; ".join(others))


def read_fabric_manager(items: Items) -> Fact[DriverVersion]:
    """The fabric manager's version; absent where it isn't installed."""
    text = items.text("command:nv-fabricmanager --version")
    if text.is_known:
        version = driver_version(text.need().rpartition(":")[2].strip())
        if version is not None:
            return known(version, "nv-fabricmanager --version")
        return unknown("nv-fabricmanager --version", "it names its version in a form that isn't known")
    if text.state == "absent":
        return absent(text.how, text.why)
    traces = items.value("call:traces", dict[str, str])
    if traces.is_known and traces.need().get("/usr/bin/nv-fabricmanager") == "absent":
        return absent("/usr/bin/nv-fabricmanager", "it isn't there")
    return unknown(text.how, text.why)


def read_nvswitches(sources: GpuSources) -> Fact[int]:
    """How many NVSwitches stand on the bus."""
    if not sources.bus.is_known:
        return unknown(sources.bus.how, sources.bus.why)
    return known(sources.bus.need().switches, sources.bus.how)


def _versions(items: Items, sources: GpuSources) -> Iterator[tuple[DriverVersion, str]]:
    nvml = sources.nvml.value
    if nvml is not None and nvml.began == DONE and nvml.kernel_driver is not None:
        yield nvml.kernel_driver, "nvmlSystemGetDriverVersion"
    if sources.module.is_known:
        yield sources.module.need().version, sources.module.how
    loaded = driver_version(items.text("file:/sys/module/nvidia/version").value)
    if loaded is not None:
        yield loaded, "/sys/module/nvidia/version"
    smi = sources.smi
    if smi.driver is not None:
        yield smi.driver, smi.how if smi.tool in (None, smi.driver) else f"nvidia-smi (itself {smi.tool})"
    if sources.report is not None and sources.report.driver is not None:
        yield sources.report.driver, "torch's collect_env"
