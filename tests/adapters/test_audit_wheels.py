"""The shelf of locked files: what it keeps, and what goes when it's full."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from envspec.adapters import audit_wheels
from envspec.adapters.audit_wheels import WheelShelf
from envspec.index.live import LiveIndex
from envspec.index.pages import Pages
from envspec.lock.document import LockedFile
from envspec.ports import Http, Silent


def nobody() -> Pages:
    raise AssertionError("no index is to be asked")


def no_http() -> Http:
    raise AssertionError("nothing is to be downloaded")


def shelf(kept: Path, *folders: Path) -> WheelShelf:
    return WheelShelf(
        folders=folders, kept=kept, default=lambda: LiveIndex("default", "https://index.example/simple"),
        pages=nobody, http=no_http, progress=Silent(),
    )  # fmt: skip


def put(kept: Path, letter: str, size: int, age_s: int) -> LockedFile:
    file = LockedFile(f"{letter}-1.0-py3-none-any.whl", (("sha256", letter * 64),))
    path = kept / file.sha256 / file.name
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(size))
    now = path.stat().st_mtime
    os.utime(path, (now - age_s, now - age_s))
    return file


def test_the_users_own_folders_come_before_what_is_kept(tmp_path: Path) -> None:
    file = put(tmp_path / "kept", "a", 3, 0)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / file.name).write_bytes(b"x")
    found = list(shelf(tmp_path / "kept", mine).candidates(file))
    assert found == [str(mine / file.name), str(tmp_path / "kept" / file.sha256 / file.name)]


def test_what_was_used_longest_ago_goes_first_and_never_what_this_run_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_wheels, "MAX_KEPT_BYTES", 250)
    used = put(tmp_path, "a", 100, 900)
    for letter, age_s in (("b", 800), ("c", 700), ("d", 600)):
        put(tmp_path, letter, 100, age_s)
    kept = shelf(tmp_path)
    assert len(list(kept.candidates(used))) == 1
    kept.prune()
    assert sorted(path.name[0] for path in tmp_path.iterdir()) == ["a", "d"]
