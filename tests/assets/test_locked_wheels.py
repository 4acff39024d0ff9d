"""``envspec lock`` reads the tables of providers out of the very wheels that it pins."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from tests.assets.test_easyocr import CRAFT, CRAFT_URL, KOREAN, KOREAN_URL, ROUTING, config, reader, zipped
from tests.cli.locking import Room
from tests.cli.locking import room as room
from tests.loopback import Answer, Asked, Loopback, redirect, wheel

MEMBERS = {"easyocr/config.py": config(), "easyocr/easyocr.py": reader(ROUTING)}
SPEC = """
[[models]]
provider = "easyocr"
languages = ["ko", "en"]
"""


@pytest.fixture
def index() -> Iterator[Loopback]:
    """Serves easyocr, and its archives from another host name, as releases of a forge are served."""
    with Loopback(projects={"easyocr": [wheel("easyocr", "1.7.3", files=MEMBERS)]}) as index:
        for url, data in ((CRAFT_URL, CRAFT), (KOREAN_URL, KOREAN)):
            member = {CRAFT_URL: "craft_mlt_25k.pth", KOREAN_URL: "korean_g2.pth"}[url]
            name = url.rpartition("/")[2]
            index.always(f"/{name}", redirect(f"http://localhost:{index.port}/objects/{name}"))
            index.always(f"/objects/{name}", Answer(200, zipped(member, data)))
        yield index


def mirror(index: Loopback) -> tuple[str, str]:
    return "--mirror", f"https://files.example={index.url}"


def test_the_wheel_that_is_pinned_says_where_its_weights_are(room: Room, index: Loopback) -> None:
    room.spec("easyocr", tables=SPEC)
    outcome = room.lock(index, *mirror(index))
    assert outcome.code == 0, outcome.err
    own = room.table()["tool"]["envspec"]
    [asset] = own["assets"]
    assert [(file["url"], file["dest"]) for file in asset["files"]] == [
        (CRAFT_URL, "easyocr/model/craft_mlt_25k.pth"),
        (KOREAN_URL, "easyocr/model/korean_g2.pth"),
    ]
    assert asset["files"][0]["member"]["hashes"] == {
        "md5": hashlib.md5(CRAFT).hexdigest(),
        "sha256": hashlib.sha256(CRAFT).hexdigest(),
    }
    assert asset["hosts"] == ["localhost"]
    assert asset["folders"] == ["easyocr/user_network"]
    assert "files.example" in own["hosts"]
    assert [line.partition(" says of ")[0] for line in own["warnings"]] == [
        "easyocr ko, en: easyocr 1.7.3"
    ] * 2
    assert "no digest of it is known: fetching it to hash it" in outcome.err


def test_a_relock_and_a_second_variant_fetch_no_archive_again(room: Room, index: Loopback) -> None:
    room.spec("easyocr", tables=SPEC + "[variants.a]\n[variants.b]\n")
    assert room.lock(index, *mirror(index)).code == 0
    texts = [room.text("demo-a"), room.text("demo-b")]
    assert room.lock(index, *mirror(index), "--refresh").code == 0
    assert [room.text("demo-a"), room.text("demo-b")] == texts
    assert sorted(path for path in index.paths if path.startswith("/objects/")) == [
        "/objects/craft.zip",
        "/objects/korean_g2.zip",
    ]


def test_an_archive_with_another_member_is_the_outside(room: Room, index: Loopback) -> None:
    room.spec("easyocr", tables=SPEC)
    index.always("/objects/craft.zip", Answer(200, zipped("craft_mlt_25k.pth", b"other weights")))
    err = room.refused(3, index, *mirror(index))
    assert f"craft_mlt_25k.pth in {CRAFT_URL} has md5 {hashlib.md5(b'other weights').hexdigest()}" in err


def test_weights_of_a_package_that_the_lock_lacks_are_told(room: Room, index: Loopback) -> None:
    index.add("demo", wheel("demo", "1.0"))
    room.spec("demo", tables='[[models]]\nprovider = "tiktoken"\nencodings = ["cl100k_base"]\n')
    assert room.lock(index).code == 0
    assert room.table()["tool"]["envspec"]["warnings"] == [
        "tiktoken cl100k_base: tiktoken isn't among the locked distributions; its table is that of 0.14.0"
    ]


def test_a_language_that_easyocr_does_not_read_is_an_answer(room: Room, index: Loopback) -> None:
    room.spec("easyocr", tables=SPEC.replace('"ko", "en"', '"ko", "ja"'))
    err = room.refused(1, index)
    assert "easyocr reads ko, ja not with one Reader" in err


def test_an_archive_that_is_cut_is_resumed(room: Room, index: Loopback) -> None:
    whole = zipped("craft_mlt_25k.pth", CRAFT)
    ranges: list[str] = []

    def answer(asked: Asked) -> Answer:
        wanted = asked.headers.get("range", "")
        ranges.append(wanted)
        if not wanted:
            return Answer(200, whole, {"etag": '"craft"', "accept-ranges": "bytes"}, cut_at=20)
        place = f"bytes 20-{len(whole) - 1}/{len(whole)}"
        return Answer(206, whole[20:], {"etag": '"craft"', "content-range": place})

    index.always("/objects/craft.zip", answer)
    room.spec("easyocr", tables=SPEC)
    assert room.lock(index, *mirror(index)).code == 0
    assert ranges == ["", "bytes=20-"]
    assert room.table()["tool"]["envspec"]["assets"][0]["files"][0]["hashes"] == {
        "sha256": hashlib.sha256(whole).hexdigest()
    }
