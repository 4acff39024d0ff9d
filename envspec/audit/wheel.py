"""One wheel to its Reading: sources, libraries, and where each of its files is installed.

Source: PEP 427 for the places of files, the entry points specification for the scripts
that an installer makes.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection, Iterator
from typing import BinaryIO

from envspec.audit.archive import (
    BrokenMemberError,
    BrokenWheelError,
    Listing,
    Member,
    chunks,
    content,
    list_members,
    shown,
)
from envspec.audit.library import Library, read_library
from envspec.audit.package import MAX_SOURCE_BYTES
from envspec.audit.reading import Elf, Reading, merged
from envspec.audit.source import is_skipped, read_sources
from envspec.audit.tables import Sinks

ALONE_BYTES = 24 << 20
"""A library from this size on is worth a process of its own."""
MAX_SOURCES_BYTES = 256 << 20
"""Of one archive."""
_LIBRARY = re.compile(r"\.so(?:\.[0-9]+)*$")
_DATA = re.compile(r"[^/]+\.data/(purelib|platlib|scripts|headers|data)/(.+)")
_SCRIPT = re.compile(r"^\s*([!-<>-~]+)\s*=\s*(.+?)\s*$")
_MAX_ENTRY_POINTS_BYTES = 1 << 20


def big_libraries(file: BinaryIO) -> tuple[str, ...]:
    """Libraries that ``read_wheel`` may be asked for one by one, the biggest first."""
    try:
        members = list_members(file).members
    except BrokenWheelError:
        return ()
    big = [member for member in members if member.packed >= ALONE_BYTES and _is_library(member)]
    return tuple(member.path for member in sorted(big, key=lambda member: -member.packed))


def read_wheel(
    file: BinaryIO, sinks: Sinks, *, only: str | None = None, without: Collection[str] = ()
) -> Reading:
    """Read a wheel; or ``only`` one of its libraries; or all ``without`` some. Raises BrokenWheelError.

    What can't be read of it is named in the Reading.
    """
    listing = list_members(file)
    if only is not None:
        return merged(_library(file, member, sinks) for member in listing.members if member.path == only)
    problems = list(listing.problems)
    sources = read_sources(_sources(file, listing, sinks, problems), sinks)
    libraries = [
        _library(file, member, sinks)
        for member in listing.members
        if _is_library(member) and member.path not in without
    ]
    sourceless = sum(map(_is_sourceless, listing.members))
    own = Reading(
        not_read=tuple(problems),
        blind=(("modules without their source", sourceless),) if sourceless else (),
        files=tuple(sorted({*_installed_files(listing), *_scripts(file, listing, problems)})),
        unpacked_bytes=sum(member.size for member in listing.members),
        file_count=len(listing.members),
    )
    return merged([own, sources, *libraries])


def installed_path(path: str) -> str:
    """Where a wheel's file goes: below site-packages, or below ``{scripts}``, ``{headers}``, ``{data}``."""
    match = _DATA.fullmatch(path)
    if match is None:
        return path
    return match[2] if match[1] in ("purelib", "platlib") else f"{{{match[1]}}}/{match[2]}"


def _is_library(member: Member) -> bool:
    name = member.path.rpartition("/")[2]
    return bool(_LIBRARY.search(name)) or (member.is_executable and "." not in name)


def _is_sourceless(member: Member) -> bool:
    """Whether it's a module of bytecode that Python imports as it is."""
    return member.path.endswith(".pyc") and "/__pycache__/" not in f"/{member.path}"


def _sources(
    file: BinaryIO, listing: Listing, sinks: Sinks, problems: list[str]
) -> Iterator[tuple[str, bytes]]:
    total = 0
    for member in listing.members:
        path = installed_path(member.path)
        if path.endswith(".py") and not is_skipped(path, sinks):
            total += member.size
            if total > MAX_SOURCES_BYTES:
                problems.append(
                    f"{shown(member.path)}: beyond the {MAX_SOURCES_BYTES} bytes of source we read"
                )
                continue
            try:
                yield path, content(file, member, MAX_SOURCE_BYTES)
            except BrokenMemberError as error:
                problems.append(f"{shown(member.path)}: {error}")


def _library(file: BinaryIO, member: Member, sinks: Sinks) -> Reading:
    path = installed_path(member.path)
    try:
        library = read_library(path, member.size, lambda: chunks(file, member), sinks.table)
    except BrokenMemberError as error:
        return Reading(not_read=(f"{shown(path)}: {error}",))
    return _of_library(path, library) if library is not None else Reading()


def _of_library(path: str, library: Library) -> Reading:
    elves: tuple[Elf, ...] = (library.elf,) if library.elf is not None else ()
    blind = {
        "libraries and programs of compiled code": 1,
        "of them with more strings than are searched": int(library.is_unsearched),
        "of them that look up host names": sum(elf.looks_up_hosts for elf in elves),
    }
    return Reading(
        elves=elves,
        code_targets=library.code_targets,
        egress=library.egress,
        urls=library.urls,
        not_read=(f"{shown(path)}: {library.not_read}",) if library.not_read else (),
        blind=tuple((name, count) for name, count in blind.items() if count),
    )


def _installed_files(listing: Listing) -> Iterator[tuple[str, int, int]]:
    for member in listing.members:
        if ".dist-info/" not in member.path:
            yield installed_path(member.path), member.size, member.crc


def _scripts(file: BinaryIO, listing: Listing, problems: list[str]) -> Iterator[tuple[str, int, int]]:
    """Scripts that an installer makes, each as if its target were its content."""
    for member in listing.members:
        if member.path.endswith(".dist-info/entry_points.txt") and member.path.count("/") == 1:
            try:
                data = content(file, member, _MAX_ENTRY_POINTS_BYTES)
            except BrokenMemberError as error:
                problems.append(f"{shown(member.path)}: {error}")
                continue
            for name, target in _console_scripts(data.decode("utf-8", "replace")):
                told = target.encode("utf-8", "replace")
                yield f"{{scripts}}/{name}", len(told), zlib.crc32(told)


def _console_scripts(text: str) -> Iterator[tuple[str, str]]:
    section = ""
    for line in text.splitlines():
        if line.strip().startswith("["):
            section = line.strip().strip("[]").strip()
        elif section in ("console_scripts", "gui_scripts") and (match := _SCRIPT.match(line)):
            yield match[1], match[2]
