"""Names of projects in their one form. Source: PEP 503, "Normalized Names"."""

from __future__ import annotations

import re

_SEPARATORS = re.compile(r"[-_.]+")


def normal_name(name: str) -> str:
    """A project's or an extra's name as indexes and locks write it: ``foo-bar`` of ``Foo__Bar``."""
    return _SEPARATORS.sub("-", name).lower()
