"""A process that may start so many threads and no more, as under a limit of the system."""

from __future__ import annotations

import threading

import pytest


def allow_threads(monkeypatch: pytest.MonkeyPatch, allowed: int) -> list[threading.Thread]:
    """Refuse each thread after the first ``allowed``; the list of those that were started."""
    started: list[threading.Thread] = []
    start = threading.Thread.start

    def limited(thread: threading.Thread) -> None:
        if len(started) == allowed:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)
    return started
