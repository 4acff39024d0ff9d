"""What an untouched lock of our own says, without reading TOML."""

from __future__ import annotations

import re

from envspec.lock.codec import FIRST, quick_digest

_PIN = re.compile(
    rb'^\[\[packages\]\]\nname = "([a-z0-9.-]+)"\nversion = "([A-Za-z0-9.!+_-]+)"$', re.MULTILINE
)
_KEPT = re.compile(rb"^\[+tool\.envspec\.(?!(?:target|environment|contract|verdict)[].])", re.MULTILINE)
"""Tables that a relock keeps; the others are made anew each time."""
_KEY = re.compile(rb"^([^ \n=][^\n=]*) = ", re.MULTILINE)
_MADE_ANEW = {key.encode() for key in (*FIRST, "environment")}


def identity(data: bytes) -> str:
    """A digest of the whole lock: the one it bears, where it's untouched."""
    from envspec.lock.codec import HEAD
    from envspec.short_digest import short_sha256

    if quick_digest(data) is None:
        return short_sha256(data)
    return data[len(HEAD) : len(HEAD) + 64].decode("ascii")


def quick_pins(data: bytes) -> dict[str, str] | None:
    """Name to version; None where the lock must be read to know, or holds builds or tables to keep."""
    if quick_digest(data) is None or _KEPT.search(data) or not _own_keys(data) <= _MADE_ANEW:
        return None
    return {name.decode(): version.decode() for name, version in _PIN.findall(data)}


def _own_keys(data: bytes) -> set[bytes]:
    """The keys of [tool.envspec] itself."""
    _, _, rest = data.partition(b"\n[tool.envspec]\n")
    return set(_KEY.findall(rest.partition(b"\n[")[0]))
