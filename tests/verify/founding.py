"""The host that the founding spec's locks met: what was promised of it was less than half of the truth."""

from __future__ import annotations

from pathlib import Path

from envspec.lock.codec import decode
from envspec.lock.document import Lock
from envspec.probe.facts import (
    DriverInstall,
    Gpu,
    HostFacts,
    Interpreter,
    Memory,
    Mount,
    NetworkFacts,
    OsRelease,
    Toolkit,
    absent,
    known,
)
from envspec.target.gpu import ComputeCapability, DriverVersion, ToolkitVersion

LOCKS = Path(__file__).parents[2] / "locks"
GIB = 1024**3

FOUNDING = HostFacts(
    label="site",
    source="evidence",
    os=known(OsRelease("rhel", "8.9", ("fedora",)), "/etc/os-release"),
    kernel=known("4.18.0-513.24.1.el8_9.x86_64", "uname -r"),
    arch=known("x86_64", "uname -m"),
    glibc=known((2, 28), "confstr"),
    glibcxx=known((3, 4, 25), "libstdc++.so.6"),
    memory=known(Memory(256 * GIB, 240 * GIB), "/proc/meminfo"),
    gpu_state=known("ready", "NVML"),
    gpus=known(
        (
            Gpu(
                "NVIDIA A100 80GB PCIe",
                ComputeCapability(8, 0),
                memory_mib=81920,
                memory_free_mib=81050,
                mig=False,
                vgpu=False,
                ecc=True,
                processes=0,
            ),
        ),
        "NVML",
    ),
    gpu_devices_usable=known(True, "access"),
    driver=known(DriverVersion.parse("515.105.01"), "NVML"),
    driver_cuda=known(ToolkitVersion(11, 7), "NVML"),
    driver_install=known(DriverInstall("runfile"), "/usr/bin/nvidia-uninstall"),
    nvswitches=known(0, "PCI"),
    toolkits=known((Toolkit(ToolkitVersion(11, 2), "/usr/local/cuda-11.2"),), "version.json"),
    cudnn=absent("ldconfig -p"),
    pythons=known((Interpreter("/opt/python/bin/python3.10", "3.10.12", True),), "PATH"),
    libraries=known(frozenset({"libc.so.6", "libcuda.so.1", "libstdc++.so.6"}), "ldconfig -p"),
    executables=known({"gcc": "", "g++": "", "make": "", "ffmpeg": ""}, "PATH"),
    mounts=known(
        (
            Mount("/", "/", "xfs", 39 * GIB, 12 * GIB, 20_000_000, noexec=False, read_only=False),
            Mount("/tmp", "/", "xfs", 39 * GIB, 12 * GIB, 20_000_000, noexec=False, read_only=False),
            Mount("/data", "/data", "xfs", 2048 * GIB, 1900 * GIB, 10**9, noexec=False, read_only=False),
        ),
        "statvfs",
    ),
    selinux=known("enforcing", "/sys/fs/selinux/enforce"),
    fips=known(False, "/proc/sys/crypto/fips_enabled"),
    fapolicyd=known(False, "/proc"),
    repositories=known((), "/etc/yum.repos.d"),
    media=known((), "/proc/mounts"),
    clock=known("2026-11-28T08:00:00Z", "time"),
    network=known(NetworkFacts(default_route=False, resolvers=0), "/proc/net/route"),
)
"""RHEL 8.9, one A100 80GB, driver 515.105.01, CUDA 11.2, / of 39 GB, no network."""


def founding_lock(variant: str) -> Lock:
    """As it's committed."""
    path = LOCKS / f"pylock.founding-{variant}.toml"
    return decode(path.read_text(encoding="utf-8"), str(path))
