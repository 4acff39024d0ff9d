from __future__ import annotations

import gzip
import time
import tracemalloc
import zlib

import pytest

from envspec.errors import BrokenBodyError, TooLargeError
from envspec.index.encoding import decode_body

PLAIN = b'{"name": "torch"}'


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (PLAIN, ""),
        (PLAIN, "identity"),
        (gzip.compress(PLAIN, mtime=0), "gzip"),
        (gzip.compress(PLAIN, mtime=0), " X-GZIP "),
        (zlib.compress(PLAIN), "deflate"),
        pytest.param(gzip.compress(PLAIN[:5]) + gzip.compress(PLAIN[5:]), "gzip", id="two-members"),
        pytest.param(gzip.compress(PLAIN, mtime=0) + bytes(8), "gzip", id="padded"),
    ],
)
def test_a_body_as_it_was_meant(body: bytes, encoding: str) -> None:
    assert decode_body(body, encoding, len(PLAIN)) == PLAIN


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_a_body_beyond_the_limit_is_refused(encoding: str) -> None:
    body = gzip.compress(PLAIN, mtime=0) if encoding else PLAIN
    with pytest.raises(TooLargeError) as error:
        decode_body(body, encoding, len(PLAIN) - 1)
    assert error.value.what == "a body is longer than 16 bytes"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(gzip.compress(bytes(200_000_000), 1), id="one-member"),
        pytest.param(gzip.compress(bytes(1_000_000), 1) * 200, id="many-members"),
    ],
)
def test_a_bomb_costs_no_more_memory_than_the_limit(body: bytes) -> None:
    tracemalloc.start()
    with pytest.raises(TooLargeError):
        decode_body(body, "gzip", 4_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


def test_a_chain_of_empty_members_takes_no_longer_than_as_many_bytes() -> None:
    body = gzip.compress(b"", mtime=0) * 200_000 + gzip.compress(PLAIN, mtime=0)
    began = time.process_time()
    assert decode_body(body, "gzip", 1000) == PLAIN
    assert time.process_time() - began < 4.0  # what was left was copied for each member: 40 s


@pytest.mark.parametrize(
    ("body", "encoding", "what"),
    [
        (gzip.compress(PLAIN, mtime=0)[:-5], "gzip", "a gzip body ends too early"),
        (b"", "gzip", "a gzip body ends too early"),
        (PLAIN, "gzip", "a body isn't the gzip it claims to be"),
        (
            gzip.compress(PLAIN, mtime=0) + b"junk, and more than a header of it",
            "gzip",
            "a body isn't the gzip it claims to be",
        ),
        (gzip.compress(PLAIN, mtime=0)[:-8] + bytes(8), "gzip", "a body isn't the gzip it claims to be"),
        (PLAIN, "br", "a body came with Content-Encoding 'br'"),
        (PLAIN, "gzip, gzip", "a body came with Content-Encoding 'gzip, gzip'"),
    ],
)
def test_a_broken_body_says_what_is_wrong(body: bytes, encoding: str, what: str) -> None:
    with pytest.raises(BrokenBodyError) as error:
        decode_body(body, encoding, 1000)
    assert error.value.what == what
