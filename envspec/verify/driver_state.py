"""Driver state: why no GPU answers, each reason with its own way out."""

from __future__ import annotations

from collections.abc import Mapping

from envspec.named_tuple import NamedTuple
from envspec.probe.facts import GpuState, HostFacts
from envspec.target.gpu import DriverVersion
from envspec.verify import driver_remedies
from envspec.verify.driver_grade import floors
from envspec.verify.finding import Finding, Status
from envspec.verify.needs import Needs

RULE = "driver"


class Trouble(NamedTuple):
    """What one state means."""

    actual: str
    why: str
    fix: str
    source: str
    status: Status = "fail"


_LSPCI = "the devices of /sys/bus/pci with NVIDIA's vendor id 10de"
_NVML = "NVML API reference, nvmlReturn_t"

TROUBLES: Mapping[GpuState, Trouble] = {
    "no-gpu": Trouble(
        "no NVIDIA GPU in this host",
        "CUDA computes on NVIDIA's GPUs alone",
        "is it the right host? `lspci -d 10de:` lists NVIDIA's devices\n"
        "in a virtual machine or container: whoever runs its host has to pass the GPU through",
        _LSPCI,
    ),
    "no-driver": Trouble(
        "a GPU, and no driver of NVIDIA for it",
        "without NVIDIA's driver nothing can compute on the GPU",
        "",
        f"{_LSPCI}; no module nvidia, no libnvidia-ml.so.1",
    ),
    "nouveau": Trouble(
        "the GPU is bound to nouveau",
        "nouveau has no CUDA, and NVIDIA's driver can't take the GPU while nouveau holds it",
        driver_remedies.WITHOUT_NOUVEAU,
        "installers table, needs of the driver: nouveau in use stops its installation",
    ),
    "not-loaded": Trouble(
        "the driver is installed, its kernel module isn't loaded",
        "NVML can't talk to the kernel",
        "root: `modprobe nvidia`; if it fails `dmesg` says why: unsigned under Secure Boot, or built for "
        "another kernel than `uname -r` (dkms status)",
        f"{_NVML}: NVML_ERROR_DRIVER_NOT_LOADED (9)",
    ),
    "library-missing": Trouble(
        "the kernel module is loaded, its libraries aren't there",
        "programs find libcuda.so.1 and libnvidia-ml.so.1 through the loader",
        "root: install the libraries of the version that /proc/driver/nvidia/version says, then `ldconfig`\n"
        "in a container: start it with NVIDIA's container toolkit (--gpus all), which brings them in",
        f"{_NVML}: NVML_ERROR_LIBRARY_NOT_FOUND (12)",
    ),
    "versions-differ": Trouble(
        "kernel module and libraries of the driver are of two versions",
        "the driver was updated, and the old module is still loaded",
        "reboot (root), or unload and load the module while nothing uses the GPU; if they differ then, too, "
        "two installations lie over each other: remove one of them whole",
        f"{_NVML}: NVML_ERROR_LIB_RM_VERSION_MISMATCH (18)",
    ),
    "no-answer": Trouble(
        "the driver doesn't answer",
        "a GPU may have fallen off the bus, or hang; nothing can be said of it",
        "root: `dmesg | grep -i -e xid -e nvrm` names the fault; then a reset of the GPU or a reboot",
        "the probe's deadline for NVML and nvidia-smi",
    ),
}


def state_finding(needs: Needs, facts: HostFacts) -> Finding | None:
    """What is wrong with driver and GPU altogether; None where they answered, or nobody knows."""
    state = facts.gpu_state.value if facts.gpu_state.is_known else _state_of_absence(facts)
    if state is None or state == "ready" or needs.cuda is None:
        return None
    trouble = TROUBLES[state]
    actual = trouble.actual
    if state == "versions-differ" and facts.driver.is_known and facts.driver_library.is_known:
        actual = f"kernel module {facts.driver.need()}, libraries {facts.driver_library.need()}"
    fix = trouble.fix
    if state in ("no-driver", "nouveau"):
        first = f"{fix}; then " if fix else ""
        fix = f"{first}{_a_driver(needs, facts, floors(needs.cuda).lowest)}"
    return Finding(
        rule=RULE,
        subject="GPU and driver",
        status=trouble.status,
        expected=f"a GPU whose driver answers, for CUDA {needs.cuda.release}",
        actual=actual,
        why="; ".join(dict.fromkeys(part for part in (facts.gpu_state.why, trouble.why) if part)),
        fix=fix,
        source=trouble.source,
    )


def _a_driver(needs: Needs, facts: HostFacts, least: DriverVersion | None) -> str:
    """On one line: which driver, what it takes, and how it comes to a host without a network."""
    told = "; ".join(driver_remedies.another_driver(facts, least, ""))
    carried = [asset.label for asset in needs.installers if asset.provider == "driver"]
    if driver_remedies.is_vgpu(facts):
        return told
    if carried:
        return f"{told}; the lock carries {' and '.join(carried)}"
    return f'{told}; as [[installers]] kind = "driver" the bundle carries it'


def _state_of_absence(facts: HostFacts) -> GpuState | None:
    """Where evidence has no state of its own, but says that there is no driver, or no GPU."""
    if facts.gpus.state == "absent" and facts.driver.state != "known":
        return "no-gpu"
    return "no-driver" if facts.driver.state == "absent" else None
