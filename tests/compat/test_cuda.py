from __future__ import annotations

import pytest

from envspec.compat.cuda import (
    branch,
    code_target,
    compat_package,
    error_code,
    limits,
    minor_floor,
    supported_branches,
    tables,
    toolkit_driver,
)
from envspec.compat.gpus import gpus
from envspec.target.gpu import ComputeCapability, DriverVersion, ToolkitVersion

TODAY = "2026-11-28"


def cuda(text: str) -> ToolkitVersion:
    return ToolkitVersion.parse(text)


def driver(text: str) -> DriverVersion:
    return DriverVersion.parse(text)


@pytest.mark.parametrize(
    ("toolkit", "release", "needs"),
    [
        ("11.8", "11.8.0", "520.61.05"),
        ("12.1", "12.1.0", "530.30.02"),
        ("12.1.1", "12.1.1", "530.30.02"),
        ("12.1.105", "12.1.0", "530.30.02"),
        ("12.2.2", "12.2.2", "535.104.05"),
        ("12.3.2", "12.3.0", "545.23.06"),
        ("11.0", "11.0.2", "450.51.05"),
        ("11.0.1", "11.0.1", "450.36.06"),
        ("13.0", "13.0.0", "580.65.06"),
        ("10.2", "10.2.89", "440.33"),
    ],
)
def test_a_toolkit_has_its_full_function_from_the_driver_that_came_with_it(
    toolkit: str, release: str, needs: str
) -> None:
    row = toolkit_driver(cuda(toolkit))
    assert row is not None
    assert (row.version, row.driver_version) == (release, driver(needs))


@pytest.mark.parametrize("toolkit", ["9.2", "12.7", "14.0", "13.3"])
def test_a_toolkit_whose_driver_no_source_gives_has_no_row(toolkit: str) -> None:
    assert toolkit_driver(cuda(toolkit)) is None


@pytest.mark.parametrize(
    ("toolkit", "floor", "says"),
    [("11.8", "450.80.02", ">=450"), ("12.1", "525.60.13", ">=525"), ("13.2", "580.65.06", ">=580")],
)
def test_a_major_has_one_floor_for_all_its_minor_versions(toolkit: str, floor: str, says: str) -> None:
    row = minor_floor(cuda(toolkit))
    assert row is not None
    assert (row.driver_version, row.table_says) == (driver(floor), says)


def test_before_cuda_11_there_is_no_minor_version_compatibility() -> None:
    assert minor_floor(cuda("10.2")) is None


def test_no_floor_is_above_a_driver_that_came_with_a_toolkit_of_that_major() -> None:
    for row in tables().toolkit:
        floor = minor_floor(row.toolkit)
        if floor is not None and row.driver_version is not None and row.toolkit >= cuda(floor.from_ or "0.0"):
            assert floor.driver_version <= row.driver_version, row.version


def test_r515_is_over_and_r580_lives_to_june_2028() -> None:
    old, new = branch(driver("515.105.01")), branch(580)
    assert old is not None
    assert new is not None
    assert (old.name, old.is_supported(TODAY), old.cuda_level) == ("R515", False, cuda("11.7"))
    assert (new.name, new.kind, new.end_of_life, new.is_supported(TODAY)) == ("R580", "lts", "2028-06", True)


def test_a_branch_nobody_knows_has_no_row() -> None:
    assert branch(999) is None


@pytest.mark.parametrize(
    ("day", "names"),
    [
        ("2026-06-30", ["R535", "R580", "R595", "R610", "R620"]),
        ("2026-07-01", ["R580", "R595", "R610", "R620"]),
        (TODAY, ["R580", "R595", "R620"]),
        ("2028-07-01", ["R620"]),
        ("2031-01-01", []),
    ],
)
def test_a_branch_is_supported_to_the_end_of_its_last_month(day: str, names: list[str]) -> None:
    assert [row.name for row in supported_branches(day)] == names


def test_a_new_feature_branch_without_a_date_is_neither_supported_nor_over() -> None:
    row = branch(615)
    assert row is not None
    assert row.is_supported(TODAY) is None
    assert row not in supported_branches(TODAY)


def test_volta_ends_with_r580_and_kepler_with_r470() -> None:
    assert [(row.name, row.last_for) for row in tables().branch if row.last_for] == [
        ("R470", ("Kepler",)),
        ("R580", ("Maxwell", "Pascal", "Volta")),
    ]


def test_cuda_compat_12_1_runs_on_r515_and_later_images_left_that_branch_out() -> None:
    package = compat_package(cuda("12.1"))
    assert package is not None
    assert package.package == "cuda-compat-12-1"
    assert package.driver_version == driver("530.30.02")
    assert package.branches == (450, 470, 510, 515, 525)
    assert package.dropped == (450, 510, 515)
    assert package.runs_on(driver("515.105.01"))
    assert not package.weak


@pytest.mark.parametrize("host", ["460.32.03", "520.61.05", "535.54.03"])
def test_a_compatibility_package_does_not_run_on_a_branch_that_nvidia_does_not_list(host: str) -> None:
    package = compat_package(cuda("12.1"))
    assert package is not None
    assert not package.runs_on(driver(host))


def test_a_compatibility_package_is_of_no_use_to_a_driver_that_is_newer() -> None:
    package = compat_package(cuda("12.9"))
    assert package is not None
    assert 580 in package.branches
    assert not package.runs_on(driver("580.65.06"))


@pytest.mark.parametrize(
    ("toolkit", "branches", "dropped"),
    [
        ("11.8", (450, 470, 510, 515), (450, 510, 515)),
        ("12.4", (470, 525, 535), ()),
        ("12.6", (470, 535, 550), ()),
        ("12.8", (470, 535, 550, 560, 565), ()),
        ("13.0", (535, 550, 565, 570, 575), ()),
    ],
)
def test_each_cuda_has_the_branches_that_nvidias_images_list(
    toolkit: str, branches: tuple[int, ...], dropped: tuple[int, ...]
) -> None:
    package = compat_package(cuda(toolkit))
    assert package is not None
    assert (package.branches, package.dropped, package.weak) == (branches, dropped, False)


def test_where_no_list_of_branches_is_known_there_is_no_package() -> None:
    assert compat_package(cuda("13.2")) is None


def test_every_package_holds_the_driver_of_its_toolkit_and_lists_known_branches() -> None:
    for package in tables().compat_package:
        assert set(package.dropped) < set(package.branches)
        assert all(branch(number) for number in package.branches)
        inside = [row.driver for row in tables().toolkit if row.version.startswith(f"{package.cuda}.")]
        assert package.driver in inside


def test_the_limits_of_minor_version_compatibility_say_that_newer_ptx_is_not_compiled() -> None:
    assert [row.name for row in limits("minor-version")] == ["ptx", "features", "same-major"]
    assert "error 222" in limits("minor-version")[0].text
    assert [row.name for row in limits("forward")] == ["gpus", "branches", "not-newer", "path"]


def test_every_gpu_of_the_table_has_machine_code_of_some_toolkit() -> None:
    missing = [row.id for row in gpus() if code_target(row.compute_capability) is None]
    assert missing == []


def test_hopper_needs_cuda_11_8_and_cuda_13_drops_volta() -> None:
    hopper, volta = code_target(ComputeCapability(9, 0)), code_target(ComputeCapability(7, 0))
    assert hopper is not None
    assert volta is not None
    assert (hopper.first, hopper.last, volta.last) == ("11.8", "", "12.9")
    assert code_target(ComputeCapability(99, 9)) is None


def test_error_codes_have_their_names() -> None:
    row = error_code(804)
    assert row is not None
    assert row.name == "cudaErrorCompatNotSupportedOnDevice"
    assert error_code(1) is None


def test_the_level_of_a_branch_is_the_toolkit_that_came_with_it() -> None:
    first: dict[int, ToolkitVersion] = {}
    for row in tables().toolkit:
        if row.driver_version is not None:
            first.setdefault(row.driver_version.branch, cuda(row.toolkit.release))
    for number, level in first.items():
        known = branch(number)
        if known is not None and known.cuda_level is not None:
            assert known.cuda_level == level, number
