"""What an installer takes on disk, where nobody measured it."""

from __future__ import annotations

from envspec.lock.document import Space


def estimated(size: int | None) -> Space | None:
    """Temporary once the file, installed twice: packed files are taken apart before they're laid down.

    None where not even the file's size is known.
    """
    if size is None:
        return None
    return Space(
        temporary_bytes=size,
        installed_bytes=2 * size,
        source="estimated: temporary once the file, installed twice",
        is_estimated=True,
    )
