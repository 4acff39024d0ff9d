"""The order of package versions that are numbers with dots and hyphens between them, as NVIDIA's are."""

from __future__ import annotations

import re


def in_order(version: str) -> tuple[tuple[int, ...], str]:
    """A key to sort by: the numbers in it, then its text, so that equal keys are equal versions."""
    return tuple(int(number[:18]) for number in re.findall(r"\d+", version)), version
