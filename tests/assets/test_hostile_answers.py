"""Whatever a publisher, a recording or a locked wheel says, it ends in a value or in one error of ours."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envspec.assets import easyocr, nltk, openai_whisper, tiktoken
from envspec.assets.hub_listing import next_page, read_info, read_tree
from envspec.assets.hub_recording import read_hub_recording
from envspec.assets.integrity import confirm
from envspec.assets.safe_path import path_problem
from envspec.errors import EnvspecError

NAMES = st.sampled_from(
    ["sha", "id", "siblings", "rfilename", "size", "blobId", "lfs", "sha256", "oid", "path", "type", "gated"]
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=20),
    st.sampled_from(["a" * 40, "b" * 64, "../x", "config.json", "file"]),
)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=4), inner, max_size=5)
    ),
    max_leaves=20,
)


def ends(read: Callable[[], Any]) -> Any:
    """What comes of it; None for an error of ours, and nothing else is an end."""
    with suppress(EnvspecError):
        return read()
    return None


@settings(deadline=None)
@given(DOCUMENTS)
def test_any_json_is_a_listing_or_an_error(document: Any) -> None:
    body = json.dumps(document).encode()
    for file in ends(lambda: read_info(body, "acme/tiny").files) or ():
        assert path_problem(file.path) == ""
    for file in ends(lambda: read_tree(body, "acme/tiny")) or ():
        assert path_problem(file.path) == ""
    ends(lambda: read_hub_recording(json.dumps(document), "hub.json"))


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    ends(lambda: read_info(data, "acme/tiny"))
    ends(lambda: read_tree(data, "acme/tiny"))
    ends(lambda: nltk.read_index(data))
    ends(lambda: confirm(io.BytesIO(data)))
    easyocr.read_config(data)
    easyocr.read_routing(data)
    openai_whisper.read_models(data)
    tiktoken.read_encodings(data)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([b"\x1f\x8b", b"\xfd7zXZ\0", b"BZh9", b"PK\3\4", b"#!/bin/sh\n# makeself\n"]),
    st.binary(max_size=300),
)
def test_what_only_begins_like_an_archive_is_refused(start: bytes, rest: bytes) -> None:
    with pytest.raises(EnvspecError):
        confirm(io.BytesIO(start + rest))


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_link_header_is_read(text: str) -> None:
    url = next_page({"link": text})
    assert not url or url in text


@settings(deadline=None)
@given(st.text(max_size=400))
def test_a_path_without_a_problem_stays_below_its_folder(path: str) -> None:
    if not path_problem(path):
        assert not path.startswith("/")
        assert not {"", ".", ".."} & set(path.split("/"))
        assert path.isprintable()
