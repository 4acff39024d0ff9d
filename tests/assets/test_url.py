from __future__ import annotations

import gzip
from typing import Any

import pytest

from envspec.assets import url
from envspec.assets.interface import Absent, Planned
from envspec.errors import BrokenArtifactError
from envspec.lock.document import Asset, AssetFile
from tests.assets.models import ModelAnswers, plan_model

URL = "https://host.example/x.tar.gz"
WHOLE = gzip.compress(b"weights" * 1000, mtime=0)


def planned(answers: ModelAnswers, **said: Any) -> Planned | Absent:
    return plan_model(url.plan, answers, provider="url", url=URL, dest="models/x.bin", **said)


def test_a_given_sha256_is_the_digest_and_nothing_is_fetched() -> None:
    answers = ModelAnswers()
    outcome = planned(answers, sha256="A" * 64)
    assert outcome == Planned(
        Asset(
            kind="model",
            provider="url",
            label=f"url {URL}",
            files=(
                AssetFile(
                    name="x.tar.gz",
                    hashes=(("sha256", "a" * 64),),
                    dest="models/x.bin",
                    url=URL,
                    root="environment",
                ),
            ),
        )
    )
    assert answers.asked == []


def test_a_trusted_first_fetch_is_called_unconfirmed() -> None:
    outcome = planned(ModelAnswers({URL: WHOLE}), trust="first-fetch")
    assert isinstance(outcome, Planned)
    assert outcome.asset.unconfirmed == (
        "its digest is that of the first fetch: nobody publishes one"
        " (gzip, read to its end: length and CRC-32 agree)"
    )
    assert outcome.asset.files[0].digest_from == "computed"


def test_a_first_fetch_that_was_cut_is_refused() -> None:
    with pytest.raises(BrokenArtifactError):
        planned(ModelAnswers({URL: WHOLE[:-20]}), trust="first-fetch")


def test_a_destination_that_is_a_folder_takes_the_files_own_name() -> None:
    outcome = plan_model(url.plan, ModelAnswers(), provider="url", url=URL, dest="models/", sha256="a" * 64)
    assert isinstance(outcome, Planned)
    assert outcome.asset.files[0].dest == "models/x.tar.gz"
