"""How a report may look where it is going: colour and width on a terminal, neither elsewhere."""

from __future__ import annotations

import argparse
import os
import sys

_WIDTHS = (60, 160)


def terminal_look(arguments: argparse.Namespace) -> tuple[bool, int | None]:
    """Whether to use colour, and how wide lines may be: neither where no terminal reads them."""
    if arguments.output is not None or not sys.stdout.isatty():
        return False, None
    plain = arguments.no_color or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    try:
        columns = os.get_terminal_size(sys.stdout.fileno()).columns
    except OSError:
        columns = 0
    narrowest, widest = _WIDTHS
    return not plain, max(narrowest, min(columns, widest)) if columns else None
