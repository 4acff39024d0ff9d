"""Explain: a conflict as sentences."""

from __future__ import annotations

from envspec.index.catalog import Catalog
from envspec.resolve.resolution import NoResolution
from envspec.spec.request import LockRequest


def explain(conflict: NoResolution, catalog: Catalog, request: LockRequest) -> str:
    """Who asked for what, and why nothing fits."""
    lines = [f"no set of releases fits {request.name} {request.variant}"]
    lines += [f"  {c.requirement} <- {c.parent}" for c in conflict.causes]
    return "\n".join(lines)
