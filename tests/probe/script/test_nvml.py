"""NVML's states, each by a library that a C compiler made here."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from envspec.adapters.probe_host import script_text
from tests.probe.script.nvml_library import compiled
from tests.probe.script.running import Ran, run, script_path


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("nvml"))


@pytest.fixture(scope="module")
def old_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("old-nvml"), "-DOLD")


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return script_path(tmp_path_factory.mktemp("probe"))


def probed(script: Path, library: Path, *options: str, **state: object) -> Ran:
    environment = {f"FAKE_NVML_{name.upper()}": str(value) for name, value in state.items()}
    command = [sys.executable, "-I", "-S", script, "--timeout", "1", *options]
    return run(command, {"LD_LIBRARY_PATH": str(library), **environment})


SYSTEM_CALLS = {
    "nvmlInit_v2": 0,
    "nvmlSystemGetDriverVersion": 0,
    "nvmlSystemGetNVMLVersion": 0,
    "nvmlSystemGetCudaDriverVersion_v2": 0,
    "nvmlDeviceGetCount_v2": 0,
}
DEVICE_CALLS = {
    "nvmlDeviceGetHandleByIndex_v2": 0,
    "nvmlDeviceGetName": 0,
    "nvmlDeviceGetMemoryInfo": 0,
    "nvmlDeviceGetCudaComputeCapability": 0,
    "nvmlDeviceGetMigMode": 0,
    "nvmlDeviceGetVirtualizationMode": 0,
    "nvmlDeviceGetEccMode": 0,
    "nvmlDeviceGetComputeRunningProcesses_v3": 0,
}
DEVICE = {
    "calls": DEVICE_CALLS,
    "name": "NVIDIA A100 80GB PCIe",
    "capability": [8, 0],
    "memory": {"total": 85899345920, "free": 85898297344, "used": 1048576},
    "mig": [0, 0],
    "virtualization": 0,
    "ecc": [1, 1],
    "processes": 0,
}


def test_two_devices_are_told_with_the_code_of_each_call(script: Path, library: Path) -> None:
    assert probed(script, library, gpus=2).items["call:nvml"] == {
        "value": {
            "library": "libnvidia-ml.so.1",
            "calls": SYSTEM_CALLS,
            "driver": "515.105.01",
            "nvml": "11.515.105.01",
            "cuda": 11070,
            "count": 2,
            "devices": [DEVICE, DEVICE],
        }
    }


@pytest.mark.parametrize("code", [9, 12, 18, 999])
def test_a_library_that_does_not_start_says_its_code_and_nothing_else(
    script: Path, library: Path, code: int
) -> None:
    assert probed(script, library, init=code).items["call:nvml"] == {
        "value": {"library": "libnvidia-ml.so.1", "calls": {"nvmlInit_v2": code}}
    }


def test_a_library_that_is_not_there_says_what_the_loader_said(script: Path, tmp_path: Path) -> None:
    assert probed(script, tmp_path).value("call:nvml") == {
        "load-error": ("libnvidia-ml.so.1: cannot open shared object file: No such file or directory")
    }


def test_a_library_that_is_no_library_says_so(script: Path, tmp_path: Path) -> None:
    (tmp_path / "libnvidia-ml.so.1").write_bytes(b"\x7fELF, not really")
    error = probed(script, tmp_path).value("call:nvml")["load-error"]
    assert error.endswith(("file too short", "invalid ELF header"))


def test_a_call_that_hangs_ends_at_its_deadline_and_is_named(script: Path, library: Path) -> None:
    ran = probed(script, library, hang="nvmlInit_v2")
    assert ran.items["call:nvml"] == {
        "error": "timeout",
        "value": {"library": "libnvidia-ml.so.1", "hung-in": "nvmlInit_v2"},
    }
    assert ran.took_s < 10
    assert ran.items["call:libc"]["value"]["confstr"].startswith("glibc")


def test_what_was_said_before_a_call_that_hangs_is_kept(script: Path, library: Path) -> None:
    item = probed(script, library, gpus=2, hang="nvmlDeviceGetMemoryInfo").items["call:nvml"]
    assert item == {
        "error": "timeout",
        "value": {
            "library": "libnvidia-ml.so.1",
            "calls": SYSTEM_CALLS,
            "driver": "515.105.01",
            "nvml": "11.515.105.01",
            "cuda": 11070,
            "count": 2,
            "hung-in": "nvmlDeviceGetMemoryInfo",
        },
    }


def test_a_library_that_crashes_takes_nothing_else_with_it(script: Path, library: Path) -> None:
    ran = probed(script, library, crash="nvmlDeviceGetCount_v2")
    item = ran.items["call:nvml"]
    assert (item["error"], item["status"]) == ("crashed", -11)
    assert item["value"]["driver"] == "515.105.01"
    assert item["value"]["hung-in"] == "nvmlDeviceGetCount_v2"
    assert "call:mounts" in ran.items


def test_a_device_without_permission_says_so_and_has_no_name(script: Path, library: Path) -> None:
    value = probed(script, library, fail="nvmlDeviceGetHandleByIndex_v2=4").value("call:nvml")
    assert value["count"] == 1
    assert value["devices"] == [{"calls": {"nvmlDeviceGetHandleByIndex_v2": 4}}]


def test_a_call_that_is_not_supported_leaves_its_number_out(script: Path, library: Path) -> None:
    [device] = probed(script, library, fail="nvmlDeviceGetEccMode=3").value("call:nvml")["devices"]
    assert device["calls"]["nvmlDeviceGetEccMode"] == 3
    assert "ecc" not in device
    assert device["processes"] == 0


def test_slices_of_a_device_in_mig_mode_are_told(script: Path, library: Path) -> None:
    [device] = probed(script, library, mig=2).value("call:nvml")["devices"]
    one: dict[str, Any] = {
        "calls": {
            "nvmlDeviceGetMigDeviceHandleByIndex": 0,
            "nvmlDeviceGetName": 0,
            "nvmlDeviceGetMemoryInfo": 0,
        },
        "name": "NVIDIA A100 80GB PCIe MIG 1g.10gb",
        "memory": {"total": 10200547328, "free": 10199498752, "used": 1048576},
    }
    assert device["mig"] == [1, 1]
    assert device["mig-devices"] == [one, one]


def test_a_guest_of_vgpu_is_told(script: Path, library: Path) -> None:
    [device] = probed(script, library, virtual=2).value("call:nvml")["devices"]
    assert device["virtualization"] == 2


def test_processes_are_counted(script: Path, library: Path) -> None:
    [device] = probed(script, library, processes=3).value("call:nvml")["devices"]
    assert device["calls"]["nvmlDeviceGetComputeRunningProcesses_v3"] == 7
    assert device["processes"] == 3


def test_no_device_is_a_count_of_none(script: Path, library: Path) -> None:
    value = probed(script, library, gpus=0).value("call:nvml")
    assert value["count"] == 0
    assert "devices" not in value


def test_a_thousand_devices_are_bounded(script: Path, library: Path) -> None:
    value = probed(script, library, gpus=1000).value("call:nvml")
    assert (value["count"], len(value["devices"])) == (1000, 64)


def test_an_old_library_is_asked_by_its_old_names(script: Path, old_library: Path) -> None:
    value = probed(script, old_library, processes=1).value("call:nvml")
    assert value["calls"] == {
        "nvmlInit": 0,
        "nvmlSystemGetDriverVersion": 0,
        "nvmlSystemGetNVMLVersion": 0,
        "nvmlSystemGetCudaDriverVersion": 0,
        "nvmlDeviceGetCount": 0,
    }
    [device] = value["devices"]
    assert device["calls"]["nvmlDeviceGetMigMode"] is None
    assert device["calls"]["nvmlDeviceGetComputeRunningProcesses"] == 7
    assert device["processes"] == 1


def test_uuids_and_serials_are_asked_for_only_to_identify(script: Path, library: Path) -> None:
    assert "GPU-" not in probed(script, library).text
    [device] = probed(script, library, "--identify").value("call:nvml")["devices"]
    assert device["uuid"] == "GPU-000003e8-1111-2222-3333-444444444444"
    assert device["serial"] == "1324921001000"


def test_a_brief_puts_devices_that_are_alike_in_one_line(script: Path, library: Path) -> None:
    lines = probed(script, library, "--brief", gpus=2, mig=2, processes=3).text.splitlines()
    assert [line for line in lines if line.startswith(("GPU", "NVML"))] == [
        "NVML 0 DRIVER 515.105.01 CUDA 11070 *XK",
        "GPU 2 CC 8.0 MIB 81920 FREE 81919 MIG 1 SLICES 1g.10gb,1g.10gb VGPU 0 ECC 1 PROCESSES 6 "
        "NAME NVIDIA A100 80GB PCIe *05",
    ]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"init": 18}, "NVML 18 DRIVER ? CUDA ? *VV"),
        ({"hang": "nvmlInit_v2"}, "NVML timeout DRIVER ? CUDA ? CALL nvmlInit_v2 *M9"),
        ({"crash": "nvmlInit_v2"}, "NVML crashed DRIVER ? CUDA ? CALL nvmlInit_v2 *8M"),
    ],
)
def test_a_brief_says_why_nvml_did_not_answer(
    script: Path, library: Path, state: dict[str, Any], expected: str
) -> None:
    lines = probed(script, library, "--brief", **state).text.splitlines()
    assert [line for line in lines if line.startswith(("GPU", "NVML"))] == [expected]


def test_nvidia_smi_is_not_asked_where_nvml_hung_for_it_would_hang_too(script: Path, library: Path) -> None:
    hung, failed = probed(script, library, hang="nvmlInit_v2"), probed(script, library, init=999)
    assert [key for key in hung.items if key.startswith("command:nvidia-smi")] == []
    assert [key for key in failed.items if key.startswith("command:nvidia-smi")] != []


def test_a_python_without_ctypes_has_not_looked(tmp_path: Path) -> None:
    text = script_text().replace("import ctypes\n", "import no_ctypes_here\n")
    assert text.count("import no_ctypes_here") == 1
    script = tmp_path / "probe.py"
    script.write_text(text, encoding="ascii")
    items = run([sys.executable, "-I", "-S", script]).items
    assert "call:nvml" not in items
    assert "call:libcuda" not in items
    assert "call:probe" not in items
    assert "command:nvidia-smi" in items


def test_slices_that_can_not_be_counted_are_left_out(script: Path, library: Path) -> None:
    value = probed(script, library, mig=2, fail="nvmlDeviceGetMaxMigDeviceCount=4").value("call:nvml")
    [device] = value["devices"]
    assert device["mig"] == [1, 1]
    assert "mig-devices" not in device
