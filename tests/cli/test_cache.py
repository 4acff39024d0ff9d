"""``envspec cache``: where it lies, and that emptying takes nothing else along."""

from __future__ import annotations

import json

from tests.cli.locking import Room
from tests.cli.locking import room as room
from tests.loopback import Loopback, wheel


def test_dir_says_where_the_cache_lies(room: Room) -> None:
    assert room.run("cache", "dir") == (0, f"{room.cache}\n", "")
    assert room.run("cache", "dir", "--cache-dir", room.folder / "own") == (0, f"{room.folder}/own\n", "")
    assert not room.cache.exists()


def test_clean_takes_our_files_and_no_others(room: Room) -> None:
    room.spec("demo")
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        text = room.locked(server)
        (room.cache / "notes.txt").write_text("mine")
        (room.cache / "index-1.sqlite").write_bytes(b"12345")
        size = sum(path.stat().st_size for path in room.cache.glob("index*"))
        assert room.run("cache", "clean") == (0, f"{room.cache}: {size:,} bytes freed\n", "")
        assert [path.name for path in room.cache.iterdir()] == ["notes.txt"]
        before = len(server.log)
        assert room.locked(server) == text
        assert len(server.log) > before


def test_cleaning_a_cache_that_is_not_there_frees_nothing(room: Room) -> None:
    assert room.run("cache", "clean") == (0, f"{room.cache}: 0 bytes freed\n", "")


def test_a_machine_reads_the_folder_and_what_was_freed(room: Room) -> None:
    room.cache.mkdir()
    (room.cache / "index-1.sqlite").write_bytes(b"12345")
    code, out, said = room.run("cache", "dir", "--format", "json")
    assert (code, json.loads(out), said) == (0, {"folder": str(room.cache)}, "")
    told = room.folder / "told.json"
    assert room.run("cache", "clean", "--format", "json", "-o", told) == (0, "", "")
    assert json.loads(told.read_text()) == {"folder": str(room.cache), "bytes-freed": 5}
