"""Sizes as people read them."""

from __future__ import annotations


def shown(amount: int) -> str:
    """``9.4 GiB``, ``812 MiB``, ``3 KiB``: in powers of 1024, as ``df -h`` counts."""
    for unit, power in (("TiB", 4), ("GiB", 3), ("MiB", 2)):
        if amount >= 1024**power:
            value = amount / 1024**power
            return f"{value:.1f} {unit}" if value < 100 and unit != "MiB" else f"{value:.0f} {unit}"
    return f"{max(amount, 0) // 1024} KiB"
