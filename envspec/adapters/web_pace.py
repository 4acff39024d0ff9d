"""Pace: whether an answer still comes, or only drips so that no silence is ever long enough."""

from __future__ import annotations

import time

from envspec.adapters.web_errors import TooSlowError

SLOWEST_BYTES = 100
"""A second, on average over the span; the slowest of modems brings more."""
SPAN_TIMEOUTS = 4


class Pace:
    """Judges one answer at a time; ``timeout_s``: it may be silent that long."""

    def __init__(self, timeout_s: float) -> None:
        self._span_s = SPAN_TIMEOUTS * timeout_s
        self._since_s: float | None = None
        self._bytes = 0

    def restart(self) -> None:
        """Another answer is waited for; its clock starts with its first byte."""
        self._since_s = None

    def came(self, size: int) -> None:
        """So many bytes came; raises TooSlowError where the span brought next to nothing."""
        now_s = time.monotonic()
        if self._since_s is None:
            self._since_s, self._bytes = now_s, 0
        self._bytes += size
        lasted_s = now_s - self._since_s
        if lasted_s < self._span_s:
            return
        if self._bytes < lasted_s * SLOWEST_BYTES:
            raise TooSlowError(f"{self._bytes} bytes in {lasted_s:.0f} s")
        self._since_s, self._bytes = now_s, 0
