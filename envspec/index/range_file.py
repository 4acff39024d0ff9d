"""A wheel as a file to seek and read in, by byte ranges of its URL; asks, and does no I/O itself."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from envspec.errors import BrokenArtifactError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, BinaryIO

    from envspec.ports import Response

BLOCK_BYTES = 64 * 1024
MAX_ASKED_BYTES = 64 * 1024 * 1024
"""So much of one file is fetched in parts; who wants more wants the whole file."""


class NoRangesError(Exception):
    """The server doesn't give parts of this file, or botches them."""


class RangeFile(io.RawIOBase):
    """Reads blocks as they are asked for and keeps them.

    ``ask`` takes the value of a Range header and the most bytes that may come, and answers as
    ``ports.Http.get`` does. Raises NoRangesError where parts can't be had.
    """

    def __init__(self, ask: Callable[[str, int], Response]) -> None:
        self._ask = ask
        self._at = 0
        self._asked = 0
        self._blocks: dict[int, bytes] = {}
        tail = ask(f"bytes=-{BLOCK_BYTES}", BLOCK_BYTES)
        start, end, self.size = _place(tail)
        if end != self.size or start != max(0, self.size - BLOCK_BYTES):
            raise NoRangesError
        self._tail_start, self._tail = start, tail.body

    def buffered(self) -> BinaryIO:
        """With small reads gathered, as zipfile makes many."""
        return io.BufferedReader(self, BLOCK_BYTES)

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As files do."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """What's left of one block at most."""
        view = memoryview(buffer)
        if self._at >= self.size or not len(view):
            return 0
        if self._at >= self._tail_start:
            data = self._tail[self._at - self._tail_start :]
        else:
            number = self._at // BLOCK_BYTES
            data = self._block(number, len(view))[self._at - number * BLOCK_BYTES :]
        data = data[: len(view)]
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _block(self, number: int, wanted: int) -> bytes:
        """The block; those that the same reading wants come with it in one answer."""
        if number not in self._blocks:
            start = number * BLOCK_BYTES
            end = min(start + max(1, -(-wanted // BLOCK_BYTES)) * BLOCK_BYTES, self.size)
            self._asked += end - start
            if self._asked > MAX_ASKED_BYTES:
                raise BrokenArtifactError(
                    what=f"more than {MAX_ASKED_BYTES:,} bytes of it would have to be read in parts"
                )
            answer = self._ask(f"bytes={start}-{end - 1}", end - start)
            if _place(answer) != (start, end, self.size):
                raise NoRangesError
            for place in range(0, end - start, BLOCK_BYTES):
                self._blocks[number + place // BLOCK_BYTES] = answer.body[place : place + BLOCK_BYTES]
        return self._blocks[number]


def _place(answer: Response) -> tuple[int, int, int]:
    """Start, end and whole size of the part that came."""
    match = re.fullmatch(
        r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})", answer.headers.get("content-range", "").strip()
    )
    if (
        answer.status != 206
        or match is None
        or answer.headers.get("content-encoding", "identity") != "identity"
    ):
        raise NoRangesError
    start, end, size = int(match[1]), int(match[2]) + 1, int(match[3])
    if len(answer.body) != end - start or end > size:
        raise NoRangesError
    return start, end, size
