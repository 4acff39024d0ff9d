"""Fields of a lock's tables, each checked where it's read: no name, path, URL or digest is believed before.

``row`` is a table and ``at`` its place in the document, as messages name it: ``packages[0].wheels[0]``. All
raise WrongError. A text that isn't there is empty.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

from envspec.lock.codec import canonical_time

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")

_MAX_SIZE = 2**63 - 1
_MAX_FILE_NAME = 255
_MAX_PATH = 4096
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HEX = re.compile(r"[0-9a-f]+")


class WrongError(Exception):
    """Something in the document can't be accepted: where it stands, and why."""

    def __init__(self, place: str, why: str, fix: str = "") -> None:
        super().__init__(why)
        self.place = place
        self.why = why
        self.fix = fix


def hashes(row: dict[str, Any], at: str, *, needed: bool = True) -> tuple[tuple[str, str], ...]:
    """(algorithm, hex), sorted; a whole sha256 is among them, or at least none that's cut."""
    found = table(row, "hashes", at)
    for algorithm in found:
        digest = text(found, algorithm, f"{at}.hashes").lower()
        if not _HEX.fullmatch(digest):
            raise WrongError(f"{at}.hashes.{shown(algorithm)}", f"{shown(digest)} is no hexadecimal digest")
    if len(found.get("sha256", "" if needed else "0" * 64)) != 64:
        raise WrongError(f"{at}.hashes", "a sha256 of 64 hexadecimal digits is wanted")
    return tuple(sorted((algorithm, digest.lower()) for algorithm, digest in found.items()))


def size(row: dict[str, Any], at: str, name: str = "size") -> int | None:
    """A number of bytes."""
    found = row.get(name)
    if found is None:
        return None
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= _MAX_SIZE:
        raise WrongError(f"{at}.{name}", f"{shown(found)} was met, a number of bytes is wanted")
    return found


def upload_time(row: dict[str, Any], at: str) -> str:
    """An instant, as ``codec`` writes it."""
    moment = row.get("upload-time")
    if moment is None:
        return ""
    return canonical_time(checked(moment, datetime, f"{at}.upload-time", "a date and time").isoformat())


def url(row: dict[str, Any], name: str, at: str) -> str:
    """A URL of http or https, without its credentials."""
    met = text(row, name, at)
    if not met:
        return ""
    place = f"{at}.{name}"
    told = shown(without_credentials(met))
    if not met.startswith(("https://", "http://")):
        raise WrongError(place, f"{told} was met, only http and https are accepted")
    if _CONTROL.search(met) or " " in met:
        raise WrongError(place, f"{told} holds a space or a control character")
    return without_credentials(met)


def without_credentials(address: str) -> str:
    """A URL, or what should be one, without user and password."""
    if "@" not in address:
        return address
    try:
        parts = urlsplit(address)
    except ValueError:
        return re.sub(r"//[^/]*@", "//", address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rsplit("@", 1)[-1]))


def path(row: dict[str, Any], at: str) -> str:
    """A path that stays beside the lock, or the one way out of it: ``../wheels/NAME``."""
    met = text(row, "path", at)
    if not met:
        return ""
    parts = met.removeprefix("./").split("/")
    inside = parts[2:] if parts[:2] == ["..", "wheels"] and len(parts) == 3 else parts
    if not _is_inside(met, inside):
        raise WrongError(
            f"{at}.path",
            f"{shown(met)} leaves the lock's folder; only a path below it and ../wheels/NAME are accepted",
        )
    return met


def inside(met: str, place: str) -> str:
    """A path that stays below a folder which the reader chose."""
    if not _is_inside(met, met.split("/")):
        raise WrongError(place, f"{shown(met)} was met, wanted is a path with / that leaves no folder")
    if len(met.encode("utf-8", "replace")) > _MAX_PATH:
        raise WrongError(place, f"a path has at most {_MAX_PATH} bytes, {shown(met)} was met")
    return met


def _is_inside(met: str, parts: list[str]) -> bool:
    return not (
        "\\" in met
        or _CONTROL.search(met)
        or re.match(r"[A-Za-z]:", met)
        or any(part in ("", ".", "..") for part in parts)
    )


def file_name(name: str, place: str) -> str:
    """A name without folders."""
    if not name or name in (".", "..") or "/" in name or "\\" in name or _CONTROL.search(name):
        raise WrongError(place, f"{shown(name)} is no file name")
    if len(name.encode("utf-8", "replace")) > _MAX_FILE_NAME:
        raise WrongError(place, f"a file name has at most {_MAX_FILE_NAME} bytes, {shown(name)} was met")
    return name


def line(met: str, place: str) -> str:
    """A text that steers no terminal."""
    if _CONTROL.search(met):
        raise WrongError(place, f"{shown(met)} holds a control character")
    return met


def matching(row: dict[str, Any], name: str, at: str, pattern: re.Pattern[str], wanted: str) -> str:
    """A text that matches whole, or none."""
    met = text(row, name, at)
    if met and not pattern.fullmatch(met):
        raise WrongError(f"{at}.{name}", f"{shown(met)} was met, wanted is {wanted}")
    return met


def one_of(row: dict[str, Any], name: str, at: str, words: tuple[str, ...]) -> str:
    """One of a few words; the first where there's none."""
    met = text(row, name, at) or words[0]
    if met not in words:
        raise WrongError(
            f"{at}.{name}", f"{shown(met)} was met, wanted is one of {', '.join(filter(None, words))}"
        )
    return met


def flag(row: dict[str, Any], name: str, at: str) -> bool:
    """True or false; false where it isn't there."""
    return checked(row.get(name, False), bool, place_of(at, name), "true or false")


def text(row: dict[str, Any], name: str, at: str) -> str:
    """Any text."""
    item = row.get(name, "")
    if isinstance(item, str):
        return item
    raise WrongError(place_of(at, name), f"{shown(item)} was met, a text is wanted")


def texts(row: dict[str, Any], name: str, at: str) -> tuple[str, ...]:
    """An array of texts."""
    place = place_of(at, name)
    items = checked(row.get(name, []), list, place, "an array of texts")
    for number, item in enumerate(items):
        checked(item, str, f"{place}[{number}]", "a text")
    return tuple(items)


def table(row: dict[str, Any], name: str, at: str) -> dict[str, Any]:
    """A table, empty where it isn't there."""
    return checked(row.get(name, {}), dict, place_of(at, name), "a table")


def rows(row: dict[str, Any], name: str, at: str) -> Iterator[tuple[dict[str, Any], str]]:
    """The tables of an array, each with its place."""
    place = place_of(at, name)
    for number, item in enumerate(checked(row.get(name, []), list, place, "an array of tables")):
        yield checked(item, dict, f"{place}[{number}]", "a table"), f"{place}[{number}]"


def checked(item: Any, kind: type[T], place: str, wanted: str) -> T:
    """``item``, if it's of that kind."""
    if not isinstance(item, kind):
        raise WrongError(place, f"{shown(item)} was met, {wanted} is wanted")
    return item


def place_of(at: str, name: str) -> str:
    """The place of a key in the table at ``at``."""
    return f"{at}.{name}" if at else name


def shown(item: Any) -> str:
    """A value for a message: bounded, on one line, free of control characters."""
    if isinstance(item, (dict, list)):
        return "a table" if isinstance(item, dict) else "an array"
    told = ascii(item) if isinstance(item, str) and _CONTROL.search(item) else repr(item)
    return told if len(told) <= 100 else f"{told[:100]}..."
