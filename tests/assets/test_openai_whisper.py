from __future__ import annotations

from typing import Any

import pytest

from envspec.assets.interface import Absent, Distribution, Planned, ReadDistribution
from envspec.assets.openai_whisper import plan, read_models, table
from envspec.lock.document import Asset, AssetFile, Variable
from tests.assets.models import ModelAnswers, plan_model

MODULE = "whisper/__init__.py"
URL = "https://files.example/models/{}/{}.pt"
TINY = URL.format("a" * 64, "tiny")
SOURCE = f"""
import torch

_MODELS: dict = {{"tiny": "{TINY}", "large-v9": "{URL.format("b" * 64, "large-v9")}"}}
""".encode()


def held(source: bytes) -> Distribution:
    return Distribution("openai-whisper", "20990101", "openai_whisper-20990101.tar.gz", {MODULE: source})


def planned(model: str, distribution: Distribution | None) -> tuple[Planned | Absent, ModelAnswers]:
    answers = ModelAnswers(distributions={"openai-whisper": distribution} if distribution else {})
    return plan_model(plan, answers, provider="openai-whisper", model=model), answers


def test_the_url_of_a_model_tells_its_digest_and_nothing_is_asked_of_the_network() -> None:
    outcome, answers = planned("large-v9", held(SOURCE))
    assert isinstance(outcome, Planned)
    assert outcome.asset == Asset(
        kind="model",
        provider="openai-whisper",
        label="openai-whisper large-v9",
        files=(
            AssetFile(
                name="large-v9.pt",
                hashes=(("sha256", "b" * 64),),
                dest="cache/whisper/large-v9.pt",
                url=URL.format("b" * 64, "large-v9"),
            ),
        ),
        variables=(
            Variable(
                "XDG_CACHE_HOME",
                "{assets}/cache",
                ("openai-whisper large-v9",),
                "openai-whisper 20250625: whisper/__init__.py (load_model)",
            ),
        ),
    )
    assert answers.asked == [[ReadDistribution("openai-whisper", (MODULE,))]]


def test_another_digest_than_the_recorded_one_is_told() -> None:
    outcome, _ = planned("tiny", held(SOURCE))
    assert isinstance(outcome, Planned)
    [warning] = outcome.warnings
    assert warning.startswith(
        "openai-whisper 20990101 says of tiny another thing than the table of 20250625: "
    )
    assert f"{TINY} sha256 {'a' * 64} in place of https://openaipublic.azureedge.net/" in warning


def test_without_the_distribution_the_recorded_table_is_taken_with_a_warning() -> None:
    outcome, _ = planned("large", None)
    assert isinstance(outcome, Planned)
    assert (outcome.asset.files[0].name, outcome.asset.files[0].size) == ("large-v3.pt", 3087371615)
    assert outcome.asset.files[0].sha256 == "e5b1a55b89c1367dacf97e3e19bfd829a01529dbfdeefa8caeb59b3f1b81dadb"
    assert outcome.warnings == (
        "openai-whisper isn't among the locked distributions; its table is that of 20250625",
    )


def test_a_model_that_is_not_there_is_absent() -> None:
    outcome, _ = planned("large-v4", held(SOURCE))
    assert outcome == Absent("openai-whisper has no model 'large-v4'", "it has large-v9, tiny")


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"_MODELS = 1",
        b"_MODELS = {'tiny': 1}",
        b"_MODELS = {'tiny': 'http://h/" + b"a" * 64 + b"/t.pt'}",
        b"_MODELS = {'tiny': 'https://h/nodigest/t.pt'}",
        b"_MODELS = load()",
        b"if True:\n _MODELS = {}",
        b"def (",
    ],
)
def test_a_table_that_cannot_be_read_has_no_rows(source: bytes) -> None:
    assert read_models(source) == {}


@pytest.mark.registry
def test_the_recorded_table_is_that_of_the_release(release: Any) -> None:
    members = release("openai-whisper==20250625", MODULE)
    found = {name: files[0].url for name, files in read_models(members[MODULE]).items()}
    assert found == {name: row.url for row in table().file for name in row.names}
