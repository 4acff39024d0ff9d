"""What the user should hear of a lock: what stays true of it on any day, and what is true today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envspec.index.catalog import Catalog
from envspec.index.dependencies import Dependencies
from envspec.resolve.resolution import Resolution
from envspec.spec.request import LockRequest
from envspec.target.markers import patch_sensitive_requires_python
from envspec.target.tags import plain_linux

if TYPE_CHECKING:
    from envspec.steps.assets import Assets


def lock_warnings(request: LockRequest, resolution: Resolution) -> list[str]:
    """What stays true of the lock on any day, so it stands in the lock itself."""
    lines = list(request.warnings)
    for pin in resolution.pins:
        file = pin.project.record.file(pin.candidate.place)
        if file.is_wheel and plain_linux(file.filename):
            lines.append(
                f"{file.filename}: its tag tells no glibc; whether the target's is enough,"
                " only the wheel tells"
            )
    return lines


def patch_warnings(request: LockRequest, resolution: Resolution, catalog: Catalog) -> list[str]:
    """What would be otherwise on another patch release of the target's Python, where the spec names none."""
    lines = []
    for pin in resolution.pins:
        file = pin.project.record.file(pin.candidate.place)
        patch = patch_sensitive_requires_python(file.requires_python, request.target)
        if patch is not None:
            lines.append(
                f"{pin.candidate}: Requires-Python {file.requires_python} answers otherwise from"
                f" Python {patch} on; a full version in target.python settles it"
            )
        found = catalog.dependencies(pin.project, pin.candidate.place)
        if isinstance(found, Dependencies):
            lines += [
                f"{pin.candidate}: {text!r} holds otherwise from Python {patch} on; a full version in"
                " target.python settles it"
                for text, patch in found.patch_sensitive
            ]
    return lines


def remarks(resolution: Resolution) -> tuple[str, ...]:
    """What's true today and so can't stand in a lock."""
    lines = []
    for pin in resolution.pins:
        file = pin.project.record.file(pin.candidate.place)
        if file.yanked is not False:
            why = f": {file.yanked}" if isinstance(file.yanked, str) and file.yanked else ""
            lines.append(f"{pin.candidate} was yanked{why}")
    lines += [f"{s.name} {s.version} was passed over: {s.why}" for s in resolution.skipped]
    lines += [f"{name} has no extra {extra!r}" for name, extra in resolution.unknown_extras]
    return tuple(lines)


def asset_warnings(found: Assets) -> list[str]:
    """What plans of assets want to be heard."""
    from envspec.assets.environment import disagreements

    return [
        *(f"{kind}: {label} isn't locked: this version doesn't know how" for kind, label in found.not_locked),
        *found.warnings,
        *disagreements(found.assets),
    ]
