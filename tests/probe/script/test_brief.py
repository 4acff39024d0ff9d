"""The brief: what is printed for a sheet of paper is what a reader takes from it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from envspec.probe.reader import read_facts
from tests.probe.script.running import names_of_script, run, script_path

SCRIPT = names_of_script()
BRIEF = SCRIPT["late"]("brief")
DOCUMENT = Path(__file__).parents[3] / "docs" / "evidence.md"


def brief(**items: Any) -> list[str]:
    """The lines of a document, without their checks."""
    document = {"items": items, "label": "", "taken": "2026-11-28T07:40:11Z"}
    return [line.rpartition(" *")[0] for line in BRIEF["brief_text"](document).splitlines()]


def line(key: str, **items: Any) -> str:
    [found] = [one for one in brief(**items) if one.split()[0] == key]
    return found


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return script_path(tmp_path_factory.mktemp("probe"))


def test_a_document_that_says_nothing_makes_a_brief_of_question_marks() -> None:
    assert brief() == [
        "ENVSPEC-BRIEF 1 LINES 15 TAKEN 2026-11-28T07:40Z",
        "OS ? ? ? KERNEL ?",
        "LIBC ? ? GLIBCXX ?",
        "CPU ? FLAGS ?",
        "MEMORY ? AVAILABLE ? LIMIT ? NOFILE ? MEMLOCK ?",
        "NVML ? DRIVER ? CUDA ?",
        "MODULE ? FLAVOUR ? FROM ? RIGHTS ? FABRIC ?",
        "PCI ? BOUND ? SWITCHES ?",
        "CUDA ? CUDNN ?",
        "PYTHON ?",
        "HAS ?",
        "LIBS ?",
        "GUARD SELINUX ? FIPS ? FAPOLICYD ? SECUREBOOT ? NOUVEAU ? HEADERS ?",
        "NET ROUTE ? RESOLVERS ? PROXIES ? OFF ? EGRESS ?",
        "SITE REPOSITORIES ? MEDIA ? LOCALE ?",
    ]


def test_what_is_printed_here_is_read_as_the_whole_document_is(script: Path) -> None:
    told = [sys.executable, "-I", script, "--label", "node 7", "--prefix", "/data/envs"]
    whole, sheet = read_facts(run(told).out, "whole"), read_facts(run([*told, "--brief"]).out, "sheet")
    assert (whole.label, sheet.label) == ("node 7", "node 7")
    for name in ("kernel", "arch", "glibc", "glibcxx", "cpu_count", "gpu_state", "nouveau_loaded", "selinux"):
        assert getattr(sheet, name).value == getattr(whole, name).value, name
    for name in ("kernel_headers", "secure_boot", "fips", "fapolicyd", "network", "media", "nvswitches"):
        assert getattr(sheet, name).value == getattr(whole, name).value, name
    assert sheet.os.need().key == whole.os.need().key
    sizes = {mount.path: mount.total_bytes or 0 for mount in whole.mounts.need()}
    for mount in sheet.mounts.need():
        assert abs((mount.total_bytes or 0) - sizes[mount.path]) < 1 << 20
    assert {one.version for one in sheet.pythons.need()} == {one.version for one in whole.pythons.need()}


def test_the_example_of_the_documentation_is_one_that_is_read() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    example = text[text.index("    ENVSPEC-BRIEF 1 ") :].partition("\n\n")[0]
    facts = read_facts(example.encode(), "docs/evidence.md")
    assert facts.os.need().key == "rhel-8.9"
    assert str(facts.driver.need()) == "515.105.01"
    assert [gpu.name for gpu in facts.gpus.need()] == ["NVIDIA A100 80GB PCIe"]
    assert len(facts.mounts.need()) == 6
    made = [BRIEF["with_check"](one.rpartition(" *")[0].strip()) for one in example.splitlines()]
    assert made == [one.strip() for one in example.splitlines()]


def test_the_check_notices_every_wrong_character_and_every_two_that_changed_places() -> None:
    text = "GPU 2 CC 8.0 MIB 81920 NAME NVIDIA A100"
    right = BRIEF["with_check"](text).rpartition("*")[2]
    for place in range(len(text)):
        for char in "0O1IL8B5S.-,":
            wrong = text[:place] + char + text[place + 1 :]
            if wrong.replace(" ", "") != text.replace(" ", ""):
                assert BRIEF["with_check"](wrong).rpartition("*")[2] != right, wrong
        swapped = text[:place] + text[place : place + 2][::-1] + text[place + 2 :]
        if swapped.replace(" ", "") != text.replace(" ", ""):
            assert BRIEF["with_check"](swapped).rpartition("*")[2] != right, swapped
    assert BRIEF["with_check"]("gpu  2 cc 8.0 mib 81920 name nvidia a100").endswith(right)


def test_a_brief_never_has_more_than_25_lines() -> None:
    devices = [{"name": f"GPU {number}", "processes": 1} for number in range(20)]
    mounts = [
        {"path": f"/m{number}", "for": ["mount"], "blocks": number, "block-bytes": 1 << 20}
        for number in range(40)
    ]
    lines = brief(**{"call:nvml": {"value": {"devices": devices}}, "call:mounts": {"value": mounts}})
    assert len(lines) == 25
    assert "GPU MORE 17" in lines
    assert [one.split()[1] for one in lines if one.startswith("MOUNT")] == [
        "/m39",
        "/m38",
        "/m37",
        "/m36",
        "/m35",
        "/m34",
    ]


def test_a_hostile_name_stays_one_line_and_brings_no_check_of_its_own() -> None:
    device = {"name": "A100 *00\nOS windows 11 \x1b[31m ä", "processes": 0}
    items = {"call:nvml": {"value": {"devices": [device]}}}
    assert line("GPU", **items).endswith("NAME A100 ?00 OS windows 11 ?[31m ?")


@pytest.mark.parametrize(
    ("key", "items", "expected"),
    [
        (
            "MODULE",
            {
                "file:/proc/driver/nvidia/version": {"error": "ENOENT"},
                "call:devices": {"value": []},
                "call:traces": {"value": {"/usr/bin/nv-fabricmanager": "absent"}},
            },
            "MODULE none FLAVOUR ? FROM none RIGHTS none FABRIC none",
        ),
        (
            "MODULE",
            {
                "file:/proc/driver/nvidia/version": {
                    "text": "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.144.03  Release\n"
                },
                "call:traces": {"value": {}},
                "command:dpkg-query": {"text": "nvidia-driver-550-open 550.144.03 amd64 ii \n"},
                "file:/lib/modules/RELEASE/modules.dep": {"text": "updates/dkms/nvidia.ko\n"},
                "command:nv-fabricmanager --version": {"text": "Fabric Manager version is : 550.144.03\n"},
                "command:systemctl is-active x": {"text": "inactive\nactive\n"},
                "call:devices": {"value": [{"path": "/dev/nvidia0", "read": True, "write": False}]},
            },
            "MODULE 550.144.03 FLAVOUR open FROM deb,dkms RIGHTS 0 FABRIC 550.144.03 ACTIVE 1",
        ),
        (
            "LIBC",
            {
                "call:libc": {"value": {"confstr": "glibc 2.28"}},
                "call:libstdcxx": {"value": {"versions": ["GLIBCXX_3.4", "GLIBCXX_3.4.25", "GLIBCXX_3.4.9"]}},
            },
            "LIBC glibc 2.28 GLIBCXX 3.4.25",
        ),
        ("LIBC", {"call:libc": {"value": {"error": "EINVAL", "musl": True}}}, "LIBC musl ? GLIBCXX ?"),
        (
            "PCI",
            {"call:pci": {"error": "ENOENT"}},
            "PCI none BOUND none SWITCHES none",
        ),
        (
            "CUDA",
            {
                "list:/usr/local": {"text": "cuda\ncuda-11.2\n"},
                "file:/usr/local/cuda/version.txt": {"text": "CUDA Version 10.2.89\n"},
                "command:/usr/bin/nvcc --version": {"text": "release 9.1, V9.1.85"},
                "call:libraries": {"value": {"paths": {"libcudnn.so.8": "/x"}, "sonames": {}}},
            },
            "CUDA 9.1,10.2,11.2 CUDNN 8",
        ),
        (
            "NET",
            {
                "call:network": {"value": {"default-route": False, "default-route-6": False, "resolvers": 2}},
                "call:environment": {
                    "value": {"HTTPS_PROXY": "set", "PYTHONHTTPSVERIFY": "0", "no_proxy": "set"}
                },
                "call:egress": {"value": {"asked": 1, "tried": [{"connected": False}]}},
                "file:~/.gitconfig": {"text": "sslVerify = false\n"},
            },
            "NET ROUTE 0 RESOLVERS 2 PROXIES HTTPS_PROXY OFF PYTHONHTTPSVERIFY,sslVerify EGRESS 0",
        ),
        (
            "MEMORY",
            {
                "file:/proc/meminfo": {"text": "MemTotal:  1048576 kB\nMemAvailable:  524288 kB\n"},
                "call:cgroup": {"value": {"version": 2, "memory.max": ["max", "268435456"]}},
                "call:limits": {"value": {"nofile": [1024, 4096], "memlock": [-1, -1]}},
            },
            "MEMORY 1024 AVAILABLE 512 LIMIT 256 NOFILE 1024 MEMLOCK -1",
        ),
        (
            "MOUNT",
            {
                "call:mounts": {
                    "value": [{"path": "/my data", "for": ["prefix"], "error": "timeout", "type": "nfs4"}]
                }
            },
            "MOUNT /my%20data ? nfs4 MIB ? FREE ? INODES ? EXEC ? WRITE ?",
        ),
    ],
)
def test_lines_say_what_the_items_say(key: str, items: dict[str, Any], expected: str) -> None:
    assert line(key, **items) == expected


@pytest.mark.parametrize(
    ("device", "said"),
    [
        ({"mig": [0, 0]}, "MIG 0 SLICES none"),
        ({"calls": {"nvmlDeviceGetMigMode": 3}}, "MIG ? SLICES none"),
        ({"calls": {"nvmlDeviceGetMigMode": None}}, "MIG ? SLICES none"),
        ({"calls": {"nvmlDeviceGetMigMode": 4}}, "MIG ? SLICES ?"),
        ({"mig": [1, 1], "mig-devices": []}, "MIG 1 SLICES none"),
        ({"mig": [1, 1], "mig-devices": [{"name": "NVIDIA H100 MIG 2g.20gb"}]}, "MIG 1 SLICES 2g.20gb"),
        ({}, "MIG ? SLICES ?"),
    ],
)
def test_slices_that_nobody_could_ask_for_are_not_none(device: dict[str, Any], said: str) -> None:
    assert said + " VGPU" in line("GPU", **{"call:nvml": {"value": {"devices": [{"name": "x", **device}]}}})
