"""LeftOut: why a target can't take any wheel of a release, said of the nearest one.

Reducing a page keeps what fits and forgets the rest; when nothing fits, somebody wants
to know what was there. Source of the tags: PEP 425, 600 (manylinux), 656 (musllinux).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envspec.index.filenames import sdist_parts
from envspec.index.versions import normal_version
from envspec.project_name import normal_name

if TYPE_CHECKING:
    from envspec.index.page import FileEntry, ProjectPage
    from envspec.index.view import View

_NEAREST_FIRST = (
    "requires-python", "sha256", "cut-off", "no-upload-time", "glibc", "python", "machine", "system", "both",
    "sdist",
)  # fmt: skip
"""What a file lacks; the first ones have a tag that fits."""

_MANYLINUX = re.compile(r"manylinux_(\d+)_(\d+)_(\w+)|manylinux(1|2010|2014)_(\w+)|linux_(\w+)", re.ASCII)
_LEGACY_GLIBC = {"1": (2, 5), "2010": (2, 12), "2014": (2, 17)}
_CPYTHON = re.compile(r"(cp|py|pp)(\d)(\d*)", re.ASCII)
_MAX_NAMED = 4


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why no wheel of a release can be taken."""

    kind: str
    """``requires-python``, ``sha256``, ``cut-off``, ``no-upload-time``: a file's tag fits; ``glibc``,
    ``python``, ``machine``, ``system``, ``both``: none fits; ``sdist``: there is no wheel."""
    why: str
    """Goes after the versions it's true of: ``wheels need glibc 2.34``."""
    wanted: tuple[str, ...] = ()
    """What would do: a glibc, Pythons such as ``3.12``, the day of the upload, a Requires-Python."""
    has_sdist: bool = False
    """Whether a source distribution would do."""


def left_out(page: ProjectPage, view: View, project: str) -> dict[str, LeftOut]:
    """Version to why no wheel of it fits, for each release of ``project`` where none does."""
    misses: dict[str, list[tuple[str, str]]] = {}
    fitting: set[str] = set()
    target = _Sight(view)
    for entry in page.files:
        version = _version(entry, project)
        if version is None:
            continue
        lacking = target.lacking(entry)
        if lacking is None:
            fitting.add(version)
        else:
            misses.setdefault(version, []).append(lacking)
    return {version: _nearest(found) for version, found in misses.items() if version not in fitting}


def _version(entry: FileEntry, project: str) -> str | None:
    filename = entry.filename
    if filename.endswith(".whl"):
        parts = filename[:-4].split("-")
        if len(parts) not in (5, 6) or normal_name(parts[0]) != project:
            return None
        return normal_version(parts[1])
    parsed = sdist_parts(filename, project)
    return normal_version(parsed.version) if parsed else None


class _Sight:
    """A view, asked what a file lacks."""

    def __init__(self, view: View) -> None:
        self._view = view
        split = [tag.rsplit("-", 1) for tag in view.ranks]
        self._pythons = {python for python, _ in split}
        self._platforms = {platform for _, platform in split}

    def lacking(self, entry: FileEntry) -> tuple[str, str] | None:
        """(kind, what would do); None for a wheel that lacks nothing."""
        is_wheel = entry.filename.endswith(".whl")
        if is_wheel:
            triple = "-".join(entry.filename[:-4].rsplit("-", 3)[1:])
            if self._view.rank(triple) < 0:
                return self._tag_lacks(triple)
        requires_python = entry.requires_python or ""
        if requires_python and not self._view.admits_python(requires_python):
            return "requires-python", requires_python
        if self._view.need_hash and "sha256" not in entry.hashes:
            return "sha256", ""
        if not self._view.admits_time(entry.upload_time):
            return ("cut-off", entry.upload_time[:10]) if entry.upload_time else ("no-upload-time", "")
        return None if is_wheel else ("sdist", "")

    def _tag_lacks(self, triple: str) -> tuple[str, str]:
        interpreters, abis, platforms = (part.split(".")[:16] for part in triple.split("-"))
        fits_python = any(f"{i}-{abi}" in self._pythons for i in interpreters for abi in abis)
        fits_platform = "any" in platforms or any(platform in self._platforms for platform in platforms)
        if fits_python and not fits_platform:
            return self._platform_lacks(platforms)
        if fits_platform:
            return "python", _python_name(interpreters[0], abis)
        return "both", triple

    def _platform_lacks(self, platforms: Sequence[str]) -> tuple[str, str]:
        glibcs: list[tuple[int, int]] = []
        machines: list[str] = []
        for platform in platforms:
            match = _MANYLINUX.fullmatch(platform)
            if match is None:
                continue
            machine = match[3] or match[5] or match[6]
            if machine != self._view.target.arch:
                machines.append(machine)
            elif match[1]:
                glibcs.append((int(match[1][:4]), int(match[2][:4])))
            elif match[4]:
                glibcs.append(_LEGACY_GLIBC[match[4]])
        if glibcs:
            return "glibc", "{}.{}".format(*min(glibcs))
        if machines:
            return "machine", machines[0]
        return "system", _system_name(platforms[0])


def _python_name(interpreter: str, abis: Sequence[str]) -> str:
    match = _CPYTHON.fullmatch(interpreter)
    if match is None:
        return interpreter
    kind, major, minor = match.groups()
    name = f"{major}.{minor}" if minor else major
    if kind == "pp":
        return f"PyPy {name}"
    if kind == "cp" and any(abi.endswith("t") for abi in abis):
        return f"{name} free-threaded"
    return f"{name}+" if "abi3" in abis or (kind == "py" and minor) else name


def _system_name(platform: str) -> str:
    for start, name in (("win", "Windows"), ("macosx", "macOS"), ("musllinux", "Linux with musl")):
        if platform.startswith(start):
            return name
    return platform


def _nearest(misses: Sequence[tuple[str, str]]) -> LeftOut:
    kind = min((kind for kind, _ in misses), key=_NEAREST_FIRST.index)
    wanted = sorted({what for found, what in misses if found == kind and what}, key=_number_order)
    if kind in ("glibc", "cut-off"):
        wanted = wanted[:1]
    return LeftOut(kind, _sentence(kind, wanted), tuple(wanted), any(found == "sdist" for found, _ in misses))


def _number_order(text: str) -> list[tuple[int, str]]:
    return [(int(part[:9]), "") if part.isdigit() else (-1, part) for part in _runs(text)]


def _runs(text: str) -> Iterator[str]:
    return (match[0] for match in re.finditer(r"[0-9]+|[^0-9]+", text))


def _sentence(kind: str, wanted: Sequence[str]) -> str:
    named = ", ".join(wanted[:_MAX_NAMED]) + (", ..." if len(wanted) > _MAX_NAMED else "")
    python = f"Python {named}" if named[:1].isdigit() else named
    return {
        "requires-python": f"asks for Python {named}",
        "sha256": "no sha256 on its index",
        "cut-off": "newer than the cut-off",
        "no-upload-time": "no upload time on its index, so the cut-off leaves it out",
        "glibc": f"wheels need glibc {named}",
        "python": f"wheels only for {python}",
        "machine": f"wheels only for {named}",
        "system": f"wheels only for {named}",
        "both": f"no wheel for this target, only {named}",
        "sdist": "only a source distribution",
    }[kind]
