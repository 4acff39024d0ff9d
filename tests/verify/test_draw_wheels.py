from __future__ import annotations

from typing import Any

import pytest

from envspec.lock.document import LockedDistribution
from envspec.verify.draw_wheels import wheels_of
from envspec.verify.needs import FromWheel
from tests.lock.locks import distribution, file, lock


def read(*rows: tuple[LockedDistribution, dict[str, Any]]) -> Any:
    """Wheels that were read, by what reading them said."""
    audit = {item.wheel.sha256: row for item, row in rows if item.wheel is not None}
    return wheels_of(lock(*(item for item, _ in rows), extra_tool={"audit": audit}))


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        ("cp310-cp310-manylinux_2_28_x86_64", "2.28"),
        ("cp310-cp310-manylinux2014_x86_64", "2.17"),
        ("cp310-cp310-manylinux2010_x86_64", "2.12"),
        ("cp310-cp310-manylinux1_x86_64", "2.5"),
        ("cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64", "2.17"),
        ("cp310-cp310-manylinux_2_27_x86_64.manylinux_2_28_x86_64", "2.27"),
        ("cp310-cp310-manylinux_2_5_x86_64.manylinux1_x86_64.manylinux_2_12_x86_64", "2.5"),
    ],
)
def test_a_tag_promises_a_glibc(tag: str, version: str) -> None:
    wheels = wheels_of(lock(distribution("fast", "1.0", tag=tag)))
    assert wheels.glibc == (FromWheel(version, "fast 1.0", "tag"),)
    assert wheels.tells_no_glibc == ()


def test_a_pure_wheel_promises_and_needs_nothing() -> None:
    wheels = wheels_of(lock(distribution("pure", "1.0")))
    assert (wheels.glibc, wheels.tells_no_glibc, wheels.not_read) == ((), (), ())


def test_an_sdist_is_no_wheel_that_nobody_has_read() -> None:
    item = distribution("source", "1.0", wheel=None, sdist=file("source-1.0.tar.gz"))
    wheels = wheels_of(lock(item))
    assert (wheels.glibc, wheels.tells_no_glibc, wheels.not_read) == ((), (), ())


def test_the_highest_comes_first_by_number() -> None:
    wheels = wheels_of(
        lock(
            distribution("a", "1.0", tag="cp310-cp310-manylinux_2_5_x86_64"),
            distribution("b", "1.0", tag="cp310-cp310-manylinux_2_17_x86_64"),
        )
    )
    assert [need.thing for need in wheels.glibc] == ["2.17", "2.5"]


def test_a_wheel_that_was_read_and_asks_for_no_glibc_needs_none_whatever_its_tag() -> None:
    item = distribution("fast", "1.0", tag="cp310-cp310-manylinux_2_28_x86_64")
    wheels = read((item, {"name": "fast"}))
    assert (wheels.glibc, wheels.not_read) == ((), ())


def test_a_wheel_that_was_read_in_part_is_said_so() -> None:
    item = distribution("fast", "1.0", tag="cp310-cp310-manylinux_2_28_x86_64")
    assert read((item, {"not-read": ["fast.so: cut"]})).not_read == ("fast 1.0",)


def test_libraries_of_the_driver_are_no_matter_of_packages_and_those_of_cuda_have_rules_of_their_own() -> (
    None
):
    item = distribution("fast", "1.0", tag="cp310-cp310-manylinux_2_28_x86_64")
    names = ["libcuda.so.1", "libnvidia-ml.so.1", "libcudart.so.12", "libcudnn_ops.so.9", "libgomp.so.1"]
    rows = [{"soname": name, "needed": "import", "by": "fast.so"} for name in names]
    wheels = read((item, {"libraries": rows}))
    assert [need.thing for need in wheels.libraries] == ["libgomp.so.1"]
    assert [need.thing for need in wheels.toolkit] == ["libcudart.so.12"]
    assert [need.thing for need in wheels.cudnn] == ["libcudnn_ops.so.9"]


def test_reading_counts_before_the_table() -> None:
    item = distribution("opencv-python", "4.11.0.86", tag="cp37-abi3-manylinux_2_17_x86_64")
    by_table = {need.thing for need in wheels_of(lock(item)).libraries}
    assert "libGL.so.1" in by_table
    assert read((item, {"name": "opencv-python"})).libraries == ()


def test_a_program_that_both_name_is_told_once() -> None:
    item = distribution("openai-whisper", "20240930")
    wheels = read((item, {"executables": [{"name": "ffmpeg", "needed": "use", "by": "whisper/audio.py:58"}]}))
    assert [(need.thing, need.what_for) for need in wheels.executables] == [
        ("ffmpeg", "reading an audio file by its name")
    ]


def test_parts_of_a_toolkit_are_wanted_where_no_wheel_brings_a_runtime() -> None:
    cupy = distribution("cupy-cuda12x", "13.2.0", tag="cp310-cp310-manylinux_2_17_x86_64")
    runtime = distribution("nvidia-cuda-runtime-cu12", "12.1.105", tag="py3-none-manylinux1_x86_64")
    wanted = wheels_of(lock(cupy)).toolkit
    assert ("libnvrtc.so", "cupy-cuda12x 13.2.0", "use") in {(n.thing, n.by, n.needed) for n in wanted}
    assert wheels_of(lock(cupy, runtime)).toolkit == ()


@pytest.mark.parametrize(
    "row",
    [
        {"glibc": "plenty"},
        {"glibc": 2.28},
        {"glibcxx-use": ""},
        {"libraries": [{"soname": "libGL.so.1"}, 5]},
        {"libraries": "libGL.so.1"},
        {"executables": 5},
        {"code-targets": ["sm_80", 5]},
    ],
)
def test_a_row_that_nobody_can_use_leaves_its_wheel_unread(row: dict[str, Any]) -> None:
    item = distribution("demo", "1.0", tag="cp310-cp310-linux_x86_64")
    found = read((item, row))
    assert (found.glibc, found.libraries, found.executables) == ((), (), ())
    assert found.not_read == ("demo 1.0",)
    assert read((item, {"glibc": "2.28"})).not_read == ()
