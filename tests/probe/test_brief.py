from __future__ import annotations

import pytest

from envspec.errors import InputError, SeveralProblems
from envspec.probe.brief_line import check_of, slip_of
from envspec.probe.reader import read_facts
from tests.probe.cases import shown_fact

SHOWS_NONE = "the driver answers and shows no device: none is given to this user or container"
FOUNDING = [
    "ENVSPEC-BRIEF 1 LINES 20 TAKEN 2026-11-28T07:40Z LABEL gpu%2007",
    "OS rhel 8.9 x86_64 KERNEL 4.18.0-513.5.1.el8_9.x86_64",
    "LIBC glibc 2.28 GLIBCXX 3.4.25",
    "CPU 64 FLAGS sse4_2,avx,avx2",
    "MEMORY 257672 AVAILABLE 244140 LIMIT none NOFILE 1024 MEMLOCK -1",
    "NVML 0 DRIVER 515.105.01 CUDA 11070",
    "MODULE 515.105.01 FLAVOUR proprietary FROM rpm,precompiled RIGHTS 1 FABRIC none",
    "PCI 3 BOUND nvidia SWITCHES 0",
    "GPU 2 CC 8.0 MIB 81920 FREE 81062 MIG 0 SLICES none VGPU 0 ECC 1 PROCESSES 3 NAME NVIDIA A100 80GB PCIe",
    "GPU 1 CC 9.0 MIB 81559 FREE ? MIG 1 SLICES 3g.40gb,1g.10gb VGPU 0 ECC ? NAME NVIDIA H100 80GB HBM3",
    "CUDA 11.2 CUDNN 8.1.1",
    "PYTHON 3.6.8,3.11.5+",
    "HAS gcc,make,tar,g++",
    "LIBS libGL.so.1,libcuda.so.1",
    "MOUNT / / xfs MIB 39936 FREE 11718 INODES 19000000 EXEC 1 WRITE 1",
    "MOUNT /data/my%20envs /data xfs MIB 2097152 FREE ? INODES ? EXEC 0 WRITE 1",
    "GUARD SELINUX enforcing FIPS 0 FAPOLICYD 1 SECUREBOOT ? NOUVEAU 0 HEADERS 0",
    "NET ROUTE 0 RESOLVERS 0 PROXIES none OFF trusted-host EGRESS ?",
    "SITE REPOSITORIES 2 MEDIA /mnt/dvd LOCALE en_US.UTF-8",
    "TOMORROW whatever 7",
]


def sheet(*lines: str) -> bytes:
    return "".join(f"{line} *{check_of(line)}\n" for line in lines).encode()


def small(*lines: str) -> bytes:
    return sheet(f"ENVSPEC-BRIEF 1 LINES {len(lines) + 1} TAKEN ?", *lines)


def test_the_check_is_that_of_the_documentation() -> None:
    assert check_of("A") == "21"
    assert check_of("AB") == "DD"
    assert check_of(" a\tB ") == "DD"
    assert slip_of("ab *dd") == ""
    assert slip_of("a b*D d") == ""


def test_a_check_may_be_typed_with_letters_that_look_like_its_digits() -> None:
    assert check_of("@") == "20"
    assert slip_of("@ *2O") == ""
    assert slip_of("A *2I") == ""
    assert slip_of("A *2l") == ""


def test_every_wrong_character_and_every_swap_is_noticed() -> None:
    line = FOUNDING[1].replace(" ", "").upper()
    check = check_of(line)
    wrong = [
        line[:place] + other + line[place + 1 :]
        for place in range(len(line))
        for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_%"
        if other != line[place]
    ]
    swapped = [
        line[:place] + line[place + 1] + line[place] + line[place + 2 :]
        for place in range(len(line) - 1)
        if line[place] != line[place + 1]
    ]
    assert [text for text in [*wrong, *swapped] if not slip_of(f"{text} *{check}")] == []


def test_the_founding_host_reads_from_paper() -> None:
    facts = read_facts(sheet(*FOUNDING), "paper.txt")
    read = {name: shown_fact(getattr(facts, name)) for name in facts.__struct_fields__}
    assert len(read.pop("libraries_asked")) == 19
    assert read == {
        "label": "gpu 07",
        "source": "brief",
        "os": {"id": "rhel", "version": "8.9"},
        "kernel": "4.18.0-513.5.1.el8_9.x86_64",
        "arch": "x86_64",
        "glibc": [2, 28],
        "glibcxx": [3, 4, 25],
        "cpu_flags": ["avx", "avx2", "sse4_2"],
        "cpu_count": 64,
        "memory": {"total_bytes": 270188675072, "available_bytes": 255999344640},
        "limits": {"nofile": 1024, "memlock": -1},
        "gpu_state": "ready",
        "gpus": [
            {
                "name": "NVIDIA A100 80GB PCIe",
                "capability": "8.0",
                "memory_mib": 81920,
                "memory_free_mib": 81062,
                "mig": False,
                "vgpu": False,
                "ecc": True,
                "processes": 3,
            },
            {
                "name": "NVIDIA A100 80GB PCIe",
                "capability": "8.0",
                "memory_mib": 81920,
                "memory_free_mib": 81062,
                "mig": False,
                "vgpu": False,
                "ecc": True,
                "processes": 0,
            },
            {
                "name": "NVIDIA H100 80GB HBM3",
                "capability": "9.0",
                "memory_mib": 81559,
                "mig": True,
                "mig_slices": ["3g.40gb", "1g.10gb"],
                "vgpu": False,
            },
        ],
        "gpus_on_bus": 3,
        "gpus_silent": 0,
        "gpu_devices_usable": True,
        "driver": "515.105.01",
        "driver_at_least": False,
        "driver_library": {"unknown": "NVML didn't say"},
        "driver_flavour": "proprietary",
        "driver_install": {"method": "precompiled"},
        "driver_cuda": "11.7",
        "nvswitches": 0,
        "fabric_manager": {"absent": "it isn't there"},
        "fabric_manager_active": {"unknown": "the evidence doesn't say"},
        "nouveau_loaded": False,
        "kernel_headers": False,
        "secure_boot": {"unknown": "the evidence doesn't say"},
        "toolkits": [{"version": "11.2", "path": ""}],
        "cudnn": [{"version": "8.1.1", "path": ""}],
        "pythons": [
            {"path": "", "version": "3.6.8", "has_venv": False},
            {"path": "", "version": "3.11.5", "has_venv": True},
        ],
        "libraries": ["libGL.so.1", "libcuda.so.1"],
        "executables": {
            "ffmpeg": "", "gcc": "gcc", "g++": "g++", "make": "make", "cmake": "", "nvcc": "", "git": "",
            "tesseract": "", "sox": "", "dkms": "", "tar": "tar", "gzip": "", "xz": "", "zstd": "",
            "unzip": "", "sha256sum": "", "curl": "", "unshare": "",
        },
        "mounts": [
            {
                "path": "/",
                "mount_point": "/",
                "file_system": "xfs",
                "total_bytes": 41875931136,
                "free_bytes": 12287213568,
                "free_inodes": 19000000,
                "noexec": False,
                "read_only": False,
            },
            {
                "path": "/data/my envs",
                "mount_point": "/data",
                "file_system": "xfs",
                "total_bytes": 2199023255552,
                "noexec": True,
                "read_only": False,
            },
        ],
        "selinux": "enforcing",
        "fips": False,
        "fapolicyd": True,
        "repositories": {"unknown": "it has only their number: 2"},
        "media": ["/mnt/dvd"],
        "clock": "2026-11-28T07:40:00Z",
        "locale": "en_US.UTF-8",
        "network": {"default_route": False, "resolvers": 0, "unverified": ["trusted-host"]},
        "ca_stores": {"unknown": "the evidence doesn't say"},
        "endpoints": {"unknown": "the evidence doesn't say"},
    }  # fmt: skip


def test_case_blanks_and_the_order_of_lines_do_not_matter() -> None:
    typed = sheet(*FOUNDING).decode().splitlines()
    paths = [line for line in typed if line.startswith(("MOUNT", "SITE", "ENVSPEC", "GPU"))]
    others = [f"  {line.lower()}\r\n\r\n" for line in typed if line not in paths]
    slow = "".join([*reversed(others), *(f"{line}  \r\n" for line in paths)])
    assert read_facts(slow.encode(), "paper.txt") == read_facts(sheet(*FOUNDING), "paper.txt")


@pytest.mark.parametrize(
    ("line", "name", "expected"),
    [
        ("NVML 18 DRIVER ? CUDA ?", "gpu_state", "versions-differ"),
        ("NVML library-missing DRIVER ? CUDA ?", "driver_library", {"absent": "the loader doesn't know it"}),
        ("NVML timeout DRIVER ? CUDA ? CALL nvmlDeviceGetName", "gpu_state", "no-answer"),
        ("NVML crashed DRIVER ? CUDA ?", "gpu_state", "no-answer"),
        ("NVML 0 DRIVER 515.65.01 CUDA 11070 CALL nvmlDeviceGetCount_v2", "gpu_state", "no-answer"),
        ("NVML 0 DRIVER R600 CUDA soon", "driver", {"unknown": SHOWS_NONE}),
        ("PCI 0 BOUND none SWITCHES 0", "gpu_state", "no-gpu"),
        ("PCI 1 BOUND nouveau SWITCHES 0", "gpu_state", "nouveau"),
        ("GPU MORE 2", "gpus", [{"name": "a GPU that the brief doesn't name"}] * 2),
        (
            "MODULE none FLAVOUR ? FROM none RIGHTS ? FABRIC ?",
            "driver_install",
            {"absent": "no trace of an installation"},
        ),
        (
            "MODULE 535.104.05 FLAVOUR ? FROM runfile,dkms RIGHTS 0 FABRIC 535.104.05",
            "driver_flavour",
            {"unknown": "the evidence doesn't say"},
        ),
        (
            "MODULE 535.104.05 FLAVOUR open FROM rpm RIGHTS 1 FABRIC 535.104.05 ACTIVE 0",
            "fabric_manager_active",
            False,
        ),
        (
            "MODULE none FLAVOUR ? FROM container RIGHTS none FABRIC none",
            "gpu_devices_usable",
            {"absent": "there are no device files"},
        ),
        (
            "MODULE 535.104.05 FLAVOUR open FROM runfile,dkms RIGHTS 0 FABRIC 535.104.05",
            "driver_install",
            {"method": "runfile"},
        ),
        ("LIBC musl ? GLIBCXX none", "glibc", {"absent": "it is musl"}),
        ("LIBC glibc soon GLIBCXX ?", "glibc", {"unknown": "the evidence doesn't say"}),
        ("OS arch none x86_64", "os", {"id": "arch", "version": ""}),
        ("CUDA none CUDNN none", "toolkits", {"absent": "no toolkit is there"}),
        ("CUDA ? CUDNN ?", "toolkits", {"unknown": "the evidence doesn't say"}),
        ("PYTHON none", "pythons", {"absent": "no Python is there"}),
        ("SITE REPOSITORIES 0 MEDIA none LOCALE C", "repositories", []),
        (
            "NET ROUTE ? RESOLVERS ? PROXIES https_proxy OFF none EGRESS 1",
            "network",
            {"proxies": ["https_proxy"], "egress": True},
        ),
    ],
)
def test_a_line_says(line: str, name: str, expected: object) -> None:
    assert shown_fact(getattr(read_facts(small(line), "paper.txt"), name)) == expected


def test_every_slip_is_named_by_its_line() -> None:
    lines = sheet(*FOUNDING).decode().splitlines()
    lines[1] = lines[1].replace("8.9", "8.6")
    lines[4] = lines[4].rpartition(" *")[0]
    with pytest.raises(SeveralProblems) as caught:
        read_facts("\n".join(lines).encode(), "paper.txt")
    compare = "compare it with the sheet, character by character; blanks and case don't matter"
    assert [problem.to_dict() for problem in caught.value.problems] == [
        {
            "what": f"paper.txt: line 2 is mistyped: {lines[1]}",
            "why": "its check characters don't belong to what stands before them",
            "fix": compare,
        },
        {
            "what": f"paper.txt: line 5 is mistyped: {lines[4]}",
            "why": "it has no check characters: a * and two characters end each line",
            "fix": compare,
        },
    ]


def test_a_line_that_was_left_out_is_noticed() -> None:
    lines = sheet(*FOUNDING).decode().splitlines()
    with pytest.raises(InputError, match=r"paper\.txt: 19 lines were typed, the sheet has 20") as caught:
        read_facts("\n".join(lines[:-1]).encode(), "paper.txt")
    assert caught.value.fix == "type in the lines that are missing; their order is free"


def test_a_brief_of_a_later_version_is_refused() -> None:
    with pytest.raises(InputError, match="a brief of version 2 can't be read"):
        read_facts(sheet("ENVSPEC-BRIEF 2 LINES 1 TAKEN ?"), "paper.txt")
