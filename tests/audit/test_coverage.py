"""Whether what is fetched is among the lock's models."""

from __future__ import annotations

import pytest

from envspec.audit.coverage import covers, held_models
from envspec.lock.document import Asset

LABELS = [
    "huggingface sentence-transformers/all-MiniLM-L6-v2@main",
    "torchvision https://x.example/a-0676ba61.pth",
    "tiktoken cl100k_base, o200k_base",
    "easyocr ko, en",
]
ASSETS = [Asset("model", label.partition(" ")[0], label) for label in LABELS]
HELD = held_models([*ASSETS, Asset("file", "nltk", "nltk punkt")])


@pytest.mark.parametrize(
    ("provider", "what", "expected"),
    [
        pytest.param("huggingface", ("sentence-transformers/all-MiniLM-L6-v2",), True, id="the repository"),
        pytest.param("huggingface", ("openai/clip",), False, id="another one"),
        pytest.param(
            "huggingface", ("sentence-transformers/all-MiniLM-L6-v2", "a/b"), False, id="one of two"
        ),
        pytest.param("huggingface", (), True, id="unnamed, of a provider with models"),
        pytest.param("huggingface", ("a/{}",), True, id="filled in at run time"),
        pytest.param("openai-whisper", (), False, id="a provider without models"),
        pytest.param(
            "torch.hub", ("https://x.example/a-0676ba61.pth",), True, id="torchvision is torch.hub's"
        ),
        pytest.param("tiktoken", ("o200k_base",), True, id="one of several"),
        pytest.param("easyocr", ("https://github.com/x.zip",), True, id="easyocr by languages"),
        pytest.param("nltk", (), False, id="a file is no model"),
        pytest.param("", (), False, id="nobody's"),
    ],
)
def test_coverage(provider: str, what: tuple[str, ...], expected: bool) -> None:
    assert covers(HELD, provider, what) is expected
