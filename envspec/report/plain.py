"""Values of a lock as people read them, on one line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def size(size_bytes: int | None) -> str:
    """``2.2 GiB``; ``? bytes`` where a size isn't known."""
    if size_bytes is None:
        return "? bytes"
    amount = float(size_bytes)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if amount < 1024 or unit == "GiB":
            break
        amount /= 1024
    return f"{size_bytes} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"


def plain(item: Any) -> str:
    """Any value of a lock on one line, without characters that steer a terminal."""
    if item is None or item in ("", (), []):
        return "none"
    if isinstance(item, (list, tuple)):
        item = ", ".join(plain(each) for each in item)
    elif isinstance(item, Mapping):
        item = json.dumps(item, default=str, sort_keys=True)
    text = str(item)
    return text if text.isprintable() else ascii(text)[1:-1]
