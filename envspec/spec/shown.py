"""Values as messages show them."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Any

MAX_SHOWN_LENGTH = 80


def shown(value: Any) -> str:
    """A value for a message: short, on one line, and without credentials."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, (list, tuple)):
        return "an array"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, str):
        value = re.sub(r"//[^/?#\s]*@", "//***@", value)
        value = re.sub(r"(//[^\s?]*\?)\S+", r"\1...", value)
        return repr(value if len(value) <= MAX_SHOWN_LENGTH else value[:MAX_SHOWN_LENGTH] + "...")
    try:
        return str(value)[:MAX_SHOWN_LENGTH]
    except ValueError:  # more digits than Python converts
        return "a huge number"
