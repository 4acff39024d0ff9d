"""What an installer takes on disk, where nobody measured it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from envspec.assets.installers.plain_versions import in_order
from envspec.lock.document import Space
from envspec.named_tuple import NamedTuple

_RULE = "temporary once the file, installed twice"


class Row(Protocol):
    """A file of some version on record."""

    @property
    def version(self) -> str:
        """Numbers with dots."""
        ...

    @property
    def size(self) -> int | None:
        """Bytes; None where nobody says them."""
        ...


class Like(NamedTuple):
    """Another file of the same kind, whose size is on record."""

    version: str
    size: int


def nearest(version: str, rows: Iterable[Row]) -> Like | None:
    """Of the versions next to ``version`` whose size is known, the larger file; None where there's none."""
    sized = sorted((Like(row.version, row.size) for row in rows if row.size), key=_order)
    before = [like for like in sized if _order(like) <= in_order(version)]
    after = [like for like in sized if _order(like) > in_order(version)]
    return max([*before[-1:], *after[:1]], key=lambda like: like.size, default=None)


def _order(like: Like) -> tuple[tuple[int, ...], str]:
    return in_order(like.version)


def estimated(size: int | None, like: Like | None = None) -> Space | None:
    """Temporary once the file, installed twice: packed files are taken apart before they're laid down.

    Of a file whose size nobody says, that of ``like`` is taken; None where there's none of its kind either.
    """
    if size is not None:
        return Space(size, 2 * size, f"estimated: {_RULE}", is_estimated=True)
    if like is None:
        return None
    source = f"estimated: {_RULE}, as of {like.version} with {like.size:,} bytes; its own size isn't known"
    return Space(like.size, 2 * like.size, source, is_estimated=True)
