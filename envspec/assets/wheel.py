"""Weights that are published as a Python distribution: they are locked as one, among the packages."""

from __future__ import annotations

from envspec.assets.interface import Absent, Context, Plan, Planned, ReadDistribution, Wish
from envspec.lock.document import Asset

PROVIDES = ("wheel",)


def plan(wish: Wish, context: Context) -> Plan:  # noqa: ARG001 - the resolver has pinned it
    """Look the distribution up among those of the lock."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    project = canonicalize_name(Requirement(wish.said["requirement"]).name)
    (held,) = yield [ReadDistribution(project, ())]
    if held is None:
        return Absent(
            f"{project} isn't among the locked distributions",
            "its marker is false for the target, or an override took it away",
            "check the requirement's marker, and [python] overrides",
        )
    return Planned(
        Asset(
            kind=wish.kind,
            provider=wish.provider,
            label=wish.label,
            version=held.version,
            distribution=held.project,
        )
    )
