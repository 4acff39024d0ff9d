"""What holds for all providers, and that one more is one more file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import envspec.assets
from envspec.assets import registry
from envspec.assets.interface import Absent, Planned
from envspec.errors import InputError
from envspec.spec.assets import Model
from tests.acceptance.commands import ROOT
from tests.assets.models import ModelAnswers, lock_models, plan_model
from tests.hub import Hub

TIGER = b"tiger's weights"


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The module of docs/providers.md, in a folder that joins those of ``envspec.assets``."""
    [source] = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "providers.md").read_text(), re.DOTALL)
    (tmp_path / "zoo.py").write_text(source)
    monkeypatch.setattr(envspec.assets, "__path__", [*envspec.assets.__path__, str(tmp_path)])
    registry.provider_of.cache_clear()
    yield
    registry.provider_of.cache_clear()


@pytest.mark.usefixtures("zoo")
def test_one_more_provider_is_one_more_file() -> None:
    provider = registry.provider_of("model", "zoo")
    assert provider is not None
    answers = ModelAnswers({"https://zoo.example/tiger.onnx": TIGER})
    outcome = plan_model(provider.plan, answers, provider="zoo", names=["tiger"])
    assert isinstance(outcome, Planned)
    [file] = outcome.asset.files
    assert (file.dest, file.sha256) == ("zoo/tiger.onnx", hashlib.sha256(TIGER).hexdigest())
    assert outcome.asset.label == "zoo tiger"
    assert "zoo" in registry.providers_of("model")
    absent = plan_model(provider.plan, answers, provider="zoo", names=["lion"])
    assert absent == Absent("zoo has no 'lion'", "it has tiger")


def test_a_provider_that_no_module_is_is_the_users_input() -> None:
    with Hub() as hub, pytest.raises(InputError) as raised:
        lock_models(hub, {"provider": "tiktokken", "names": ["cl100k_base"]})
    assert raised.value.what == "tiktokken cl100k_base: no provider is called 'tiktokken'"
    assert raised.value.fix == "did you mean 'tiktoken'?"


def test_every_provider_of_the_spec_has_its_module_and_the_page_names_it() -> None:
    words = {word for table in Model.tables for word in table.KEYS["provider"].kind.words}
    assert words == set(registry.providers_of("model"))
    page = (ROOT / "docs" / "providers.md").read_text()
    assert [word for word in sorted(words) if f"`{word}`" not in page] == []
