"""The tables of ``compat/data``, read and validated; each row has a source and the day it was checked."""

from __future__ import annotations

import datetime
import functools
import pkgutil
import sys
from typing import Annotated

import msgspec

from envspec.errors import InvalidValueError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class OsRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """What is known of one release of an operating system.

    A Struct and not a pydantic model: locking reads this table, and msgspec is there already.
    """

    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
    """``ID`` of /etc/os-release."""
    version: Annotated[str, msgspec.Meta(pattern=r"^[0-9]+(\.[0-9]+)*$")]
    """``VERSION_ID`` of /etc/os-release."""
    name: str
    glibc: Annotated[str, msgspec.Meta(pattern=r"^2\.[0-9]+$")]
    kernel: str
    """How ``uname -r`` begins; empty where no public source says it."""
    source: Annotated[str, msgspec.Meta(min_length=1)]
    checked: datetime.date
    any_minor: bool = False
    """Stands for each minor release that has no row of its own."""
    note: str = ""

    @property
    def key(self) -> str:
        """``rhel-8.9``, as a spec writes it."""
        return f"{self.id}-{self.version}"

    @property
    def glibc_version(self) -> tuple[int, int]:
        """(2, 28) of ``2.28``."""
        major, minor = self.glibc.split(".")
        return int(major), int(minor)


class _OsTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: int
    os: tuple[OsRow, ...]


@functools.cache
def _os_rows() -> dict[str, OsRow]:
    data = pkgutil.get_data("envspec.compat", "data/os.toml") or b""
    table = msgspec.convert(tomllib.loads(data.decode()), _OsTable)
    return {row.key: row for row in table.os}


def os_names() -> tuple[str, ...]:
    """Every name that has a row of its own, as a spec writes it, in the table's order."""
    return tuple(_os_rows())


def os_row(name: str) -> OsRow:
    """The row of ``rhel-8.9``, or the one of ``rhel-8`` where that stands for any minor release.

    Raises InvalidValueError for an OS that the table doesn't have.
    """
    rows = _os_rows()
    if name in rows:
        return rows[name]
    base, dot, minor = name.rpartition(".")
    if dot and minor.isascii() and minor.isdigit() and base in rows and rows[base].any_minor:
        return rows[base]
    raise _unknown_os(name)


def _unknown_os(name: str) -> InvalidValueError:
    from difflib import get_close_matches

    family = name.partition("-")[0]
    known = os_names()
    near = [other for other in known if other.startswith(f"{family}-")]
    near = near or get_close_matches(name, known, n=3, cutoff=0.5) or list(known)
    return InvalidValueError(
        what=f"OS {name[:80]!r} is not in the table",
        why=f"known and nearest: {', '.join(near)}",
        fix="write ID and VERSION_ID of its /etc/os-release, such as rhel-8.9; for an OS that isn't "
        'in the table say glibc = "2.28" instead, the version that `ldd --version` prints',
    )
