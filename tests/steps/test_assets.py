"""Plans of assets, driven over a fake world: all at once, in two rounds, each error with its wish's name."""

from __future__ import annotations

import hashlib
import io
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from envspec.assets.interface import Distribution, Fetch, Fetched, Get, Got, Locate, OwnFile, ReadDistribution
from envspec.errors import ConnectionFailedError, HashMismatchError, InputError
from envspec.index.catalog import Index
from envspec.index.view import ReleaseFile
from envspec.lock.document import Asset, AssetFile
from envspec.spec.request import AssetWish
from envspec.steps.assets import Assets, Pinned, Plans, is_named, refuse_twins
from envspec.target.host import Target

TARGET = Target(arch="x86_64", glibc=(2, 28), python="3.10.0", python_exact=False)
COMMIT = "c" * 40
CONFIG = b"{}"
CONFIG_SHA1 = "9e26dfeeb6e641a33dae4961196235bdb965b21b"
WAIT_S = 20.0


class FakeWorld:
    """Answers as a hub does where every repository is one commit of two files."""

    def __init__(self, before: Callable[[str], None] = lambda url: None) -> None:
        self.before = before
        self.asked: list[str] = []
        self.forgotten: list[str] = []
        self.own: Mapping[str, tuple[OwnFile, ...]] = {}
        self._lock = threading.Lock()

    def _note(self, url: str) -> None:
        with self._lock:
            self.asked.append(url)
        self.before(url)

    def get(self, question: Get) -> Got:
        self._note(question.url)
        if "/api/models/" not in question.url:
            return Got(200, {}, CONFIG, question.url)
        files = [
            {"rfilename": "config.json", "size": 2, "blobId": CONFIG_SHA1},
            {
                "rfilename": "model.safetensors",
                "size": 9,
                "blobId": "d" * 40,
                "lfs": {"sha256": "e" * 64, "size": 9, "pointerSize": 131},
            },
        ]
        repo = question.url.split("/api/models/")[1].split("/revision/")[0]
        told = {"id": repo, "sha": COMMIT, "gated": False, "private": False, "siblings": files}
        return Got(200, {}, json.dumps(told).encode(), question.url)

    def forget(self, question: Get) -> None:
        self.forgotten.append(question.url)

    def locate(self, question: Locate) -> Got:
        self._note(question.url)
        return Got(206, {"content-range": "bytes 0-0/9"}, b"", "https://cdn.example/x")

    def fetch(self, question: Fetch) -> Fetched:
        self._note(question.url)
        return Fetched(1, {"sha256": "f" * 64, "md5": "0" * 32}, 1, io.BytesIO(b"x"), question.url)

    def own_files(self, path: str) -> tuple[OwnFile, ...]:
        return self.own[path]

    def own_text(self, path: str) -> str:
        raise NotImplementedError

    def read_distribution(
        self, question: ReadDistribution, version: str, file: ReleaseFile, source: Index | None
    ) -> Distribution:
        return Distribution(question.project, version, file.filename, {})


def hub(repo: str) -> AssetWish:
    said: dict[str, object] = {
        "repo": repo,
        "revision": "main",
        "include": [],
        "exclude": [],
        "recording": None,
    }
    return AssetWish("model", "huggingface", f"huggingface {repo}@main", json.dumps(said))


def planned(
    world: FakeWorld, *wishes: AssetWish, earlier: Mapping[tuple[str, str], Asset] | None = None
) -> Assets:
    plans = Plans(wishes, TARGET, earlier or {}, world)
    plans.pinned({})
    return plans.finish()


def test_twenty_models_are_asked_for_at_once_and_in_two_rounds() -> None:
    first, second = threading.Barrier(20), threading.Barrier(20)

    def before(url: str) -> None:
        # Each waits for the nineteen others: one after the other they would wait for ever.
        if "/api/models/" in url:
            first.wait(WAIT_S)
        elif url.endswith("config.json"):
            second.wait(WAIT_S)

    world = FakeWorld(before)
    found = planned(world, *(hub(f"acme/m{number}") for number in range(20)))
    assert len(found.assets) == 20
    listings = [url for url in world.asked if "/api/models/" in url]
    assert len(listings) == 20
    assert len(world.asked) == 60


def test_assets_are_sorted_by_kind_and_label() -> None:
    found = planned(FakeWorld(), hub("acme/z"), hub("acme/a"))
    assert [asset.label for asset in found.assets] == ["huggingface acme/a@main", "huggingface acme/z@main"]


def test_a_plan_that_reads_a_locked_wheel_waits_for_the_pins() -> None:
    said = json.dumps({"requirement": "weights"})
    plans = Plans([AssetWish("model", "wheel", "wheel weights", said)], TARGET, {}, FakeWorld())
    file = ReleaseFile(
        "weights-2.0-py3-none-any.whl", "https://x.example/w", {}, 1, "", False, "", False, None
    )
    plans.pinned({"weights": Pinned("2.0", file, None)})
    [asset] = plans.finish().assets
    assert (asset.distribution, asset.version) == ("weights", "2.0")


def test_an_error_has_the_label_of_its_wish_and_the_first_wish_of_the_spec_comes_first() -> None:
    def before(url: str) -> None:
        if "acme/b" in url or "acme/c" in url:
            raise ConnectionFailedError(what=f"{url}: refused", fix="try again")

    with pytest.raises(ConnectionFailedError) as caught:
        planned(FakeWorld(before), hub("acme/a"), hub("acme/c"), hub("acme/b"))
    assert caught.value.what.startswith("huggingface acme/c@main: https://huggingface.co/api/models/acme/c/")
    assert caught.value.fix == "try again"


def test_what_cannot_stand_in_a_lock_is_refused_before_it_does() -> None:
    world = FakeWorld()
    world.own = {"app/": (OwnFile("../up", 1, "a" * 64, "0644"),)}
    said = json.dumps({"path": "app/", "dest": "app/"})
    with pytest.raises(Exception, match="can't stand in a lock") as caught:
        planned(world, AssetWish("file", "path", "app/", said))
    assert "app/: what its publisher says" in str(caught.value)


def test_an_installer_that_nobody_plans_is_named_as_not_locked() -> None:
    wish = AssetWish("installer", "teleport", "teleport 1", "{}")
    assert planned(FakeWorld(), wish).not_locked == (("installers", "teleport 1"),)


def test_answers_that_a_plan_cannot_take_are_not_kept() -> None:
    world = FakeWorld()
    planned(world, hub("acme/a"))
    assert world.forgotten == []

    class Broken(FakeWorld):
        def get(self, question: Get) -> Got:
            answer = super().get(question)
            return answer if "/api/models/" in question.url else answer._replace(body=b"log in")

    world = Broken()
    with pytest.raises(HashMismatchError):
        planned(world, hub("acme/a"))
    api = "https://huggingface.co/api/models/acme/a/revision/main?blobs=true"
    assert world.forgotten == [api, f"https://huggingface.co/acme/a/resolve/{COMMIT}/config.json"]


def test_giving_up_ends_plans_that_wait_for_pins() -> None:
    said = json.dumps({"requirement": "weights"})
    plans = Plans([AssetWish("model", "wheel", "wheel weights", said)], TARGET, {}, FakeWorld())
    plans.give_up()
    for thread in threading.enumerate():
        if thread.name.startswith("asset-"):
            thread.join(WAIT_S)
    assert [t.name for t in threading.enumerate() if t.name.startswith("asset-") and t.is_alive()] == []


@pytest.mark.parametrize(
    ("label", "word", "is_it"),
    [
        ("huggingface openai/whisper-tiny@main", "huggingface openai/whisper-tiny@main", True),
        ("huggingface openai/whisper-tiny@main", "openai/whisper-tiny@main", True),
        ("huggingface openai/whisper-tiny@main", "openai/whisper-tiny", True),
        ("huggingface openai/whisper-tiny@main", "whisper", False),
        ("easyocr ko, en", "easyocr", True),
        ("easyocr ko, en", "ko", True),
        ("url https://host.example/x.bin", "https://host.example/x.bin", True),
        ("url https://host.example/x.bin", "", False),
    ],
)
def test_an_asset_is_named_by_its_label_or_a_word_of_it(label: str, word: str, is_it: bool) -> None:
    assert is_named(label, [word]) is is_it


def owned(label: str, content: bytes, **fields: Any) -> Asset:
    digest = hashlib.sha256(content).hexdigest()
    file = AssetFile("x", (("sha256", digest),), "models/x", path="x", root="environment", **fields)
    return Asset("model", "path", label, files=(file,))


def test_two_assets_may_share_a_file_and_not_a_place() -> None:
    refuse_twins([owned("a", b"1"), owned("b", b"1")])
    with pytest.raises(InputError) as caught:
        refuse_twins([owned("a", b"1"), owned("b", b"2")])
    assert caught.value.what == "a and b would lay different files at models/x"


def test_nothing_is_installed_twice() -> None:
    one = owned("cuda 11.8", b"1")._replace(kind="installer")
    with pytest.raises(InputError) as caught:
        refuse_twins([one, one._replace(label="cuda 11.8.0")])
    assert caught.value.what == "cuda 11.8 and cuda 11.8.0 would install x twice"


def test_no_asset_may_lie_below_the_file_of_another() -> None:
    file = AssetFile("x", (("sha256", "1" * 64),), "models/x/y", path="y", root="environment")
    below = Asset("model", "path", "b", files=(file,))
    with pytest.raises(InputError) as caught:
        refuse_twins([owned("a", b"1"), below])
    assert caught.value.what == "a would lay a file at models/x, b another one below it"
    refuse_twins([owned("a", b"1", unpack="zip"), below])
