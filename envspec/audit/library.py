"""One shared library of a wheel: what it asks of the host, its GPU code, what its strings betray.

A big library is read while it's unpacked; only its beginning is kept, where tables lie that
its dynamic section, near the end, points back to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from envspec.audit.elf import MAGIC, BrokenElfError, OutOfReachError, read_elf
from envspec.audit.fatbin import FatbinScan
from envspec.audit.prefilter import asset_urls
from envspec.audit.reading import AssetUrls, Egress, Elf
from envspec.audit.tables import SinkTable
from envspec.named_tuple import NamedTuple

WHOLE_BYTES = 96 << 20
"""Up to this size a library is held in memory, and its strings are searched."""
KEPT_BYTES = 64 << 20


class Library(NamedTuple):
    """What one library tells."""

    elf: Elf | None
    """None where it isn't dynamically linked, or can't be read."""
    code_targets: tuple[str, ...] = ()
    egress: tuple[Egress, ...] = ()
    urls: tuple[AssetUrls, ...] = ()
    not_read: str = ""
    is_unsearched: bool = False
    """Whether it's too big to search its strings."""


def read_library(
    path: str, size: int, pieces: Callable[[], Iterator[bytes]], table: SinkTable
) -> Library | None:
    """Read the file at ``path``; None where it isn't ELF at all. Raises what ``pieces`` raises.

    ``pieces`` gives the content from its start, each time it's called.
    """
    if size <= WHOLE_BYTES:
        return _whole(path, b"".join(pieces()), table)
    scan = FatbinScan()
    passing = _Passing(pieces(), scan)
    if passing.read_at(0, 4) != MAGIC:
        return None
    elf, problem = None, ""
    try:
        try:
            elf = read_elf(path, passing.read_at)
        except OutOfReachError:
            # Where its tables lie is known by now, so a second pass meets them in order.
            elf = read_elf(path, _Memory(pieces).read_at)
    except BrokenElfError as error:
        problem = str(error)
    passing.drain()
    return Library(elf, _sorted(scan), not_read=problem, is_unsearched=True)


def _whole(path: str, data: bytes, table: SinkTable) -> Library | None:
    if data[:4] != MAGIC:
        return None
    scan = FatbinScan()
    scan.feed(data)
    elf, problem = None, ""
    try:
        elf = read_elf(path, lambda offset, length: data[offset : offset + length])
    except BrokenElfError as error:
        problem = str(error)
    return Library(elf, _sorted(scan), _clients(path, data, table), _urls(path, data, table), problem)


def _sorted(scan: FatbinScan) -> tuple[str, ...]:
    return tuple(sorted(scan.targets))


def _clients(path: str, data: bytes, table: SinkTable) -> tuple[Egress, ...]:
    """Strings that show a client of the Hub in compiled code; one row a file."""
    found = next((text for text in table.native.strings if text.encode() in data), "")
    if not found:
        return ()
    return (Egress("native", "strong", path, 0, "", found, provider=table.native.provider),)


def _urls(path: str, data: bytes, table: SinkTable) -> tuple[AssetUrls, ...]:
    texts = b"\n".join(match[0] for match in re.finditer(rb"https?://[!-~]{4,2048}", data))
    return tuple(row._replace(line=0) for row in asset_urls(path, texts, table.urls))


class _Passing:
    """The content while it passes by; its beginning is kept."""

    def __init__(self, pieces: Iterator[bytes], scan: FatbinScan) -> None:
        self._pieces = pieces
        self._scan = scan
        self._kept = bytearray()
        self._piece, self._piece_start = b"", 0

    def read_at(self, offset: int, length: int) -> bytes:
        """See elf.ReadAt. What lies behind the beginning can be asked for in order only."""
        while len(self._kept) < min(offset + length, KEPT_BYTES) and self._next():
            pass
        if offset + length <= len(self._kept):
            return bytes(self._kept[offset : offset + length])
        if offset < len(self._kept):
            parts = [bytes(self._kept[offset:])]
            at = len(self._kept)
        else:
            parts, at = [], offset
        while at < offset + length:
            if at < self._piece_start:
                raise OutOfReachError("a table of it was passed before it was known to be one")
            inside = at - self._piece_start
            if inside < len(self._piece):
                part = self._piece[inside : inside + offset + length - at]
                parts.append(part)
                at += len(part)
            elif not self._next():
                break
        return b"".join(parts)

    def _next(self) -> bool:
        piece = next(self._pieces, None)
        if piece is None:
            return False
        self._piece_start += len(self._piece)
        self._piece = piece
        self._scan.feed(piece)
        room = KEPT_BYTES - len(self._kept)
        if room > 0:
            self._kept += piece[:room]
        return True

    def drain(self) -> None:
        """Let the rest pass."""
        while self._next():
            pass


class _Memory:
    """The content unpacked anew for each question that lies before the last one."""

    def __init__(self, pieces: Callable[[], Iterator[bytes]]) -> None:
        self._open = pieces
        self._passing = _Passing(pieces(), FatbinScan())

    def read_at(self, offset: int, length: int) -> bytes:
        """See elf.ReadAt."""
        try:
            return self._passing.read_at(offset, length)
        except OutOfReachError:
            self._passing = _Passing(self._open(), FatbinScan())
            return self._passing.read_at(offset, length)
