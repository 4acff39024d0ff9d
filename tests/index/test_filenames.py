from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from envspec.index.filenames import SdistParts, WheelParts, sdist_parts, wheel_parts
from envspec.project_name import normal_name

NAMES = [
    "torch",
    "Foo_Bar",
    "zope.interface",
    "ruamel.yaml.clib",
    "a",
    "foo__bar",
    "nvidia_cublas_cu12",
    "_x",
    "",
]
VERSIONS = ["1.0", "2.1.2+cu118", "1!2.0rc1", "2025.5.10.post1", "1_0"]
BUILDS = ["", "-1", "-2abc", "-10_x", "-x1"]
TRIPLES = [
    "py3-none-any",
    "py2.py3-none-any",
    "cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64",
    "cp37-abi3-manylinux1_x86_64.manylinux_2_5_x86_64.manylinux_2_12_x86_64",
    "cp310-cp310-linux_x86_64",
    "CP310-cp310-Linux_X86_64",
    "cp311-cp311-macosx_10_9_universal2.macosx_10_9_x86_64",
    "py3-none-",
    "py3..py2-none-any",
    "py3-none",
]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(NAMES), st.sampled_from(VERSIONS), st.sampled_from(BUILDS), st.sampled_from(TRIPLES))
def test_wheel_names_are_read_as_packaging_reads_them(
    name: str, version: str, build: str, triple: str
) -> None:
    filename = f"{name}-{version}{build}-{triple}.whl"
    found = wheel_parts(filename)
    try:
        expected = parse_wheel_filename(filename)
    except InvalidWheelFilename:
        assert found is None or version == "1_0"  # the version is the caller's to read
        return
    if name == "_x":  # packaging lets a name begin with a separator, no index does
        assert found is None
        return
    assert found is not None
    assert (found.name, Version(found.version), found.build) == expected[:3]
    assert {Tag(*tag.split("-")) for tag in found.tags} == expected[3]


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("torch-2.1.2+cu118-cp310-cp310-linux_x86_64.whl",
         WheelParts("torch", "2.1.2+cu118", (), ("cp310-cp310-linux_x86_64",))),
        ("Foo_Bar-1.0-2a-py2.py3-none-any.whl",
         WheelParts("foo-bar", "1.0", (2, "a"), ("py2-none-any", "py3-none-any"))),
        ("foo-1.0.tar.gz", None),
        ("foo-1.0-py3-none-any.WHL", None),
        ("../foo-1.0-py3-none-any.whl", None),
        ("foo-1.0-py3-none-any/x.whl", None),
        ("foo-1.0-py3-none-an\0y.whl", None),
        ("foo-1-2-3-py3-none-any.whl", None),
        ("foo-1-" + "9" * 5000 + "-py3-none-any.whl", None),
        ("foo-1-" + ".".join("a" * 200) + "-" + ".".join("b" * 200) + "-any.whl", None),
        ("-" * 100_000 + ".whl", None),
    ],
)  # fmt: skip
def test_the_name_of_a_wheel(filename: str, expected: WheelParts | None) -> None:
    assert wheel_parts(filename) == expected


def test_a_higher_build_number_sorts_higher_and_none_is_lowest() -> None:
    names = ["foo-1-py3-none-any.whl", "foo-1-2-py3-none-any.whl", "foo-1-10-py3-none-any.whl"]
    builds = [parts.build for name in names if (parts := wheel_parts(name))]
    assert builds == [(), (2, ""), (10, "")]
    assert sorted(builds) == builds


@pytest.mark.parametrize(
    ("filename", "project", "expected"),
    [
        ("openai-whisper-20240930.tar.gz", "openai-whisper", SdistParts("openai-whisper", "20240930")),
        ("openai_whisper-20240930.tar.gz", "openai-whisper", SdistParts("openai-whisper", "20240930")),
        ("Foo.Bar-1.0-beta2.zip", "foo-bar", SdistParts("foo-bar", "1.0-beta2")),
        ("foo-1.0.tar.gz", "foo-bar", None),
        ("foo-bar-1.0.tar.gz", "foo", SdistParts("foo", "bar-1.0")),
        ("foo-.tar.gz", "foo", None),
        ("foo-1.0.tar.bz2", "foo", None),
        ("foo-1.0-py3-none-any.whl", "foo", None),
        ("../foo-1.0.tar.gz", "foo", None),
    ],
)
def test_the_name_of_a_source_distribution(filename: str, project: str, expected: SdistParts | None) -> None:
    assert sdist_parts(filename, project) == expected


def test_normal_names() -> None:
    assert [normal_name(name) for name in ("Foo", "foo__Bar", "zope.interface", "a-_.b")] == [
        "foo", "foo-bar", "zope-interface", "a-b",
    ]  # fmt: skip
