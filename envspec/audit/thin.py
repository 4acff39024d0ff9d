"""Source without the functions and classes that can't matter, since parsing is what takes the time.

A module of transformers has thirty classes, and one of them fetches something. What isn't
a function or class at the top level stays whole; of one that's left out, its name stays.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from envspec.named_tuple import NamedTuple

_TOP = re.compile(
    rb"^(?:(?P<decorator>@)|(?:async[ \t]+)?(?P<kind>def|class)[ \t]+(?P<name>\w+)|[^\s)\]}])", re.MULTILINE
)
_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+(?P<origin>[\w.]+)[ \t]+import[ \t]+(?P<names>\([^()]{0,20000}\)|[^\n;]+)"
    rb"|import[ \t]+(?P<modules>[^\n;]+))",
    re.MULTILINE,
)
_ASSIGNED = re.compile(rb"^(?P<name>\w+)[ \t]*(?::[^=\n]+)?=(?!=)(?P<value>[^\n]*)", re.MULTILINE)
_MAX_WORDS = 512
_BOUND = re.compile(rb"([\w.]+)(?:[ \t]+as[ \t]+(\w+))?")


class Block(NamedTuple):
    """A function or class at the top level, its decorators with it."""

    start: int
    """Of its first byte in the blanked code."""
    end: int
    header: int
    """Where the line of ``def`` or ``class`` begins."""
    is_class: bool
    name: bytes


def thinned(data: bytes, code: bytes, tokens: Collection[bytes], names: Collection[bytes] = ()) -> bytes:
    """``data`` without the blocks that hold no token nor a name for one; lines keep their numbers.

    ``code`` is the same file blanked; ``names`` are whole words.
    """
    words = {*_bound_to(code, tokens), *names}
    if len(words) > _MAX_WORDS:
        return data
    pattern = re.compile(rb"\b(?:%s)\b" % b"|".join(map(re.escape, sorted(words)))) if words else None
    lines = data.split(b"\n")
    first, counted_to = 0, 0
    for block in _blocks(code):
        text = code[block.start : block.end]
        first += code.count(b"\n", counted_to, block.start)
        counted_to = block.start
        if any(token in text for token in tokens) or (pattern is not None and pattern.search(text)):
            continue
        last = first + text.count(b"\n")
        header = first + code.count(b"\n", block.start, block.header)
        lines[first:last] = [b""] * (last - first)
        lines[header] = b"class %s: pass" % block.name if block.is_class else b"def %s(): pass" % block.name
    return b"\n".join(lines)


def _blocks(code: bytes) -> Iterator[Block]:
    start, opened = -1, None
    for match in _TOP.finditer(code):
        if opened is not None:
            yield opened._replace(end=match.start())
            opened = None
        if match["decorator"]:
            start = match.start() if start < 0 else start
        elif match["kind"]:
            begin = match.start() if start < 0 else start
            opened = Block(begin, len(code), match.start(), match["kind"] == b"class", match["name"])
            start = -1
        else:
            start = -1
    if opened is not None:
        yield opened


def _bound_to(code: bytes, tokens: Collection[bytes]) -> Iterator[bytes]:
    """Names that the module gives to what a token stands for: by import, or by assigning at its top."""
    for match in _IMPORT.finditer(code):
        origin = match["origin"]
        for bound in _BOUND.finditer((match["names"] or match["modules"]).replace(b"\n", b" ")):
            whole = b"%s.%s" % (origin, bound[1]) if origin else bound[1]
            spelt = b"%s import %s" % (origin or b"", bound[1])
            if any(token in whole or token in spelt for token in tokens):
                yield bound[2] or (bound[1] if origin else bound[1].partition(b".")[0])
    for match in _ASSIGNED.finditer(code):
        if any(token in match["value"] for token in tokens):
            yield match["name"]
