"""The user's files: read within a bound, written whole or not at all."""

from __future__ import annotations

import errno
import os
import socket
import stat
import threading
import time
import tracemalloc
from pathlib import Path

import pytest

from envspec.adapters.files import read_bytes, read_text, sha256_of, write_atomically
from envspec.errors import DiskError, InputError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"\xc3\xa4\r\n")
    assert read_bytes(path) == b"\xc3\xa4\r\n"
    assert read_bytes(str(path), limit=4) == b"\xc3\xa4\r\n"
    assert read_text(path) == "\u00e4\r\n"


def test_a_file_beyond_the_bound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    with pytest.raises(InputError) as raised:
        read_bytes(path, limit=4)
    assert str(raised.value) == f"{path}: longer than 4 bytes\n  why: no file of this kind is that long"


def test_a_file_takes_no_more_memory_than_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"a" * 100)
    tracemalloc.start()
    try:
        read_bytes(path, limit=100_000_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def test_a_file_of_the_kernel_that_says_no_size_is_read_whole() -> None:
    whole = Path("/proc/self/environ").read_bytes()
    assert read_bytes("/proc/self/environ", limit=10_000_000) == whole != b""


def test_a_file_without_an_end_is_refused_too() -> None:
    with pytest.raises(InputError, match="/dev/zero: longer than 4 bytes"):
        read_bytes("/dev/zero", limit=4)


def test_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(InputError) as raised:
        read_text("nowhere/a.toml")
    assert str(raised.value) == (
        "nowhere/a.toml: no such file\n"
        "  fix: check the path: a spec's are relative to it, all others to where you stand"
    )


def test_a_pipe_of_the_shell_is_waited_for_to_its_end() -> None:
    reading, writing = os.pipe()

    def write_slowly() -> None:
        time.sleep(0.2)
        os.write(writing, b"x" * 3000)
        time.sleep(0.2)
        os.write(writing, b"y" * 3000)
        os.close(writing)

    writer = threading.Thread(target=write_slowly)
    writer.start()
    try:
        assert read_bytes(f"/dev/fd/{reading}") == b"x" * 3000 + b"y" * 3000
    finally:
        writer.join()
        os.close(reading)


def test_a_pipe_that_never_ends_is_read_to_the_bound_or_not_for_long(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    held = os.open(path, os.O_RDWR)
    try:
        os.write(held, b"12345")
        with pytest.raises(InputError, match="pipe: longer than 4 bytes"):
            read_bytes(path, limit=4)
        os.write(held, b"1234")
        with pytest.raises(InputError, match="pipe: is a pipe with no end"):
            read_bytes(path, limit=4)
    finally:
        os.close(held)
    with pytest.raises(InputError, match="pipe: is a pipe with nothing in it"):
        read_bytes(path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        read_bytes(tmp_path)
    assert str(raised.value) == f"{tmp_path}: is a folder, a file was wanted"


def test_a_path_that_cannot_be_opened_is_the_users_input(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "socket"))
    try:
        for name, why, fix in (
            ("a/b", "Not a directory", "check the path: a file stands where it names a folder"),
            (
                "loop",
                "Too many levels of symbolic links",
                "name the file itself: its links lead back to themselves",
            ),
            ("x" * 300, "File name too long", "check the path"),
            ("socket", "No such device or address", "name a file: a socket was met"),
        ):
            with pytest.raises(InputError) as raised:
                read_bytes(tmp_path / name)
            assert raised.value.exit_code == 2
            assert str(raised.value) == f"{tmp_path}/{name}: can't be read\n  why: {why}\n  fix: {fix}"
    finally:
        server.close()


def test_a_text_that_is_no_utf_8_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"ab\xff")
    with pytest.raises(InputError) as raised:
        read_text(path)
    assert str(raised.value) == f"{path}: byte 2 isn't UTF-8\n  fix: save the file as UTF-8"


def test_a_digest_is_of_the_whole_file_however_long(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"\0" * 3_000_000)
    assert sha256_of(path) == "35bce4eae54ec8e6cc2868baa8d157914d6ae2858811b4cc0c078c94460fa26f"


def test_a_digest_of_a_file_that_is_not_there_cannot_be_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="gone: no such file"):
        sha256_of(tmp_path / "gone")


# Writing


def test_a_file_is_written_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c"
    assert write_atomically(path, b"1")
    assert path.read_bytes() == b"1"
    assert names(path.parent) == ["c"]


def test_a_file_beside_us_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert write_atomically("c", b"1")
    assert names(tmp_path) == ["c"]


def test_a_file_that_is_the_same_already_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "c"
    assert write_atomically(path, b"1")
    stamp = path.stat()
    assert not write_atomically(path, b"1")
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (stamp.st_mtime_ns, stamp.st_ino)
    assert write_atomically(path, b"2")
    assert path.read_bytes() == b"2"


def test_a_new_file_has_the_rights_that_the_user_asks_for(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        write_atomically(tmp_path / "c", b"1")
    finally:
        os.umask(mask)
    assert (tmp_path / "c").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("failing", ["fsync", "replace"])
@pytest.mark.parametrize("kind", [OSError, KeyboardInterrupt])
def test_whatever_ends_writing_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, kind: type[BaseException]
) -> None:
    path = tmp_path / "c"
    write_atomically(path, b"old")

    def fail(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) if kind is OSError else kind()

    with monkeypatch.context() as patched:
        patched.setattr(os, failing, fail)
        with pytest.raises(DiskError if kind is OSError else kind) as raised:
            write_atomically(path, b"new")
    if kind is OSError:
        assert str(raised.value) == (
            f"{path}: can't be written\n"
            "  why: No space left on device\n"
            "  fix: make room or choose another folder; what was there before is untouched"
        )
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["c"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(DiskError) as raised:
        write_atomically(tmp_path / "a" / "b" / "c", b"1")
    assert str(raised.value) == (
        f"{tmp_path}/a/b/c: can't be written\n"
        "  why: a file stands where a folder was wanted\n"
        "  fix: name another folder, or take that file away"
    )


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    with pytest.raises(DiskError) as raised:
        write_atomically(tmp_path / "c", b"1")
    assert raised.value.why == "Is a directory"
    assert names(tmp_path) == ["c"]


def test_a_pipe_is_written_into_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "report"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert write_atomically(pipe, b"whole")
        assert os.read(reader, 100) == b"whole"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_device_that_takes_nothing_is_the_disks_error(tmp_path: Path) -> None:
    link = tmp_path / "report"
    link.symlink_to("/dev/full")
    with pytest.raises(DiskError) as caught:
        write_atomically(link, b"x" * 100_000)
    assert str(caught.value) == f"{link}: can't be written\n  why: No space left on device"
    assert link.is_symlink()


def test_a_link_stays_and_the_file_behind_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").write_bytes(b"old")
    (tmp_path / "middle").symlink_to("real/a")
    (tmp_path / "link").symlink_to(tmp_path / "middle")
    assert write_atomically(tmp_path / "link", b"new")
    assert not write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "middle").is_symlink()
    assert (tmp_path / "real" / "a").read_bytes() == b"new"
    assert names(tmp_path / "real") == ["a"]
    assert names(tmp_path) == ["link", "middle", "real"]


def test_a_link_to_a_file_that_is_not_there_yet_brings_it(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("a")
    assert write_atomically(tmp_path / "link", b"1")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "a").read_bytes() == b"1"


def test_a_link_that_leads_nowhere_is_told_and_left(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "gone").symlink_to(tmp_path / "media" / "a")
    for name, why in (
        ("loop", "it is a link that leads back to itself"),
        ("gone", f"it is a link to {tmp_path}/media/a, and there is no such folder"),
    ):
        with pytest.raises(DiskError) as raised:
            write_atomically(tmp_path / name, b"1")
        assert str(raised.value) == (
            f"{tmp_path}/{name}: can't be written\n  why: {why}\n  fix: mend the link, or take it away"
        )
    assert names(tmp_path) == ["gone", "loop"]
