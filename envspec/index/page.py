"""ProjectPage: what an index says of one project, whatever form it came in.

Source: PEP 503 (HTML), 592 (yanked), 658 and 714 (metadata files), 691 (JSON),
700 (sizes and upload times), 708 (alternate locations, not followed).
"""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

_PLAIN_URL = re.compile(r"https://[!-Z\\^-~]*\Z")
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*):")
_CONTROL = re.compile(r"[\x00-\x20\x7f]")


def is_readable(url: str) -> bool:
    """Whether the parts of ``url``, which may be relative, can be told apart."""
    if url.isascii() and "[" not in url and "]" not in url:
        return True
    from urllib.parse import urlsplit

    try:
        urlsplit(url)
    except ValueError:
        return False
    return True


class FileEntry(msgspec.Struct, frozen=True, rename="kebab", kw_only=True, gc=False):
    """One file of a project, as its index lists it.

    A Struct and not a dataclass: a page lists up to tens of thousands, and msgspec
    fills these straight from JSON. No garbage collection: they hold no cycles, and it takes
    longer than the parsing. ``yanked`` is a reason or True, compare it by ``is not False``.
    """

    filename: str
    url: str = ""
    hashes: dict[str, str] = {}
    requires_python: str | None = None
    size: Annotated[int, msgspec.Meta(ge=0, le=2**53)] | None = None
    upload_time: str | None = None
    yanked: bool | str = False
    core_metadata: bool | dict[str, str] | None = None
    dist_info_metadata: bool | dict[str, str] | None = None
    requires_dist: list[str] | None = None
    """Only recordings say it; None is unknown, not none."""

    @property
    def problem(self) -> str:
        """Why this file can't be fetched or named; empty if it can."""
        if not self.filename or "/" in self.filename:
            return "no name for a file"
        if _PLAIN_URL.match(self.url):
            return ""
        if not self.url:
            return "it has no URL"
        if _CONTROL.search(self.url):
            return "its URL holds a space or a control character"
        scheme = _SCHEME.match(self.url)
        if scheme and scheme[1].lower() not in ("http", "https"):
            return f"its URL is {scheme[1]}:, http or https was wanted"
        return "" if is_readable(self.url) else "its URL can't be read"


class ProjectPage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """All files of one project, in the order of the index."""

    name: str = ""
    files: list[FileEntry] = []
    skipped: list[str] = []
    """What the page lists and nobody can use, one line each: ``NAME: why``."""
