"""TLS clients: what makes each of them trust a site's own authority, and where an OS keeps its own."""

import functools
from collections.abc import Mapping
from typing import Annotated

import msgspec

from envspec.compat.rows import Row, Table, Word, read_table

_Variable = Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Z0-9_]+$")]
_Path = Annotated[str, msgspec.Meta(pattern=r"^/")]


class TlsClient(Row, frozen=True, kw_only=True, rename="kebab"):
    """One program or library that verifies certificates."""

    name: Word
    variables: Annotated[tuple[_Variable, ...], msgspec.Meta(min_length=1)]
    """Each makes it trust the bundle that the variable names; the one to set first."""
    system_store: bool
    """Whether it trusts what the OS trusts, where nothing is set."""
    project: str = ""
    """Normalized name in a lock; empty for what comes with Python or the host."""
    versions: str = ""
    """Releases that the row is about, a specifier; empty for all."""
    always: bool = False
    """Whether every environment has it."""


class CaStore(Row, frozen=True, kw_only=True, rename="kebab"):
    """Where a family of operating systems keeps the authorities it trusts."""

    name: Word
    os: Annotated[tuple[Word, ...], msgspec.Meta(min_length=1)]
    """``ID`` or ``ID_LIKE`` of /etc/os-release."""
    anchors: _Path
    """Folder for authorities of one's own."""
    suffix: Word
    """What a file in there must end with."""
    command: Word
    bundle: _Path
    """The file with all of them, which the command makes anew."""


class Tables(Table, frozen=True, kw_only=True, rename="kebab"):
    """The document."""

    client: tuple[TlsClient, ...]
    store: tuple[CaStore, ...]


@functools.cache
def _table() -> Tables:
    return read_table("tls-clients", Tables)


def tls_clients() -> tuple[TlsClient, ...]:
    """Every row, in the table's order."""
    return _table().client


def ca_stores() -> tuple[CaStore, ...]:
    """Every row, in the table's order."""
    return _table().store


def ca_store(os_id: str, like: tuple[str, ...] = ()) -> CaStore | None:
    """The store of an OS by its ``ID``, or else by its ``ID_LIKE``."""
    for name in (os_id, *like):
        for store in ca_stores():
            if name in store.os:
                return store
    return None


def clients_among(releases: Mapping[str, str]) -> tuple[TlsClient, ...]:
    """The clients that an environment of these (project, version) has, Python's own among them."""
    return tuple(client for client in tls_clients() if client.always or _is_among(client, releases))


def _is_among(client: TlsClient, releases: Mapping[str, str]) -> bool:
    from packaging.specifiers import SpecifierSet
    from packaging.version import InvalidVersion, Version

    version = releases.get(client.project, "") if client.project else ""
    if not version:
        return False
    try:
        return SpecifierSet(client.versions, prereleases=True).contains(Version(version))
    except InvalidVersion:
        return not client.versions
