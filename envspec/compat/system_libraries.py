"""Libraries and executables that no wheel brings: who needs them, what brings them, what needs fewer."""

import functools
from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec

from envspec.compat.rows import Row, Table, Word, read_table

Packages = Literal["rpm", "deb"]
_Project = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
_Soname = Annotated[str, msgspec.Meta(pattern=r"^lib[A-Za-z0-9_.+-]+\.so(\.[0-9]+)*$")]


class _Brought(Row, frozen=True, kw_only=True, rename="kebab"):
    deb: str = ""
    rpm: str = ""
    rpm_repository: Literal["BaseOS", "AppStream", ""] = ""


class SystemLibrary(_Brought, frozen=True, kw_only=True, rename="kebab"):
    """A soname, and the packages that bring it."""

    soname: _Soname
    from_driver: bool = False
    """Comes with the NVIDIA driver, and with nothing else."""


class Executable(_Brought, frozen=True, kw_only=True, rename="kebab"):
    """A program, and the packages that bring it."""

    name: Word
    wheel: str = ""
    """A project whose wheel has it inside."""


class Need(Row, frozen=True, kw_only=True, rename="kebab"):
    """A project that runs or loads something which no wheel brings."""

    project: _Project
    thing: Word
    kind: Literal["library", "executable"]
    needed: Literal["import", "use"]
    """``import``: it fails without. ``use``: only a feature does, which ``note`` names."""


class Instead(Row, frozen=True, kw_only=True, rename="kebab"):
    """A project that does the same and needs less of the host."""

    project: _Project
    instead: _Project
    saves: Annotated[tuple[_Soname, ...], msgspec.Meta(min_length=1)]


class Media(Row, frozen=True, kw_only=True, rename="kebab"):
    """How a family of operating systems installs from its own media, without a network."""

    name: Word
    packages: Packages
    os: Annotated[tuple[Word, ...], msgspec.Meta(min_length=1)]
    """``ID`` or ``ID_LIKE`` of /etc/os-release."""
    install: Annotated[tuple[Word, ...], msgspec.Meta(min_length=1)]
    """Commands with ISO and PACKAGE to fill in, as root."""
    by_soname: str = ""
    """How to ask for a package by the soname it brings; empty where that can't be done."""


class Tables(Table, frozen=True, kw_only=True, rename="kebab"):
    """The document."""

    library: tuple[SystemLibrary, ...]
    executable: tuple[Executable, ...]
    need: tuple[Need, ...]
    instead: tuple[Instead, ...]
    media: tuple[Media, ...]


@functools.cache
def tables() -> Tables:
    """Every row, in the order of the document."""
    return read_table("system-libraries", Tables)


def system_library(soname: str) -> SystemLibrary | None:
    """The row of ``libGL.so.1``; None for a soname that nobody has looked up."""
    return next((row for row in tables().library if row.soname == soname), None)


def executable(name: str) -> Executable | None:
    """The row of ``ffmpeg``."""
    return next((row for row in tables().executable if row.name == name), None)


def needs_among(projects: Iterable[str]) -> tuple[Need, ...]:
    """What those normalized names need, in the table's order."""
    wanted = frozenset(projects)
    return tuple(row for row in tables().need if row.project in wanted)


def instead_of(project: str) -> Instead | None:
    """The project that needs less: of opencv-python it's opencv-python-headless."""
    return next((row for row in tables().instead if row.project == project), None)


def media_of(os_id: str, like: tuple[str, ...] = ()) -> Media | None:
    """How an OS installs from its media, by its ``ID``, or else by its ``ID_LIKE``."""
    for name in (os_id, *like):
        for row in tables().media:
            if name in row.os:
                return row
    return None


def package_of(thing: str, media: Media) -> str:
    """What to write for PACKAGE to get a soname or an executable there; empty where nobody knows.

    dnf takes ``'libGL.so.1()(64bit)'`` for any soname.
    """
    row = system_library(thing) or executable(thing)
    if isinstance(row, SystemLibrary) and row.from_driver:
        return ""
    if row is not None:
        name = row.rpm if media.packages == "rpm" else row.deb
        if name:
            return name
    return media.by_soname.replace("SONAME", thing) if ".so" in thing else ""
