"""Texts from hosts and locks, made safe to show: no character in them steers what shows them."""

from __future__ import annotations

MAX_CHARS = 2000


def visible(text: str) -> str:
    r"""On one line, with what steers a terminal or turns writing around escaped: ``\x1b``, ``\u202e``.

    What is left can stand in a terminal, and, with its markup escaped, in XML and HTML.
    """
    if len(text) > MAX_CHARS:
        text = f"{text[:MAX_CHARS]}... ({len(text) - MAX_CHARS} more characters)"
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
