"""The benchmark's replay server, on a recording made by hand; no process is started."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks import made
from benchmarks.recording import BASE_URL, Recording
from benchmarks.replay import Answer, Replay
from benchmarks.runner import Run, Series
from benchmarks.table import holds, misses, rows
from benchmarks.tools import read_input

if TYPE_CHECKING:
    from pathlib import Path

PAGE: dict[str, Any] = {
    "meta": {"api-version": "1.1"},
    "name": "idna",
    "files": [
        {"filename": "idna-3.9-py3-none-any.whl", "url": "https://files.example/p/idna-3.9-py3-none-any.whl"},
        {"filename": "idna-3.9.tar.gz", "url": "../../p/idna-3.9.tar.gz"},
    ],
}


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    recorded = Recording(tmp_path)
    recorded.write("/simple/idna/", recorded.rewritten(PAGE, "https://index.example/simple/idna/"))
    recorded.write("/files/0123abcd/p/idna-3.9.tar.gz", b"0123456789")
    recorded.write("/simple/gone/", None)
    return recorded


def ask(replay: Replay, path: str, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return asyncio.run(replay.answer("GET", path, named))


def stats(replay: Replay) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ask(replay, "/-/stats").body)
    return found


def test_a_recorded_page_names_only_the_replay_server_and_promises_metadata_of_wheels(
    recording: Recording,
) -> None:
    page = json.loads(gzip.decompress(recording.read("/simple/idna/") or b""))
    wheel, sdist = page["files"]
    assert re.fullmatch(BASE_URL + r"/files/[0-9a-f]{8}/p/idna-3\.9-py3-none-any\.whl", wheel["url"])
    assert re.fullmatch(BASE_URL + r"/files/[0-9a-f]{8}/p/idna-3\.9\.tar\.gz", sdist["url"])
    assert (wheel["core-metadata"], "core-metadata" in sdist) == (True, False)
    assert sorted(recording.origins().values()) == ["https://files.example", "https://index.example"]


@pytest.mark.parametrize(
    ("path", "freshness"),
    [
        ("/simple/idna/", "max-age=600, public"),
        ("/stale/idna/", "max-age=0, public"),
        ("/files/0123abcd/p/idna-3.9.tar.gz", "max-age=365000000, immutable, public"),
    ],
)
def test_what_was_recorded_is_served_with_its_freshness_and_once_only(
    recording: Recording, path: str, freshness: str
) -> None:
    replay = Replay(recording)
    first = ask(replay, path)
    headers = dict(first.headers)
    assert (first.status, headers["cache-control"]) == (200, freshness)
    again = ask(replay, path, if_none_match=headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert stats(replay)["asked"] == {"200": 1, "304": 1}
    assert stats(replay)["asked"] == {}


@pytest.mark.parametrize(
    ("asked", "status", "body", "content_range"),
    [
        ("bytes=0-1", 206, b"01", "bytes 0-1/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-4", 206, b"6789", "bytes 6-9/10"),
        ("bytes=-", 200, b"0123456789", None),
        ("bytes=0-1,4-5", 200, b"0123456789", None),
    ],
)
def test_a_file_is_served_by_ranges(
    recording: Recording, asked: str, status: int, body: bytes, content_range: str | None
) -> None:
    answer = ask(Replay(recording), "/files/0123abcd/p/idna-3.9.tar.gz", range=asked)
    assert (answer.status, answer.body, dict(answer.headers).get("content-range")) == (
        status,
        body,
        content_range,
    )


def test_only_what_nobody_ever_asked_the_index_for_is_a_miss(recording: Recording) -> None:
    replay = Replay(recording)
    assert ask(replay, "/simple/gone/").status == 404
    assert stats(replay)["missed"] == []
    assert ask(replay, "/simple/other/").status == 404
    assert stats(replay)["missed"] == ["/simple/other/"]


def test_no_path_leaves_the_recording(recording: Recording) -> None:
    (recording.folder.parent / "secret.json.gz").write_bytes(b"x")
    for path in ("/simple/../../secret/", "/files/0123abcd/../../secret.json.gz", "/etc/passwd"):
        assert ask(Replay(recording), path).status == 404


def test_while_recording_the_index_is_asked_once(recording: Recording) -> None:
    asked: list[str] = []

    def fetch(path: str) -> None:
        asked.append(path)
        recording.write(path, b"body" if path == "/simple/new/" else None)

    replay = Replay(recording, fetch)
    answers = [ask(replay, path) for path in ["/simple/new/", "/simple/none/"] * 2]
    assert [answer.status for answer in answers] == [200, 404, 200, 404]
    assert asked == ["/simple/new/", "/simple/none/"]


def test_the_made_index_is_closed_and_its_first_project_reaches_all() -> None:
    reached, waiting = {0}, [0]
    while waiting:
        number = waiting.pop()
        assert made.answer(f"/made-50/simple/made-{number}/") is not None
        metadata = made.answer(f"/made-50/files/made_{number}-1.3-py3-none-any.whl.metadata") or b""
        wanted = {int(one) for one in re.findall(rb"Requires-Dist: made-(\d+)", metadata)}
        assert all(number < other < 50 for other in wanted)
        waiting += wanted - reached
        reached |= wanted
    assert reached == set(range(50))
    assert made.answer("/made-50/simple/made-50/") is None


def test_an_input_is_read_without_its_comments(tmp_path: Path) -> None:
    path = tmp_path / "x.in"
    path.write_text("# why\nattrs >= 19.2.0\n\ncffi; os_name == 'nt'  # only there\n")
    assert read_input(path) == ("attrs >= 19.2.0", "cffi; os_name == 'nt'")


def _series(tool: str, wall_s: float, pins: dict[str, str], missed: tuple[str, ...] = ()) -> Series:
    run = Run(
        wall_s=wall_s,
        cpu_s=wall_s,
        peak_mib=10,
        exit_code=0,
        timed_out=False,
        requests=3,
        not_modified=1,
        missed=missed,
        server_cpu_s=0,
        pins=pins,
    )
    return Series("A", "cold", tool, (run,))


def test_a_row_gives_the_ratio_to_uv_and_says_where_pins_differ() -> None:
    uv = _series("uv", 2.0, {"idna": "3.9"})
    same, other = _series("envspec", 1.0, {"idna": "3.9"}), _series("pip", 3.0, {"idna": "3.8"}, ("/x",))
    cells = [[cell.strip() for cell in row.split("|")] for row in rows([uv, same, other])]
    assert cells[1][8:10] == ["0.50", "0.50"]
    assert [row[-2] for row in cells] == ["1", "1 = uv", "DIFFERS in 1: idna 3.8 (uv 3.9)"]
    assert (holds([uv, same]), holds([uv, same, other])) == (True, False)
    assert misses([uv, same, other]) == {"pip": {"/x"}}
