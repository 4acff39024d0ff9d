from __future__ import annotations

import pytest

from envspec.compat.cuda import minor_floor, toolkit_driver
from envspec.compat.torch_builds import built_for_numpy_1, tables, torch_build, torch_set, triton_ptxas
from envspec.target.gpu import CodeTarget, ComputeCapability


@pytest.mark.parametrize(
    ("version", "line", "variant", "cuda", "cudnn"),
    [
        ("2.1.2+cu118", "2.1", "cu118", "11.8", "8.7.0.84"),
        ("2.1.2+cu121", "2.1", "cu121", "12.1", "8.9.2.26"),
        ("2.1.2", "2.1", "cu121", "12.1", "8.9.2.26"),
        ("2.9.1", "2.9", "cu128", "12.8", "9.10.2.21"),
        ("2.11.0", "2.11", "cu130", "13.0", "9.17.1.4"),
        ("2.1.0.dev20230901+cu121", "2.1", "cu121", "12.1", "8.9.2.26"),
        ("2.1.2+cpu", "2.1", "cpu", None, None),
    ],
)
def test_a_version_tells_its_build(
    version: str, line: str, variant: str, cuda: str | None, cudnn: str | None
) -> None:
    build = torch_build(version)
    assert build is not None
    assert (build.torch, build.variant, build.cuda, build.cudnn) == (line, variant, cuda, cudnn)


@pytest.mark.parametrize(
    "version", ["1.13.1", "2.1.2+cu999", "2.1.2+rocm5.6", "2.20.0", "2.1.9", "two", "", "2", "9" * 100_000]
)
def test_a_version_nobody_knows_has_no_build(version: str) -> None:
    assert torch_build(version) is None


def test_the_founding_builds_carry_machine_code_for_an_a100_and_no_ptx() -> None:
    a100 = ComputeCapability(8, 0)
    for version in ("2.1.2+cu118", "2.1.2+cu121"):
        build = torch_build(version)
        assert build is not None
        assert build.code_targets is not None
        assert CodeTarget.parse("sm_80") in build.code_targets
        assert not any(target.is_ptx for target in build.code_targets)
        assert any(target.runs_on(a100) for target in build.code_targets)
        assert build.glibc == "2.17"


@pytest.mark.parametrize(("version", "runs"), [("2.1.2+cu118", True), ("2.1.2+cu121", False)])
def test_cuda_12_builds_of_2_1_do_not_run_on_kepler_and_those_of_11_8_do(version: str, runs: bool) -> None:
    build = torch_build(version)
    assert build is not None
    assert build.code_targets is not None
    assert any(target.runs_on(ComputeCapability(3, 7)) for target in build.code_targets) is runs


def test_targets_that_nobody_has_read_are_none_and_those_of_a_cpu_build_are_empty() -> None:
    unread, cpu = torch_build("2.6.0+cu118"), torch_build("2.6.0+cpu")
    assert unread is not None
    assert cpu is not None
    assert (unread.code_targets, cpu.code_targets) == (None, ())


def test_every_build_was_made_for_a_cuda_that_has_a_driver_and_a_floor() -> None:
    for build in tables().build:
        assert (build.variant == "cpu") == (build.toolkit is None)
        if build.toolkit is not None:
            assert build.variant == f"cu{build.toolkit.major}{build.toolkit.minor}"
            assert toolkit_driver(build.toolkit) is not None, build.cuda
            assert minor_floor(build.toolkit) is not None


def test_what_is_said_of_targets_has_a_source_of_its_own() -> None:
    assert all((build.targets is None) == (build.targets_source == "") for build in tables().build)


def test_the_releases_that_go_together() -> None:
    row = torch_set("2.1.2+cu118")
    assert row is not None
    assert (row.torchvision, row.torchaudio, row.triton) == ("0.16.2", "2.1.2", "2.1.0")
    assert row.variants == ("cpu", "cu118", "cu121")
    assert torch_set("2.1.9") is None


def test_every_variant_of_a_set_has_its_build() -> None:
    for row in tables().set:
        assert row.default is None or row.default in row.variants
        for variant in row.variants:
            assert torch_build(f"{row.torch}+{variant}") is not None, (row.torch, variant)


@pytest.mark.parametrize(
    ("project", "version", "old"),
    [
        ("torch", "2.1.2+cu118", True),
        ("torch", "2.2.2", True),
        ("torch", "2.3.0+cu121", False),
        ("opencv-python-headless", "4.10.0.82", True),
        ("opencv-python-headless", "4.10.0.84", False),
        ("numpy", "1.26.4", False),
        ("torch", "not a version", False),
    ],
)
def test_releases_that_were_built_for_numpy_1_are_known(project: str, version: str, old: bool) -> None:
    assert (built_for_numpy_1(project, version) is not None) is old


def test_triton_2_1_assembles_with_cuda_12_1_whatever_the_variant_of_torch() -> None:
    row = triton_ptxas("2.1.0")
    assert row is not None
    assert row.toolkit.release == "12.1"
    assert triton_ptxas("3.0.0") is None
