"""File names of wheels and sdists: project, version, build number and tags.

Source: the binary distribution format (PEP 427, 425), the source distribution format (PEP 625,
and the looser names before it), PEP 503 for names.
"""

from __future__ import annotations

import re
from functools import lru_cache

from envspec.named_tuple import NamedTuple
from envspec.project_name import normal_name

_ESCAPED_NAME = re.compile(r"[A-Za-z0-9](?:[\w.]*[A-Za-z0-9])?", re.ASCII)
_TAG_PART = re.compile(r"\w+(?:\.\w+)*", re.ASCII)
_BUILD = re.compile(r"([0-9]{1,18})(?![0-9])([\w.]*)", re.ASCII)
_MAX_TAGS = 1024
"""A name of 255 bytes can't hold parts that multiply to more than some hundred useful tags."""


class WheelParts(NamedTuple):
    """What the name of a wheel says."""

    name: str
    """Normalized."""
    version: str
    """As written; the caller reads it."""
    build: tuple[int, str] | tuple[()]
    """Compares as PEP 427 says: no build number is before all."""
    tags: tuple[str, ...]
    """Each ``interpreter-abi-platform``."""


class SdistParts(NamedTuple):
    """What the name of a source distribution says."""

    name: str
    version: str


def wheel_parts(filename: str) -> WheelParts | None:
    """Read the name of a wheel; None where it's none."""
    if not filename.endswith(".whl"):
        return None
    parts = filename[:-4].split("-")
    if len(parts) == 5:
        name, version, interpreters, abis, platforms = parts
        build: tuple[int, str] | tuple[()] = ()
    elif len(parts) == 6:
        name, version, number, interpreters, abis, platforms = parts
        match = _BUILD.fullmatch(number)
        if match is None:
            return None
        build = (int(match[1]), match[2])
    else:
        return None
    normal = _project(name)
    tags = _expanded(interpreters, abis, platforms)
    if not normal or not version or not tags:
        return None
    return WheelParts(normal, version, build, tags)


def sdist_parts(filename: str, project: str) -> SdistParts | None:
    """Read the name of a source distribution of ``project`` (normalized); None where it's none.

    Names before PEP 625 have dashes of their own, so only the project's name tells where it ends.
    """
    stem = filename.removesuffix(".tar.gz").removesuffix(".zip")
    if stem == filename:
        return None
    parts = stem.split("-")
    for used in range(1, min(len(parts), project.count("-") + 2)):
        if normal_name("-".join(parts[:used])) == project:
            version = "-".join(parts[used:])
            return SdistParts(project, version) if version else None
    return None


@lru_cache(maxsize=8192)
def _project(escaped: str) -> str:
    """The normalized name; empty where it can't be one."""
    if "__" in escaped or _ESCAPED_NAME.fullmatch(escaped) is None:
        return ""
    return normal_name(escaped)


@lru_cache(maxsize=8192)
def _expanded(interpreters: str, abis: str, platforms: str) -> tuple[str, ...]:
    """Every tag of a compressed set; none where a part is empty or the set explodes."""
    if interpreters[:1].isdigit() or not all(
        _TAG_PART.fullmatch(part) for part in (interpreters, abis, platforms)
    ):
        return ()
    sets = [part.lower().split(".") for part in (interpreters, abis, platforms)]
    if len(sets[0]) * len(sets[1]) * len(sets[2]) > _MAX_TAGS:
        return ()
    return tuple(
        f"{python}-{abi}-{platform}" for python in sets[0] for abi in sets[1] for platform in sets[2]
    )
