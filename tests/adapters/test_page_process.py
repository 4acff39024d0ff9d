"""The second process that reads pages, for real."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from envspec.adapters.page_process import PageProcess, open_page_process
from envspec.errors import BrokenPageError, TooLargeError
from envspec.index.reading import read_record
from envspec.index.store import StoredBody
from envspec.index.view import View
from envspec.target.host import Target

URL = "https://index.example/simple/demo/"
VIEW = View(Target(arch="x86_64", glibc=(2, 28), python="3.10.0"), "2025-07-01T00:00:00Z")
PAGE = {
    "meta": {"api-version": "1.1"},
    "name": "demo",
    "files": [
        {
            "filename": f"demo-{version}-py3-none-any.whl",
            "url": f"files/demo-{version}-py3-none-any.whl",
            "hashes": {"sha256": "0" * 64},
            "upload-time": "2024-01-01T00:00:00Z",
            "yanked": version == "1.1",
        }
        for version in ("1.0", "1.1", "2.0rc1")
    ],
}
BODY = StoredBody(gzip.compress(json.dumps(PAGE).encode()), "gzip", "application/json", URL)


@pytest.fixture
def process() -> Iterator[PageProcess]:
    made = PageProcess()
    yield made
    made.close()


def test_a_page_comes_to_the_same_record_as_here(process: PageProcess) -> None:
    there, here = process(BODY, "demo", VIEW), read_record(BODY, "demo", VIEW)
    assert there.versions.strings == ["2.0rc1", "1.1", "1.0"]
    assert (there.yanked, there.prereleases, there.sdist_only) == (0b010, 0b001, 0)
    assert there.file(2).url == "https://index.example/simple/demo/files/demo-1.0-py3-none-any.whl"
    assert there.dump() == here.dump()
    assert there.versions.mask(">=1.1") == here.versions.mask(">=1.1") == 0b011


def test_a_page_with_nothing_for_the_target_comes_as_an_empty_record(process: PageProcess) -> None:
    empty = BODY._replace(body=b'{"files": []}', encoding="")
    assert len(process(empty, "demo", VIEW)) == 0


def test_what_is_wrong_with_a_page_is_told_as_here(process: PageProcess) -> None:
    with pytest.raises(BrokenPageError) as broken:
        process(BODY._replace(body=b'{"files": [', encoding=""), "demo", VIEW)
    assert broken.value.what == f"the page of demo at {URL} isn't the JSON it should be"
    bomb = BODY._replace(body=gzip.compress(bytes(300 * 1024 * 1024), compresslevel=1))
    with pytest.raises(TooLargeError):
        process(bomb, "demo", VIEW)
    assert len(process(BODY, "demo", VIEW)) == 3


def test_many_threads_may_ask_at_once(process: PageProcess) -> None:
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(len(process(BODY, "demo", VIEW)))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [3] * 8


def test_pages_are_read_here_once_it_was_killed(process: PageProcess) -> None:
    os.kill(process._process, signal.SIGKILL)
    assert len(process(BODY, "demo", VIEW)) == 3
    assert len(process(BODY, "demo", VIEW)) == 3


def test_it_ends_with_whoever_made_it() -> None:
    made = PageProcess()
    assert os.waitpid(made._process, os.WNOHANG) == (0, 0)
    made._channel.close()
    assert os.waitpid(made._process, 0)[1] == 0


AT_WORK = """\
import json
from envspec.adapters.page_process import PageProcess
from tests.adapters.test_page_process import BODY, PAGE, VIEW
process = PageProcess()
rows = [{**PAGE["files"][0], "filename": f"demo-1.{n}-py3-none-any.whl"} for n in range(300_000)]
body = json.dumps({"files": rows}).encode()
print("begun", flush=True)
process(BODY._replace(body=body, encoding=""), "demo", VIEW)
"""


def test_it_ends_at_once_with_whoever_made_it_though_it_works() -> None:
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", AT_WORK], stdout=subprocess.PIPE, cwd=root) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"begun\n"
        time.sleep(0.3)
        first.kill()
        began = time.monotonic()
        assert first.stdout.read() == b""  # the second one holds it, too
        assert time.monotonic() - began < 1


def test_none_is_made_beside_running_threads() -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        assert open_page_process() is None
    finally:
        done.set()
        thread.join()
