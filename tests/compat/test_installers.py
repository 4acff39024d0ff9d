from __future__ import annotations

import pytest

from envspec.compat import cuda
from envspec.compat.installers import (
    cuda_runfile,
    cudnn_archive,
    driver_runfile,
    facts,
    failures,
    installed_size,
    options,
    tables,
)
from envspec.target.gpu import ToolkitVersion


def test_the_runfile_of_cuda_11_8() -> None:
    row = cuda_runfile("11.8.0")
    assert row is not None
    assert row.url == (
        "https://developer.download.nvidia.com/compute/cuda/11.8.0/local_installers/"
        "cuda_11.8.0_520.61.05_linux.run"
    )
    assert row.sha256 == "9223c4af3aebe4a7bbed9abd9b163b03a1b34b855fbc2b4a0d1b706ac09a5a16"
    assert row.md5 == "d6cf26349e5a4104b8683e26b717fa22"
    assert (row.size, row.driver) == (4336730777, "520.61.05")


@pytest.mark.parametrize(
    ("asked", "version"),
    [("11.8", "11.8.0"), ("12.1", "12.1.1"), ("12.1.0", "12.1.0"), ("12.2", "12.2.2")],
)
def test_a_line_stands_for_its_newest_release(asked: str, version: str) -> None:
    row = cuda_runfile(asked)
    assert row is not None
    assert row.version == version


@pytest.mark.parametrize("asked", ["", "1", "11.80", "12.7", "cuda"])
def test_a_release_that_nobody_recorded_has_no_runfile(asked: str) -> None:
    assert cuda_runfile(asked) is None


def test_the_driver_runfile_of_the_data_centre_line_has_its_url() -> None:
    row = driver_runfile("580.126.09")
    assert row is not None
    assert row.is_data_center
    assert row.url == ("https://us.download.nvidia.com/tesla/580.126.09/NVIDIA-Linux-x86_64-580.126.09.run")
    assert row.sha256 is None


def test_a_branch_stands_for_its_newest_data_centre_driver() -> None:
    row = driver_runfile("570")
    assert row is not None
    assert row.version == "570.211.01"
    assert driver_runfile("999") is None


def test_a_driver_whose_line_nobody_knows_has_no_url() -> None:
    for row in tables().driver_runfile:
        assert (row.url is not None) == row.is_data_center
        assert row.url is None or f"/tesla/{row.version}/" in row.url


def test_a_recorded_sum_is_kept_in_hex() -> None:
    row = driver_runfile("520.61.05")
    assert row is not None
    assert row.sha256 == "10f6166703aeaffea237fa2d0ccacd0e9357af59b3bbc708a9097c9578509735"


@pytest.mark.parametrize(
    ("version", "toolkit", "file"),
    [
        ("8.9.7", "11.8", "cudnn-linux-x86_64-8.9.7.29_cuda11-archive.tar.xz"),
        ("8.9.7.29", "12.1", "cudnn-linux-x86_64-8.9.7.29_cuda12-archive.tar.xz"),
    ],
)
def test_an_archive_of_cudnn_is_of_one_cuda_major(version: str, toolkit: str, file: str) -> None:
    row = cudnn_archive(version, ToolkitVersion.parse(toolkit))
    assert row is not None
    assert row.url.endswith(file)
    assert row.sha256 is not None


def test_a_cudnn_that_nobody_recorded_has_no_archive() -> None:
    assert cudnn_archive("8.9.7", ToolkitVersion(13, 0)) is None
    assert cudnn_archive("7.6", ToolkitVersion(11, 8)) is None


def test_only_one_toolkit_was_measured_and_by_nobody_who_can_be_named() -> None:
    row = installed_size("12.6.3")
    assert row is not None
    assert (row.installed_bytes, row.weak) == (7516192768, True)
    assert installed_size("11.8.0") is None


def test_the_options_that_install_a_toolkit_and_no_driver_are_there() -> None:
    named = {row.option.partition("=")[0] for row in options("cuda")}
    assert {"--silent", "--toolkit", "--toolkitpath", "--tmpdir", "--driver"} <= named
    assert "--dkms, --no-dkms" in {row.option for row in options("driver")}


def test_the_failure_of_a_full_tmp_is_told_apart_by_nobody() -> None:
    row = failures("cuda")[0]
    assert row.text.startswith("Extraction failed. Ensure there is enough space in /tmp")
    assert (row.exit_code, row.cause) == (15, "temporary space or a damaged file")


def test_a_driver_needs_headers_of_the_running_kernel() -> None:
    assert [row.name for row in facts("driver")][:2] == ["kernel-headers", "rhel-packages"]


def test_the_driver_in_a_runfile_is_the_one_that_the_toolkits_table_names() -> None:
    inside = {row.version: row.runfile_driver for row in cuda.tables().toolkit if row.runfile_driver}
    for row in tables().cuda_runfile:
        assert row.driver == inside.get(row.version, row.driver), row.version


def test_every_driver_is_of_a_branch_that_has_a_row() -> None:
    assert all(cuda.branch(row.driver) is not None for row in tables().driver_runfile)
