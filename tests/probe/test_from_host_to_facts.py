"""From a host to its facts: the real script on hosts that are laid over this one, with NVML in each state."""

from __future__ import annotations

from pathlib import Path

import pytest

from envspec.probe.facts import HostFacts
from envspec.probe.reader import read_facts
from tests.probe.cases import shown_fact
from tests.probe.script.fake_host import fake_host
from tests.probe.script.nvml_library import compiled
from tests.probe.script.test_fake_host import FOUNDING

UNLOADED = {
    path: text
    for path, text in FOUNDING.items()
    if not path.startswith(
        ("/proc/driver", "/proc/modules", "/sys/module", "/sys/bus", "/usr/bin/nvidia-smi")
    )
} | {
    "/proc/modules": "nouveau 2396160 1 - Live 0x0\n",
    "/proc/driver/rtc": "",
    "/sys/module/nouveau/version": "",
    "/sys/bus/pci/devices/0000:17:00.0/vendor": "0x10de\n",
    "/sys/bus/pci/devices/0000:17:00.0/class": "0x030200\n",
    "/sys/bus/pci/devices/0000:17:00.0/device": "0x20b5\n",
}
BOUND_TO_NOUVEAU = {
    "/sys/bus/pci/devices/0000:17:00.0/driver": "->nouveau",
    "/sys/bus/pci/devices/0000:17:00.0/nouveau/": "",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("nvml"))


def facts_of(folder: Path, files: dict[str, str | bytes], library: Path | None, **state: object) -> HostFacts:
    environment = {f"FAKE_NVML_{name.upper()}": str(value) for name, value in state.items()}
    if library is not None:
        environment["LD_LIBRARY_PATH"] = str(library)
    ran = fake_host(folder, files).probe("--timeout", "1", environment=environment)
    assert ran.code == 0, ran.err
    return read_facts(ran.out, "facts.json")


@pytest.mark.parametrize(
    ("state", "expected", "why"),
    [
        ({}, "ready", ""),
        ({"init": 18}, "versions-differ", "code 18, driver and library versions differ"),
        ({"init": 9}, "not-loaded", "code 9, driver not loaded"),
        ({"init": 12}, "library-missing", "code 12, the library's own library is missing"),
        ({"init": 999}, "no-answer", "code 999, unknown error"),
        ({"init": 77}, "no-answer", "code 77"),
        ({"hang": "nvmlInit_v2"}, "no-answer", "nvmlInit_v2: no answer in time"),
        ({"crash": "nvmlInit_v2"}, "no-answer", "nvmlInit_v2: what asked ended without an answer"),
        (
            {"gpus": 0},
            "no-answer",
            "the driver answers and shows no device: none is given to this user or container",
        ),
        (
            {"fail": "nvmlDeviceGetHandleByIndex_v2=15"},
            "no-answer",
            "the driver answers, no device does: code 15, the GPU is lost",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else None,
)
def test_each_state_of_nvml_is_told_apart(
    tmp_path: Path, library: Path, state: dict[str, object], expected: str, why: str
) -> None:
    facts = facts_of(tmp_path, FOUNDING, library, **state)
    assert (facts.gpu_state.value, facts.gpu_state.why) == (expected, why)
    assert str(facts.driver.need()) == "515.105.01"
    assert facts.driver_flavour.need() == "proprietary"
    assert facts.gpus_on_bus.need() == 1


def test_a_module_without_a_library_is_told_so(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, {**FOUNDING, "/usr/bin/nvidia-smi": "#!/bin/sh\nexit 12\n"}, None)
    assert facts.gpu_state.value == "library-missing"
    assert str(facts.driver.need()) == "515.105.01"
    assert shown_fact(facts.gpus) == [{"name": "NVIDIA A100 80GB PCIe"}]


def test_a_gpu_that_nouveau_has_is_told_so(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, {**UNLOADED, **BOUND_TO_NOUVEAU}, None)
    assert facts.gpu_state.value == "nouveau"
    assert facts.nouveau_loaded.need() is True


def test_a_module_that_is_only_on_disk_is_told_so(tmp_path: Path, library: Path) -> None:
    facts = facts_of(tmp_path, UNLOADED, library, init=9)
    assert facts.gpu_state.value == "not-loaded"
    assert facts.driver_install.need().method == "runfile"


def test_the_founding_host_reads_as_its_files_say(tmp_path: Path, library: Path) -> None:
    facts = facts_of(tmp_path, FOUNDING, library, mig=2, gpus=2)
    gpu = {
        "name": "NVIDIA A100 80GB PCIe",
        "capability": "8.0",
        "memory_mib": 81920,
        "memory_free_mib": 81919,
        "mig": True,
        "mig_slices": ["1g.10gb", "1g.10gb"],
        "vgpu": False,
        "ecc": True,
        "processes": 0,
    }
    expected = {
        "os": {"id": "rhel", "version": "8.9", "like": ["fedora"]},
        "gpu_state": "ready",
        "gpus": [gpu, gpu],
        "gpus_on_bus": 1,
        "gpus_silent": 0,
        "driver": "515.105.01",
        "driver_library": "515.105.01",
        "driver_flavour": "proprietary",
        "driver_install": {"method": "runfile", "version": "515.105.01"},
        "driver_cuda": "11.7",
        "nouveau_loaded": False,
        "kernel_headers": False,
        "secure_boot": True,
        "selinux": "enforcing",
        "fips": True,
        "fapolicyd": True,
        "fabric_manager_active": False,
        "cudnn": [{"version": "8.1.1", "path": "/usr/local/cuda-11.2/include/cudnn_version.h"}],
    }
    assert {name: shown_fact(getattr(facts, name)) for name in expected} == expected
    toolkit = {"version": "11.2", "path": "/usr/local/cuda-11.2", "nvcc": "11.2.152"}
    assert toolkit in shown_fact(facts.toolkits)
    assert "baseos" in facts.repositories.need()
    assert "epel" not in facts.repositories.need()
    assert facts.network.need().unverified == ("trusted-host in /etc/pip.conf",)
