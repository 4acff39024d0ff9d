"""Reading: what one wheel or sdist tells of itself; it follows from the bytes alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from envspec.named_tuple import NamedTuple

_Row = TypeVar("_Row", bound="tuple[Any, ...] | str")

ANALYSER = "1"
"""Raise it with every change of what a Reading holds or how it's made; the tables count by themselves."""


class Egress(NamedTuple):
    """One place that may reach the network."""

    kind: str
    """The sink's class: ``hub``, ``torch-hub``, ``asset-library``, ``url-file``, ``http``, ``cloud``,
    ``shell``, ``installer``, ``native``."""
    strength: str
    """``strong``, ``weak`` or ``needs-url``; see sinks.toml."""
    file: str
    line: int
    within: str
    """Qualified name of the function; empty at module level and in compiled code."""
    call: str
    """The dotted name that is called, or the string that was found."""
    what: tuple[str, ...] = ()
    """The models or URLs that it may name, ``{}`` for what running fills in; empty: named at run time."""
    reach: str = "call"
    """``import``, ``call``, or ``script``: only when run as a program."""
    provider: str = ""
    """Of the [[models]] that cover it."""


class HiddenModel(NamedTuple):
    """A default argument that names a model."""

    file: str
    line: int
    function: str
    """``KeyBERT.__init__``."""
    parameter: str
    value: str
    """As its provider knows it: ``sentence-transformers/all-MiniLM-L6-v2``."""
    provider: str = ""
    through: str = ""
    """Module of the library that fetches it: ``sentence_transformers``."""
    is_entry: bool = True
    """Whether the package offers the function at its top, so that its ordinary use comes by."""
    is_followed: bool = True
    """Whether it was followed to what fetches it; else its parameter's name is all that tells."""


class AssetUrls(NamedTuple):
    """Model-like URLs in one file on one host."""

    file: str
    line: int
    """Of the first."""
    host: str
    urls: tuple[str, ...]


class Started(NamedTuple):
    """A program that the code starts by name."""

    name: str
    file: str
    line: int


class Elf(NamedTuple):
    """One shared library, extension module or program."""

    path: str
    soname: str
    needed: tuple[str, ...]
    glibc: str = ""
    """The newest GLIBC_ version that it asks for, ``2.17``."""
    glibcxx: str = ""
    is_module: bool = False
    """Whether Python imports it, so that all it needs must be there then."""
    looks_up_hosts: bool = False
    """Whether it asks for ``getaddrinfo``, and so can open connections that no Python code shows."""


class Reading(NamedTuple):
    """All of it. Parts of one archive can be read apart and put together by ``merged``."""

    egress: tuple[Egress, ...] = ()
    hidden: tuple[HiddenModel, ...] = ()
    urls: tuple[AssetUrls, ...] = ()
    started: tuple[Started, ...] = ()
    variables: tuple[str, ...] = ()
    """Environment variables that files with a sink read."""
    elves: tuple[Elf, ...] = ()
    code_targets: tuple[str, ...] = ()
    not_read: tuple[str, ...] = ()
    """Files that could not be read, and why."""
    blind: tuple[tuple[str, int], ...] = ()
    """What can't be seen, counted: (``exec or eval``, 3)."""
    files: tuple[tuple[str, int, int], ...] = ()
    """(path where it's installed, size in bytes, CRC-32), without the .dist-info folder."""
    unpacked_bytes: int = 0
    file_count: int = 0
    """Of everything in the archive."""
    is_broken: bool = False
    """Whether nothing of it can be read."""
    python_files: int = 0
    parsed_files: int = 0


def merged(parts: Iterable[Reading]) -> Reading:
    """Parts of one archive as one Reading, in an order that doesn't depend on theirs."""
    parts = list(parts)
    blind: dict[str, int] = {}
    for part in parts:
        for name, count in part.blind:
            blind[name] = blind.get(name, 0) + count
    return Reading(
        egress=_all(part.egress for part in parts),
        hidden=_all(part.hidden for part in parts),
        urls=_all(part.urls for part in parts),
        started=_all(part.started for part in parts),
        variables=_all(part.variables for part in parts),
        elves=_all(part.elves for part in parts),
        code_targets=_all(part.code_targets for part in parts),
        not_read=_all(part.not_read for part in parts),
        blind=tuple(sorted(blind.items())),
        files=_all(part.files for part in parts),
        unpacked_bytes=sum(part.unpacked_bytes for part in parts),
        file_count=sum(part.file_count for part in parts),
        is_broken=any(part.is_broken for part in parts),
        python_files=sum(part.python_files for part in parts),
        parsed_files=sum(part.parsed_files for part in parts),
    )


def _all(groups: Iterable[tuple[_Row, ...]]) -> tuple[_Row, ...]:
    return tuple(sorted({row for group in groups for row in group}))


def encode(reading: Reading) -> str:
    """The Reading as text for a cache."""
    import msgspec

    return msgspec.json.encode(reading).decode()


def decode(text: str) -> Reading | None:
    """What ``encode`` wrote; None for anything else."""
    import msgspec

    try:
        return msgspec.json.decode(text, type=Reading)
    except (msgspec.DecodeError, ValueError):
        return None
