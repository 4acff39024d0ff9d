from __future__ import annotations

import datetime

import pytest

from envspec.compat.operating_systems import os_names, os_row
from envspec.errors import InvalidValueError


def test_rhel_8_9_has_glibc_2_28_and_its_kernel() -> None:
    row = os_row("rhel-8.9")
    assert (row.id, row.version, row.glibc, row.glibc_version) == ("rhel", "8.9", "2.28", (2, 28))
    assert row.kernel == "4.18.0-513"


@pytest.mark.parametrize(
    ("name", "glibc"),
    [
        ("centos-7", "2.17"),
        ("rhel-8.10", "2.28"),
        ("rhel-9.4", "2.34"),
        ("rhel-10", "2.39"),
        ("rocky-8", "2.28"),
        ("almalinux-9", "2.34"),
        ("ubuntu-20.04", "2.31"),
        ("ubuntu-22.04", "2.35"),
        ("ubuntu-24.04", "2.39"),
        ("debian-12", "2.36"),
        ("opensuse-leap-15.6", "2.38"),
    ],
)
def test_an_os_gives_its_glibc(name: str, glibc: str) -> None:
    assert os_row(name).glibc == glibc


@pytest.mark.parametrize(
    ("name", "row"), [("rhel-8.11", "rhel-8"), ("rhel-9.2", "rhel-9"), ("rocky-8.9", "rocky-8")]
)
def test_a_minor_release_without_a_row_falls_back_where_the_table_says_so(name: str, row: str) -> None:
    assert os_row(name).key == row


@pytest.mark.parametrize(
    "name",
    ["ubuntu-22.10", "ubuntu-22.04.1", "rhel-8.x", "rhel-8.", "rhel-8.9.1", "rhel", "", "-", "rhel-11.1"],
)
def test_a_release_that_no_row_stands_for_is_refused(name: str) -> None:
    with pytest.raises(InvalidValueError):
        os_row(name)


def test_an_unknown_release_is_refused_with_the_known_ones_of_its_family() -> None:
    with pytest.raises(InvalidValueError) as caught:
        os_row("ubuntu-21.04")
    assert caught.value.what == "OS 'ubuntu-21.04' is not in the table"
    assert caught.value.why == "known and nearest: ubuntu-18.04, ubuntu-20.04, ubuntu-22.04, ubuntu-24.04"
    assert 'glibc = "2.28"' in caught.value.fix


def test_a_misspelt_family_is_answered_with_the_nearest_names() -> None:
    with pytest.raises(InvalidValueError) as caught:
        os_row("rehl-8.9")
    assert "rhel-8.9" in caught.value.why


def test_an_endless_name_is_not_repeated_whole() -> None:
    with pytest.raises(InvalidValueError) as caught:
        os_row("x" * 100_000)
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize("name", os_names())
def test_every_row_has_a_source_and_the_day_it_was_checked(name: str) -> None:
    row = os_row(name)
    assert row.key == name
    assert row.source.startswith("https://")
    assert row.checked >= datetime.date(2026, 1, 1)
    assert (2, 5) <= row.glibc_version < (3, 0)
