"""Bodies as they travelled to bodies as they were meant: gzip undone, with a bound.

Source: RFC 9110, section 8.4; RFC 1952 (several members may follow each other).
"""

from __future__ import annotations

import zlib
from typing import Any

from envspec.errors import BrokenBodyError, TooLargeError

_inflating: Any = zlib
_broken: Any = zlib.error
try:  # less than half the time of zlib, whose is a fifth of what a first lock computes
    from isal import igzip_lib, isal_zlib

    _inflating, _broken = isal_zlib, igzip_lib.IsalError
except ImportError:  # a platform that it has no wheel for
    pass

_STEP_BYTES = 4096
"""What follows a member is copied when it ends: of a body of many members never the whole rest."""
_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


def decode_body(body: bytes, encoding: str, limit: int) -> bytes:
    """Undo the Content-Encoding ``encoding`` of ``body``, to at most ``limit`` bytes.

    Knows gzip, deflate and identity, which are all that we ask for. Raises TooLargeError
    beyond the limit (a bomb costs no more memory than it), BrokenBodyError otherwise.
    """
    coding = encoding.strip().lower()
    if coding in ("", "identity"):
        plain = body
    elif coding in _WINDOW_BITS:
        plain = _inflate(body, coding, limit)
    else:
        raise BrokenBodyError(
            what=f"a body came with Content-Encoding {encoding[:80]!r}",
            why="we asked for gzip or none",
        )
    if len(plain) > limit:
        raise TooLargeError(
            what=f"a body is longer than {limit} bytes", why="nothing that an index says is that long"
        )
    return plain


def decode_body_of(label: str, body: bytes, encoding: str, limit: int) -> bytes:
    """As ``decode_body``, with ``label`` before what's said of a body that can't be decoded."""
    try:
        return decode_body(body, encoding, limit)
    except (BrokenBodyError, TooLargeError) as error:
        raise type(error)(what=f"{label}: {error.what}", why=error.why, fix=error.fix) from error


def _inflate(body: bytes, coding: str, limit: int) -> bytes:
    parts: list[bytes] = []
    room = limit + 1
    at, step = 0, len(body)
    while room > 0:
        stream = _inflating.decompressobj(_WINDOW_BITS[coding])
        while room > 0 and not stream.eof:
            piece = body[at : at + step]
            if not piece:
                raise BrokenBodyError(
                    what=f"a {coding} body ends too early",
                    why=f"{len(body)} bytes came and more were announced inside",
                    fix="try again; if it stays so, a proxy in between cuts answers short",
                )
            try:
                part = stream.decompress(piece, room)
            except _broken as error:
                raise BrokenBodyError(
                    what=f"a body isn't the {coding} it claims to be", why="what came can't be unpacked"
                ) from error
            parts.append(part)
            room -= len(part)
            at += len(piece)
        at -= len(stream.unused_data)
        # Each member costs the server 20 bytes, so an endless chain of empty ones ends with the body.
        if at == len(body) or (body[at] == 0 and not body[at:].strip(b"\0")):
            break
        step = _STEP_BYTES
    return parts[0] if len(parts) == 1 else b"".join(parts)
