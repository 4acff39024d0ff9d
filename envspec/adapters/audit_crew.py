"""Processes that read archives side by side, since unpacking and parsing is all computing.

Forks: they need no start-up. One that is killed (by a wheel that takes all memory) takes
only the pieces with it that nobody can read.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType

from envspec.adapters.audit_reader import Job, begin, broken, do, jobs_of
from envspec.audit.reading import Reading, merged
from envspec.ports import Progress

_MOST = 8
KILLED = "the process that read it was killed"


class AuditCrew:
    """To be opened before threads are started, and closed after use."""

    def __init__(self, workers: int | None = None) -> None:
        self._workers = workers or max(1, min(_MOST, _cores()))
        self._pool: ProcessPoolExecutor | None = None
        self._not_ours: set[object] = set()

    def __enter__(self) -> AuditCrew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def wake(self) -> None:
        """Fork now."""
        for _ in range(self._workers):
            self._open(self._workers).submit(do, Job("", os.devnull, "hash"))

    def hashed(self, paths: Sequence[str]) -> Mapping[str, str]:
        """The sha256 of each file that can be read."""
        jobs = [Job("", path, "hash") for path in dict.fromkeys(paths)]
        return {
            job.path: outcome for job, outcome in self._work(jobs) if isinstance(outcome, str) and outcome
        }

    def read(self, paths: Mapping[str, str], progress: Progress) -> Iterator[tuple[str, Reading]]:
        """(sha256, reading) for each (sha256, path), as they come."""
        jobs = [
            job
            for sha256, path in paths.items()
            for job in jobs_of(sha256, path, os.path.getsize(path) if os.path.exists(path) else 0)
        ]
        jobs.sort(key=lambda job: -job.size)
        left = Counter(job.sha256 for job in jobs)
        parts: dict[str, list[Reading]] = {}
        if not jobs:
            return
        progress.start(f"reading {len(paths)} files", sum(job.size for job in jobs))
        try:
            for job, outcome in self._work(jobs):
                progress.advance(job.size)
                reading = outcome if isinstance(outcome, Reading) else broken(KILLED)
                parts.setdefault(job.sha256, []).append(reading)
                left[job.sha256] -= 1
                if not left[job.sha256]:
                    yield job.sha256, merged(parts.pop(job.sha256))
        finally:
            progress.finish()

    def _work(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, Reading | str | None]]:
        """The outcome of each job as it comes; None where its process was killed, twice."""
        lost: list[Job] = []
        for job, outcome in self._outcomes(self._workers, jobs):
            if outcome is None:
                lost.append(job)
            else:
                yield job, outcome
        for job in lost:
            self.close()
            yield from self._outcomes(1, [job])
        if lost:
            self.close()

    def _open(self, workers: int) -> ProcessPoolExecutor:
        if self._pool is None:
            self._not_ours = {*multiprocessing.active_children()}
            self._pool = ProcessPoolExecutor(workers, multiprocessing.get_context("fork"), begin)
        return self._pool

    def _outcomes(self, workers: int, jobs: Sequence[Job]) -> Iterator[tuple[Job, Reading | str | None]]:
        futures: dict[Future[Reading | str], Job] = {}
        for job in jobs:
            try:
                futures[self._open(workers).submit(do, job)] = job
            except BrokenProcessPool:  # noqa: PERF203 - a process was killed already
                yield job, None
        for future in as_completed(futures):
            is_lost = isinstance(future.exception(), BrokenProcessPool)
            yield futures[future], None if is_lost else future.result()

    def close(self) -> None:
        """End the processes, whatever they do."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
            for child in multiprocessing.active_children():
                if child not in self._not_ours:
                    child.kill()
                    child.join()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
