"""``envspec audit``: whole runs on a loopback index, with real wheels."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from envspec.lock.codec import decode, encode
from tests.cli.locking import Room
from tests.cli.locking import room as room
from tests.loopback import File, Loopback, wheel

BIRD = {
    "keybird/__init__.py": b"from keybird._model import KeyBird\n",
    "keybird/_model.py": (
        b"from sentence_transformers import SentenceTransformer\n"
        b"class KeyBird:\n"
        b'    def __init__(self, model="all-MiniLM-L6-v2"):\n'
        b"        self.model = SentenceTransformer(model)\n"
    ),
}
BIRD_WHEEL = wheel("keybird", "1.0", ["plain"], files=BIRD)
PLAIN_WHEEL = wheel("plain", "2.0")
REPORT = """\
demo: 2 of 2 files read

Not in the lock, and fetched by ordinary use
  keybird 1.0  (2 places)
    keybird/_model.py:3  KeyBird.__init__(model=...): sentence-transformers/all-MiniLM-L6-v2 \
if the caller names nothing, through sentence_transformers
    keybird/_model.py:4  sentence_transformers.SentenceTransformer: sentence-transformers/all-MiniLM-L6-v2

What was not seen
  hidden from reading: nothing was met that hides it
  what may fetch needn't: a run of your program with no network is the proof

To add to the spec, with your own choice where several are possible:

[[models]]   # keybird: KeyBird.__init__(model=...) if the caller names nothing
provider = "huggingface"
repo = "sentence-transformers/all-MiniLM-L6-v2"
"""


def serving(*files: File) -> Loopback:
    projects: dict[str, list[File]] = {}
    for file in files or (BIRD_WHEEL, PLAIN_WHEEL):
        projects.setdefault(file.filename.split("-")[0], []).append(file)
    return Loopback(projects=projects)


def lock(room: Room, server: Loopback, *requirements: str, portable: bool = False) -> Path:
    room.spec(*(requirements or ("keybird",)), tables='[lock]\nfiles = "portable"' if portable else "")
    room.locked(server)
    return room.locks / "pylock.demo.toml"


def parsed(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    return document


@pytest.mark.parametrize("portable", [False, True], ids=["by URL", "from whichever mirror is configured"])
def test_wheels_are_downloaded_read_and_told(room: Room, portable: bool) -> None:
    with serving() as server:
        path = lock(room, server, portable=portable)
        outcome = room.run("audit", path, "--index-url", server.index_url)
    assert outcome == (0, REPORT, "downloading 2 files\nreading 2 files\n")


def test_a_second_run_asks_nobody_and_reads_nothing(room: Room) -> None:
    with serving() as server:
        path = lock(room, server)
        room.run("audit", path, "--index-url", server.index_url)
        before = len(server.log)
        for kept in (room.cache / "wheels").glob("*/*"):
            kept.unlink()
        assert room.run("audit", path, "--offline") == (0, REPORT, "")
        assert len(server.log) == before


def test_a_folder_of_wheels_is_enough(room: Room) -> None:
    with serving() as server:
        path = lock(room, server, portable=True)
        before = len(server.log)
        folder = room.folder / "my-wheels"
        folder.mkdir()
        for file in (BIRD_WHEEL, PLAIN_WHEEL):
            (folder / file.filename).write_bytes(file.data)
        outcome = room.run("audit", path, "--wheels", folder, "--offline")
        assert outcome == (0, REPORT, "reading 2 files\n")
        assert len(server.log) == before


def test_the_wheels_of_a_bundle_are_found_beside_the_lock(room: Room) -> None:
    with serving() as server:
        path = lock(room, server, portable=True)
    (room.folder / "wheels").mkdir()
    for file in (BIRD_WHEEL, PLAIN_WHEEL):
        (room.folder / "wheels" / file.filename).write_bytes(file.data)
    assert room.run("audit", path, "--offline").out == REPORT


def test_a_wheel_that_cannot_be_had_is_named_and_strict_says_no(room: Room) -> None:
    with serving() as server:
        path = lock(room, server)
    folder = room.folder / "my-wheels"
    folder.mkdir()
    (folder / PLAIN_WHEEL.filename).write_bytes(PLAIN_WHEEL.data)
    (folder / BIRD_WHEEL.filename).write_bytes(b"other bytes")
    outcome = room.run("audit", path, "--wheels", folder, "--offline")
    assert outcome.code == 0
    assert "demo: 1 of 2 files read" in outcome.out
    assert "  keybird-1.0-py3-none-any.whl: " in outcome.out
    digest = hashlib.sha256(b"other bytes").hexdigest()
    assert f"{folder}/{BIRD_WHEEL.filename} has sha256 {digest}; " in outcome.out
    assert "isn't here, and --offline was said" in outcome.out
    assert room.run("audit", path, "--wheels", folder, "--offline", "--strict").code == 1


def test_when_nothing_could_be_read_it_is_the_outside(room: Room) -> None:
    with serving() as server:
        path = lock(room, server)
    outcome = room.run("audit", path, "--offline", "--format", "json")
    assert outcome.code == 3
    assert [row["why"] for row in parsed(outcome.out)["not-read"]] == [
        "isn't here, and --offline was said",
        "isn't here, and --offline was said",
    ]


def test_changed_bytes_on_the_index_are_not_read(room: Room) -> None:
    with serving() as server:
        path = lock(room, server)
        server.projects["keybird"] = [wheel("keybird", "1.0", files={"keybird/__init__.py": b"evil = 1\n"})]
        outcome = room.run("audit", path, "--index-url", server.index_url)
    assert "keybird-1.0-py3-none-any.whl: what came has sha256 " in outcome.out
    assert not list((room.cache / "wheels").glob("*/keybird*"))


def test_a_mirror_that_lacks_the_file_or_the_project_is_named(room: Room) -> None:
    with serving() as server:
        path = lock(room, server, portable=True)
        server.projects["keybird"] = [wheel("keybird", "1.0", files={"keybird/__init__.py": b"evil = 1\n"})]
        del server.projects["plain"]
        outcome = room.run("audit", path, "--index-url", server.index_url, "--refresh")
        index = server.index_url
    assert outcome.code == 3
    assert (
        f"  keybird-1.0-py3-none-any.whl: the default index ({index}) has no keybird-1.0-py3-none-any.whl"
        " of this sha256\n  plain-2.0-py3-none-any.whl: the default index has no project plain\n"
    ) in outcome.out


def test_two_wheels_with_different_bytes_at_one_path_are_an_error(room: Room) -> None:
    one = wheel("opencv-python", "4.0", files={"cv2/__init__.py": b"", "cv2/cv2.abi3.so": b"with a window"})
    two = wheel(
        "opencv-python-headless", "4.0", files={"cv2/__init__.py": b"", "cv2/cv2.abi3.so": b"without"}
    )
    files = {"opencv-python": [one], "opencv-python-headless": [two]}
    with Loopback(projects=files) as server:
        path = lock(room, server, "opencv-python", "opencv-python-headless")
        outcome = room.run("audit", path, "--index-url", server.index_url)
    assert outcome.code == 1
    assert (
        "ERROR: opencv-python and opencv-python-headless install different bytes at 1 of 2 shared paths\n"
        "  at:  cv2/cv2.abi3.so\n"
    ) in outcome.out


def test_who_requires_a_project_says_whether_its_use_fetches(room: Room) -> None:
    fetching = {"tiktoken/load.py": b"import urllib.request\ndef f(u): urllib.request.urlretrieve(u)\n"}
    tiktoken = wheel("tiktoken", "1.0", files=fetching)
    projects = {"tiktoken": [tiktoken], "openai-whisper": [wheel("openai-whisper", "1.0", ["tiktoken"])]}
    for requirements, expected in ((["openai-whisper"], []), (["openai-whisper", "tiktoken"], ["tiktoken"])):
        with Loopback(projects=projects) as server:
            path = lock(room, server, *requirements)
            outcome = room.run("audit", path, "--index-url", server.index_url, "--format", "json", "--strict")
        assert parsed(outcome.out)["uncovered"] == expected
        assert outcome.code == len(expected)


def test_strict_says_no_to_what_the_lock_does_not_hold(room: Room) -> None:
    with serving() as server:
        path = lock(room, server)
        arguments = ("audit", path, "--index-url", server.index_url)
        assert room.run(*arguments, "--strict").code == 1
        assert room.run(*arguments).code == 0


def test_write_puts_it_into_the_lock_and_does_so_once(room: Room) -> None:
    with serving() as server:
        path = lock(room, server)
        arguments = ("audit", path, "--index-url", server.index_url, "--write")
        assert f"{path}  written: 2 files audited\n" in room.run(*arguments).err
        text = path.read_text()
        assert f"{path}  unchanged: 2 files audited\n" in room.run(*arguments).err
    written = decode(text, "it")
    assert encode(written).decode() == text
    assert set(written.extra_tool["audit"]) == {BIRD_WHEEL.sha256, PLAIN_WHEEL.sha256}
    row = written.extra_tool["audit"][BIRD_WHEEL.sha256]
    assert (row["analyser"], row["name"], row["files"]) == ("1", "keybird", 5)
    assert row["egress"][0] == {
        "kind": "hub",
        "file": "keybird/_model.py",
        "line": 3,
        "call": "KeyBird.__init__(model=...)",
        "what": "sentence-transformers/all-MiniLM-L6-v2",
        "provider": "huggingface",
        "reach": "default",
        "covered": False,
    }
    assert written.warnings == (
        "audit: keybird fetches sentence-transformers/all-MiniLM-L6-v2 if the caller names nothing"
        " (keybird/_model.py:3); no model of this lock covers it",
    )


def test_locking_again_keeps_what_was_written(room: Room) -> None:
    with serving() as server:
        path = lock(room, server)
        room.run("audit", path, "--index-url", server.index_url, "--write")
        text = path.read_text()
        assert room.locked(server) == text
        rows = decode(room.locked(server, "--upgrade"), "it").extra_tool["audit"]
    assert set(rows) == {BIRD_WHEEL.sha256, PLAIN_WHEEL.sha256}


def test_a_lock_of_another_tool_is_read_and_never_written(room: Room) -> None:
    with serving() as server:
        path = room.folder / "pylock.toml"
        path.write_text(
            'lock-version = "1.0"\ncreated-by = "other"\n[[packages]]\nname = "plain"\nversion = "2.0"\n'
            f'wheels = [{{ url = "{server.file_url(PLAIN_WHEEL.filename)}",'
            f' hashes = {{ sha256 = "{PLAIN_WHEEL.sha256}" }} }}]\n'
        )
        assert "1 of 1 files read" in room.run("audit", path, "--index-url", server.index_url).out
        before = path.read_text()
        outcome = room.run("audit", path, "--index-url", server.index_url, "--write")
    assert outcome.code == 2
    assert "another tool made this lock" in outcome.err
    assert path.read_text() == before


def test_json_tells_everything(room: Room) -> None:
    with serving() as server:
        path = lock(room, server)
        found = parsed(room.run("audit", path, "--index-url", server.index_url, "--format", "json").out)
    assert found["uncovered"] == ["keybird"]
    assert found["models"] == [
        "[[models]]   # keybird: KeyBird.__init__(model=...) if the caller names nothing\n"
        'provider = "huggingface"\nrepo = "sentence-transformers/all-MiniLM-L6-v2"\n'
    ]
    assert [package["name"] for package in found["packages"]] == ["keybird", "plain"]
    assert found["packages"][0]["fetches"][0]["reach"] == "default"
    assert found["packages"][0]["sha256"] == BIRD_WHEEL.sha256


def test_without_a_cache_nothing_is_left(room: Room) -> None:
    with serving() as server:
        path = lock(room, server, "keybird")
        for each in room.cache.iterdir():
            each.unlink()
        outcome = room.run("audit", path, "--index-url", server.index_url, "--no-cache")
    assert outcome.out == REPORT
    assert list(room.cache.iterdir()) == []
    assert list(room.temporary.iterdir()) == []


def test_cleaning_the_cache_takes_the_wheels_along(room: Room) -> None:
    with serving() as server:
        path = lock(room, server)
        room.run("audit", path, "--index-url", server.index_url)
    assert len(list((room.cache / "wheels").glob("*/*.whl"))) == 2
    room.run("cache", "clean")
    assert list((room.cache / "wheels").glob("*")) == []


def test_a_folder_that_is_not_there_is_the_users_input(room: Room) -> None:
    with serving() as server:
        path = lock(room, server)
    outcome = room.run("audit", path, "--wheels", room.folder / "whels", "--offline")
    assert (outcome.code, outcome.out) == (2, "")
    assert f"{room.folder}/whels: no such folder" in outcome.err


def test_a_broken_lock_is_the_users_input(room: Room) -> None:
    path = room.folder / "pylock.toml"
    path.write_text("packages = 3")
    assert room.run("audit", path).code == 2
