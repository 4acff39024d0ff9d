"""Hosts that are not here: their files laid over this one's, looked at by the real script."""

from __future__ import annotations

import os
import re
import stat
import sys
from pathlib import Path

import pytest

from envspec.probe.reader import read_facts
from tests.probe.script.fake_host import FakeHost, fake_host
from tests.probe.script.nvml_library import compiled
from tests.probe.script.running import NO_PYTHON

RELEASE = os.uname().release
SMI = """#!/bin/sh
case "$*" in
-L) echo 'GPU 0: NVIDIA A100 80GB PCIe (UUID: GPU-12345678-1234-1234-1234-123456789abc)' ;;
*compute_cap*) echo 'index, compute_cap'; echo '0, 8.0' ;;
*query*) echo "$*" | cut -c1-30; env | sort ;;
*) printf '| NVIDIA-SMI 515.105.01 |\\n'; exit 9 ;;
esac
"""
FOUNDING: dict[str, str | bytes] = {
    "/etc/os-release": 'NAME="Red Hat Enterprise Linux"\nVERSION_ID="8.9"\nID="rhel"\nID_LIKE="fedora"\n',
    "/etc/yum.repos.d/site.repo": (
        "[baseos]\nname=BaseOS\nbaseurl=file:///mnt/rhel8/BaseOS\ngpgcheck=1\n"
        "[epel]\nname=EPEL on nas.internal\nmetalink=https://nas.internal/metalink?repo=epel\n"
        "enabled=0\n"
    ),
    "/etc/modprobe.d/nvidia.conf": (
        "# no nouveau here\nblacklist nouveau\noptions nouveau modeset=0\noptions snd x=1\n"
    ),
    "/etc/selinux/config": "# comment\nSELINUX=enforcing\nSELINUXTYPE=targeted\n",
    "/etc/pip.conf": (
        "[global]\nindex-url = https://kim:secret@nas.internal/simple\ntrusted-host = nas.internal\n"
    ),
    "/usr/bin/nvidia-smi": SMI,
    "/usr/bin/nvidia-uninstall": "#!/bin/sh\n",
    "/usr/bin/rpm": (
        "#!/bin/sh\necho nvidia-driver 515.105.01-1.el8 x86_64\necho libcudnn8 8.9.7.29-1.cuda11.8 x86_64\n"
    ),
    "/usr/bin/systemctl": "#!/bin/sh\necho active\necho inactive\necho unknown\nexit 3\n",
    "/usr/local/cuda-11.2/version.json": '{"cuda": {"name": "CUDA SDK", "version": "11.2.20210301"}}',
    "/usr/local/cuda-11.2/include/cudnn_version.h": (
        "/* cuDNN */\n#define CUDNN_MAJOR 8\n#define CUDNN_MINOR 1\n#define CUDNN_PATCHLEVEL 1\n"
        "#define OTHER 3\n"
    ),
    "/usr/local/cuda-11.2/bin/nvcc": '#!/bin/sh\necho "Cuda compilation tools, release 11.2, V11.2.152"\n',
    "/var/lib/dkms/nvidia/515.105.01/": "",
    "/var/log/nvidia-installer.log": (
        "nvidia-installer log file '/var/log/nvidia-installer.log'\ncreation time: Mon Mar  4 10:00:00 2024\n"
        "installer version: 515.105.01\n\nPATH: /home/kim/bin:/usr/bin\n"
        "-> Installation of the NVIDIA Accelerated Graphics Driver for Linux-x86_64 (version: 515.105.01) "
        "is now complete.\n"
    ),
    f"/usr/lib/modules/{RELEASE}/modules.dep": (
        "kernel/drivers/gpu/drm/nouveau/nouveau.ko.xz: kernel/drivers/video/video.ko.xz\n"
        "extra/nvidia.ko.xz:\nextra/nvidia-uvm.ko.xz: extra/nvidia.ko.xz\nkernel/net/ipv4/ip.ko.xz:\n"
    ),
    f"/usr/lib/modules/{RELEASE}/build": "->/usr/src/kernels/none",
    "/proc/driver/nvidia/version": (
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  515.105.01  Fri Mar  3 08:00:00 UTC 2023\n"
        "GCC version:  gcc version 8.5.0 20210514 (Red Hat 8.5.0-18) (GCC)\n"
    ),
    "/proc/driver/nvidia/gpus/0000:17:00.0/information": (
        "Model: \t\t NVIDIA A100 80GB PCIe\nIRQ:   \t\t 120\n"
        "GPU UUID: \t GPU-12345678-1234-1234-1234-123456789abc\n"
    ),
    "/proc/modules": "nvidia_uvm 1 0 - Live 0x0\nnvidia 2 1 nvidia_uvm, Live 0x0 (POE)\nxfs 3 1 - Live 0x0\n",
    "/proc/sys/crypto/fips_enabled": "1\n",
    "/sys/module/nvidia/version": "515.105.01\n",
    "/sys/fs/selinux/enforce": "1",
    "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c": b"\x06\x00\x00\x00\x01",
    "/sys/bus/pci/devices/0000:17:00.0/vendor": "0x10de\n",
    "/sys/bus/pci/devices/0000:17:00.0/class": "0x030200\n",
    "/sys/bus/pci/devices/0000:17:00.0/device": "0x20b5\n",
    "/sys/bus/pci/devices/0000:17:00.0/driver": "->nvidia",
    "/sys/bus/pci/devices/0000:17:00.0/nvidia/": "",
    "/sys/bus/pci/devices/0000:18:00.0/vendor": "0x10de\n",
    "/sys/bus/pci/devices/0000:18:00.0/class": "0x068000\n",
    "/sys/bus/pci/devices/0000:18:00.0/device": "0x1af1\n",
    "/sys/bus/pci/devices/0000:00:00.0/vendor": "0x8086\n",
    "/sys/bus/pci/devices/0000:00:00.0/class": "0x060000\n",
    "/sys/bus/pci/devices/0000:00:00.0/device": "0x09a2\n",
}


@pytest.fixture(scope="module")
def founding(tmp_path_factory: pytest.TempPathFactory) -> FakeHost:
    return fake_host(tmp_path_factory.mktemp("founding"), FOUNDING)


def test_the_founding_host_is_carried_item_by_item(founding: FakeHost) -> None:
    items = founding.probe(environment={"HOME": "/home/kim", "USER": "kim"}).items
    pci = [
        {"class": "0x030200", "device": "0x20b5", "driver": "nvidia"},
        {"class": "0x068000", "device": "0x1af1", "driver": ""},
    ]
    keys = EXPECTED.keys() if Path("/proc/modules").exists() else EXPECTED.keys() - {"file:/proc/modules"}
    assert {key: items[key] for key in keys} == {key: EXPECTED[key] for key in keys}
    assert items["call:pci"] == {"value": {"devices": 3, "nvidia": pci}}
    assert items["command:nvidia-smi -L"] == {
        "text": "GPU 0: NVIDIA A100 80GB PCIe (UUID: GPU-[uuid])\n",
        "status": 0,
    }
    assert items["command:nvidia-smi --query-gpu=index,compute_cap --format=csv"]["text"].endswith("0, 8.0\n")
    assert items["command:nvidia-smi"] == {"text": "| NVIDIA-SMI 515.105.01 |\n", "status": 9}
    assert items["command:rpm -qa"]["text"].splitlines() == [
        "nvidia-driver 515.105.01-1.el8 x86_64",
        "libcudnn8 8.9.7.29-1.cuda11.8 x86_64",
    ]
    assert items["call:traces"]["value"]["/usr/bin/nvidia-uninstall"] == "file"
    assert items["call:traces"]["value"]["/var/lib/dkms/nvidia"] == "folder"
    assert items["call:traces"]["value"]["/usr/bin/nv-fabricmanager"] == "absent"
    assert items["command:nv-fabricmanager --version"] == {"error": "ENOENT"}


EXPECTED = {
    "file:/etc/modprobe.d": {
        "text": "nvidia.conf: blacklist nouveau\nnvidia.conf: options nouveau modeset=0\n"
    },
    "file:/etc/selinux/config": {"text": "SELINUX=enforcing\nSELINUXTYPE=targeted\n"},
    "file:/sys/fs/selinux/enforce": {"text": "1"},
    "file:/proc/sys/crypto/fips_enabled": {"text": "1\n"},
    "file:/proc/modules": {"text": "nvidia_uvm 1 0 - Live 0x0\nnvidia 2 1 nvidia_uvm, Live 0x0 (POE)\n"},
    "file:/sys/module/nvidia/version": {"text": "515.105.01\n"},
    "file:/lib/modules/RELEASE/modules.dep": {
        "text": "kernel/drivers/gpu/drm/nouveau/nouveau.ko.xz\nextra/nvidia.ko.xz\n"
    },
    "file:/proc/driver/nvidia/version": {"text": FOUNDING["/proc/driver/nvidia/version"]},
    "call:proc-gpus": {"value": ["NVIDIA A100 80GB PCIe"]},
    "call:kernel-headers": {"value": {"build": "broken-link"}},
    "call:secure-boot": {"value": {"efi": True, "value": 1}},
    "file:/var/log/nvidia-installer.log": {
        "text": (
            "creation time: Mon Mar  4 10:00:00 2024\ninstaller version: 515.105.01\n"
            "-> Installation of the NVIDIA Accelerated Graphics Driver for Linux-x86_64 "
            "(version: 515.105.01) is now complete.\n"
        )
    },
    "list:/var/lib/dkms/nvidia": {"text": "515.105.01\n"},
    "file:/usr/local/cuda-11.2/version.json": {"text": FOUNDING["/usr/local/cuda-11.2/version.json"]},
    "file:/usr/local/cuda-11.2/include/cudnn_version.h": {
        "text": "#define CUDNN_MAJOR 8\n#define CUDNN_MINOR 1\n#define CUDNN_PATCHLEVEL 1\n"
    },
    "command:/usr/local/cuda-11.2/bin/nvcc --version": {
        "text": "Cuda compilation tools, release 11.2, V11.2.152\n",
        "status": 0,
    },
    "command:systemctl is-active fapolicyd nvidia-fabricmanager nvidia-persistenced": {
        "text": "active\ninactive\nunknown\n",
        "status": 3,
    },
    "file:/etc/pip.conf": {"text": "trusted-host = [host]\n"},
}


def test_repositories_are_named_without_where_they_are(founding: FakeHost) -> None:
    yum = [one for one in founding.probe().value("call:repositories") if one["manager"] == "yum"]
    assert yum == [
        {"manager": "yum", "id": "baseos", "enabled": True, "scheme": "file", "path": "/mnt/rhel8/BaseOS"},
        {"manager": "yum", "id": "epel", "enabled": False, "scheme": "https"},
    ]


def test_no_name_or_secret_of_the_site_is_anywhere(founding: FakeHost) -> None:
    kim = {"HOME": "/home/kim", "USER": "kim", "https_proxy": "http://u:secret@proxy.internal:3128"}
    words = ("kim", "secret", "nas", "proxy.internal", "12345678-1234", "gpu-node-7")
    for command, environment in ((f"{sys.executable} -I", kim), ("sh", {**kim, **NO_PYTHON})):
        ran = founding.probe(command=command, environment=environment, before="hostname gpu-node-7.internal")
        found = [re.findall(f".{{0,60}}{re.escape(word)}.{{0,20}}", ran.text) for word in words]
        assert found == [[]] * len(words)


def test_programs_get_nothing_of_the_callers_environment(founding: FakeHost) -> None:
    items = founding.probe(environment={"HOME": "/home/kim", "SECRET": "x", "LC_ALL": "C.UTF-8"}).items
    [text] = [item["text"] for key, item in items.items() if "name,driver_version" in key]
    assert text.splitlines()[1:] == [
        "HOME=/",
        "LANG=C",
        "LC_ALL=C",
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
        "PWD=/",
    ]


def test_sh_alone_says_the_same_of_that_host(founding: FakeHost) -> None:
    ran = founding.probe(command="sh", environment={**NO_PYTHON, "HOME": "/home/kim"})
    python = founding.probe()
    assert ran.document["by"] == "sh"
    for key in (
        "file:/etc/os-release",
        "call:pci",
        "call:kernel-headers",
        "file:/proc/driver/nvidia/version",
        "file:/sys/module/nvidia/version",
        "file:/proc/sys/crypto/fips_enabled",
        "file:/proc/modules",
    ):
        assert ran.items[key] == python.items[key]
    assert ran.items["file:/sys/fs/selinux/enforce"]["text"].strip() == "1"
    assert ran.items["command:nvidia-smi -L"] == {
        "text": "GPU 0: NVIDIA A100 80GB PCIe (UUID: [uuid])\n",
        "status": 0,
    }


def test_the_founding_host_fits_a_sheet_of_paper(founding: FakeHost) -> None:
    lines = founding.probe("--brief", "--prefix", "/data/envs").text.splitlines()
    assert len(lines) <= 25
    words = [line.rpartition(" *")[0] for line in lines]
    assert f"LINES {len(lines)} " in words[0]
    assert words[1].startswith("OS rhel 8.9 x86_64 KERNEL ")
    assert "NVML library-missing DRIVER ? CUDA ?" in words
    assert "MODULE 515.105.01 FLAVOUR proprietary FROM rpm,dkms,runfile RIGHTS none FABRIC none" in [
        word.replace(",container", "") for word in words
    ]
    assert "PCI 1 BOUND nvidia SWITCHES 1" in words
    assert (
        "GPU 1 CC ? MIB ? FREE ? MIG ? SLICES ? VGPU ? ECC ? PROCESSES ? NAME NVIDIA A100 80GB PCIe" in words
    )
    [cuda] = [word for word in words if word.startswith("CUDA ")]
    assert "11.2" in cuda
    assert cuda.endswith("CUDNN 8.1.1")
    assert "GUARD SELINUX enforcing FIPS 1 FAPOLICYD 1 SECUREBOOT 1 NOUVEAU 0 HEADERS 0" in words
    assert "OFF trusted-host" in next(word for word in words if word.startswith("NET "))


@pytest.mark.parametrize("way", ["python", "sh", "brief"])
def test_facts_of_the_founding_host_are_the_same_whichever_way_they_came(
    founding: FakeHost, tmp_path: Path, way: str
) -> None:
    library = str(compiled(tmp_path))
    if way == "sh":
        ran = founding.probe(command="sh", environment=NO_PYTHON)
    else:
        options = ["--brief"] if way == "brief" else []
        ran = founding.probe(*options, environment={"LD_LIBRARY_PATH": library})
    facts = read_facts(ran.out, way)
    assert facts.os.need().key == "rhel-8.9"
    assert facts.gpu_state.need() == "ready"
    assert [gpu.name for gpu in facts.gpus.need()] == ["NVIDIA A100 80GB PCIe"]
    assert str(facts.gpus.need()[0].capability) == "8.0"
    assert facts.driver.need().text == "515.105.01"
    assert facts.driver_flavour.need() == "proprietary"
    assert (facts.nvswitches.need(), facts.kernel_headers.need(), facts.fips.need()) == (1, False, True)
    assert facts.selinux.need() == "enforcing"
    if way != "sh":
        assert facts.driver_cuda.need()[:2] == (11, 7)
        assert facts.gpus.need()[0].memory_mib == 81920
        assert "11.2" in [f"{one.version.major}.{one.version.minor}" for one in facts.toolkits.need()]
        assert (facts.secure_boot.need(), facts.fapolicyd.need()) == (True, True)
        assert facts.driver_install.is_known


def test_nvidia_smi_is_heard_where_this_python_alone_can_not_load_nvml(founding: FakeHost) -> None:
    facts = read_facts(founding.probe().out, "without the library")
    assert (facts.gpu_state.need(), facts.gpu_state.how) == ("ready", "nvidia-smi")
    assert [gpu.name for gpu in facts.gpus.need()] == ["NVIDIA A100 80GB PCIe"]
    assert facts.driver.need().text == "515.105.01"


def test_a_program_that_hangs_is_given_up_and_another_way_is_taken(tmp_path: Path) -> None:
    loader = os.path.realpath("/usr/sbin/ldconfig")
    host = fake_host(tmp_path, {loader: "#!/bin/sh\nexec sleep 60\n"})
    ran = host.probe("--timeout", "2")
    value = ran.value("call:libraries")
    assert (value["how"], value["error"]) == ("folders", "timeout")
    assert any("libc.so.6" in names for names in value["sonames"].values())
    assert ran.took_s < 10


def test_what_a_program_leaves_running_holds_nobody_up(tmp_path: Path) -> None:
    host = fake_host(tmp_path, {"/usr/bin/systemctl": "#!/bin/sh\necho active\nsleep 60 &\n"})
    ran = host.probe()
    [item] = [item for key, item in ran.items.items() if key.startswith("command:systemctl")]
    assert item == {"text": "active\n", "status": 0}
    assert ran.took_s < 10


def test_a_program_that_says_too_much_is_cut(tmp_path: Path) -> None:
    host = fake_host(tmp_path, {"/usr/bin/systemctl": "#!/bin/sh\nyes 0123456789abcde | head -c 10000000\n"})
    [item] = [item for key, item in host.probe().items.items() if key.startswith("command:systemctl")]
    assert (len(item["text"]), item["cut"]) == (65536, True)


def test_a_program_that_says_what_is_no_text_is_carried_all_the_same(tmp_path: Path) -> None:
    host = fake_host(tmp_path, {"/usr/bin/systemctl": "#!/bin/sh\nprintf '\\377\\000\\033[31m\\303\\244'\n"})
    [item] = [item for key, item in host.probe().items.items() if key.startswith("command:systemctl")]
    assert item["text"] == "\ufffd\x00\x1b[31m\xe4"


def test_a_program_that_may_not_be_run_is_no_absent_one(tmp_path: Path) -> None:
    host = fake_host(tmp_path, {"/usr/bin/systemctl": "#!/nonexistent/interpreter\n"})
    [item] = [item for key, item in host.probe().items.items() if key.startswith("command:systemctl")]
    assert item == {"error": "ENOEXEC"}
    (host.root / "usr/bin/systemctl").write_bytes(b"\x7fELF broken")
    [item] = [item for key, item in host.probe().items.items() if key.startswith("command:systemctl")]
    assert item == {"error": "ENOEXEC"}


def test_a_file_that_may_not_be_read_is_no_absent_one(tmp_path: Path) -> None:
    host = fake_host(tmp_path, {"/sys/module/nvidia/version/": ""})
    assert host.probe().items["file:/sys/module/nvidia/version"] == {"error": "EINVAL"}


def test_a_pipe_in_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    host = fake_host(tmp_path, {"/etc/selinux/": ""})
    os.mkfifo(host.root / "etc/selinux/config")
    assert stat.S_ISFIFO((host.root / "etc/selinux/config").stat().st_mode)
    ran = host.probe()
    assert ran.items["file:/etc/selinux/config"] == {"error": "EINVAL"}
    assert ran.took_s < 10


def test_media_and_other_mounts_are_told_by_their_type(tmp_path: Path) -> None:
    host = fake_host(tmp_path, {})
    image = tmp_path / "data"
    image.mkdir()
    before = f"mount -t tmpfs -o size=8m,noexec,ro none {image}"
    mounts = host.probe("--prefix", f"{image}/envs", before=before).value("call:mounts")
    [mount] = [one for one in mounts if "prefix" in one["for"]]
    assert (mount["at"], mount["mount-point"], mount["type"]) == (str(image), str(image), "tmpfs")
    assert mount["flags"] & 9 == 9
    assert "noexec" in mount["options"].split(",")
    assert mount["blocks"] * mount["block-bytes"] == 8 << 20


def test_the_rights_to_the_devices_are_those_of_whoever_asks(tmp_path: Path) -> None:
    host = fake_host(tmp_path, {})
    real = tmp_path / "dev"
    real.mkdir()
    before = (
        f"mount --rbind /dev {real} && mount -t tmpfs none /dev && "
        "for name in null nvidia0 nvidiactl; do : >/dev/$name; done && "
        f"mount --bind {real}/null /dev/null && mount --bind {real}/zero /dev/nvidia0"
    )
    ran = host.probe(before=before)
    [device] = ran.value("call:devices")
    assert {key: device[key] for key in ("path", "mode", "read", "write")} == {
        "path": "/dev/nvidia0",
        "mode": "0666",
        "read": True,
        "write": True,
    }


def test_a_python_that_anybody_may_change_is_not_run(tmp_path: Path) -> None:
    mine = "#!/bin/sh\necho 3.9.1 64 1 0 1\n"
    host = fake_host(tmp_path, {"/opt/a/bin/python3.9": mine, "/opt/b/bin/python3.9": mine})
    (host.root / "opt/b/bin/python3.9").chmod(0o777)
    found = [one for one in host.probe().value("call:pythons") if one["path"].startswith("/opt/")]
    assert found == [
        {
            "path": "/opt/a/bin/python3.9",
            "version": "3.9.1",
            "bits": 64,
            "venv": True,
            "ensurepip": False,
            "pip": True,
        },
        {"path": "/opt/b/bin/python3.9", "error": "not-run"},
    ]


def test_a_host_without_any_python_is_looked_at_by_sh(tmp_path: Path) -> None:
    host = fake_host(tmp_path, {})
    hide = (
        "for path in /usr/bin/*python3* /usr/local/bin/*python3* /usr/libexec/platform-python; do "
        '[ ! -e "$path" ] || mount --bind /dev/null "$(readlink -f "$path")"; done'
    )
    ran = host.probe("--label", "bare", command="sh", before=hide)
    assert (ran.document["by"], ran.document["label"], ran.err) == ("sh", "bare", "")
    assert ran.value("call:uname")["release"] == RELEASE
    assert ran.value("call:pythons") == []


def test_the_limits_of_a_group_are_carried_without_its_name(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "/sys/fs/cgroup/cgroup.controllers": "memory\n",
        "/sys/fs/cgroup/memory.max": "8589934592\n",
        "/sys/fs/cgroup/cpu.max": "200000 100000\n",
    }
    assert fake_host(tmp_path, files).probe().value("call:cgroup") == {
        "version": 2,
        "memory.max": ["8589934592"],
        "cpu.max": ["200000 100000"],
    }
