from __future__ import annotations

import time

import pytest

from envspec.compat.gpus import gpu_named, gpu_with_pci_id, gpus, near
from envspec.target.gpu import ComputeCapability

A100_80GB = ["a100-pcie-80gb", "a100-sxm4-80gb"]


@pytest.mark.parametrize(
    ("text", "boards", "memory"),
    [
        ("A100-80GB", A100_80GB, 80),
        ("A100 80GB", A100_80GB, 80),
        ("a100 80 GB", A100_80GB, 80),
        ("a100-80gb-pcie", ["a100-pcie-80gb"], 80),
        ("NVIDIA A100 80GB PCIe", ["a100-pcie-80gb"], 80),
        ("A100 SXM 80GB", ["a100-sxm4-80gb"], 80),
        ("A100-SXM4-40GB", ["a100-sxm4-40gb"], 40),
        ("NVIDIA-A100-SXM4-80GB", ["a100-sxm4-80gb"], 80),
        ("GPU 0: NVIDIA A100-SXM4-80GB (UUID: GPU-0a1b)", ["a100-sxm4-80gb"], 80),
        ("  Tesla T4 ", ["t4"], 16),
        ("T4", ["t4"], 16),
        ("A10", ["a10"], 24),
        ("A10G", ["a10g"], 24),
        ("L40S", ["l40s"], 48),
        ("H100-80GB", ["h100-pcie", "h100-sxm"], 80),
        ("H100 SXM5", ["h100-sxm"], 80),
        ("NVIDIA H100 80GB HBM3", ["h100-sxm"], 80),
        ("H200", ["h200"], 141),
        ("RTX 4090", ["rtx-4090"], 24),
        ("NVIDIA GeForce RTX 4090 D", ["rtx-4090-d"], 24),
        ("rtx3090ti", ["rtx-3090-ti"], 24),
        ("RTX 6000 Ada", ["rtx-6000-ada"], 48),
        ("Quadro RTX 6000", ["quadro-rtx-6000"], 24),
        ("NVIDIA TITAN X (Pascal)", ["titan-x-pascal"], 12),
        ("GH200 144GB", ["gh200-144gb"], 144),
    ],
)
def test_a_name_tells_the_boards_it_can_mean(text: str, boards: list[str], memory: int) -> None:
    gpu = gpu_named(text)
    assert gpu is not None
    assert [board.id for board in gpu.boards] == boards
    assert gpu.memory_gb == memory


def test_every_name_and_alias_of_the_table_finds_its_own_board() -> None:
    for row in gpus():
        for name in (*row.names, *row.aliases, row.id):
            gpu = gpu_named(name)
            assert gpu is not None, name
            assert row in gpu.boards, name
            assert gpu.capability == row.compute_capability, name


@pytest.mark.parametrize("name", ["A100-SXM4-80GB", "GeForce RTX 3090", "H100 NVL", "T4"])
def test_a_name_with_its_maker_before_it_is_the_same(name: str) -> None:
    plain, full = gpu_named(name), gpu_named(f"NVIDIA {name}")
    assert plain is not None
    assert full is not None
    assert plain.boards == full.boards
    assert len(plain.boards) == 1


@pytest.mark.parametrize(
    ("text", "capability", "memory", "data_center"),
    [
        ("A100", (8, 0), None, True),
        ("V100", (7, 0), None, True),
        ("H100", (9, 0), None, True),
        ("RTX 6000", None, None, None),
        ("RTX PRO 6000", (12, 0), 96, None),
        ("4090", (8, 9), 24, False),
    ],
)
def test_what_the_boards_of_a_name_disagree_on_is_not_told(
    text: str, capability: tuple[int, int] | None, memory: int | None, data_center: bool | None
) -> None:
    gpu = gpu_named(text)
    assert gpu is not None
    assert len(gpu.boards) > 1
    assert gpu.capability == (ComputeCapability(*capability) if capability else None)
    assert (gpu.memory_gb, gpu.data_center) == (memory, data_center)


@pytest.mark.parametrize(
    ("cut", "boards"),
    [
        ("NVIDIA A100 80G...", ["a100-pcie-80gb"]),
        ("NVIDIA A100-SXM...", ["a100-sxm4-40gb", "a100-sxm4-80gb", "a100-sxm-64gb"]),
        ("Tesla V100-SXM2...", ["v100-sxm2-16gb", "v100-sxm2-32gb"]),
        (
            "NVIDIA RTX PRO 6000 Blac...",
            ["rtx-pro-6000-ws", "rtx-pro-6000-maxq", "rtx-pro-6000-server"],
        ),
        ("NVIDIA TITAN X ...", ["titan-x-pascal"]),
    ],
)
def test_a_name_that_nvidia_smi_cut_stands_for_all_that_begin_so(cut: str, boards: list[str]) -> None:
    gpu = gpu_named(cut)
    assert gpu is not None
    assert [board.id for board in gpu.boards] == boards


def test_a_cut_name_of_many_families_tells_no_capability() -> None:
    gpu = gpu_named("NVIDIA GeForce R...")
    assert gpu is not None
    assert gpu.capability is None
    assert gpu.data_center is False


@pytest.mark.parametrize("text", ["...", "N...", "NVIDIA A...", "NVIDIA Z900 80G..."])
def test_a_name_cut_to_nothing_is_no_gpu(text: str) -> None:
    assert gpu_named(text) is None


@pytest.mark.parametrize(
    ("text", "slice_", "memory", "capability"),
    [
        ("NVIDIA A100-SXM4-80GB MIG 1g.10gb", "1g.10gb", 10, ComputeCapability(8, 0)),
        ("A100-80GB MIG 3g.40gb", "3g.40gb", 40, ComputeCapability(8, 0)),
        ("NVIDIA-A100-SXM4-80GB-MIG-1g.10gb", "1g.10gb", 10, ComputeCapability(8, 0)),
        ("NVIDIA A100-SXM4-40GB MIG 1c.3g.20gb", "1c.3g.20gb", 20, ComputeCapability(8, 0)),
        ("NVIDIA H100 80GB HBM3 MIG 1g.10gb+me", "1g.10gb+me", 10, ComputeCapability(9, 0)),
        ("A100-80GB 1g.10gb", "1g.10gb", 10, ComputeCapability(8, 0)),
        ("NVIDIA-H100-80GB-HBM3-MIG-1g.10gb.me", "1g.10gb.me", 10, ComputeCapability(9, 0)),
        (
            "NVIDIA RTX PRO 6000 Blackwell Server Edition MIG 1g.24gb+me.all",
            "1g.24gb+me.all",
            24,
            ComputeCapability(12, 0),
        ),
    ],
)
def test_a_mig_slice_has_the_capability_of_its_board_and_its_own_memory(
    text: str, slice_: str, memory: int, capability: ComputeCapability
) -> None:
    gpu = gpu_named(text)
    assert gpu is not None
    assert (gpu.mig_slice, gpu.memory_gb, gpu.capability) == (slice_, memory, capability)
    assert gpu.least_memory_mib == memory * 1024 * 9 // 10


@pytest.mark.parametrize(
    ("text", "profile", "capability", "memory"),
    [
        ("GRID A100-10C", "10C", (8, 0), 10),
        ("GRID A100D-80C", "80C", (8, 0), 80),
        ("GRID A100DX-2-20C", "20C", (8, 0), 20),
        ("NVIDIA A40-48Q", "48Q", (8, 6), 48),
        ("NVIDIA H100XM-80C", "80C", (9, 0), 80),
        ("NVIDIA L40S-24C", "24C", (8, 9), 24),
        ("GRID T4-16Q", "16Q", (7, 5), 16),
        ("GRID V100DX-32C", "32C", (7, 0), 32),
        ("NVIDIA RTXA6000-48Q", "48Q", (8, 6), 48),
        ("NVIDIA RTX6000-Ada-48Q", "48Q", (8, 9), 48),
        ("A100-1-5CME", "5C", (8, 0), 5),
    ],
)
def test_a_guest_of_vgpu_has_the_capability_of_its_board_and_the_memory_of_its_profile(
    text: str, profile: str, capability: tuple[int, int], memory: int
) -> None:
    gpu = gpu_named(text)
    assert gpu is not None
    assert gpu.vgpu_profile == profile
    assert gpu.capability == ComputeCapability(*capability)
    assert gpu.memory_gb == memory


@pytest.mark.parametrize(
    "text", ["", " ", "NVIDIA", "RTX", "80GB", "A1000", "MI300X", "GRID Z900-8C", "A100-48GB", "none", "\0\n"]
)
def test_what_no_board_is_called_is_no_gpu(text: str) -> None:
    assert gpu_named(text) is None


def test_the_least_memory_is_what_a_host_has_shown_or_a_tenth_below_the_name() -> None:
    seen, nominal, dies = gpu_named("A100-80GB"), gpu_named("RTX 4090"), gpu_named("B200")
    assert seen is not None
    assert nominal is not None
    assert dies is not None
    assert (seen.least_memory_mib, nominal.least_memory_mib) == (81252, 22118)
    assert (dies.memory_gb, dies.least_memory_mib) == (None, 183359)


def test_no_board_of_the_table_has_shown_less_than_its_name_less_a_tenth() -> None:
    for row in gpus():
        if row.memory_gb is not None:
            assert all(figure >= row.memory_gb * 1024 * 9 // 10 for figure in row.memory_mib), row.id


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("A100-SXM5-80GB", "NVIDIA A100-SXM4-80GB"),
        ("A1000", "NVIDIA A10"),
        ("RTX 4091", "NVIDIA GeForce RTX 4090"),
        ("Tesla T44", "Tesla T4"),
    ],
)
def test_a_misspelt_name_is_answered_with_the_nearest(text: str, first: str) -> None:
    assert gpu_named(text) is None
    assert first in near(text)


def test_a_name_like_no_other_has_none_that_is_near() -> None:
    assert near("Voodoo") == ()


def test_an_endless_name_is_answered_at_once() -> None:
    for text in ("A100-" * 50_000, "(" * 100_000, "MIG " * 50_000, "a" * 100_000, " " * 100_000):
        start = time.perf_counter()
        assert gpu_named(text) is None
        assert len(near(text)) <= 3
        assert time.perf_counter() - start < 0.5


def test_a_pci_id_tells_the_board_where_no_driver_does() -> None:
    gpu = gpu_with_pci_id("0x20b5")
    assert gpu is not None
    assert (gpu.name, gpu.capability) == ("NVIDIA A100 80GB PCIe", ComputeCapability(8, 0))
    shared = gpu_with_pci_id("25B6")
    assert shared is not None
    assert shared.name == "NVIDIA A16 or NVIDIA A2"
    assert gpu_with_pci_id("0000") is None


def test_boards_whose_capability_no_page_gives_are_marked() -> None:
    assert [row.id for row in gpus() if row.weak] == ["a100-sxm-64gb", "l2", "h800-sxm", "h20"]
