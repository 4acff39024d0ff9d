"""FatbinScan: which GPUs a library carries code for, found while its bytes pass by.

CUDA's compiler puts fat binaries into libraries: a header, then entries of PTX or machine
code, each with the number of its architecture. NVIDIA documents no layout; this one was
compared with what PyTorch says of its builds. The suffix ``a`` of a target isn't told apart.
"""

from __future__ import annotations

import struct

_MAGIC = struct.pack("<IHH", 0xBA55ED50, 1, 16)
_HEAD_BYTES = 16
_ENTRY_BYTES = 64
_KINDS = {1: "compute", 2: "sm"}


class FatbinScan:
    """Feed it the chunks of a file in order."""

    def __init__(self) -> None:
        self.targets: set[str] = set()
        """``sm_80``, ``compute_90``."""
        self._carry = b""
        self._skip = 0
        self._left = 0

    def feed(self, chunk: bytes) -> None:
        """Look at the next bytes of the file."""
        if self._skip >= len(chunk) + len(self._carry):
            self._skip -= len(chunk) + len(self._carry)
            self._carry = b""
            return
        data = self._carry + chunk if self._carry else chunk
        at = self._skip
        self._skip = 0
        while True:
            if not self._left:
                at = data.find(_MAGIC, at)
                if at < 0:
                    self._carry = data[-len(_MAGIC) + 1 :]
                    return
            size = _ENTRY_BYTES if self._left else _HEAD_BYTES
            if at + size > len(data):
                self._carry = data[at:]
                return
            at = self._entry(data, at) if self._left else self._head(data, at)
            if at > len(data):
                self._skip = at - len(data)
                self._carry = b""
                return

    def _head(self, data: bytes, at: int) -> int:
        (self._left,) = struct.unpack_from("<Q", data, at + 8)
        return at + _HEAD_BYTES

    def _entry(self, data: bytes, at: int) -> int:
        """Take one entry; the place behind it. What is no entry ends the fat binary."""
        kind, _, head, size = struct.unpack_from("<HHIQ", data, at)
        (number,) = struct.unpack_from("<I", data, at + 28)
        total = head + size
        if (
            kind not in _KINDS
            or not _ENTRY_BYTES <= head <= 4096
            or total > self._left
            or not 20 <= number < 200
        ):
            self._left = 0
            return at
        self.targets.add(f"{_KINDS[kind]}_{number}")
        self._left -= total
        return at + int(total)
