"""Pins of an untouched lock of our own, without reading TOML."""

from __future__ import annotations

import re

from envspec.lock.codec import quick_digest

_PIN = re.compile(rb'^\[\[packages\]\]\nname = "([a-z0-9.-]+)"\nversion = "([^"\\\n]+)"$', re.MULTILINE)
_KEPT = re.compile(rb"^\[+tool\.envspec\.(?!target\b)", re.MULTILINE)


def quick_pins(data: bytes) -> dict[str, str] | None:
    """Name to version; None where the lock must be read to know, or holds builds or tables to keep."""
    if quick_digest(data) is None or _KEPT.search(data):
        return None
    return {name.decode(): version.decode() for name, version in _PIN.findall(data)}
