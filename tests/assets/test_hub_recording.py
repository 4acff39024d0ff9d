from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from envspec.assets.hub_listing import HubFile
from envspec.assets.hub_recording import read_hub_recording, write_hub_recording
from envspec.errors import EnvspecError

ROOT = Path(__file__).parents[2]
COMMIT = "06f233fe06e710322aca913c1bc4249a0d71fce1"


def recording(**row: Any) -> str:
    file = {"path": "config.json", "size": 2, "sha256": "1" * 64, **row}
    repository = {"revisions": {"main": COMMIT}, "files": {COMMIT: [file]}}
    return json.dumps({"recorded": "2026-11-22", "source": "s", "repositories": {"acme/tiny": repository}})


def test_the_projects_own_recording_is_canonical() -> None:
    text = (ROOT / "recordings" / "hub.json").read_text()
    assert write_hub_recording(read_hub_recording(text, "hub.json")) == text


def test_whisper_large_v3_is_on_record_with_its_commit_and_weights() -> None:
    held = read_hub_recording((ROOT / "recordings" / "hub.json").read_text(), "hub.json")
    found = held.at("openai/whisper-large-v3", "main")
    assert found is not None
    assert (found.recorded, found.commit) == ("2026-11-22", COMMIT)
    assert [file for file in found.files if file.is_lfs] == [
        HubFile(
            "model.safetensors",
            3087130976,
            "",
            "a8e94b85976e5864ba3e9525c7e6c83b2a1eca42d4b797a0c7c24d778e40fd95",
            is_lfs=True,
        )
    ]
    assert held.at("openai/whisper-large-v3", COMMIT) == found
    assert held.at("openai/whisper-large-v3", "v2") is None
    assert held.at("acme/tiny", "main") is None


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"path": "../x"}, "'../x': leads outside its folder"),
        ({"size": -1}, "size -1 is negative"),
        ({"sha256": "1" * 63}, f"sha256 {'1' * 63!r} isn't 64 hexadecimal digits in lower case"),
        ({"git-sha1": "X" * 40}, f"git-sha1 {'X' * 40!r} isn't 40 hexadecimal digits in lower case"),
        ({"lfs": True, "git-sha1": "1" * 40}, "an LFS file's git-sha1 is of its pointer, and of no use"),
        ({"colour": "red"}, "unknown field `colour`"),
        ({"size": "2"}, "Expected `int | null`"),
    ],
)
def test_a_row_that_is_wrong_is_told_with_its_place(row: dict[str, Any], problem: str) -> None:
    with pytest.raises(EnvspecError) as raised:
        read_hub_recording(recording(**row), "hub.json")
    assert str(raised.value).startswith("hub.json: ")
    assert problem in str(raised.value)
    assert str(raised.value).endswith("make it anew: envspec record --hub REPO@REVISION -o FILE")


@pytest.mark.parametrize("text", ["", "{", "[]", "nonsense", "[" * 100_000, '{"recorded": 1}'])
def test_what_is_no_recording_is_the_users_input(text: str) -> None:
    with pytest.raises(EnvspecError) as raised:
        read_hub_recording(text, "hub.json")
    assert raised.value.exit_code == 2
    assert raised.value.fix.endswith("make it anew: envspec record --hub REPO@REVISION -o FILE")


def test_a_revision_without_its_files_and_a_path_that_stands_twice_are_problems() -> None:
    told = json.loads(recording())
    repository = told["repositories"]["acme/tiny"]
    repository["revisions"]["v2"] = "a" * 40
    repository["files"][COMMIT] *= 2
    with pytest.raises(EnvspecError) as raised:
        read_hub_recording(json.dumps(told), "hub.json")
    assert "'v2' is " in str(raised.value)
    assert "a path stands there twice" in str(raised.value)
