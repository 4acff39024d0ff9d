"""Wheel tags of a target: all it can install, best first.

Source: PEP 425, and PEP 600 for manylinux; the order is that of ``packaging.tags`` for
CPython, but written down here, since that module asks the running host. One place
differs: the plain ``linux_x86_64`` is the last platform, as in every packaging before
26.3, because its name doesn't tell the glibc that it needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envspec.target.host import Target

_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
"""Minor version of glibc 2 to the older name of the same level."""

_FIRST_ABI3_MINOR = 2
"""PEP 384 came with Python 3.2."""


def wheel_tags(target: Target) -> tuple[str, ...]:
    """Every tag such as ``cp310-cp310-manylinux_2_28_x86_64``, the most specific first."""
    return tuple(_tags(target))


def plain_linux(tag: str) -> bool:
    """Say whether the platform of a tag, or of a wheel's name, is ``linux_ARCH``, which tells no glibc."""
    return tag.rpartition("-")[2].startswith("linux_")


def _tags(target: Target) -> Iterator[str]:
    major, minor = target.python_minor
    interpreter = f"cp{major}{minor}"
    platforms = tuple(_platforms(target))
    for abi in (interpreter, "abi3", "none"):
        yield from (f"{interpreter}-{abi}-{platform}" for platform in platforms)
    for older in range(minor - 1, _FIRST_ABI3_MINOR - 1, -1):
        yield from (f"cp{major}{older}-abi3-{platform}" for platform in platforms)
    pythons = (
        f"py{major}{minor}",
        f"py{major}",
        *(f"py{major}{older}" for older in range(minor - 1, -1, -1)),
    )
    for python in pythons:
        yield from (f"{python}-none-{platform}" for platform in platforms)
    yield f"{interpreter}-none-any"
    yield from (f"{python}-none-any" for python in pythons)


def _platforms(target: Target) -> Iterator[str]:
    major, newest = target.glibc
    oldest = 5 if target.arch == "x86_64" else 17
    for minor in range(newest, oldest - 1, -1):
        yield f"manylinux_{major}_{minor}_{target.arch}"
        if minor in _LEGACY:
            yield f"{_LEGACY[minor]}_{target.arch}"
    yield f"linux_{target.arch}"
