from __future__ import annotations

import pytest

from envspec.compat.cuda import minor_floor
from envspec.compat.cudnn import cudnn_support, sonames, tables
from envspec.target.gpu import ComputeCapability, DriverVersion, ToolkitVersion


@pytest.mark.parametrize(
    ("version", "cuda", "drivers"),
    [
        ("8.9.6", "11.8", ["450.80.02"]),
        ("8.9.6.50", "12.1", ["525.60.13"]),
        ("9.5.1.17", "11.4", ["450.80.02"]),
        ("9.10.2.21", "12.8", ["570.26", "525.60.13"]),
        ("8.9.6", "12.8", []),
        ("8.9.7", "11.8", []),
    ],
)
def test_a_release_has_a_driver_floor_for_each_cuda(version: str, cuda: str, drivers: list[str]) -> None:
    assert [row.driver for row in cudnn_support(version, ToolkitVersion.parse(cuda))] == drivers


def test_blackwell_needs_the_row_with_the_newer_driver() -> None:
    blackwell, hopper = ComputeCapability(10, 0), ComputeCapability(9, 0)
    rows = cudnn_support("9.10.2", ToolkitVersion(12, 8))
    assert [row.driver for row in rows if row.runs_on(blackwell)] == ["570.26"]
    assert [row.driver for row in rows if row.runs_on(hopper)] == ["570.26", "525.60.13"]


def test_no_row_asks_for_less_than_the_floor_of_its_cuda() -> None:
    for row in tables().support:
        for cuda in row.cuda:
            floor = minor_floor(ToolkitVersion.parse(cuda.replace(".x", ".1")))
            assert floor is not None
            assert row.driver_version >= floor.driver_version


def test_a_major_has_its_own_sonames() -> None:
    assert "libcudnn.so.8" in sonames(8)
    assert "libcudnn.so.9" in sonames(9)
    assert not set(sonames(8)) & set(sonames(9))
    assert sonames(7) == ()


def test_the_driver_of_a_row_is_a_version() -> None:
    assert cudnn_support("9.17.0", ToolkitVersion(13, 0))[0].driver_version == DriverVersion.parse(
        "580.65.06"
    )
