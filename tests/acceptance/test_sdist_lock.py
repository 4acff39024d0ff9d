"""Source distributions, locked for real: metadata that's trusted, and metadata that must be built."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from envspec.adapters.build_host import find_build_host
from tests.acceptance.commands import envspec, run

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytestmark = [pytest.mark.registry, pytest.mark.slow]

# What it is built with is decided by the cut-off and the constraints.
SPEC = """\
name = "speech"
[target]
glibc = "2.28"
arch = "x86_64"
python = "3.11"
[python]
requirements = ["openai-whisper==VERSION"]
constraints = [CONSTRAINTS]
sdists = ["openai-whisper"]
exclude-newer = DAY
"""
BUILDING = "openai-whisper 20240930: running its own build"


def write_spec(
    folder: Path, version: str, constraints: str = "", day: str = "2025-07-01", more: str = ""
) -> Path:
    path = folder / "speech.toml"
    text = SPEC.replace("VERSION", version).replace("CONSTRAINTS", constraints).replace("DAY", day)
    path.write_text(text + more)
    return path


def test_static_metadata_is_trusted_and_nothing_is_built(tmp_path: Path) -> None:
    done = envspec("lock", write_spec(tmp_path, "20250625"), "--cache-dir", tmp_path / "cache")
    assert "running its own build" not in done.stderr
    lock = tomllib.loads((tmp_path / "pylock.speech.toml").read_text())
    assert "builds" not in lock["tool"]["envspec"]
    [whisper] = [package for package in lock["packages"] if package["name"] == "openai-whisper"]
    assert whisper["sdist"]["name"] == "openai_whisper-20250625.tar.gz"
    assert whisper["sdist"]["hashes"] == {
        "sha256": "37a91a3921809d9f44748ffc73c0a55c9f366c85a3ef5c2ae0cc09540432eb96"
    }


def needs_python_311() -> None:
    if find_build_host((3, 11)).notes:
        pytest.skip("it's built with the target's Python, 3.11, and none is here")


def test_a_setuptools_of_today_cannot_build_it_and_the_message_says_what_can(tmp_path: Path) -> None:
    spec = write_spec(tmp_path, "20240930", '"setuptools>=82"', day="2026-06-01")
    done = run(sys.executable, "-m", "envspec.cli.main", "lock", spec, "--cache-dir", tmp_path / "cache")
    assert done.returncode == 1, done.stderr
    assert "No module named 'pkg_resources' (setuptools 82." in done.stderr
    assert 'add "setuptools<81" to [python] constraints' in done.stderr
    assert list(tmp_path.glob("pylock.*")) == []


def test_it_is_built_once_and_the_lock_says_with_what(tmp_path: Path) -> None:
    needs_python_311()
    variants = '[variants.one]\n[variants.two.python]\nextra-requirements = ["more-itertools"]\n'
    spec = write_spec(tmp_path, "20240930", '"setuptools<81"', more=variants)
    cached = ("--cache-dir", tmp_path / "cache")
    first = envspec("lock", spec, "-o", tmp_path / "first", *cached)
    assert first.stderr.count(BUILDING) == 1
    text = (tmp_path / "first" / "pylock.speech-one.toml").read_text()
    [build] = tomllib.loads(text)["tool"]["envspec"]["builds"]
    [setuptools] = build["requirements"]
    assert (build["name"], build["version"]) == ("openai-whisper", "20240930")
    assert (setuptools["name"], setuptools["version"]) == ("setuptools", "80.9.0")
    assert setuptools["hashes"] == {
        "sha256": "062d34222ad13e0cc312a4c02d73f059e86a4acbfbdea8f8f76b28c99f306922"
    }
    requires = re.search(r'name = "openai-whisper".*?dependencies = \[(.*?)\n\]', text, re.DOTALL)
    assert requires is not None
    assert re.findall(r'name = "([^"]+)"', requires[1]) == [
        "more-itertools", "numba", "numpy", "tiktoken", "torch", "tqdm", "triton",
    ]  # fmt: skip

    again = envspec("lock", spec, "-o", tmp_path / "again", *cached)
    offline = envspec("lock", spec, "-o", tmp_path / "offline", "--offline", *cached)
    relock = envspec("lock", spec, "-o", tmp_path / "first", *cached)
    assert BUILDING not in again.stderr + offline.stderr + relock.stderr
    assert relock.stdout.count("unchanged") == 2
    anew = envspec("lock", spec, "-o", tmp_path / "anew", "--no-cache")
    assert anew.stderr.count(BUILDING) == 1
    for variant in ("one", "two"):
        name = f"pylock.speech-{variant}.toml"
        written = (tmp_path / "first" / name).read_bytes()
        for folder in ("again", "offline", "anew"):
            assert (tmp_path / folder / name).read_bytes() == written
