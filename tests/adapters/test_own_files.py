"""Files of the user's own by digest: one order, one digest, nothing that can't be carried."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from envspec.adapters import own_files
from envspec.adapters.cache import SqliteStore
from envspec.adapters.own_files import content_digest, file_digests
from envspec.assets.interface import OwnFile
from envspec.errors import InputError

LARGE = own_files.REMEMBERED_BYTES


@pytest.fixture
def store() -> SqliteStore:
    return SqliteStore(None)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_folder_is_all_it_holds_in_one_order(tmp_path: Path, store: SqliteStore) -> None:
    for path, data in (("b/z.py", b"z"), ("b/a.py", b"a"), ("a.py", b""), ("b/__pycache__/a.pyc", b"x")):
        (tmp_path / path).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / path).write_bytes(data)
    (tmp_path / "b" / "z.py").chmod(0o700)
    assert file_digests(str(tmp_path), store) == (
        OwnFile("a.py", 0, sha256(b""), "0644"),
        OwnFile("b/a.py", 1, sha256(b"a"), "0644"),
        OwnFile("b/z.py", 1, sha256(b"z"), "0755"),
    )


def test_a_file_is_itself(tmp_path: Path, store: SqliteStore) -> None:
    (tmp_path / "x").write_bytes(b"x")
    assert file_digests(str(tmp_path / "x"), store) == (OwnFile("", 1, sha256(b"x"), "0644"),)
    assert content_digest(str(tmp_path / "x"), store) == sha256(b"x")


def test_a_file_that_changes_while_it_is_read_has_no_digest(
    tmp_path: Path, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"x")

    def read_and_append(at: str) -> str:
        with open(at, "ab") as file:
            file.write(b"y")
        return sha256(b"x")

    monkeypatch.setattr(own_files, "sha256_of", read_and_append)
    with pytest.raises(InputError, match="changed while it was read"):
        file_digests(str(path), store)


def rename(path: Path) -> None:
    path.rename(path.with_name("c"))


def make_executable(path: Path) -> None:
    path.chmod(0o755)


def write_other(path: Path) -> None:
    path.write_bytes(b"b")


def add_another(path: Path) -> None:
    path.with_name("c").write_bytes(b"")


@pytest.mark.parametrize("change", [rename, make_executable, write_other, add_another, Path.unlink])
def test_the_digest_of_a_folder_changes_with_anything_in_it(
    tmp_path: Path, store: SqliteStore, change: Callable[[Path], None]
) -> None:
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "b").write_bytes(b"b")
    before = content_digest(str(tmp_path), store)
    change(tmp_path / "a")
    assert content_digest(str(tmp_path), store) != before


def test_times_and_owners_change_no_digest(tmp_path: Path, store: SqliteStore) -> None:
    (tmp_path / "a").write_bytes(b"a")
    before = content_digest(str(tmp_path), store)
    os.utime(tmp_path / "a", (1, 1))
    assert content_digest(str(tmp_path), store) == before


def old(path: Path) -> None:
    """Let it have been as it is for long: its times are the clock's, so the clock is what's waited for."""
    deadline = time.monotonic() + 10
    while time.time_ns() - path.stat().st_ctime_ns <= 2_100_000_000 and time.monotonic() < deadline:
        time.sleep(0.1)


def test_a_large_file_that_stayed_as_it_was_is_not_read_again(tmp_path: Path, store: SqliteStore) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"0" * LARGE)
    old(path)
    first = content_digest(str(path), store)
    store.flush()
    note = store.note(f'own-file:"{path}"')
    assert note is not None
    store.put_note(f'own-file:"{path}"', note.replace(first, "f" * 64))
    store.flush()
    assert content_digest(str(path), store) == "f" * 64
    path.write_bytes(b"1" * LARGE)
    assert content_digest(str(path), store) == sha256(b"1" * LARGE)


def test_a_large_file_that_just_changed_is_not_remembered(tmp_path: Path, store: SqliteStore) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"0" * LARGE)
    content_digest(str(path), store)
    store.flush()
    assert store.note(f'own-file:"{path}"') is None


@pytest.mark.parametrize("note", ["", "[]", "nonsense", '{"a": 1}', "[1, 2, 3, 4, 5]", "[[[["])
def test_a_broken_memory_is_none(tmp_path: Path, store: SqliteStore, note: str) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"0" * LARGE)
    store.put_note(f'own-file:"{path}"', note)
    store.flush()
    assert content_digest(str(path), store) == sha256(b"0" * LARGE)


def test_a_link_to_a_file_inside_is_the_file(tmp_path: Path, store: SqliteStore) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a").write_bytes(b"a")
    (tmp_path / "b").symlink_to("sub/a")
    assert [(file.path, file.sha256) for file in file_digests(str(tmp_path), store)] == [
        ("b", sha256(b"a")),
        ("sub/a", sha256(b"a")),
    ]


@pytest.mark.parametrize("name", ["a\nb", "a\\b", "a\x1b[2J", os.fsdecode(b"\xff")])
def test_a_name_that_cannot_stand_in_a_lock_is_refused(tmp_path: Path, store: SqliteStore, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(InputError) as caught:
        file_digests(str(tmp_path), store)
    assert "a name that can't stand in a lock" in caught.value.what
    assert caught.value.what.isprintable()


def test_more_files_than_anyone_lists_are_refused(
    tmp_path: Path, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_files, "MAX_FILES", 2)
    for name in "abc":
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(InputError, match="holds more than 2 files"):
        file_digests(str(tmp_path), store)


def test_folders_without_end_are_refused(tmp_path: Path, store: SqliteStore) -> None:
    deep = tmp_path.joinpath(*["d"] * 70)
    deep.mkdir(parents=True)
    (deep / "x").write_bytes(b"")
    with pytest.raises(InputError, match="lies more than 64 folders deep"):
        file_digests(str(tmp_path), store)


def test_a_lock_in_the_folder_that_it_locks_is_not_a_part_of_it(tmp_path: Path, store: SqliteStore) -> None:
    (tmp_path / "app.py").write_bytes(b"")
    before = content_digest(str(tmp_path), store)
    (tmp_path / "pylock.demo-cu118.toml").write_bytes(b"x")
    (tmp_path / "pylock.toml").write_bytes(b"x")
    assert content_digest(str(tmp_path), store) == before
