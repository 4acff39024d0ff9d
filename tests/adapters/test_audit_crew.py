"""Processes that read archives: parts put together, broken ones named, killed ones outlived."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from envspec.adapters import audit_crew, audit_reader
from envspec.adapters.audit_crew import AuditCrew
from envspec.adapters.audit_reader import Job
from envspec.audit.reading import Reading
from envspec.ports import Silent
from tests.distributions import make_sdist, make_wheel

FETCH = b"import urllib.request\ndef f(u): urllib.request.urlretrieve(u)\n"


def put(path: Path, data: bytes) -> tuple[str, str]:
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest(), str(path)


def deadly(job: Job) -> Reading | str:
    """As ``do``, and what the system does to a process that takes all memory."""
    if job.path.endswith("evil-1.0-py3-none-any.whl"):
        os.kill(os.getpid(), signal.SIGKILL)
    return audit_reader.do(job)


def read(*files: tuple[str, str]) -> dict[str, Reading]:
    with AuditCrew(2) as crew:
        return dict(crew.read(dict(files), Silent()))


def test_wheels_and_sdists_are_read(tmp_path: Path) -> None:
    wheel = put(tmp_path / "demo-1.0-py3-none-any.whl", make_wheel("demo", "1.0", files={"demo/a.py": FETCH}))
    sdist = put(
        tmp_path / "other-1.0.tar.gz",
        make_sdist("other", "1.0", files={"src/other/b.py": FETCH, "tests/test_b.py": FETCH}),
    )
    found = read(wheel, sdist)
    assert [row.file for row in found[wheel[0]].egress] == ["demo/a.py"]
    assert [row.file for row in found[sdist[0]].egress] == ["other/b.py"]
    assert dict(found[sdist[0]].blind)["sdist whose build may add files"] == 1
    assert not found[sdist[0]].is_broken


def test_processes_of_others_outlive_the_crew(tmp_path: Path) -> None:
    other = multiprocessing.get_context("fork").Process(target=time.sleep, args=(30,))
    other.start()
    try:
        read(put(tmp_path / "demo-1.0-py3-none-any.whl", make_wheel("demo", "1.0")))
        assert other.is_alive()
        # The pool's own thread waits for the ended ones, too; the second to see an end strikes it off later.
        until_s = time.monotonic() + 5
        while multiprocessing.active_children() != [other] and time.monotonic() < until_s:
            time.sleep(0.01)
        assert multiprocessing.active_children() == [other]
    finally:
        other.kill()
        other.join()


def test_what_cannot_be_read_at_all_is_broken_with_why(tmp_path: Path) -> None:
    page = put(tmp_path / "a-1.0-py3-none-any.whl", b"<html>sorry</html>")
    tar = put(tmp_path / "b-1.0.tar.gz", b"\x1f\x8bbroken")
    gone = ("0" * 64, str(tmp_path / "c-1.0-py3-none-any.whl"))
    found = read(page, tar, gone)
    assert all(reading.is_broken for reading in found.values())
    assert found[page[0]].not_read == ("the whole file: it isn't a zip file, or its end is missing",)
    assert found[gone[0]].not_read == ("the whole file: No such file or directory",)
    assert len(found[tar[0]].not_read) == 1


def test_a_big_wheel_is_cut_up_and_put_together_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from envspec.audit import wheel as wheel_module

    files = {"demo/a.py": FETCH, "demo/x.so": os.urandom(5000), "demo/y.so": b"\x7fELF" + os.urandom(5000)}
    wheel = put(tmp_path / "demo-1.0-py3-none-any.whl", make_wheel("demo", "1.0", files=files))
    (whole,) = read(wheel).values()
    monkeypatch.setattr(audit_reader, "_SPLIT_BYTES", 100)
    monkeypatch.setattr(wheel_module, "ALONE_BYTES", 1000)
    jobs = audit_reader.jobs_of(*wheel, 10_000)
    assert [job.task for job in jobs] == ["library", "library", "rest"]
    assert read(wheel) == {wheel[0]: whole}


def test_digests_are_told_of_files_that_can_be_read(tmp_path: Path) -> None:
    digest, path = put(tmp_path / "a", b"abc")
    with AuditCrew(2) as crew:
        assert crew.hashed([path, str(tmp_path / "gone"), path]) == {path: digest}


def test_a_wheel_that_takes_all_time_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(*arguments: object, **more: object) -> Reading:
        while True:
            time.sleep(0.01)

    monkeypatch.setattr(audit_reader, "LIMIT_S", 1)
    monkeypatch.setattr(audit_reader, "read_wheel", endless)
    wheel = put(tmp_path / "demo-1.0-py3-none-any.whl", make_wheel("demo", "1.0"))
    assert read(wheel)[wheel[0]].not_read == ("the whole file: a part of it took more than 1 s to read",)


def test_a_wheel_that_kills_its_process_is_named_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_crew, "do", deadly)
    data = make_wheel("demo", "1.0", files={"demo/a.py": FETCH})
    files = [put(tmp_path / f"d{n}-1.0-py3-none-any.whl", data + bytes(n)) for n in range(1, 4)]
    evil = put(tmp_path / "evil-1.0-py3-none-any.whl", data + b"\0" * 9)
    found = read(*files, evil)
    assert found[evil[0]].not_read == ("the whole file: the process that read it was killed",)
    assert [len(found[sha256].egress) for sha256, _ in files] == [1, 1, 1]
