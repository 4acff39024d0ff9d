"""The small environments of specs/, from the lock to a program that runs without any network."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.commands import (
    ROOT,
    bare_environment,
    envspec,
    python_of,
    run,
    succeed,
    uv,
    virtual_environment,
)


@pytest.mark.registry
@pytest.mark.slow
@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("minilm", "all-MiniLM-L6-v2: 30522 words; near 0.63, far 0.15"),
        ("whisper", "tiny.en: 3.0 s of silence, heard "),
    ],
)
def test_a_locked_environment_runs_where_nothing_can_be_reached(
    label: str, said: str, tmp_path: Path
) -> None:
    python = python_of("3.11")
    if python is None:
        pytest.skip("there's no CPython 3.11 here, for which these are locked")
    lock, wheels = ROOT / "locks" / f"pylock.{label}.toml", tmp_path / "kit" / "wheels"
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(envspec("export", lock, "--format", "requirements").stdout)
    download = ("-m", "pip", "download", "--quiet", "--require-hashes", "--no-deps")
    succeed(python, *download, "-r", requirements, "--dest", wheels)

    alone = ["unshare", "--net"] if run("unshare", "--net", "true").returncode == 0 else []
    carried = tmp_path / "kit" / "locks" / lock.name
    carried.parent.mkdir()
    carried.write_bytes(lock.read_bytes())
    inside = virtual_environment(tmp_path / "inside", python)
    install = (uv(), "pip", "sync", "--quiet", "--offline", "--no-index", "--find-links", wheels)
    succeed(*alone, *install, "--python", inside, carried, environment=bare_environment())
    offline = {**bare_environment(), "HF_HUB_OFFLINE": "1", "HOME": str(tmp_path)}
    smoke = ROOT / "specs" / "smoke" / f"{label}.py"
    assert succeed(*alone, inside, smoke, environment=offline).stdout.startswith(said)
