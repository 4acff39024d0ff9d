"""Data to stdout, or to the file that ``-o`` names."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envspec.adapters.files import PathText


def put(text: str, path: PathText | None) -> None:
    """Write ``text`` as UTF-8, whatever the terminal's encoding; a file is written whole or not at all."""
    data = text.encode("utf-8", "replace")
    if path is not None:
        from envspec.adapters.files import write_atomically

        write_atomically(path, data)
        return
    sys.stdout.flush()
    stream = getattr(sys.stdout, "buffer", None)
    if stream is None:
        sys.stdout.write(text)
    else:
        stream.write(data)
        stream.flush()
