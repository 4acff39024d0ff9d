from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envspec.compat.cuda import tables
from envspec.target.gpu import DriverVersion, ToolkitVersion
from envspec.verify.driver_grade import floors, grade

ORDER = {"refused": 0, "minor-version": 1, "full": 2}

drivers = st.tuples(st.integers(300, 700), st.integers(0, 300), st.integers(0, 99)).map(
    lambda parts: DriverVersion.parse(".".join(map(str, parts)))
)
listed = st.sampled_from([row.toolkit for row in tables().toolkit if row.driver])


@pytest.mark.parametrize(
    ("cuda", "driver", "expected"),
    [
        ("11.8", "450.80.01", "refused"),
        ("11.8", "450.80.02", "minor-version"),
        ("11.8", "515.105.01", "minor-version"),
        ("11.8", "520.61.04", "minor-version"),
        ("11.8", "520.61.05", "full"),
        ("11.8", "525", "full"),
        ("11.0", "450.51.04", "refused"),
        ("11.0", "450.51.05", "full"),
        ("12.1", "515.105.01", "refused"),
        ("12.1", "525.60.11", "refused"),
        ("12.1", "525.60.13", "minor-version"),
        ("12.1", "530.30.02", "full"),
        ("12.1.105", "530.30.02", "full"),
        ("12.4", "550.54.14", "full"),
        ("13.0", "575.57.08", "refused"),
        ("13.0", "580.65.06", "full"),
        ("13.3", "580.65.06", "minor-version"),
        ("13.3", "610.10.01", "full"),
        ("10.2", "440.32", "refused"),
        ("10.2", "440.33", "full"),
        ("99.0", "999.99.99", ""),
    ],
)
def test_each_side_of_each_floor(cuda: str, driver: str, expected: str) -> None:
    assert grade(ToolkitVersion.parse(cuda), DriverVersion.parse(driver)) == expected


@given(listed, drivers, drivers)
def test_a_newer_driver_is_never_worse(
    cuda: ToolkitVersion, one: DriverVersion, other: DriverVersion
) -> None:
    older, newer = sorted((one, other))
    assert ORDER[grade(cuda, older)] <= ORDER[grade(cuda, newer)]


@given(listed, listed, drivers)
def test_an_older_toolkit_is_never_worse_off(
    one: ToolkitVersion, other: ToolkitVersion, driver: DriverVersion
) -> None:
    older, newer = sorted((one[:2], other[:2]))
    assert ORDER[grade(ToolkitVersion(*older), driver)] >= ORDER[grade(ToolkitVersion(*newer), driver)]


@given(listed, drivers)
def test_a_grade_is_what_the_two_floors_say(cuda: ToolkitVersion, driver: DriverVersion) -> None:
    rows = floors(cuda)
    assert rows.full is not None
    full = rows.full.driver_version
    assert full is not None
    if driver >= full:
        assert grade(cuda, driver) == "full"
    elif rows.minor is not None and driver >= rows.minor.driver_version:
        assert grade(cuda, driver) == "minor-version"
    else:
        assert grade(cuda, driver) == "refused"
