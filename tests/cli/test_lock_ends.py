"""``envspec lock`` as a process that's interrupted, or that finds no room: nothing half-written stays."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from envspec.cli.wiring import CACHE_FILE
from tests.cli.locking import Room
from tests.cli.locking import room as room
from tests.loopback import Answer, Asked, Loopback, sdist, silent, wheel


def start(
    room: Room, server: Loopback, *options: str, before: Callable[[], object] | None = None
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "envspec",
            "lock",
            "specs/demo.toml",
            "--index-url",
            server.index_url,
            *options,
        ],
        cwd=room.folder,
        env={**os.environ, **room.environment, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=before,
    )


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def stop(process: subprocess.Popen[str], number: int) -> tuple[int, str, str, float]:
    began = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    # Where the signal meets exec() of a text (a NamedTuple being made), CPython ends by SIGINT itself,
    # though the exception was caught; a shell calls both 130.
    code = 130 if process.returncode == -signal.SIGINT else process.returncode
    return code, out, err, time.monotonic() - began


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_locking_while_the_server_says_nothing(room: Room, number: int) -> None:
    room.spec("demo")
    path = room.locks / "pylock.demo.toml"
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        room.locked(server)
        text = path.read_text()
        server.always("/simple/demo/", silent())
        process = start(room, server, "--refresh")
        wait_until(lambda: len(server.asked("/simple/demo/")) == 2)
        code, out, err, took_s = stop(process, number)
        assert (code, out, err) == (130, "", "interrupted; nothing half-written was left behind\n")
        assert took_s < 5
    assert [each.name for each in room.locks.iterdir()] == [path.name]
    assert path.read_text() == text
    assert list(room.temporary.iterdir()) == []


@pytest.mark.parametrize("case", ["hashing", "metadata of a whole wheel", "sdist"])
def test_an_interrupted_download_leaves_nothing(room: Room, case: str) -> None:
    room.spec("demo", python='sdists = ["demo"]' if case == "sdist" else "")
    file = (
        sdist("demo", "1.0")
        if case == "sdist"
        else wheel(
            "demo", "1.0", hashes=case != "hashing", metadata="hashed" if case == "hashing" else "none"
        )
    )
    ranges = "refused-501" if case == "metadata of a whole wheel" else "proper"
    with Loopback(projects={"demo": [file]}, ranges=ranges) as server:
        path = f"/files/{file.filename}"

        def answer(asked: Asked) -> Answer:
            if ranges == "refused-501" and "range" in asked.headers:
                return Answer(501)
            return Answer(body=file.data, stall_at=100)

        server.always(path, answer)
        process = start(room, server)
        wait_until(lambda: any(room.temporary.rglob("*.part")))
        code, _, err, took_s = stop(process, signal.SIGINT)
        assert (code, err.splitlines()[-1]) == (130, "interrupted; nothing half-written was left behind")
        assert took_s < 5
    assert list(room.locks.iterdir()) == []
    assert list(room.temporary.iterdir()) == []


def test_an_interrupted_run_goes_on_where_it_stood(room: Room) -> None:
    room.spec("demo")
    with Loopback(projects={"demo": [wheel("demo", "1.0", ["dep"])], "dep": [wheel("dep", "1.0")]}) as server:
        server.first("/simple/dep/", silent())
        process = start(room, server)
        wait_until(lambda: server.asked("/simple/dep/"))
        assert stop(process, signal.SIGINT)[0] == 130
        before = len(server.log)
        room.locked(server)
        asked_again = server.paths[before:]
        assert "/simple/demo/" not in asked_again
        assert "/files/dep-1.0-py3-none-any.whl.metadata" in asked_again


# No room


def small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))


def test_a_disk_without_room_leaves_the_old_lock(room: Room) -> None:
    room.spec("demo")
    path = room.locks / "pylock.demo.toml"
    with Loopback(projects={"demo": [wheel("demo", "1.0"), wheel("demo", "2.0")]}) as server:
        room.locked(server, "--upgrade-package", "demo==1.0", "--no-cache")
        text = path.read_text()
        process = start(room, server, "--upgrade", "--no-cache", before=small_files)
        assert process.communicate(timeout=30) == (
            "",
            "envspec: locks/pylock.demo.toml: can't be written\n"
            "  why: File too large\n"
            "  fix: make room or choose another folder; what was there before is untouched\n",
        )
        assert process.returncode == 3
    assert [each.name for each in room.locks.iterdir()] == [path.name]
    assert path.read_text() == text


def test_json_tells_what_was_written_before_a_lock_that_could_not_be(room: Room) -> None:
    one, other = room.spec("demo"), room.folder / "x" / "specs" / "other.toml"
    other.parent.mkdir(parents=True)
    other.write_text(one.read_text().replace('name = "demo"', 'name = "other"'))
    (room.folder / "x" / "locks").write_text("no folder")
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        outcome = room.lock(server, "--format", "json", specs=[one, other])
    document = json.loads(outcome.out)
    assert (outcome.code, outcome.err) == (3, "")
    assert [(row["path"], row["state"]) for row in document["locks"]] == [
        (str(room.locks / "pylock.demo.toml"), "created")
    ]
    assert document["error"]["exit-code"] == 3
    assert document["error"]["what"] == f"{room.folder}/x/locks/pylock.other.toml: can't be written"


def test_a_full_disk_leaves_the_old_lock_and_names_the_cause(room: Room) -> None:
    room.spec("demo")
    disk = room.folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    try:
        path = disk / "pylock.demo.toml"
        with Loopback(projects={"demo": [wheel("demo", "1.0"), wheel("demo", "2.0")]}) as server:
            assert room.lock(server, "-o", disk, "--upgrade-package", "demo==1.0").code == 0
            text = path.read_text()
            with (disk / "ballast").open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while file.write(b"x" * 4096):
                    pass
            outcome = room.lock(server, "-o", disk, "--upgrade", "--cache-dir", disk / "cache")
            assert (outcome.code, outcome.out) == (3, "")
            assert (
                f"{path}: can't be written\n  why: No space left on device\n  fix: make room" in outcome.err
            )
            assert f"warning: the cache {disk / 'cache' / CACHE_FILE} can't be " in outcome.err
            assert path.read_text() == text
            assert not [each for each in disk.rglob("*") if each.name.endswith(".part")]
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_download_that_finds_no_room_is_told(room: Room) -> None:
    room.spec("demo")
    big = wheel("demo", "1.0", hashes=False, files={"demo.bin": os.urandom(5000)})
    with Loopback(projects={"demo": [big]}) as server:
        process = start(room, server, "--no-cache", before=small_files)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out) == (3, "")
        assert "can't be written\n  why: File too large\n" in err
    assert list(room.locks.iterdir()) == []
    assert list(room.temporary.iterdir()) == []


@pytest.mark.parametrize("place", ["a-file", "a-file/below", "/proc/nowhere"])
def test_a_folder_that_cannot_be_made_is_told(room: Room, place: str) -> None:
    room.spec("demo")
    (room.folder / "a-file").write_text("")
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        folder = room.folder / place
        said = room.refused(3, server, "-o", folder)
        assert said.startswith(f"envspec: {folder / 'pylock.demo.toml'}: can't be written\n  why: ")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_told(room: Room) -> None:
    room.spec("demo")
    room.locks.chmod(0o555)
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        assert room.refused(3, server) == (
            f"envspec: {room.locks / 'pylock.demo.toml'}: can't be written\n  why: Permission denied\n"
        )


def test_a_reader_that_goes_away_is_no_error(room: Room) -> None:
    room.spec("demo")
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        process = start(room, server)
        assert process.stdout is not None
        process.stdout.close()
        _, err = process.communicate(timeout=30)
        assert (process.returncode, err) == (141, "")


def test_a_lock_that_is_a_link_is_written_through(room: Room) -> None:
    room.spec("demo")
    path, elsewhere = room.locks / "pylock.demo.toml", room.folder / "shared.toml"
    path.symlink_to(elsewhere)
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        text = room.locked(server)
        assert path.is_symlink()
        assert elsewhere.read_text() == text
        assert room.lock(server, "--check").code == 0
        room.spec("demo<2")
        assert room.locked(server) == elsewhere.read_text() != text
        assert path.is_symlink()


def test_a_lock_that_is_a_link_to_itself_is_told(room: Room) -> None:
    room.spec("demo")
    path = room.locks / "pylock.demo.toml"
    path.symlink_to(path.name)
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        for options in ((), ("--check",)):
            outcome = room.lock(server, *options)
            assert (outcome.code, outcome.out) == (2, "")
            assert outcome.err == (
                f"envspec: {path}: can't be read\n"
                "  why: Too many levels of symbolic links\n"
                "  fix: name the file itself: its links lead back to themselves\n"
            )
        assert path.is_symlink()
        assert len(server.log) == 0


def test_two_locks_that_are_links_to_one_file_are_refused(room: Room) -> None:
    room.spec("demo", tables="[variants.one]\n[variants.two]\n")
    for variant in ("one", "two"):
        (room.locks / f"pylock.demo-{variant}.toml").symlink_to("same.toml")
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        assert "would both be locked as" in room.refused(2, server)
