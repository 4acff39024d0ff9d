"""Shared libraries that the host's loader knows, of the host's own word size only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from envspec.named_tuple import NamedTuple
from envspec.probe.facts import Fact, known, unknown
from envspec.probe.items import Items
from envspec.probe.shown import plain

_WORD = {"x86_64": "x86-64", "aarch64": "AArch64", "ppc64le": "64bit", "s390x": "64bit"}
"""The word of ``ldconfig -p`` for a machine's libraries: ``(libc6,x86-64)``; without it they have 32 bits."""
_FOLDERS = (
    "/lib64",
    "/usr/lib64",
    "/lib/{}-linux-gnu",
    "/usr/lib/{}-linux-gnu",
    "/usr/local/lib",
    "/usr/local/lib64",
)
_MAX_LIBRARIES = 50_000


class Libraries(NamedTuple):
    """Sonames, and where some of them lie."""

    sonames: frozenset[str]
    paths: Mapping[str, str]


class _Value(msgspec.Struct, frozen=True):
    how: str = ""
    sonames: dict[str, tuple[str, ...]] = {}
    paths: dict[str, str] = {}


def read_libraries(items: Items, arch: str) -> Fact[Libraries]:
    """What a process of ``arch`` can load by name alone."""
    value = items.value("call:libraries", _Value)
    if value.is_known:
        said = value.need()
        if said.how == "folders":
            names = _of_folders(said.sonames, arch)
        else:
            word = _WORD.get(arch, "")
            names = [name for flags, own in said.sonames.items() if _is_own(flags, word) for name in own]
        if not names:
            return unknown(
                plain(said.how, 40) or value.how, "no library of this machine's word size was listed"
            )
        return known(Libraries(frozenset(names[:_MAX_LIBRARIES]), said.paths), plain(said.how, 40))
    text = items.text("command:ldconfig -p")
    if text.is_known:
        libraries = read_ldconfig(text.need(), arch)
        if libraries:
            return known(Libraries(frozenset(libraries), libraries), text.how)
    return unknown(value.how, value.why)


def sonames_fact(libraries: Fact[Libraries]) -> Fact[frozenset[str]]:
    """The names alone."""
    if not libraries.is_known:
        return unknown(libraries.how, libraries.why)
    return known(libraries.need().sonames, libraries.how)


def read_ldconfig(text: str, arch: str) -> dict[str, str]:
    """Soname to path out of ``ldconfig -p``, the first path of each, as the loader takes it."""
    word = _WORD.get(arch, "")
    libraries: dict[str, str] = {}
    for line in text.splitlines():
        left, arrow, path = line.partition(" => ")
        soname, bracket, flags = left.strip().partition(" (")
        if arrow and bracket and _is_own(flags.rstrip(")"), word) and len(libraries) < _MAX_LIBRARIES:
            libraries.setdefault(soname, path.strip())
    return libraries


def _is_own(flags: str, word: str) -> bool:
    return word in flags if word else "x32" not in flags


def _of_folders(folders: Mapping[str, Iterable[str]], arch: str) -> list[str]:
    """Of the folders with 64-bit libraries where the host has them apart; else of all."""
    wanted = [folder.format(arch) for folder in _FOLDERS]
    if not any(folders.get(folder) for folder in wanted[:4]):
        wanted = list(folders)
    return [name for folder in wanted for name in folders.get(folder, ())]
