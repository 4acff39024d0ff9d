"""A made index of N projects, the same on every run: a tree with some cross edges, four releases each.

Project I asks for 2I+1 and 2I+2, so that the first reaches all of them in few steps, and for one more
that its number chooses. Some requirements leave out the newest release.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from functools import cache

from benchmarks.recording import BASE_URL

VERSIONS = ("1.0", "1.1", "1.2", "1.3")

_PAGE = re.compile(r"/made-(\d{1,5})/simple/made-(\d{1,5})/")
_METADATA = re.compile(r"/made-(\d{1,5})/files/made_(\d{1,5})-(1\.[0-3])-py3-none-any\.whl\.metadata")


@cache
def answer(path: str) -> bytes | None:
    """The gzipped page or plain metadata file at ``path``; None where the made index has nothing."""
    if page := _PAGE.fullmatch(path):
        size, number = int(page[1]), int(page[2])
        return _page(size, number) if number < size else None
    if metadata := _METADATA.fullmatch(path):
        size, number = int(metadata[1]), int(metadata[2])
        return _metadata(size, number, metadata[3]) if number < size else None
    return None


def _page(size: int, number: int) -> bytes:
    files = []
    for version in VERSIONS:
        filename = f"made_{number}-{version}-py3-none-any.whl"
        files.append(
            {
                "filename": filename,
                "url": f"{BASE_URL}/made-{size}/files/{filename}",
                "hashes": {"sha256": hashlib.sha256(filename.encode()).hexdigest()},
                "requires-python": ">=3.8",
                "size": 10_000 + number,
                "upload-time": f"2024-0{version[-1:] if version != '1.0' else 9}-01T00:00:00.000000Z",
                "yanked": False,
                "core-metadata": True,
            }
        )
    page = {
        "meta": {"api-version": "1.1"},
        "name": f"made-{number}",
        "versions": list(VERSIONS),
        "files": files,
    }
    return gzip.compress(json.dumps(page, separators=(",", ":")).encode(), 6, mtime=0)


def _metadata(size: int, number: int, version: str) -> bytes:
    wanted = [2 * number + 1, 2 * number + 2]
    if number + 1 < size:
        wanted.append(number + 1 + number * 7919 % (size - number - 1))
    lines = ["Metadata-Version: 2.1", f"Name: made-{number}", f"Version: {version}", "Requires-Python: >=3.8"]
    for other in sorted({one for one in wanted if one < size}):
        bound = "<1.3,>=1.0" if (number + other) % 40 == 0 else ">=1.0"
        lines.append(f"Requires-Dist: made-{other}{bound}")
    return ("\n".join(lines) + "\n\n").encode()
