"""Console: talk on stderr, with a bar on a terminal and plain lines otherwise."""

from __future__ import annotations

import sys
import threading
import time

_REDRAW_S = 0.1
_BAR_CHARS = 24


class Console:
    """A Progress for people. ``quiet`` keeps it silent; ``verbose`` lets ``detail`` speak."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self._quiet = quiet
        self._verbose = verbose
        self._bar = sys.stderr.isatty() and not quiet
        self._lock = threading.Lock()
        self._label = ""
        self._total: int | None = None
        self._done = 0
        self._drawn_at = 0.0

    def start(self, label: str, total: int | None = None) -> None:
        """Begin a piece of work."""
        with self._lock:
            self._label, self._total, self._done = label, total, 0
        if not self._bar and not self._quiet and total:
            print(f"{label}: {total:,} bytes", file=sys.stderr)

    def advance(self, amount: int = 1) -> None:
        """Say that more is done."""
        with self._lock:
            self._done += amount
            now = time.monotonic()
            if self._bar and now - self._drawn_at >= _REDRAW_S:
                self._drawn_at = now
                sys.stderr.write(f"\r\x1b[K{self._line()}")
                sys.stderr.flush()

    def _line(self) -> str:
        if not self._total:
            return f"{self._label}  {self._done:,}"
        filled = min(_BAR_CHARS, _BAR_CHARS * self._done // self._total)
        bar = "#" * filled + "." * (_BAR_CHARS - filled)
        return f"{self._label}  [{bar}] {min(100, 100 * self._done // self._total)} %"

    def finish(self) -> None:
        """Take the bar away."""
        with self._lock:
            if self._bar and self._drawn_at:
                sys.stderr.write("\r\x1b[K")
                sys.stderr.flush()

    def say(self, text: str) -> None:
        """A line that stays."""
        if not self._quiet:
            self.finish()
            print(text, file=sys.stderr)

    def detail(self, text: str) -> None:
        """A line for those who asked for more."""
        if self._verbose:
            self.say(text)
