"""The tables of ``audit/data``, read and validated; each row has a source and the day it was checked."""

from __future__ import annotations

import datetime
import functools
import pkgutil
import zlib

import msgspec

from envspec.named_tuple import NamedTuple
from envspec.toml_library import tomllib


class SinkRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """Calls that reveal a fetch."""

    kind: str = msgspec.field(name="class")
    strength: str
    names: tuple[str, ...]
    argument: tuple[str, ...]
    source: str
    checked: datetime.date
    tokens: tuple[str, ...] = ()
    position: int = 0
    only_with: tuple[str, ...] = ()
    provider: str = ""
    bare_prefix: str = ""


class NotASink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calls that look like one and fetch nothing."""

    names: tuple[str, ...]
    why: str
    source: str
    checked: datetime.date


class Programs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calls that start a process, and what in their literals fetches."""

    calls: tuple[str, ...]
    tokens: tuple[str, ...]
    shell: tuple[str, ...]
    installer: tuple[str, ...]
    elsewhere: frozenset[str]
    """Programs of other systems, which code for all of them names."""
    matter: frozenset[str]
    """Programs that a bare server may lack and its user will miss; of others only the report tells."""
    source: str
    checked: datetime.date


class Native(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Strings of compiled code."""

    strings: tuple[str, ...]
    provider: str
    source: str
    checked: datetime.date


class Variables(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the name of a variable worth telling contains."""

    contain: tuple[str, ...]
    source: str
    checked: datetime.date


class Defaults(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """Parameters whose default names a model."""

    parameters: frozenset[str]
    not_beside: tuple[str, ...]
    source: str
    checked: datetime.date


class Urls(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """How a URL of weights looks."""

    endings: tuple[str, ...]
    not_endings: tuple[str, ...]
    """Of pictures and pages, which may lie on a host of weights."""
    hosts: frozenset[str]
    paths: tuple[str, ...]
    source: str
    checked: datetime.date


class Paths(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """Files that nobody runs, and files that only run as a program."""

    skip: frozenset[str]
    script: frozenset[str]
    script_prefixes: tuple[str, ...]
    source: str
    checked: datetime.date


class SinkTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """sinks.toml."""

    schema: int
    sink: tuple[SinkRow, ...]
    programs: Programs
    native: Native
    not_a_sink: tuple[NotASink, ...]
    variables: Variables
    defaults: Defaults
    urls: Urls
    paths: Paths


class PackageRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of one project's fetching."""

    project: str
    """Normalized."""
    when: str
    """``use``: its ordinary use fetches. ``asked``: only a function whose purpose is fetching does."""
    why: str
    source: str
    checked: datetime.date
    provider: str = ""
    """Of the [[models]] that cover it; empty where none of ours does."""
    dest: str = ""
    variables: tuple[str, ...] = ()
    """Variables that move or forbid the fetch, as the target sets them: ``HF_HUB_OFFLINE=1``."""
    arguments: tuple[str, ...] = ()
    """Arguments that do: ``download_enabled=False``."""
    models: str = ""
    """A [[models]] table to start from, where the code can't tell which model it'll be."""
    not_for: tuple[str, ...] = msgspec.field(name="not-for", default=())
    """Projects that use it and bring their own data: where only they need it, its use fetches nothing."""
    optional: tuple[str, ...] = ()
    """How the paths of libraries begin that it tries and does without."""


class _PackageTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: int
    package: tuple[PackageRow, ...]


class Pattern(NamedTuple):
    """One dotted name of a row: ``a.b``, ``a.**.b``, ``**.b`` or ``a.**``."""

    head: str
    tail: str
    row: SinkRow | None

    def fits(self, dotted: str) -> bool:
        """Whether a resolved name is meant."""
        if not self.tail:
            return dotted.startswith(f"{self.head}.")
        if not self.head:
            return dotted.endswith(f".{self.tail}")
        inside = dotted.startswith(f"{self.head}.") and dotted.endswith(f".{self.tail}")
        return inside and len(dotted) > len(self.head) + len(self.tail)


class Sinks:
    """The table, prepared for asking many names."""

    def __init__(self, table: SinkTable) -> None:
        self.table = table
        self._exact: dict[str, SinkRow] = {}
        self._by_tail: dict[str, list[Pattern]] = {}
        self._by_root: dict[str, list[Pattern]] = {}
        tokens = set(table.programs.tokens)
        for row in table.sink:
            for name in row.names:
                self._add(name, row)
            tokens.update(row.tokens or (name.rpartition(".")[2] for name in row.names))
        for other in table.not_a_sink:
            for name in other.names:
                self._add(name, None)
        self.defaults = frozenset(name.encode() for name in table.defaults.parameters)
        self.tokens: tuple[bytes, ...] = tuple(token.encode() for token in sorted(tokens))

    def _add(self, name: str, row: SinkRow | None) -> None:
        head, star, tail = name.partition("**")
        if not star and row is not None:
            self._exact[name] = row
            return
        pattern = Pattern(head.strip("."), tail.strip("."), row)
        if pattern.tail:
            last = pattern.tail.rpartition(".")[2]
            self._by_tail.setdefault(last, []).append(pattern)
        else:
            self._by_root.setdefault(head.partition(".")[0], []).append(pattern)

    def row(self, dotted: str) -> SinkRow | None:
        """The row that means ``dotted``; None where none does, or one says that it's no sink."""
        exact = self._exact.get(dotted)
        if exact is not None:
            return exact
        near = self._by_tail.get(dotted.rpartition(".")[2], ())
        fitting = [pattern for pattern in near if pattern.fits(dotted)]
        fitting += [p for p in self._by_root.get(dotted.partition(".")[0], ()) if p.fits(dotted)]
        if any(pattern.row is None for pattern in fitting):
            return None
        return fitting[0].row if fitting else None


@functools.cache
def sinks() -> Sinks:
    """sinks.toml."""
    return Sinks(msgspec.convert(tomllib.loads(_data("sinks").decode()), SinkTable))


@functools.cache
def packages() -> dict[str, PackageRow]:
    """packages.toml by project."""
    table = msgspec.convert(tomllib.loads(_data("packages").decode()), _PackageTable)
    return {row.project: row for row in table.package}


def sinks_digest() -> str:
    """By which readings that other tables made are known."""
    return f"{zlib.crc32(_data('sinks')):08x}"


def _data(name: str) -> bytes:
    return pkgutil.get_data("envspec.audit", f"data/{name}.toml") or b""
