from __future__ import annotations

import hashlib
from typing import Any

import pytest

from envspec.assets.interface import Absent, Fetch, Get, Planned
from envspec.assets.nltk import INDEX, plan, read_index
from envspec.errors import EnvspecError, HashMismatchError
from envspec.lock.document import Asset, AssetFile
from tests.assets.models import ModelAnswers, plan_model

OLD = b"an archive of which only the md5 is listed"
OLD_URL = "https://files.example/packages/corpora/words.zip"
PUNKT_URL = "https://files.example/packages/tokenizers/punkt_tab.zip"


def index(**changed: str) -> bytes:
    said = {"sha256": "1" * 64, "md5": hashlib.md5(OLD).hexdigest(), "subdir": "tokenizers", **changed}
    return f"""<?xml version="1.0"?>
<?xml-stylesheet href="index.xsl" type="text/xsl"?>
<nltk_data>
  <packages>
    <package id="punkt_tab" name="Punkt" subdir="{said["subdir"]}" size="4259017" unzip="1"
      checksum="{"2" * 32}" sha256_checksum="{said["sha256"]}" url="{PUNKT_URL}" />
    <package id="words" subdir="corpora" size="{len(OLD)}" unzip="0" checksum="{said["md5"]}"
      url="{OLD_URL}" />
  </packages>
  <collections>
    <collection id="book" name="Everything"><item ref="words" /><item ref="more" /></collection>
    <collection id="more"><item ref="punkt_tab" /><item ref="words" /><item ref="book" /></collection>
  </collections>
</nltk_data>
""".encode()


def planned(
    packages: list[str], earlier: Asset | None = None, body: bytes | None = None
) -> tuple[Planned | Absent, ModelAnswers]:
    answers = ModelAnswers({INDEX: index() if body is None else body, OLD_URL: OLD})
    return plan_model(plan, answers, earlier, provider="nltk", packages=packages), answers


PUNKT = AssetFile(
    name="punkt_tab.zip",
    hashes=(("md5", "2" * 32), ("sha256", "1" * 64)),
    dest="nltk_data/tokenizers",
    url=PUNKT_URL,
    size=4259017,
    unpack="zip",
)
WORDS = AssetFile(
    name="words.zip",
    hashes=(("md5", hashlib.md5(OLD).hexdigest()), ("sha256", hashlib.sha256(OLD).hexdigest())),
    dest="nltk_data/corpora/words.zip",
    url=OLD_URL,
    size=len(OLD),
    digest_from="computed",
)


def test_a_listed_sha256_is_enough_and_an_archive_is_unpacked_where_nltk_looks() -> None:
    outcome, answers = planned(["punkt_tab"])
    assert isinstance(outcome, Planned)
    assert outcome.asset.files == (PUNKT,)
    assert [(each.name, each.value) for each in outcome.asset.variables] == [
        ("NLTK_DATA", "{assets}/nltk_data")
    ]
    assert answers.asked == [[Get(INDEX)]]


def test_a_package_without_a_sha256_is_fetched_and_held_against_its_md5() -> None:
    outcome, answers = planned(["words"])
    assert isinstance(outcome, Planned)
    assert outcome.asset.files == (WORDS,)
    assert answers.asked[1] == [Fetch(OLD_URL, len(OLD))]
    with pytest.raises(HashMismatchError):
        planned(["words"], body=index(md5="0" * 32))


def test_a_collection_stands_for_its_packages_once_though_collections_hold_each_other() -> None:
    assert read_index(index())[1] == {"book": ("words", "punkt_tab"), "more": ("punkt_tab", "words")}
    outcome, _ = planned(["book", "words"])
    assert isinstance(outcome, Planned)
    assert outcome.asset.files == (WORDS, PUNKT)


def test_a_relock_keeps_the_locked_bytes_and_says_when_the_index_moved_on() -> None:
    first, _ = planned(["punkt_tab"])
    assert isinstance(first, Planned)
    again, _ = planned(["punkt_tab"], first.asset)
    assert again == first
    moved, _ = planned(["punkt_tab"], first.asset, index(sha256="3" * 64))
    assert isinstance(moved, Planned)
    assert moved.asset == first.asset
    assert moved.warnings == ()
    assert moved.remarks[0].startswith("punkt_tab: nltk's index lists other bytes now than the lock holds")


def test_a_package_that_is_not_listed_is_absent() -> None:
    outcome, _ = planned(["punkt_tab", "klingon"])
    assert isinstance(outcome, Absent)
    assert outcome.what == "nltk has no data package klingon"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not found",
        b"<nltk_data><packages>",
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><nltk_data>&a;</nltk_data>',
        index(subdir="../../etc"),
        index(subdir="/etc"),
        index(sha256="nonsense"),
        index().replace(b"https://files.example/packages/tokenizers", b"file:///etc"),
        index().replace(b'size="4259017"', b'size="-1"'),
        index().replace(b'id="punkt_tab"', b'id="../x"'),
        b"<a>" * 100_000,
    ],
    ids=["empty", "text", "cut", "entities", "up", "root", "digest", "scheme", "size", "id", "deep"],
)
def test_an_index_that_cannot_be_right_is_no_answer(body: bytes) -> None:
    with pytest.raises(EnvspecError) as raised:
        planned(["punkt_tab"], body=body)
    assert raised.value.exit_code == 3


@pytest.mark.registry
def test_the_index_is_where_the_release_looks_for_it(release: Any) -> None:
    members = release("nltk==3.10.4", "nltk/downloader.py")
    assert f'DEFAULT_URL = "{INDEX}"'.encode() in members["nltk/downloader.py"]
    assert b"sha256_checksum" in members["nltk/downloader.py"]
