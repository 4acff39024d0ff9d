"""IndexStore: what we ask of the cache; ``adapters.cache`` answers.

Everything in it may be gone, or be another's work: nothing is trusted that a wrong
value could turn into a wrong lock without a digest failing later, and a value that
can't be read is treated as absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from envspec.named_tuple import NamedTuple


class StoredPage(NamedTuple):
    """An answer of an index, as it travelled."""

    status: int
    """200, or 404 for a project the index doesn't have."""
    expires: int
    """Unix time up to which it needs no asking again."""
    etag: str
    modified: str
    stamp: str
    """Changes when the body does."""
    fresh_s: int = 0
    """For how long it was said to be fresh: a 304 that says nothing means the same again."""


class StoredBody(NamedTuple):
    """The body of a stored page, and what reading it takes."""

    body: bytes
    encoding: str
    content_type: str
    url: str
    """Where it came from, redirects followed."""


class IndexStore(Protocol):
    """Pages, reductions of them, and dependencies; safe to call from several threads."""

    def page(self, url: str) -> StoredPage | None:
        """What is known of the page, without its body."""
        ...

    def pages(self, urls: Sequence[str]) -> dict[str, StoredPage]:
        """What is known of many pages, without their bodies."""
        ...

    def body(self, url: str) -> StoredBody | None:
        """The body of a page."""
        ...

    def record(self, url: str, view: str) -> tuple[StoredPage, str, str] | None:
        """The page, and head and rows of its reduction for ``view``, if of this very page."""
        ...

    def requirements(self, identity: str, environment: str) -> tuple[str | None, str | None]:
        """The requirements of a file as one environment sees them, and whatever the environment."""
        ...

    def note(self, key: str) -> str | None:
        """A small text kept under a key of ours."""
        ...

    def put_page(self, url: str, page: StoredPage, body: StoredBody | None) -> None:
        """Keep a page; without a body only its freshness."""
        ...

    def put_record(self, url: str, view: str, stamp: str, head: str, rows: str) -> None:
        """Keep a reduction."""
        ...

    def put_dependencies(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """Keep (identity, environment, text) rows."""
        ...

    def put_metadata(self, rows: Iterable[tuple[str, str]]) -> None:
        """Keep (identity, text) rows."""
        ...

    def put_note(self, key: str, text: str) -> None:
        """Keep a small text."""
        ...

    def flush(self) -> None:
        """Write what was put; other processes see all of it or none."""
        ...
