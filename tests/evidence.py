"""Evidence of hosts for tests, in the shape that probe.py prints (docs/evidence.md)."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

GIB = 1024**3

OS_RELEASE = """\
NAME="Red Hat Enterprise Linux"
VERSION="8.9 (Ootpa)"
ID="rhel"
ID_LIKE="fedora"
VERSION_ID="8.9"
PRETTY_NAME="Red Hat Enterprise Linux 8.9 (Ootpa)"
"""


def mount(
    path: str, point: str, size: int, free: int, *why: str, options: str = "rw,relatime"
) -> dict[str, Any]:
    """One row of ``call:mounts``; sizes in bytes."""
    return {
        "path": path, "for": list(why), "at": path, "mount-point": point, "type": "xfs", "options": options,
        "block-bytes": 4096, "blocks": size // 4096, "free-blocks": free // 4096,
        "available-blocks": free // 4096, "inodes": 20_000_000, "available-inodes": 19_000_000,
        "flags": 4096, "error": "",
    }  # fmt: skip


_ITEMS: dict[str, Any] = {
    "file:/etc/os-release": {"text": OS_RELEASE},
    "call:uname": {
        "value": {"system": "Linux", "release": "4.18.0-513.5.1.el8_9.x86_64", "machine": "x86_64"}
    },
    "call:libc": {"value": {"confstr": "glibc 2.28"}},
    "call:libstdcxx": {
        "value": {"path": "/usr/lib64/libstdc++.so.6", "versions": ["GLIBCXX_3.4", "GLIBCXX_3.4.25"]}
    },
    "file:/proc/cpuinfo": {"text": "processor\t: 0\nflags\t\t: fpu sse4_1 sse4_2 avx avx2 fma f16c bmi2\n"},
    "call:cpu": {"value": {"count": 64, "usable": 64}},
    "file:/proc/meminfo": {"text": "MemTotal:       527903744 kB\nMemAvailable:   521142272 kB\n"},
    "call:limits": {"value": {"nofile": [1024, 524288], "memlock": [65536, 65536], "nproc": [-1, -1]}},
    "call:nvml": {
        "value": {
            "library": "libnvidia-ml.so.1",
            "calls": {
                "nvmlInit_v2": 0, "nvmlSystemGetDriverVersion": 0, "nvmlSystemGetNVMLVersion": 0,
                "nvmlSystemGetCudaDriverVersion_v2": 0, "nvmlDeviceGetCount_v2": 0,
            },
            "driver": "515.105.01", "nvml": "11.515.105.01", "cuda": 11070, "count": 1,
            "devices": [
                {
                    "calls": {
                        "nvmlDeviceGetHandleByIndex_v2": 0, "nvmlDeviceGetName": 0,
                        "nvmlDeviceGetCudaComputeCapability": 0, "nvmlDeviceGetMemoryInfo": 0,
                        "nvmlDeviceGetMigMode": 0, "nvmlDeviceGetVirtualizationMode": 0,
                        "nvmlDeviceGetEccMode": 0, "nvmlDeviceGetComputeRunningProcesses_v3": 0,
                    },
                    "name": "NVIDIA A100 80GB PCIe", "capability": [8, 0],
                    "memory": {"total": 80 * GIB, "free": 79 * GIB, "used": GIB},
                    "mig": [0, 0], "virtualization": 0, "ecc": [1, 1], "processes": 0,
                }
            ],
        }
    },
    "call:pci": {
        "value": {"devices": 57, "nvidia": [{"class": "0x030200", "device": "0x20b5", "driver": "nvidia"}]}
    },
    "file:/proc/driver/nvidia/version": {
        "text": "NVRM version: NVIDIA UNIX x86_64 Kernel Module  515.105.01  Fri Mar  3 23:39:38 UTC 2023\n"
    },
    "file:/sys/module/nvidia/version": {"text": "515.105.01\n"},
    "file:/proc/modules": {"text": "nvidia_uvm 1277952 0 - Live\nnvidia 40960000 1 nvidia_uvm - Live\n"},
    "call:devices": {
        "value": [{"path": "/dev/nvidia0", "mode": "0666", "uid": 0, "gid": 0, "read": True, "write": True}]
    },
    "call:libraries": {
        "value": {
            "how": "ldconfig -p",
            "sonames": {
                "libc6,x86-64": [
                    "libGL.so.1", "libglib-2.0.so.0", "libgthread-2.0.so.0", "libcuda.so.1", "libsox.so",
                    "libsndfile.so.1", "libgomp.so.1", "libnuma.so.1", "libstdc++.so.6",
                ]
            },
            "paths": {},
        }
    },
    "call:executables": {
        "value": {"ffmpeg": "/usr/bin/ffmpeg", "gcc": "/usr/bin/gcc", "g++": "", "tar": "/usr/bin/tar"}
    },
    "call:pythons": {
        "value": [
            {"path": "/usr/libexec/platform-python", "version": "3.6.8", "bits": 64, "venv": True},
            {"path": "/usr/local/bin/python3.10", "version": "3.10.14", "bits": 64, "venv": True},
        ]
    },
    "call:mounts": {
        "value": [
            mount("/", "/", 39 * GIB, 12 * GIB, "root"),
            mount("/tmp", "/", 39 * GIB, 12 * GIB, "tmp"),
            mount("/data/envs", "/data", 3500 * GIB, 2048 * GIB, "prefix"),
        ]
    },
    "call:network": {
        "value": {"default-route": False, "default-route-6": False, "resolvers": 0, "interfaces-up": 1}
    },
    "call:environment": {"value": {}},
    "file:/sys/fs/selinux/enforce": {"text": "1"},
    "file:/proc/sys/crypto/fips_enabled": {"text": "0\n"},
    "command:systemctl is-active fapolicyd nvidia-fabricmanager nvidia-persistenced": {
        "text": "inactive\ninactive\nactive\n", "status": 3
    },
}  # fmt: skip


def founding(label: str = "gpu-7", items: Mapping[str, Any | None] | None = None) -> bytes:
    """The founding host: RHEL 8.9, one A100 80GB, driver 515.105.01, no network; with Python 3.10.

    ``items`` replace those of their keys; None takes one away.
    """
    held = copy.deepcopy(_ITEMS)
    for key, item in (items or {}).items():
        if item is None:
            del held[key]
        else:
            held[key] = item
    document = {
        "envspec-evidence": 1, "by": "python 3.6.8", "probe": "0.1.0", "identified": False, "label": label,
        "taken": "2026-11-27T08:00:00Z", "items": held,
    }  # fmt: skip
    return json.dumps(document).encode()


def with_driver(version: str, label: str = "gpu-8") -> bytes:
    """The same host with another driver."""
    return founding(label).replace(b"515.105.01", version.encode())
