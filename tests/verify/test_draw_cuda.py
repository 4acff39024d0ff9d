from __future__ import annotations

from typing import Any

import pytest

from envspec.target.gpu import ToolkitVersion
from envspec.verify.draw_cuda import cuda_of, run_time_code
from tests.lock.locks import distribution, lock


def of(*releases: tuple[str, str], **fields: Any) -> tuple[str, str]:
    cuda = cuda_of(lock(*(distribution(name, version) for name, version in releases), **fields))
    return (str(cuda.release) if cuda.release else "", cuda.by)


@pytest.mark.parametrize(
    ("releases", "expected"),
    [
        ([("torch", "2.1.2+cu118")], ("11.8", "torch 2.1.2+cu118")),
        ([("torch", "2.9.1+cu130")], ("13.0", "torch 2.9.1+cu130")),
        ([("torch", "2.1.2")], ("12.1", "torch 2.1.2")),
        ([("torch", "2.1.2+cpu")], ("", "")),
        ([("nvidia-cuda-runtime-cu12", "12.1.105"), ("torch", "2.1.2")], ("12.1", "torch 2.1.2")),
        (
            [("nvidia-cuda-runtime-cu12", "12.4.127"), ("torch", "2.1.2+cu118")],
            ("12.4.127", "nvidia-cuda-runtime-cu12 12.4.127"),
        ),
        ([("cupy-cuda11x", "13.2.0")], ("11.0", "cupy-cuda11x 13.2.0")),
        ([("cupy-cuda111", "12.3.0")], ("11.1", "cupy-cuda111 12.3.0")),
        ([("torchvision", "0.16.2+cu118")], ("11.8", "torchvision 0.16.2+cu118")),
        ([("numpy", "1.26.4")], ("", "")),
        ([("odd", "1.0+cu1x")], ("", "")),
    ],
)
def test_the_cuda_of_a_lock_is_the_highest_of_its_builds(
    releases: list[tuple[str, str]], expected: tuple[str, str]
) -> None:
    assert of(*releases) == expected


def test_what_the_spec_says_counts_where_no_build_says_it() -> None:
    assert of(("numpy", "1.26.4"), target={"cuda": "12.1"}) == ("12.1", "ocr, as its spec says")
    assert of(("numpy", "1.26.4"), target={"cuda": "cpu"}) == ("", "")


def test_the_table_of_builds_is_for_x86_64_alone() -> None:
    assert of(("torch", "2.1.2"), target={"arch": "aarch64"}) == ("", "")
    assert of(("torch", "2.9.1+cu130"), target={"arch": "aarch64"}) == ("13.0", "torch 2.9.1+cu130")
    made = lock(distribution("torch", "2.9.1+cu130"), target={"arch": "aarch64"})
    assert cuda_of(made).targets == ()


def test_cudnn_is_that_of_the_wheel_that_brings_it_before_the_table() -> None:
    torch = distribution("torch", "2.1.2")
    assert cuda_of(lock(torch)).cudnn == "8.9.2.26"
    assert cuda_of(lock(distribution("nvidia-cudnn-cu12", "9.1.0.70"), torch)).cudnn == "9.1.0.70"


def test_what_compiles_at_run_time_is_named_with_the_cuda_that_it_makes_code_of() -> None:
    made = lock(
        distribution("cupy-cuda12x", "13.2.0"),
        distribution("numba", "0.61.2"),
        distribution("torch", "2.1.2+cu118"),
        distribution("triton", "2.1.0"),
    )
    told = {
        (code.what, code.is_ptx, str(code.toolkit)) for code in run_time_code(made, ToolkitVersion(11, 8))
    }
    assert told == {
        ("torch.compile (triton 2.1.0)", False, "12.1.105"),
        ("numba.cuda (numba 0.61.2)", True, "11.8"),
        ("cupy-cuda12x 13.2.0", False, "11.8"),
    }
    assert run_time_code(made, None) == ()


def test_a_triton_that_nobody_has_looked_into_has_no_cuda() -> None:
    made = lock(distribution("torch", "2.5.1+cu121"), distribution("triton", "3.1.0"))
    [code] = run_time_code(made, ToolkitVersion(12, 1))
    assert (code.what, code.toolkit) == ("torch.compile (triton 3.1.0)", None)
