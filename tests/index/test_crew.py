"""The crew: each job is done once, by whoever comes first."""

from __future__ import annotations

import threading
import time
from functools import partial

import pytest

from envspec.index.crew import Crew, Job
from tests.few_threads import allow_threads


def test_a_job_is_done_once_though_many_run_it() -> None:
    done: list[int] = []
    job = Job(lambda: done.append(1))
    threads = [threading.Thread(target=job.run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    job.run()
    assert done == [1]


def test_the_exception_of_the_work_is_raised_where_the_outcome_is_asked_for() -> None:
    def work() -> int:
        raise ValueError("broken")

    job = Job(work)
    job.run()
    with pytest.raises(ValueError, match="broken"):
        job.outcome()


def test_jobs_that_wait_for_a_queued_job_can_do_it_themselves() -> None:
    crew = Crew(1, 1)
    later: Job[str] = Job(lambda: "the page")

    def waits() -> str:
        later.run()
        return later.outcome()

    first = crew.take(Job(waits), urgent=True)
    crew.take(later, urgent=False)
    assert first.outcome() == "the page"
    crew.close()
    crew.wait(5.0)


def test_what_is_urgent_goes_before_what_may_be_wanted_later() -> None:
    crew, order = Crew(1, 1), list[str]()
    gate = threading.Event()
    crew.take(Job(lambda: gate.wait(5.0)), urgent=True)
    later = crew.take(Job(lambda: order.append("later")), urgent=False)
    urgent = crew.take(Job(lambda: order.append("urgent")), urgent=True)
    gate.set()
    urgent.outcome()
    later.outcome()
    assert order == ["urgent", "later"]
    crew.close()


def test_it_grows_though_those_that_it_woke_have_not_begun() -> None:
    crew = Crew(1, 4)
    crew.take(Job(lambda: None), urgent=True).outcome()
    while not crew._idle:
        time.sleep(0.001)
    gate = threading.Event()
    with crew._wake:  # nobody can begin
        for _ in range(10):
            crew.take(Job(lambda: gate.wait(5.0)), urgent=False)
        assert len(crew._threads) == 4
    gate.set()
    crew.close()
    crew.wait(5.0)


def test_all_that_wait_for_an_outcome_get_it() -> None:
    gate = threading.Event()

    def work() -> str:
        gate.wait(5.0)
        return "done"

    job, got = Job(work), list[str]()
    waiting = [threading.Thread(target=lambda: got.append(job.outcome())) for _ in range(4)]
    for thread in waiting:
        thread.start()
    threading.Thread(target=job.run).start()
    assert not job.done
    gate.set()
    for thread in waiting:
        thread.join(5.0)
    assert got == ["done"] * 4
    assert job.done


@pytest.mark.parametrize("allowed", [0, 2])
def test_work_gets_done_where_no_more_threads_can_be_started(
    monkeypatch: pytest.MonkeyPatch, allowed: int
) -> None:
    started = allow_threads(monkeypatch, allowed)
    crew = Crew(14, 50)
    later = [crew.take(Job(partial(int, number)), urgent=False) for number in range(60)]
    for job in later:
        crew.hurry(job)
    urgent = [crew.take(Job(partial(int, -number)), urgent=True) for number in range(60)]
    assert [job.outcome() for job in later] == list(range(60))
    assert [job.outcome() for job in urgent] == [-number for number in range(60)]
    crew.close()
    crew.wait(5)
    assert len(started) == allowed


def test_work_that_nobody_does_is_done_by_whoever_waits_for_it() -> None:
    assert Job(partial(int, 3)).outcome() == 3


def test_a_thread_without_memory_ends_quietly_and_its_work_gets_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failures = [MemoryError()]
    run = Job.run

    def short_once(job: Job[int]) -> None:
        if failures:
            raise failures.pop()
        run(job)

    monkeypatch.setattr(Job, "run", short_once)
    crew = Crew(1, 1)
    assert crew.take(Job(partial(int, 3)), urgent=True).outcome() == 3
    crew.close()
    crew.wait(5)
    assert capsys.readouterr().err == ""
