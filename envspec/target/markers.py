"""Markers of a target: the eleven variables of PEP 508, and what a patch release of Python changes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from envspec.target.host import Target

_HIGHEST_PATCH = 99
"""No CPython had more than 30 patch releases; a bound beyond is one on the next minor."""


def marker_environment(target: Target) -> dict[str, str]:
    """All eleven variables, so that none is taken from the running host.

    A Python given as X.Y counts as X.Y.0. ``platform_release`` is the kernel as far as the
    target says it; ``platform_version``, the text of the kernel's build, is empty.
    """
    major, minor = target.python_minor
    return {
        "implementation_name": "cpython",
        "implementation_version": target.python,
        "os_name": "posix",
        "platform_machine": target.arch,
        "platform_python_implementation": "CPython",
        "platform_release": target.kernel,
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": target.python,
        "python_version": f"{major}.{minor}",
        "sys_platform": "linux",
    }


def patch_sensitive_marker(marker: str, target: Target, extra: str = "") -> str | None:
    """The first patch release, such as ``3.10.4``, at which the marker's truth differs from X.Y.0.

    None where no patch release changes it, where the target's Python is exact, or where the
    marker can't be read, which whoever evaluates it reports.
    """
    if target.python_exact or (
        "python_full_version" not in marker and "implementation_version" not in marker
    ):
        return None
    from packaging.markers import InvalidMarker, Marker, UndefinedComparison

    try:
        parsed = Marker(marker)
        environment = {**marker_environment(target), "extra": extra}

        def holds(python: str) -> bool:
            return parsed.evaluate(
                {**environment, "python_full_version": python, "implementation_version": python}
            )

        return _first_flip(holds, _patch_releases(marker, target))
    except (InvalidMarker, UndefinedComparison):
        return None


def patch_sensitive_requires_python(specifier: str, target: Target) -> str | None:
    """The first patch release at which a Requires-Python answers otherwise than at X.Y.0, or None."""
    major, minor = target.python_minor
    if target.python_exact or f"{major}.{minor}" not in specifier:
        return None
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        parsed = SpecifierSet(specifier)
    except InvalidSpecifier:
        return None
    releases = _patch_releases(specifier, target)
    return _first_flip(lambda python: parsed.contains(python, prereleases=True), releases)


def _patch_releases(text: str, target: Target) -> list[str]:
    """X.Y.0 up to the one after the highest named; to X.Y.1 at least, since ``<=3.10`` names none."""
    major, minor = target.python_minor
    named = re.findall(rf"(?<![\d.]){major}\.{minor}\.(\d{{1,3}})", text)
    highest = min(max((int(patch) for patch in named), default=0), _HIGHEST_PATCH)
    return [f"{major}.{minor}.{patch}" for patch in range(highest + 2)]


def _first_flip(holds: Callable[[str], bool], releases: Iterable[str]) -> str | None:
    first, *later = releases
    at_first = holds(first)
    return next((release for release in later if holds(release) != at_first), None)
