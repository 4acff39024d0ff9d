"""Who the user is to the Hub, from where its own client takes it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from envspec.adapters.hub_login import hub_endpoint, hub_token


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in list(os.environ):
        if variable.startswith(("HF_", "HUGGING_FACE_", "XDG_")):
            monkeypatch.delenv(variable)
    monkeypatch.setenv("HOME", str(tmp_path))


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_nobody_is_nobody() -> None:
    assert (hub_token(), hub_endpoint()) == ("", "")


def test_places_count_in_the_order_of_the_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / ".cache" / "huggingface" / "token", "of-the-cache\n")
    assert hub_token() == "of-the-cache"
    monkeypatch.setenv(
        "XDG_CACHE_HOME", str(write(tmp_path / "xdg" / "huggingface" / "token", "xdg").parents[1])
    )
    assert hub_token() == "xdg"
    monkeypatch.setenv("HF_HOME", str(write(tmp_path / "home" / "token", "of-the-home").parent))
    assert hub_token() == "of-the-home"
    monkeypatch.setenv("HF_TOKEN_PATH", str(write(tmp_path / "elsewhere", "of-the-path")))
    assert hub_token() == "of-the-path"
    monkeypatch.setenv("HUGGING_FACE_HUB_TOKEN", "old")
    assert hub_token() == "old"
    monkeypatch.setenv("HF_TOKEN", " new ")
    assert hub_token() == "new"


@pytest.mark.parametrize("content", [b"", b"two words", b"two\nlines", b"\xff\xfe", "ünicode".encode()])
def test_what_cannot_stand_in_a_header_is_no_token(tmp_path: Path, content: bytes) -> None:
    write(tmp_path / ".cache" / "huggingface" / "token", content)
    assert hub_token() == ""


def test_an_endpoint_has_no_slash_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", " https://hub.internal/ ")
    assert hub_endpoint() == "https://hub.internal"
