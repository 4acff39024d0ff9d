"""What a source distribution says of itself, without building it.

Source: PEP 643 (core metadata 2.2: a field of PKG-INFO that isn't Dynamic has that same
value in every wheel built from it; one that is missing and not Dynamic is in none of
them), PEP 621 (what [project] of pyproject.toml states and doesn't list in ``dynamic``
can't be changed by the backend), PEP 517 and 518 ([build-system], and what holds
without it). Older PKG-INFO files prove nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

from envspec.errors import BrokenArtifactError
from envspec.index.metadata import CoreMetadata, parse_metadata
from envspec.index.sdist_archive import broken, members
from envspec.index.versions import is_same_version
from envspec.project_name import normal_name
from envspec.toml_library import tomllib

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.requirements import Requirement

MAX_TEXT_BYTES = 1024 * 1024
"""PKG-INFO and pyproject.toml, each."""

DEFAULT_BUILD_REQUIREMENTS = ("setuptools>=40.8.0",)
"""PEP 517: without [build-system] the backend is ``setuptools.build_meta:__legacy__``."""


def static_metadata(data: BinaryIO, name: str, version: str) -> CoreMetadata | None:
    """The metadata that a build of this source distribution is bound to; None if only a build can tell.

    Raises BrokenArtifactError where the file can't be read, or is of another project or version.
    """
    label = f"{name} {version}"
    texts = _texts(data, label)
    found = None
    if "PKG-INFO" in texts:
        found = _of_pkg_info(texts["PKG-INFO"], label)
    if found is None and "pyproject.toml" in texts:
        found = _of_pyproject(_toml(texts["pyproject.toml"], label), version, label)
    if found is not None:
        check_identity(found, name, version)
    return found


def build_requirements(data: BinaryIO, label: str = "source distribution") -> tuple[str, ...]:
    """What must be installed before its backend can be asked anything, in the order it's written.

    Raises BrokenArtifactError where the file or its [build-system] can't be read.
    """
    texts = _texts(data, label)
    table = _toml(texts["pyproject.toml"], label).get("build-system") if "pyproject.toml" in texts else None
    if table is None:
        return DEFAULT_BUILD_REQUIREMENTS
    if not isinstance(table, dict) or "requires" not in table:
        raise broken(label, "[build-system] of its pyproject.toml lacks the key 'requires' (PEP 518)")
    requirements = _strings(table, "requires", label)
    for text in requirements:
        _requirement(text, label)
    return requirements


def check_identity(metadata: CoreMetadata, name: str, version: str) -> None:
    """Raise BrokenArtifactError where ``metadata`` is of another project or version."""
    label = f"{name} {version}"
    if normal_name(metadata.name) != normal_name(name):
        raise broken(label, f"its metadata names the project {metadata.name!r}")
    if not is_same_version(metadata.version, version):
        raise broken(label, f"its metadata says version {metadata.version!r}")


def _texts(data: BinaryIO, label: str) -> dict[str, bytes]:
    """PKG-INFO and pyproject.toml of the top folder, as far as they're there."""
    texts: dict[str, bytes] = {}
    for member in members(data, label):
        if member.path not in (("PKG-INFO",), ("pyproject.toml",)):
            continue
        name = member.path[0]
        if name in texts:
            raise broken(label, f"it has {name} twice")
        if member.kind != "file":
            raise broken(label, f"its {name} is no regular file")
        if member.size_bytes > MAX_TEXT_BYTES:
            raise broken(label, f"its {name} is longer than {MAX_TEXT_BYTES} bytes")
        texts[name] = b"".join(member.content())
    return texts


def _of_pkg_info(text: bytes, label: str) -> CoreMetadata | None:
    headers = re.split(rb"\r?\n\r?\n", text, maxsplit=1)[0]
    match = re.search(rb"(?im)^metadata-version:[ \t]*(\d{1,4})\.(\d{1,4})[ \t]*\r?$", headers)
    if match is None or not (2, 2) <= (int(match[1]), int(match[2])) < (3, 0):
        return None
    try:
        metadata = parse_metadata(text, "its PKG-INFO")
    except BrokenArtifactError as error:
        raise broken(label, error.what) from error
    if {"requires-dist", "requires-python", "provides-extra"}.intersection(metadata.dynamic):
        return None
    return metadata


def _of_pyproject(document: Mapping[str, object], version: str, label: str) -> CoreMetadata | None:
    project = document.get("project")
    if project is None:
        return None
    if not isinstance(project, dict):
        raise broken(label, "[project] of its pyproject.toml is no table")
    dynamic = _strings(project, "dynamic", label)
    if {"dependencies", "optional-dependencies", "requires-python"}.intersection(dynamic):
        return None
    tool = document.get("tool")
    if "dependencies" not in project and isinstance(tool, dict) and "poetry" in tool:
        return None  # Poetry takes them from [tool.poetry] then, without saying so in ``dynamic``
    if "version" not in project and "version" not in dynamic:
        return None
    requires_dist = [str(_requirement(text, label)) for text in _strings(project, "dependencies", label)]
    extras = _extras(project, label)
    for extra, requirements in extras.items():
        requires_dist += [_for_extra(_requirement(text, label), extra) for text in requirements]
    return CoreMetadata(
        metadata_version="2.2",
        name=_string(project, "name", label),
        version=_string(project, "version", label) or version,
        requires_dist=tuple(requires_dist),
        requires_python=_requires_python(project, label),
        provides_extra=tuple(extras),
    )


def _extras(project: Mapping[str, object], label: str) -> dict[str, tuple[str, ...]]:
    table = project.get("optional-dependencies", {})
    if not isinstance(table, dict):
        raise broken(label, "[project.optional-dependencies] of its pyproject.toml is no table")
    extras: dict[str, tuple[str, ...]] = {}
    for key in table:
        extra = normal_name(key)
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", extra) or extra in extras:
            raise broken(label, f"its pyproject.toml has an extra {key!r}, which is no name or there twice")
        extras[extra] = _strings(table, key, label)
    return extras


def _for_extra(requirement: Requirement, extra: str) -> str:
    from packaging.markers import Marker

    condition = f'extra == "{extra}"'
    if requirement.marker is not None:
        condition = f"({requirement.marker}) and {condition}"
    requirement.marker = Marker(condition)
    return str(requirement)


def _requires_python(project: Mapping[str, object], label: str) -> str:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    text = _string(project, "requires-python", label)
    try:
        SpecifierSet(text)
    except InvalidSpecifier as error:
        raise broken(label, f"its pyproject.toml says requires-python = {text!r}") from error
    return text


def _requirement(text: str, label: str) -> Requirement:
    from packaging.requirements import InvalidRequirement, Requirement  # 15 ms, and PKG-INFO needs none of it

    try:
        return Requirement(text)
    except (InvalidRequirement, RecursionError) as error:
        raise broken(label, f"its pyproject.toml requires {text[:200]!r}, which can't be read") from error


def _string(table: Mapping[str, object], key: str, label: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise broken(label, f"{key} in its pyproject.toml is no string")
    return value


def _strings(table: Mapping[str, object], key: str, label: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise broken(label, f"{key} in its pyproject.toml is no array of strings")
    return tuple(value)


def _toml(text: bytes, label: str) -> dict[str, object]:
    try:
        return tomllib.loads(text.decode("utf-8"))
    except RecursionError as error:
        raise broken(label, "its pyproject.toml is nested too deep") from error
    except ValueError as error:
        raise broken(label, f"its pyproject.toml can't be read: {error}") from error
