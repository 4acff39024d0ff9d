"""Operating systems: what a target that is named by its OS has, and what a host of that OS comes with."""

import functools
from typing import Annotated

import msgspec

from envspec.compat.rows import Dotted, Month, Row, Table, Word, read_table
from envspec.errors import InvalidValueError

_PythonLine = Annotated[str, msgspec.Meta(pattern=r"^3\.[0-9]+$")]

_WITHOUT_GLIBC = (
    *("windows", "win", "win10", "win11", "macos", "macosx", "osx", "darwin", "ios", "android"),
    *("alpine", "postmarketos", "openwrt", "chimera"),
    *("freebsd", "openbsd", "netbsd", "dragonfly", "solaris", "sunos", "illumos", "aix"),
)
"""Families whose C library is another one, so that no version of glibc would be true of them."""


class OsRow(Row, frozen=True, kw_only=True, rename="kebab"):
    """What is known of one release of an operating system."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
    """``ID`` of /etc/os-release."""
    version: Dotted
    """``VERSION_ID`` of /etc/os-release."""
    name: Word
    glibc: Annotated[str, msgspec.Meta(pattern=r"^2\.[0-9]+$")]
    kernel: str
    """How ``uname -r`` begins; empty where no public source says it."""
    any_minor: bool = False
    """Stands for each minor release that has no row of its own."""
    gcc: Dotted | None = None
    """The distribution's own compiler; it needn't be installed."""
    glibcxx: Dotted | None = None
    """The newest symbol version of its libstdc++, or at least that."""
    python: _PythonLine | None = None
    """The one that comes with it."""
    pythons: tuple[_PythonLine, ...] = ()
    """Those that its own repositories have."""
    support_end: Month = ""

    @property
    def key(self) -> str:
        """``rhel-8.9``, as a spec writes it."""
        return f"{self.id}-{self.version}"

    @property
    def glibc_version(self) -> tuple[int, int]:
        """(2, 28) of ``2.28``."""
        major, minor = self.glibc.split(".")
        return int(major), int(minor)

    @property
    def glibcxx_version(self) -> tuple[int, ...] | None:
        """(3, 4, 25) of ``3.4.25``; None where no source says it."""
        return tuple(map(int, self.glibcxx.split("."))) if self.glibcxx else None


class Tables(Table, frozen=True, kw_only=True, rename="kebab"):
    """The document."""

    os: tuple[OsRow, ...]


@functools.cache
def _os_rows() -> dict[str, OsRow]:
    return {row.key: row for row in read_table("os", Tables).os}


def os_names() -> tuple[str, ...]:
    """Every name that has a row of its own, as a spec writes it, in the table's order."""
    return tuple(_os_rows())


def os_row(name: str) -> OsRow:
    """The row of ``rhel-8.9``, or the one of ``rhel-8`` where that stands for any minor release.

    Raises InvalidValueError for an OS that the table doesn't have.
    """
    row = known_os(name)
    if row is None:
        raise _unknown_os(name)
    return row


def known_os(name: str) -> OsRow | None:
    """As ``os_row``, for a host: None for an OS that the table doesn't have."""
    rows = _os_rows()
    if name in rows:
        return rows[name]
    base, dot, minor = name.rpartition(".")
    if dot and minor.isascii() and minor.isdigit() and base in rows and rows[base].any_minor:
        return rows[base]
    return None


def is_without_glibc(name: str) -> bool:
    """Whether this is an OS for which nothing can be locked, whatever else is said of it."""
    return name.partition("-")[0] in _WITHOUT_GLIBC


def _unknown_os(name: str) -> InvalidValueError:
    from difflib import get_close_matches

    family = name.partition("-")[0]
    if is_without_glibc(name):
        return InvalidValueError(
            what=f"OS {name[:80]!r} can't be locked for",
            why="locks are made for Linux with glibc, and this system has another C library",
            fix="name the Linux that the environment runs on, such as ubuntu-22.04: a container's or virtual"
            " machine's own, where it runs in one",
        )
    known = os_names()
    near = [other for other in known if other.startswith(f"{family}-")]
    near = near or get_close_matches(name, known, n=3, cutoff=0.5) or list(known)
    return InvalidValueError(
        what=f"OS {name[:80]!r} is not in the table",
        why=f"known and nearest: {', '.join(near)}",
        fix="write ID and VERSION_ID of its /etc/os-release, such as rhel-8.9; for an OS that isn't "
        'in the table say glibc = "2.28" instead, the version that `ldd --version` prints',
    )
