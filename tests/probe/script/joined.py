"""The parts of the script that try endpoints, as one text, which Python 3.6 can run without envspec."""

from __future__ import annotations

import re
from pathlib import Path

import envspec

PARTS = [
    "addresses",
    "resolvers",
    "certificate",
    "connection",
    "proxies",
    "handshake",
    "request",
    "endpoints",
]


def joined() -> str:
    """The parts in an order in which each finds what it needs, without their imports of each other."""
    folder = Path(envspec.__file__).parent / "probe" / "script"
    texts = [(folder / f"{part}.py").read_text(encoding="utf-8") for part in PARTS]
    return "\n".join(re.sub(r"(?m)^from envspec\..*\n", "", text) for text in texts)
