"""Source: how a finding names the row of a table that it rests on."""

from __future__ import annotations

from envspec.compat.rows import Row


def cited(table: str, name: str, row: Row) -> str:
    """``cuda.json, floor of CUDA 12: https://... (Table 2)``, with the first of the row's sources."""
    return f"{table}.json, {name}: {row.source.partition('; ')[0]}"
