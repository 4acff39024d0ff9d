"""Core metadata: what a release requires, as far as resolving needs it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CoreMetadata:
    """Fields of METADATA or PKG-INFO that resolving reads."""

    metadata_version: str
    name: str
    version: str
    requires_dist: tuple[str, ...] = ()
    requires_python: str = ""
    provides_extra: tuple[str, ...] = ()
    dynamic: tuple[str, ...] = ()
