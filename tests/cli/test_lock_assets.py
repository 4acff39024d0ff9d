"""``envspec lock`` with models, files and installers, against a loopback hub and index."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from pathlib import Path

import pytest

from tests.cli.locking import Room
from tests.cli.locking import room as room
from tests.hub import TOKEN, Blob, Hub, Model, lfs, model, push
from tests.loopback import Answer, Loopback, wheel

WEIGHTS = b"weights " * 4096
TINY = "acme/tiny"


def tiny(**more: bytes) -> Model:
    return model(TINY, {"config.json": b"{}", "model.safetensors": lfs(WEIGHTS), **more})


def wish(repo: str = TINY, more: str = "") -> str:
    return f'[[models]]\nprovider = "huggingface"\nrepo = "{repo}"\n{more}\n'


@pytest.fixture(autouse=True)
def no_login(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in list(os.environ):
        if variable.startswith(("HF_", "HUGGING_FACE_")):
            monkeypatch.delenv(variable)


@pytest.fixture
def index() -> Loopback:
    return Loopback(projects={"demo": [wheel("demo", "1.0")]})


def hub_at(room: Room, hub: Hub) -> None:
    room.monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_repository_is_locked_at_its_commit_with_every_file(room: Room, index: Loopback) -> None:
    room.spec("demo", tables=wish())
    with index, Hub(tiny()) as hub:
        hub_at(room, hub)
        commit = hub.models[TINY].refs["main"]
        outcome = room.lock(index)
        assert outcome.code == 0, outcome.err
        assert "1 distribution, 1 model, " in outcome.out
    own = room.table()["tool"]["envspec"]
    [asset] = own["assets"]
    below = f"hf/models--acme--tiny/snapshots/{commit}"
    assert (asset["kind"], asset["label"], asset["version"]) == (
        "model",
        "huggingface acme/tiny@main",
        commit,
    )
    assert [(file["dest"], file["hashes"]["sha256"], file["size"]) for file in asset["files"]] == [
        (f"{below}/config.json", sha256(b"{}"), 2),
        (f"{below}/model.safetensors", sha256(WEIGHTS), len(WEIGHTS)),
    ]
    assert asset["files"][1]["url"] == f"https://huggingface.co/acme/tiny/resolve/{commit}/model.safetensors"
    assert asset["texts"] == {"hf/models--acme--tiny/refs/main": commit}
    assert [row["name"] for row in own["environment"]] == ["HF_HUB_CACHE", "HF_HUB_OFFLINE"]
    assert own["hosts"] == ["127.0.0.1", "huggingface.co", "localhost"]
    assert "not-locked" not in own


def test_a_relock_keeps_the_commit_and_asks_nobody(room: Room, index: Loopback) -> None:
    room.spec("demo", tables=wish())
    with index, Hub(tiny()) as hub:
        hub_at(room, hub)
        before = room.locked(index)
        push(hub.models[TINY], {"config.json": b"{ }", "model.safetensors": lfs(WEIGHTS)})
        asked = len(hub.api.log)
        index.add("demo", wheel("demo", "2.0"))
        assert room.locked(index, "--upgrade-package", "demo", "--refresh") != before
        assert room.table()["tool"]["envspec"]["assets"][0]["version"] in before
        # The commit's own listing is asked for, which nothing can change; nothing else is.
        again = [each.path for each in hub.api.log[asked:]]
        assert all(
            path.startswith("/api/models/acme/tiny/revision/") and "main" not in path for path in again
        )
        relocked = room.locked(index)
        assert room.locked(index) == relocked


@pytest.mark.parametrize("word", ["acme/tiny", "acme/tiny@main", "huggingface acme/tiny@main", ""])
def test_an_upgrade_takes_the_commit_of_today(room: Room, index: Loopback, word: str) -> None:
    room.spec("demo", tables=wish())
    options = ["--upgrade-model", word] if word else ["--upgrade"]
    with index, Hub(tiny()) as hub:
        hub_at(room, hub)
        room.locked(index)
        newest = push(hub.models[TINY], {"config.json": b"{ }", "model.safetensors": lfs(WEIGHTS)})
        room.locked(index, *options, "--refresh")
        assert room.table()["tool"]["envspec"]["assets"][0]["version"] == newest


def test_an_upgrade_of_a_model_that_is_not_there_is_told(room: Room, index: Loopback) -> None:
    room.spec("demo", tables=wish())
    with index, Hub(tiny()) as hub:
        hub_at(room, hub)
        room.locked(index)
        assert (
            "warning: --upgrade-model acme/huge: the lock holds no such asset;"
            " it holds huggingface acme/tiny@main" in room.lock(index, "--upgrade-model", "acme/huge").err
        )


def test_twenty_models_are_locked_in_two_rounds_each(room: Room, index: Loopback) -> None:
    repositories = [f"acme/m{number}" for number in range(20)]
    room.spec("demo", tables="".join(map(wish, repositories)))
    files: dict[str, bytes | Blob] = {
        "config.json": b"{}",
        "vocab.txt": b"a b",
        "model.safetensors": lfs(WEIGHTS),
    }
    with index, Hub(*(model(name, files) for name in repositories)) as hub:
        hub_at(room, hub)
        room.locked(index)
        first = [each.path for each in hub.api.log if each.path.startswith("/api/models/acme")]
        assert len([path for path in first if "/revision/" in path]) == 20
    assert len(room.table()["tool"]["envspec"]["assets"]) == 20


def test_two_variants_ask_the_hub_once(room: Room, index: Loopback) -> None:
    room.spec("demo", tables=f'{wish()}[variants.a]\n[variants.b.python]\nextra-requirements = ["demo"]\n')
    with index, Hub(tiny()) as hub:
        hub_at(room, hub)
        assert room.lock(index).code == 0
        assert len([each for each in hub.api.log if "/revision/" in each.path]) == 1
    assert (
        room.table("demo-a")["tool"]["envspec"]["assets"] == room.table("demo-b")["tool"]["envspec"]["assets"]
    )


def test_offline_a_locked_model_is_locked_again_from_the_cache(room: Room, index: Loopback) -> None:
    room.spec("demo", tables=wish())
    with index, Hub(tiny()) as hub:
        hub_at(room, hub)
        before = room.locked(index)
        room.locked(index)
        asked = len(hub.api.log)
        assert room.locked(index, "--offline") == before
        assert len(hub.api.log) == asked


def test_offline_a_model_that_nobody_asked_for_yet_is_the_outside(room: Room, index: Loopback) -> None:
    room.spec("demo")
    with index, Hub(tiny()) as hub:
        hub_at(room, hub)
        room.locked(index)
        room.spec("demo", tables=wish())
        said = room.refused(3, index, "--offline")
        assert said.startswith(
            "envspec: huggingface acme/tiny@main: https://huggingface.co/api/models/acme/tiny/"
        )
        assert "isn't in the cache" in said
        assert hub.api.log == []


@pytest.mark.parametrize(
    ("repo", "more", "code", "told"),
    [
        ("acme/none", "", 3, "acme/none"),
        (TINY, 'revision = "v9"', 1, "acme/tiny has no revision 'v9'"),
        ("acme/gated", "", 3, "acme/gated is gated"),
    ],
    ids=["no such repository, or a private one", "no such revision", "gated"],
)
def test_what_the_hub_refuses_ends_in_one_message_that_names_the_model(
    room: Room, index: Loopback, repo: str, more: str, code: int, told: str
) -> None:
    room.spec("demo", tables=wish(repo, more))
    with index, Hub(tiny(), model("acme/gated", {"config.json": b"{}"}, gated=True)) as hub:
        hub_at(room, hub)
        outcome = room.lock(index)
        assert outcome.code == code
        assert outcome.err.startswith(f"envspec: huggingface {repo}@")
        assert told in outcome.err
        assert outcome.err.count("envspec:") == 1
        assert not list(room.locks.iterdir())


def test_json_says_which_model_is_not_there(room: Room, index: Loopback) -> None:
    room.spec("demo", tables=wish(TINY, 'revision = "v9"'))
    with index, Hub(tiny()) as hub:
        hub_at(room, hub)
        outcome = room.lock(index, "--format", "json")
    [row] = json.loads(outcome.out)["locks"]
    assert (outcome.code, row["state"], row["asset"]) == (1, "no-such-asset", "huggingface acme/tiny@v9")


def test_the_token_goes_to_the_hub_alone_and_is_written_nowhere(room: Room, index: Loopback) -> None:
    room.spec("demo", tables=wish("acme/gated"))
    files: dict[str, bytes | Blob] = {"config.json": b"{}", "model.safetensors": lfs(WEIGHTS)}
    with index, Hub(model("acme/gated", files, gated=True)) as hub:
        hub_at(room, hub)
        room.monkeypatch.setenv("HF_TOKEN", TOKEN)
        text = room.locked(index)
        assert {each.headers.get("authorization") for each in hub.api.log} == {f"Bearer {TOKEN}"}
        assert {each.headers.get("authorization") for each in [*hub.cdn.log, *index.log]} == {None}
    assert TOKEN not in text
    assert TOKEN.encode() not in room.cache_bytes()


def test_a_conflict_among_the_distributions_is_told_and_no_model(room: Room, index: Loopback) -> None:
    room.spec("demo>9", tables=wish("acme/none"))
    with index, Hub() as hub:
        hub_at(room, hub)
        said = room.refused(1, index)
    assert "demo" in said
    assert "acme/none" not in said


def test_a_hub_that_says_another_file_twice_is_named(room: Room, index: Loopback) -> None:
    room.spec("demo", tables=wish())
    with index, Hub(tiny()) as hub:
        hub_at(room, hub)
        hub.api.always("/api/models/acme/tiny/revision/main?blobs=true", Answer(200, b"[[["))
        said = room.refused(3, index)
    assert said.startswith("envspec: huggingface acme/tiny@main: ")


# Files of one's own


def test_files_and_weights_of_ones_own_are_locked_by_digest(room: Room, index: Loopback) -> None:
    (room.specs / "app" / "sub").mkdir(parents=True)
    (room.specs / "app" / "smoke.py").write_bytes(b"print()\n")
    (room.specs / "app" / "sub" / "run.sh").write_bytes(b"#!/bin/sh\n")
    (room.specs / "app" / "sub" / "run.sh").chmod(0o755)
    (room.specs / "app" / "__pycache__").mkdir()
    (room.specs / "app" / "__pycache__" / "smoke.pyc").write_bytes(b"x")
    (room.specs / "best.pt").write_bytes(b"best")
    room.spec(
        "demo",
        tables='[[files]]\npath = "app/"\ndest = "app/"\n'
        '[[models]]\nprovider = "path"\npath = "best.pt"\ndest = "models/best.pt"\n',
    )
    with index:
        text = room.locked(index)
        assert room.locked(index) == text
        assert str(room.folder) not in text
        files, weights = room.table()["tool"]["envspec"]["assets"]
        assert [(row["dest"], row["path"], row.get("mode", "0644")) for row in files["files"]] == [
            ("app/smoke.py", "app/smoke.py", "0644"),
            ("app/sub/run.sh", "app/sub/run.sh", "0755"),
        ]
        assert weights["files"] == [
            {
                "dest": "models/best.pt",
                "digest-from": "computed",
                "hashes": {"sha256": sha256(b"best")},
                "name": "best.pt",
                "path": "best.pt",
                "root": "environment",
                "size": 4,
            }
        ]
        assert room.lock(index, "--check").code == 0
        (room.specs / "app" / "sub" / "run.sh").write_bytes(b"#!/bin/bash\n")
        assert room.lock(index, "--check").code == 1
        room.locked(index)
        assert room.lock(index, "--check").code == 0
        (room.specs / "app" / "new.txt").write_bytes(b"")
        assert room.lock(index, "--check").code == 1


def test_a_large_file_is_read_again_only_where_it_changed(room: Room, index: Loopback) -> None:
    weights = room.specs / "best.pt"
    weights.write_bytes(b"0" * (5 * 1024 * 1024))
    os.utime(weights, (1_000_000_000, 1_000_000_000))
    room.spec("demo", tables='[[models]]\nprovider = "path"\npath = "best.pt"\ndest = "best.pt"\n')
    with index:
        room.locked(index)
        assert room.lock(index, "--check").code == 0
        weights.write_bytes(b"1" * (5 * 1024 * 1024))
        assert room.lock(index, "--check").code == 1
        room.locked(index)
        [file] = room.table()["tool"]["envspec"]["assets"][0]["files"]
        assert file["hashes"]["sha256"] == sha256(b"1" * (5 * 1024 * 1024))


@pytest.mark.parametrize("kind", ["a link outside", "a link to a folder", "a FIFO", "nothing", "no folder"])
def test_what_cannot_be_carried_is_refused(room: Room, index: Loopback, kind: str) -> None:
    app = room.specs / "app"
    if kind != "no folder":
        app.mkdir()
    if kind == "a link outside":
        (app / "x").symlink_to("/etc/hostname")
    elif kind == "a link to a folder":
        (app / "sub").mkdir()
        (app / "sub" / "f").write_bytes(b"")
        (app / "x").symlink_to("sub")
    elif kind == "a FIFO":
        os.mkfifo(app / "x")
    room.spec("demo", tables='[[files]]\npath = "app/"\ndest = "app/"\n')
    with index:
        said = room.refused(2, index)
    assert {
        "a link outside": "a link that leads outside the folder, or nowhere",
        "a link to a folder": "a link that leads to a folder",
        "a FIFO": "is neither a file nor a folder",
        "nothing": "holds no file",
        "no folder": "no such file or folder",
    }[kind] in said


def test_an_absolute_path_never_comes_into_a_lock(room: Room, index: Loopback) -> None:
    (room.folder / "best.pt").write_bytes(b"best")
    path = room.folder / "best.pt"
    room.spec("demo", tables=f'[[models]]\nprovider = "path"\npath = "{path}"\ndest = "best.pt"\n')
    with index:
        assert "an absolute path would stand in the lock" in room.refused(2, index)


def test_two_wishes_for_one_place_are_refused(room: Room, index: Loopback) -> None:
    (room.specs / "a").mkdir()
    (room.specs / "a" / "x.bin").write_bytes(b"one")
    (room.specs / "other.bin").write_bytes(b"two")
    room.spec(
        "demo",
        tables='[[files]]\npath = "a/"\ndest = "models"\n'
        '[[models]]\nprovider = "path"\npath = "other.bin"\ndest = "models/x.bin"\n',
    )
    with index:
        assert "would lay different files at models/x.bin" in room.refused(2, index)


# Files of a URL


def test_a_first_fetch_is_called_unconfirmed_and_kept_by_a_relock(room: Room, index: Loopback) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("x.bin", b"weights" * 99)
    url = "https://host.example/weights.zip"
    room.spec(
        "demo",
        tables=f'[[models]]\nprovider = "url"\nurl = "{url}"\ntrust = "first-fetch"\ndest = "w/x.zip"\n',
    )
    with index, Loopback() as site:
        site.always("/weights.zip", Answer(200, archive.getvalue()))
        mirror = f"https://host.example={site.url}"
        outcome = room.lock(index, "--mirror", mirror)
        assert outcome.code == 0, outcome.err
        assert "unconfirmed" in outcome.err
        before = room.text()
        [asset] = room.table()["tool"]["envspec"]["assets"]
        assert asset["files"][0]["hashes"]["sha256"] == sha256(archive.getvalue())
        assert asset["files"][0]["url"] == url
        assert asset["unconfirmed"]
        asked = len(site.log)
        site.always("/weights.zip", Answer(200, b"other"))
        assert room.locked(index, "--mirror", mirror, "--refresh") == before
        assert len(site.log) == asked


def test_a_mirror_that_is_no_url_is_the_users_input(room: Room, index: Loopback) -> None:
    room.spec("demo", tables=wish())
    with index:
        assert "FROM=TO was wanted" in room.refused(2, index, "--mirror", "https://github.com")
        assert "can't be used" in room.refused(2, index, "--mirror", "https://github.com=ftp://x")


# Weights that are distributions


def test_weights_published_as_a_distribution_are_locked_as_one(room: Room) -> None:
    room.spec("demo", tables='[[models]]\nprovider = "wheel"\nrequirement = "weights"\n')
    projects = {"demo": [wheel("demo", "1.0")], "weights": [wheel("weights", "2.0")]}
    with Loopback(projects=projects) as index:
        room.locked(index)
    assert room.pins() == {"demo": "1.0", "weights": "2.0"}
    [asset] = room.table()["tool"]["envspec"]["assets"]
    assert (asset["label"], asset["distribution"], asset.get("files")) == ("wheel weights", "weights", None)
    assert asset["version"] == "2.0"


def test_only_variables_that_locked_packages_read_are_set(room: Room) -> None:
    room.spec("easyocr")
    with Loopback(projects={"easyocr": [wheel("easyocr", "1.7.2")]}) as index:
        room.locked(index)
        assert room.table()["tool"]["envspec"]["environment"] == [
            {
                "name": "EASYOCR_MODULE_PATH",
                "read-by": ["easyocr"],
                "source": "easyocr 1.7.2 wheel: easyocr/config.py (model below it); run without a network",
                "value": "{assets}/easyocr",
            }
        ]
        room.spec("demo")


def test_no_temporary_file_is_left(room: Room, index: Loopback, tmp_path: Path) -> None:
    url = "https://host.example/x.bin"
    room.spec(
        "demo", tables=f'[[models]]\nprovider = "url"\nurl = "{url}"\ntrust = "first-fetch"\ndest = "x"\n'
    )
    with index, Loopback() as site:
        site.always("/x.bin", Answer(200, b"whatever"))
        room.lock(index, "--mirror", f"https://host.example={site.url}")
    assert list(room.temporary.iterdir()) == []
