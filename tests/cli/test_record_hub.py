"""``envspec record --hub``, and locking from what it wrote, where the hub can't be reached."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.locking import Room
from tests.cli.locking import room as room
from tests.hub import TOKEN, Blob, Hub, Model, lfs, model, push
from tests.loopback import Loopback, wheel

WEIGHTS = b"weights " * 512
PLAIN_SHA1 = "9e26dfeeb6e641a33dae4961196235bdb965b21b"
"""``printf '{}' | git hash-object --stdin``."""


@pytest.fixture(autouse=True)
def no_login(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in list(os.environ):
        if variable.startswith(("HF_", "HUGGING_FACE_")):
            monkeypatch.delenv(variable)


def tiny() -> Model:
    files: dict[str, bytes | Blob] = {
        "config.json": b"{}",
        "model.safetensors": lfs(WEIGHTS),
        "pytorch_model.bin": lfs(b"the same"),
    }
    return model("acme/tiny", files)


def test_a_repository_is_recorded_whole_and_locked_from_the_recording_alone(room: Room) -> None:
    recording = room.folder / "recordings" / "hub.json"
    with Hub(tiny()) as hub:
        room.monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        outcome = room.run("record", "--hub", "acme/tiny", "-o", recording)
        assert outcome.code == 0, outcome.err
        commit = hub.models["acme/tiny"].refs["main"]
    held = json.loads(recording.read_text())["repositories"]["acme/tiny"]
    assert held["revisions"] == {"main": commit}
    assert [row["path"] for row in held["files"][commit]] == [
        "config.json",
        "model.safetensors",
        "pytorch_model.bin",
    ]
    assert held["files"][commit][0] == {
        "path": "config.json",
        "size": 2,
        "git-sha1": PLAIN_SHA1,
        "sha256": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    }
    room.monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody is there
    room.spec(
        "demo",
        tables='[[models]]\nprovider = "huggingface"\nrepo = "acme/tiny"\n'
        'recording = "../recordings/hub.json"\n',
    )
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as index:
        room.locked(index)
        [asset] = room.table()["tool"]["envspec"]["assets"]
        assert asset["version"] == commit
        assert [(file["name"], file["digest-from"]) for file in asset["files"]] == [
            ("config.json", "recording"),
            ("model.safetensors", "recording"),
        ]
        assert room.lock(index, "--check").code == 0
        recording.write_text(recording.read_text().replace('"size":2,', '"size":3,'))
        assert room.lock(index, "--check").code == 1


def test_recording_again_keeps_other_repositories_and_the_day_where_nothing_changed(room: Room) -> None:
    recording = room.folder / "hub.json"
    with Hub(tiny(), model("acme/other", {"a": b"a"})) as hub:
        room.monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        room.run(
            "record", "--hub", "acme/tiny", "--hub", "acme/other@main", "-o", recording, "--source", "ours"
        )
        text = recording.read_text().replace('"recorded": "20', '"recorded": "19')
        recording.write_text(text)
        assert "unchanged" in room.run("record", "--hub", "acme/tiny", "-o", recording).err
        assert recording.read_text() == text
        first = hub.models["acme/tiny"].refs["main"]
        second = push(hub.models["acme/tiny"], {"config.json": b"{ }"})
        room.run("record", "--hub", "acme/tiny", "-o", recording)
    held = json.loads(recording.read_text())["repositories"]
    assert set(held) == {"acme/tiny", "acme/other"}
    assert held["acme/tiny"]["revisions"] == {"main": second}
    assert set(held["acme/tiny"]["files"]) == {first, second}


def test_what_the_hub_lacks_is_a_no_and_nothing_is_written(room: Room) -> None:
    with Hub(tiny()) as hub:
        room.monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        outcome = room.run("record", "--hub", "acme/tiny@v9", "-o", room.folder / "hub.json")
    assert outcome.code == 1
    assert "acme/tiny@v9: acme/tiny has no revision 'v9'" in outcome.err
    assert not (room.folder / "hub.json").exists()


def test_the_token_opens_a_gated_repository_and_is_not_recorded(room: Room) -> None:
    recording = room.folder / "hub.json"
    with Hub(model("acme/gated", {"config.json": b"{}"}, gated=True)) as hub:
        room.monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        assert room.run("record", "--hub", "acme/gated", "-o", recording).code == 3
        token = Path(room.folder / "token")
        token.write_text(TOKEN + "\n")
        room.monkeypatch.setenv("HF_TOKEN_PATH", str(token))
        assert room.run("record", "--hub", "acme/gated", "-o", recording).code == 0
    assert TOKEN not in recording.read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--hub", "a b"], "it must be OWNER/NAME"),
        (["--hub", "acme/tiny@a b"], "it must be a branch, a tag or a commit"),
        (["--hub", "acme/tiny", "https://index.example/simple", "demo"], "an index was named, too"),
        ([], "what to record is missing"),
        (["https://index.example/simple"], "what to record is missing"),
    ],
)
def test_what_is_no_wish_is_the_users_input(room: Room, arguments: list[str], told: str) -> None:
    outcome = room.run("record", *arguments)
    assert outcome.code == 2
    assert told in outcome.err
