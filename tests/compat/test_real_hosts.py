"""The tables against what real hosts printed: 40 of them, where their outputs lie beside the checkout."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from envspec.compat.cuda import branch
from envspec.compat.gpus import gpu_named
from envspec.target.gpu import ComputeCapability, DriverVersion, ToolkitVersion

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SAMPLES = sorted((Path(__file__).parents[3] / "shared" / "data" / "host-samples").glob("*/sample.toml"))

pytestmark = pytest.mark.skipif(
    not SAMPLES, reason="the outputs of real hosts don't lie beside this checkout"
)


def expected() -> list[tuple[str, dict[str, Any]]]:
    return [(path.parent.name, tomllib.loads(path.read_text(encoding="utf-8"))["expect"]) for path in SAMPLES]


def test_the_level_that_a_host_printed_is_that_of_its_branch_or_of_cuda_compat() -> None:
    levels = {
        name: (branch(DriverVersion.parse(expect["driver"])), ToolkitVersion.parse(expect["driver_cuda"]))
        for name, expect in expected()
        if "driver" in expect and "driver_cuda" in expect
    }
    differing = {name for name, (row, level) in levels.items() if row is None or row.cuda_level != level}
    assert differing == {
        "a100-sxm-80gb-450.191.01",  # a container with cuda-compat-11-3
        "toolkit-11.5.2-wsl",  # 516.01 is a driver of Windows
    }
    assert levels["a100-sxm-80gb-450.191.01"][1] == ToolkitVersion(11, 3)
    assert len(levels) >= 15


def test_every_gpu_that_a_real_host_named_is_known_with_its_capability() -> None:
    compared = 0
    for name, expect in expected():
        capabilities = expect.get("compute_capabilities", [])
        for at, gpu in enumerate(expect.get("gpu_names", [])):
            known = gpu_named(gpu)
            assert known is not None, (name, gpu)
            assert known.capability is not None, (name, gpu)
            if at < len(capabilities):
                assert known.capability == ComputeCapability.parse(capabilities[at]), name
            compared += 1
    assert compared >= 20


def test_a_name_that_was_cut_tells_what_its_boards_have_in_common() -> None:
    cut = {text for _, expect in expected() for text in expect.get("gpu_names_in_table", [])}
    told = {text: str(getattr(gpu_named(text), "capability", "no GPU")) for text in cut}
    assert told == {
        "NVIDIA A100 80G...": "8.0",
        "NVIDIA RTX PRO 6000 Blac...": "12.0",
        "NVIDIA GeForce ...": "None",
    }
