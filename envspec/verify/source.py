"""Source: how a finding names the row of a table that it rests on."""

from __future__ import annotations

from envspec.compat.rows import Row
from envspec.verify.needs import FromWheel


def cited(table: str, name: str, row: Row) -> str:
    """``cuda.json, floor of CUDA 12: https://... (Table 2)``, with the first of the row's sources."""
    return f"{table}.json, {name}: {row.source.partition('; ')[0]}"


_HOW = {
    "audit": "what `envspec audit` read in the wheel",
    "tag": "PEP 600, the platform tag of its name",
}


def told_by(need: FromWheel) -> str:
    """How it is known what a wheel expects."""
    return _HOW.get(need.how, need.how)
