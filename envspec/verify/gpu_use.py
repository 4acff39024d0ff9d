"""GPU use: what keeps a program from computing on a GPU that is there, or disturbs it.

Source: NVIDIA, MIG User Guide (a CUDA program sees one compute instance); NVIDIA, Virtual GPU Software User
Guide (CUDA on Q- and C-series guests).
"""

from __future__ import annotations

from envspec.compat.gpus import gpu_named
from envspec.probe.facts import Gpu, HostFacts
from envspec.verify.finding import Finding, Status

RULE = "gpu"

_MIG = (
    "https://docs.nvidia.com/datacenter/tesla/mig-user-guide/mig-device-names.html, CUDA Device Enumeration"
)
_VGPU = "https://docs.nvidia.com/grid/latest/grid-vgpu-user-guide/index.html#cuda-open-cl-support-vgpu"
_RIGHTS = "the rights of /dev/nvidia*, as whoever ran the probe has them"
_GRAPHICS_SERIES = ("A", "B")


def check(gpus: tuple[Gpu, ...], facts: HostFacts) -> list[Finding]:
    """Slices, guests, other programs, ECC and rights; nothing where nothing stands in the way."""
    return [
        *_partitions(gpus),
        *_graphics_guests(gpus),
        *_in_use(gpus),
        *_no_ecc(gpus),
        *_rights(facts),
    ]


def _partitions(gpus: tuple[Gpu, ...]) -> list[Finding]:
    found = []
    for number, gpu in enumerate(gpus):
        if not gpu.mig:
            continue
        status: Status = "warn"
        if gpu.mig_slices is None:
            status = "unknown"
            actual = "MIG mode; its slices are not known"
            why = "in MIG mode a program computes on one slice, with that slice's memory"
            fix = "on the host: nvidia-smi -L lists them"
        elif gpu.mig_slices:
            actual = f"MIG mode, slices {', '.join(gpu.mig_slices)}"
            why = "one program computes on one slice, with that slice's memory, however many there are"
            fix = (
                "choose the slice by CUDA_VISIBLE_DEVICES=MIG-..., as `nvidia-smi -L` lists it\n"
                "for the whole GPU, root: `nvidia-smi mig -dci && nvidia-smi mig -dgi && nvidia-smi -mig 0`, "
                "once nothing uses it; the way back is `nvidia-smi -mig 1` and the same slices"
            )
        else:
            status = "fail"
            actual = "MIG mode, without a slice"
            why = "in MIG mode a program computes on a slice, and there is none"
            fix = (
                "root: make one (`nvidia-smi mig -lgip` lists them, `nvidia-smi mig -cgi ID -C` makes one)\n"
                "or end MIG mode: `nvidia-smi -mig 0`; `nvidia-smi -mig 1` is the way back"
            )
        found.append(
            Finding(
                RULE,
                f"GPU {number} MIG",
                status,
                "a GPU, or a slice of it, that a program can compute on",
                actual,
                why,
                fix,
                _MIG,
            )
        )
    return found


def _graphics_guests(gpus: tuple[Gpu, ...]) -> list[Finding]:
    found = []
    for number, gpu in enumerate(gpus):
        named = gpu_named(gpu.name)
        profile = named.vgpu_profile if named is not None else ""
        if profile.endswith(_GRAPHICS_SERIES):
            found.append(
                Finding(
                    rule=RULE,
                    subject=f"GPU {number} vGPU",
                    status="fail",
                    expected="a vGPU of the C- or Q-series",
                    actual=gpu.name,
                    why=f"guests of the {profile[-1]}-series have no CUDA",
                    fix="whoever runs the hypervisor: give this guest a vGPU of the C-series, which computes",
                    source=_VGPU,
                )
            )
    return found


def _in_use(gpus: tuple[Gpu, ...]) -> list[Finding]:
    busy = [(number, gpu.processes) for number, gpu in enumerate(gpus) if gpu.processes]
    if not busy:
        return []
    actual = ", ".join(f"{count} on GPU {number}" for number, count in busy)
    return [
        Finding(
            rule=RULE,
            subject="programs on the GPU",
            status="warn",
            expected="no other program computes on it",
            actual=f"{actual}",
            why="they share its memory and its time",
            fix="`nvidia-smi` lists them; agree with their owners before anything is stopped or installed",
            source="NVML, nvmlDeviceGetComputeRunningProcesses",
        )
    ]


def _no_ecc(gpus: tuple[Gpu, ...]) -> list[Finding]:
    off = []
    for number, gpu in enumerate(gpus):
        named = gpu_named(gpu.name)
        if gpu.ecc is False and named is not None and named.data_center:
            off.append(f"GPU {number}")
    if not off:
        return []
    return [
        Finding(
            rule=RULE,
            subject="ECC",
            status="warn",
            expected="on, as data-centre GPUs come",
            actual=f"off on {', '.join(off)}",
            why="errors of its memory are not noticed, and results may be wrong",
            fix="root, once nothing uses the GPU: `nvidia-smi -e 1` and a reboot; `nvidia-smi -e 0` is the "
            "way back",
            source="NVML, nvmlDeviceGetEccMode",
        )
    ]


def _rights(facts: HostFacts) -> list[Finding]:
    if facts.gpu_devices_usable.value is not False:
        return []
    return [
        Finding(
            rule=RULE,
            subject="/dev/nvidia*",
            status="fail",
            expected="this user may read and write them",
            actual="may not",
            why="CUDA opens these devices; without that right it finds no GPU",
            fix="`ls -l /dev/nvidia*` names the group that may; root: `usermod -aG GROUP USER`; then log in "
            "anew",
            source=_RIGHTS,
        )
    ]
