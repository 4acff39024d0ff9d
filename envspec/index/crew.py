"""Crew: threads that wait for the network in place of the resolver.

What the resolver waits for goes before what may be wanted later.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


class Job(Generic[T]):
    """A piece of work handed to the crew, and its outcome."""

    __slots__ = ("_error", "_running", "_turn", "_value", "_work", "done")

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._turn = threading.Lock()
        self._running = threading.Lock()  # held until it's done; an Event costs ten times as much
        self._running.acquire()
        self.done = False
        """Whether the outcome is there."""
        self._value: T | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        """Do the work, unless somebody does or did; keep its value or its exception."""
        if not self._turn.acquire(blocking=False):
            return
        try:
            self._value = self._work()
        except BaseException as error:  # noqa: BLE001 - raised again where the outcome is asked for
            self._error = error
        finally:
            self.done = True
            self._running.release()

    def outcome(self) -> T:
        """Wait, then give the value or raise the exception of the work."""
        # A wait with a timeout lets Ctrl-C through on every platform.
        while not self.done:
            if self._running.acquire(timeout=1.0):
                self._running.release()  # for whoever else waits
            else:
                self.run()  # if it's still queued: whoever was to do it may be gone
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]


class Crew:
    """``size`` daemon threads, started as work comes in; up to ``most`` while much is waiting.

    Where no thread can be started, urgent work is done by whoever brings it.
    Each thread's connection costs a TLS handshake, so few threads are better until the
    waiting for answers outweighs it.
    """

    def __init__(self, size: int, most: int) -> None:
        self._size = size
        self._most = most
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._urgent: deque[Job[object]] = deque()
        self._later: deque[Job[object]] = deque()
        self._wake = threading.Condition()
        self._closed = False

    def take(self, job: Job[T], *, urgent: bool) -> Job[T]:
        """Queue ``job``; urgent ones are begun first."""
        with self._wake:
            if self._closed:
                return job
            (self._urgent if urgent else self._later).append(job)  # type: ignore[arg-type]
            if self._idle:
                self._idle -= 1  # already now: who is woken won't run before many more were queued
                self._wake.notify()
            elif len(self._threads) < (
                self._most if len(self._urgent) + len(self._later) > 3 * self._size else self._size
            ):
                self._grow()
            alone = urgent and not self._threads
        if alone:
            job.run()
        return job

    def _grow(self) -> None:
        thread = threading.Thread(target=self._serve, daemon=True)
        try:
            thread.start()
        except RuntimeError:  # this process may have no more of them: what there is must do
            self._size = self._most = len(self._threads)
            return
        self._threads.append(thread)

    def hurry(self, job: Job[T]) -> None:
        """Move a queued job to the front."""
        with self._wake:
            if job in self._later:
                self._later.remove(job)  # type: ignore[arg-type]
                self._urgent.append(job)  # type: ignore[arg-type]
            alone = not self._threads
        if alone:
            job.run()

    def close(self) -> None:
        """Begin nothing more; what runs ends by itself, and ``wait`` waits for it."""
        with self._wake:
            self._closed = True
            self._urgent.clear()
            self._later.clear()
            self._wake.notify_all()

    def wait(self, timeout_s: float) -> None:
        """Wait for what runs, at most so long: an interpreter that ends under its threads may crash."""
        for thread in self._threads:
            thread.join(timeout_s)
            if thread.is_alive():
                return

    def _serve(self) -> None:
        with suppress(MemoryError):  # whoever waits for its job is told, or does the work
            self._work()

    def _work(self) -> None:
        while True:
            with self._wake:
                while not (self._urgent or self._later or self._closed):
                    self._idle += 1
                    self._wake.wait()
                if self._closed:
                    return
                job = self._urgent.popleft() if self._urgent else self._later.popleft()
            job.run()
