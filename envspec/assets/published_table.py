"""A table of (name, URL, sha256) that a package carries in its source, held against the recorded one."""

from __future__ import annotations

import re
from collections.abc import Mapping

from envspec.assets.interface import Distribution
from envspec.named_tuple import NamedTuple


class Published(NamedTuple):
    """One file that a package names with its digest."""

    url: str
    sha256: str

    @property
    def is_sound(self) -> bool:
        """Whether it can stand in a lock."""
        is_url = re.fullmatch(r"https://[!-~]{1,2000}", self.url) is not None
        return is_url and re.fullmatch(r"[0-9a-f]{64}", self.sha256) is not None


Names = Mapping[str, tuple[Published, ...]]
"""What each name of the package stands for."""


def known_names(
    held: Distribution | None, found: Names, recorded: Names, *, project: str, version: str
) -> tuple[Names, str]:
    """The table of the locked distribution, else the recorded one of ``version``; a warning if need be."""
    if held is None:
        return recorded, f"{project} isn't among the locked distributions; its table is that of {version}"
    if held.unread:
        unread = f"nobody looked into {held.file_name} ({held.unread})"
        return recorded, f"{unread}; its table is that of {version}"
    if not found:
        return recorded, f"no table can be read out of {held.file_name}; it's taken from {version}"
    return found, ""


def difference(name: str, found: Names, recorded: Names, held: Distribution | None, *, version: str) -> str:
    """What the locked distribution says otherwise than the recorded table; empty where they agree."""
    if held is None or found is recorded or found.get(name) == recorded.get(name):
        return ""
    if name not in recorded:
        return f"{held.project} {held.version} names {name}, which isn't in the table of {version}"
    pairs = zip(recorded[name], found[name], strict=False)
    told = "; ".join(
        f"{new.url} sha256 {new.sha256} in place of {old.url} sha256 {old.sha256}"
        for old, new in pairs
        if old != new
    )
    return (
        f"{held.project} {held.version} says of {name} another thing than the table of {version}:"
        f" {told or 'another number of files'}"
    )
