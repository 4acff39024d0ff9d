from __future__ import annotations

from typing import Any

import pytest

from envspec.assets.interface import Absent, Distribution, Planned
from envspec.assets.tiktoken import plan, read_encodings, table
from envspec.lock.document import AssetFile
from tests.assets.models import ModelAnswers, plan_model

MODULE = "tiktoken_ext/openai_public.py"
SOURCE = f"""
from tiktoken.load import data_gym_to_mergeable_bpe_ranks, load_tiktoken_bpe

def gpt2():
    ranks = data_gym_to_mergeable_bpe_ranks(
        vocab_bpe_file="https://files.example/vocab.bpe",
        encoder_json_file="https://files.example/encoder.json",
        vocab_bpe_hash="{"1" * 64}",
        encoder_json_hash="{"2" * 64}",
    )
    return {{"name": "gpt2", "mergeable_ranks": ranks}}

def base():
    ranks = load_tiktoken_bpe("https://files.example/b.tiktoken", expected_hash="{"3" * 64}")
    return {{"mergeable_ranks": ranks}}

def harmony():
    return {{**base(), "name": "harmony"}}

def unhashed():
    return load_tiktoken_bpe("https://files.example/u.tiktoken")
""".encode()


def planned(encodings: list[str], source: bytes | None) -> Planned | Absent:
    held = {} if source is None else {"tiktoken": Distribution("tiktoken", "9.9", "t.whl", {MODULE: source})}
    return plan_model(plan, ModelAnswers(distributions=held), provider="tiktoken", encodings=encodings)


def test_a_vocabulary_lies_under_the_sha1_of_its_url_once_for_all_who_share_it() -> None:
    outcome = planned(["harmony", "base"], SOURCE)
    assert isinstance(outcome, Planned)
    assert outcome.asset.files == (
        AssetFile(
            name="b.tiktoken",
            hashes=(("sha256", "3" * 64),),
            dest="tiktoken/e94c6eb33c692c30bd3d3302e1d1625c2de8dc34",
            url="https://files.example/b.tiktoken",
        ),
    )
    assert [(each.name, each.value) for each in outcome.asset.variables] == [
        ("TIKTOKEN_CACHE_DIR", "{assets}/tiktoken")
    ]


def test_the_recorded_vocabulary_lies_where_tiktoken_looks_for_it() -> None:
    outcome = planned(["cl100k_base"], None)
    assert isinstance(outcome, Planned)
    [file] = outcome.asset.files
    assert file.dest == "tiktoken/9b5ad71b2ce5302211f9c61530b329a4922fc6a4"
    assert file.sha256 == "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"
    assert outcome.warnings == ("tiktoken isn't among the locked distributions; its table is that of 0.14.0",)


def test_gpt2_is_two_files() -> None:
    found = read_encodings(SOURCE)
    assert [file.url.rpartition("/")[2] for file in found["gpt2"]] == ["vocab.bpe", "encoder.json"]


def test_an_encoding_without_a_digest_is_not_taken() -> None:
    outcome = planned(["unhashed"], SOURCE)
    assert outcome == Absent("tiktoken has no encoding unhashed", "it has base, gpt2, harmony")


@pytest.mark.parametrize("source", [b"", b"def (", b"def a():\n    return load_tiktoken_bpe(URL)", b"\0"])
def test_a_module_that_cannot_be_read_has_no_encodings(source: bytes) -> None:
    assert read_encodings(source) == {}


@pytest.mark.registry
def test_the_recorded_table_is_that_of_the_release(release: Any) -> None:
    members = release("tiktoken==0.14.0", MODULE)
    recorded: dict[str, list[tuple[str, str]]] = {}
    for row in table().file:
        for name in row.encodings:
            recorded.setdefault(name, []).append((row.url, row.sha256))
    found = read_encodings(members[MODULE])
    assert {name: [tuple(file) for file in files] for name, files in found.items()} == recorded
