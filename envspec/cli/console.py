"""Console: talk on stderr, with a bar on a terminal and plain lines otherwise."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress

_REDRAW_S = 0.1
_BAR_CHARS = 24


class _Work:
    """A piece of work under way."""

    __slots__ = ("done", "label", "thread", "total")

    def __init__(self, label: str, total: int | None) -> None:
        self.label = printable(label).replace("\n", "?")
        self.total = total
        self.done = 0
        self.thread = threading.get_ident()
        """Who began it."""

    def __str__(self) -> str:
        if not self.total:
            return f"{self.label}  {self.done:,}"
        filled = max(0, min(_BAR_CHARS, _BAR_CHARS * self.done // self.total))
        percent = max(0, min(100, 100 * self.done // self.total))
        return f"{self.label}  [{'#' * filled}{'.' * (_BAR_CHARS - filled)}] {percent} %"


class Console:
    """A Progress for people. ``quiet`` keeps it silent; ``verbose`` lets ``detail`` speak."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self._quiet = quiet
        self._verbose = verbose
        self._has_bar = sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not quiet
        self._lock = threading.Lock()
        self._works: list[_Work] = []
        self._drawn_at = 0.0

    def start(self, label: str, total: int | None = None) -> None:
        """Begin a piece of work of this thread; the one before goes on when it ends."""
        with self._lock:
            self._works.append(_Work(label, total))
        if total is not None and not self._has_bar and not self._quiet:
            talk(label)

    def advance(self, amount: int = 1) -> None:
        """Say that more is done."""
        with self._lock:
            if not self._works:
                return
            work = self._own() or self._works[0]
            work.done += amount
            now = time.monotonic()
            if self._has_bar and now - self._drawn_at >= _REDRAW_S:
                self._drawn_at = now
                _write(f"\r\x1b[K{str(self._works[-1])[: _columns() - 1]}")

    def finish(self) -> None:
        """End the piece of work and take its bar away."""
        with self._lock:
            if self._works:
                self._works.remove(self._own() or self._works[-1])
            self._wipe()

    def _own(self) -> _Work | None:
        """The last that this thread began: downloads of several threads count apart."""
        thread = threading.get_ident()
        return next((work for work in reversed(self._works) if work.thread == thread), None)

    def clear(self) -> None:
        """Take the bar away while something else is printed."""
        with self._lock:
            self._wipe()

    def _wipe(self) -> None:
        if self._drawn_at:
            _write("\r\x1b[K")
            self._drawn_at = 0.0

    def say(self, text: str) -> None:
        """A line that stays."""
        if not self._quiet:
            with self._lock:
                self._wipe()
            talk(text)

    def detail(self, text: str) -> None:
        """A line for those who asked for more."""
        if self._verbose:
            self.say(text)


def _columns() -> int:
    """How wide the terminal is: a longer line would wrap, and could not be taken away again."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def talk(text: str) -> None:
    """Lines of talk; where nobody can read them, the work goes on and the exit code says it all the same."""
    _write(f"{printable(text)}\n")


def _write(text: str) -> None:
    with suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()


def printable(text: str) -> str:
    """Lines as they are, without characters that steer a terminal: indexes and files say what they like."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else "?" for char in text)
