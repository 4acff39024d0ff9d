from __future__ import annotations

import platform
import sys
import sysconfig
from itertools import groupby

import pytest
from packaging.tags import sys_tags

from envspec.target.host import Target
from envspec.target.tags import plain_linux, wheel_tags

RHEL_8 = Target(arch="x86_64", glibc=(2, 28), python="3.10.0")


def test_an_old_aarch64_target_has_exactly_these_tags_in_this_order() -> None:
    levels = ("manylinux_2_18_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64", "linux_aarch64")
    blocks = (
        "cp38-cp38", "cp38-abi3", "cp38-none", "cp37-abi3", "cp36-abi3", "cp35-abi3", "cp34-abi3",
        "cp33-abi3", "cp32-abi3", "py38-none", "py3-none", "py37-none", "py36-none", "py35-none", "py34-none",
        "py33-none", "py32-none", "py31-none", "py30-none",
    )  # fmt: skip
    pure = (
        "cp38-none-any", "py38-none-any", "py3-none-any", "py37-none-any", "py36-none-any", "py35-none-any",
        "py34-none-any", "py33-none-any", "py32-none-any", "py31-none-any", "py30-none-any",
    )  # fmt: skip
    expected = tuple(f"{block}-{level}" for block in blocks for level in levels) + pure
    assert wheel_tags(Target(arch="aarch64", glibc=(2, 18), python="3.8.0")) == expected


def test_x86_64_levels_run_from_the_glibc_of_the_target_to_2_5_with_the_legacy_names_at_their_place() -> None:
    levels = [tag.removeprefix("cp310-cp310-") for tag in wheel_tags(RHEL_8)[:28]]
    assert levels == [
        "manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_26_x86_64", "manylinux_2_25_x86_64",
        "manylinux_2_24_x86_64", "manylinux_2_23_x86_64", "manylinux_2_22_x86_64", "manylinux_2_21_x86_64",
        "manylinux_2_20_x86_64", "manylinux_2_19_x86_64", "manylinux_2_18_x86_64", "manylinux_2_17_x86_64",
        "manylinux2014_x86_64", "manylinux_2_16_x86_64", "manylinux_2_15_x86_64", "manylinux_2_14_x86_64",
        "manylinux_2_13_x86_64", "manylinux_2_12_x86_64", "manylinux2010_x86_64", "manylinux_2_11_x86_64",
        "manylinux_2_10_x86_64", "manylinux_2_9_x86_64", "manylinux_2_8_x86_64", "manylinux_2_7_x86_64",
        "manylinux_2_6_x86_64", "manylinux_2_5_x86_64", "manylinux1_x86_64", "linux_x86_64",
    ]  # fmt: skip
    assert wheel_tags(RHEL_8)[28] == "cp310-abi3-manylinux_2_28_x86_64"


@pytest.mark.parametrize("minor", range(8, 15))
def test_each_cpython_has_its_own_tags_first_and_those_of_no_later_one(minor: int) -> None:
    tags = wheel_tags(Target(arch="x86_64", glibc=(2, 28), python=f"3.{minor}.0"))
    assert tags[0] == f"cp3{minor}-cp3{minor}-manylinux_2_28_x86_64"
    assert "cp37-abi3-manylinux2014_x86_64" in tags
    assert "py3-none-any" in tags
    assert not [tag for tag in tags if tag.startswith((f"cp3{minor + 1}-", f"py3{minor + 1}-"))]
    assert len(set(tags)) == len(tags)


@pytest.mark.parametrize(
    "tag",
    [
        "cp310-cp310-manylinux_2_29_x86_64",
        "cp310-cp310-linux_aarch64",
        "cp310-cp310-musllinux_1_2_x86_64",
        "cp310-cp310t-linux_x86_64",
        "cp39-cp39-manylinux2014_x86_64",
        "cp311-abi3-manylinux2014_x86_64",
        "py2-none-any",
        "py311-none-any",
    ],
)
def test_what_the_target_cannot_install_has_no_tag(tag: str) -> None:
    assert tag not in wheel_tags(RHEL_8)


def test_only_the_plain_linux_platform_tells_no_glibc() -> None:
    assert plain_linux("cp310-cp310-linux_x86_64")
    assert not plain_linux("cp310-cp310-manylinux_2_17_x86_64")
    assert not plain_linux("py3-none-any")


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc"
    or sys.implementation.name != "cpython"
    or bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    or platform.machine() not in ("x86_64", "aarch64"),
    reason="compares with a running glibc host, with an interpreter that has the GIL",
)
def test_a_target_like_the_running_host_has_the_tags_that_packaging_finds_there() -> None:
    major, minor = platform.libc_ver()[1].split(".")[:2]
    here = Target(
        arch=platform.machine(),
        glibc=(int(major), int(minor)),
        python=platform.python_version(),
        python_exact=True,
    )
    found = [str(tag) for tag in sys_tags()]
    # packaging 26.3 moved the plain linux tag to the front of each block; earlier ones end with it, as we do.
    expected = [
        tag
        for _, block in groupby(found, key=lambda tag: tag.rpartition("-")[0])
        for tag in sorted(block, key=plain_linux)
    ]
    assert list(wheel_tags(here)) == expected
