"""Texts out of evidence, as a terminal may show them."""

from __future__ import annotations


def plain(text: str, limit: int = 300) -> str:
    """One line that a terminal can show, whatever the evidence says."""
    line = "".join(char if char.isprintable() else "?" for char in text[: limit + 1])
    return line if len(line) <= limit else line[: limit - 3] + "..."
