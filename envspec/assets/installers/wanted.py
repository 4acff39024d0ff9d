"""What a table of [[installers]] says against what is on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from envspec.assets.one_file import Record
from envspec.errors import InvalidValueError

RECORDED_ARCH = "x86_64"
"""Of the files in the tables of NVIDIA's installers."""


def other_arch(arch: str) -> str:
    """Why no recorded file is for a target of this architecture; empty where they are."""
    return "" if arch == RECORDED_ARCH else f"what is on record is for {RECORDED_ARCH}, the target is {arch}"


def record_of(
    said: Mapping[str, Any], known: Record | None, *, kind: str, versions: Sequence[str], why: str = ""
) -> Record:
    """The file that is meant: the one on record, or that of the URL which the spec gives.

    What's on record of another URL holds for the spec's as well, if it's the same file by name: a mirror.
    Raises InvalidValueError where neither says an address.
    """
    url = said["url"]
    if known is None:
        if url is None:
            near = get_close_matches(said["version"], versions, n=4, cutoff=0.5)
            listed = (
                f"nearest on record: {', '.join(near)}" if near else f"{len(versions)} versions are on record"
            )
            raise InvalidValueError(
                what=f"no {kind} {said['version']} is on record",
                why=why or listed,
                fix='name one of those, or give its url with sha256 (or trust = "first-fetch")',
            )
        return Record(url)
    if url is None:
        return known
    same = url.rpartition("/")[2] == known.url.rpartition("/")[2]
    return known._replace(url=url) if same else Record(url)
