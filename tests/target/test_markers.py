from __future__ import annotations

import os
import platform
import sys

import pytest
from packaging.markers import Marker, default_environment

from envspec.target.host import Target
from envspec.target.markers import (
    marker_environment,
    patch_sensitive_marker,
    patch_sensitive_requires_python,
)

MINOR = Target(arch="x86_64", glibc=(2, 28), python="3.10.0", os="rhel-8.9", kernel="4.18.0-513")
EXACT = Target(arch="x86_64", glibc=(2, 28), python="3.10.3", python_exact=True)


def test_a_target_has_all_eleven_variables() -> None:
    assert marker_environment(MINOR) == {
        "implementation_name": "cpython",
        "implementation_version": "3.10.0",
        "os_name": "posix",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "platform_release": "4.18.0-513",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": "3.10.0",
        "python_version": "3.10",
        "sys_platform": "linux",
    }


def test_no_variable_is_left_for_the_running_host_to_fill() -> None:
    assert set(marker_environment(MINOR)) == set(default_environment())


@pytest.mark.skipif(
    os.name != "posix"
    or sys.platform != "linux"
    or sys.implementation.name != "cpython"
    or "+" in sys.version,
    reason="compares with a running Linux CPython release",
)
def test_a_target_like_the_running_host_differs_from_packaging_in_the_kernel_only() -> None:
    here = Target(arch=platform.machine(), glibc=(2, 17), python=platform.python_version(), python_exact=True)
    kernel = {"platform_release", "platform_version"}
    ours = {key: value for key, value in marker_environment(here).items() if key not in kernel}
    theirs = {key: value for key, value in default_environment().items() if key not in kernel}
    assert ours == theirs


@pytest.mark.parametrize("marker", ['platform_release >= "5.0"', 'platform_version > "1"'])
def test_an_unknown_kernel_fails_no_marker_that_asks_for_it(marker: str) -> None:
    unknown = Target(arch="x86_64", glibc=(2, 28), python="3.10.0")
    assert not Marker(marker).evaluate({**marker_environment(unknown), "extra": ""})


@pytest.mark.parametrize(
    ("marker", "flips_at"),
    [
        ('python_full_version < "3.10.4"', "3.10.4"),
        ('python_full_version <= "3.10.4"', "3.10.5"),
        ('python_full_version > "3.10"', "3.10.1"),
        ('python_full_version != "3.10.7"', "3.10.7"),
        ('python_full_version ~= "3.10.2"', "3.10.2"),
        ('implementation_version >= "3.10.2"', "3.10.2"),
        ('"3.10.9" > python_full_version', "3.10.9"),
        ('python_full_version >= "3.10.2" and sys_platform == "linux"', "3.10.2"),
        ('python_full_version >= "3.10.2" and sys_platform == "win32"', None),
        ('python_full_version < "3.11.4"', None),
        ('python_full_version >= "3.8.1"', None),
        ('python_full_version == "3.10.*"', None),
        ('python_version < "3.11"', None),
        ('python_full_version >= "3.10.0b1"', None),
        ('python_full_version < "3.10.999"', None),
        ("python_full_version <<< nonsense", None),
    ],
)
def test_a_marker_that_a_patch_release_changes_is_told_with_that_release(
    marker: str, flips_at: str | None
) -> None:
    assert patch_sensitive_marker(marker, MINOR) == flips_at


def test_a_marker_of_an_extra_is_judged_with_that_extra() -> None:
    marker = 'extra == "fast" and python_full_version < "3.10.4"'
    assert patch_sensitive_marker(marker, MINOR) is None
    assert patch_sensitive_marker(marker, MINOR, extra="fast") == "3.10.4"


@pytest.mark.parametrize(
    ("specifier", "flips_at"),
    [
        (">=3.10.2", "3.10.2"),
        (">=3.8,!=3.10.1", "3.10.1"),
        (">3.10", "3.10.1"),
        (">=3.8,<3.10.4", "3.10.4"),
        ("<=3.10", "3.10.1"),
        ("<=3.10.0", "3.10.1"),
        ("==3.10", "3.10.1"),
        ("!=3.10", "3.10.1"),
        ("==3.10.*", None),
        ("~=3.10", None),
        ("~=3.10.0", None),
        (">=3.8", None),
        ("<3.11", None),
        ("!=3.9.7", None),
        ("not a specifier", None),
        ("", None),
    ],
)
def test_a_requires_python_that_a_patch_release_changes_is_told_with_that_release(
    specifier: str, flips_at: str | None
) -> None:
    assert patch_sensitive_requires_python(specifier, MINOR) == flips_at


def test_an_exact_python_settles_every_patch_release() -> None:
    assert patch_sensitive_marker('python_full_version < "3.10.4"', EXACT) is None
    assert patch_sensitive_requires_python(">=3.10.2", EXACT) is None
