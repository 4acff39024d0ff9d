"""What the user should hear of a lock: what stays true of it on any day, and what is true today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envspec.index.catalog import Catalog
from envspec.index.dependencies import Dependencies
from envspec.index.versions import VersionList
from envspec.resolve.resolution import Resolution, Wishes
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


def patch_remarks(
    request: LockRequest, resolution: Resolution, catalog: Catalog, wishes: Wishes
) -> list[str]:
    """Newer releases that only X.Y.0 keeps out, which stands for a Python without a patch release."""
    late = {pin.name: pin for pin in resolution.pins if pin.project.record.later}
    if request.target.python_exact or not late:
        return []
    asked = _asked(resolution, catalog, wishes)
    policy, lines = catalog.policy, []
    for name, pin in late.items():
        later = pin.project.record.later
        versions, _ = VersionList.sort([pin.candidate.version, *later])
        is_pre = pin.project.record.prereleases >> pin.candidate.place & 1
        mask = versions.everything if is_pre else ~versions.prerelease_mask
        for specifier in asked.get(name, ()):
            mask &= versions.mask(specifier)
        newer = [version for place, version in enumerate(versions.strings) if mask >> place & 1]
        if policy.label and name in policy.labelled:
            newer = [version for version in newer if version.endswith(f"+{policy.label}")]
        if not newer or newer[0] == pin.candidate.version:
            continue
        text = later[newer[0]]
        patch = patch_sensitive_requires_python(text, request.target)
        if patch is None:  # a broken cache
            continue
        lines.append(
            f"{name}: {newer[0]} is newer than {pin.candidate.version} and left out, since Requires-Python"
            f" {text} is met from Python {patch} on only; a full version in target.python settles it"
        )
    return lines


def _asked(resolution: Resolution, catalog: Catalog, wishes: Wishes) -> dict[str, list[str]]:
    """Name to every specifier that the spec and what's pinned ask of it."""
    asked = {name: list(specifiers) for name, specifiers in wishes.constraints.items()}
    overrides = catalog.policy.overrides or {}
    required = list(wishes.roots)
    for pin in resolution.pins:
        found = catalog.dependencies(pin.project, pin.candidate.place)
        if isinstance(found, Dependencies):
            required += found.always
            required += (r for extra in pin.extras for r in found.of_extra(extra, catalog.environment))
    for requirement in required:
        used = overrides.get(requirement.name, requirement)
        if used.specifier:
            asked.setdefault(used.name, []).append(used.specifier)
    return asked


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
