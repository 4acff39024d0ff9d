"""Rows: what an audit found, for [tool.envspec.audit] (docs/audit.md) and the warnings of the lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from envspec.audit.audited import Audited, AuditedPackage, Fetch
from envspec.audit.reading import ANALYSER, Started

MARK = "audit: "
"""How the warnings of an audit begin, among the lock's."""
_MAX_FETCHES = 64
_MAX_NOT_READ = 32


def table_of(audited: Audited, before: Mapping[str, Any]) -> dict[str, Any]:
    """[tool.envspec.audit]: a table for each wheel that was read; the old one of a wheel that couldn't be."""
    table: dict[str, Any] = {}
    for package in audited.packages:
        if not package.why_not:
            table[package.sha256] = _row(package)
        elif package.sha256 in before:
            table[package.sha256] = before[package.sha256]
    return table


def warnings_of(audited: Audited) -> tuple[str, ...]:
    """A line for each project whose ordinary use fetches what the lock doesn't hold, and each conflict."""
    lines = [
        f"{MARK}{each.first} and {each.second} install different bytes at {len(each.differing)} path(s),"
        f" {each.differing[0]} among them; the last one wins"
        for each in audited.conflicts
    ]
    for package in audited.uncovered:
        fetch = next((each for each in package.fetches if not each.covered), package.fetches[0])
        place = f"{fetch.file}:{fetch.line}" if fetch.line else fetch.file
        what = f"{', '.join(fetch.what[:2])}" if fetch.what else "what its caller names"
        unless = " if the caller names nothing" if fetch.reach == "default" else ""
        lines.append(
            f"{MARK}{package.name} fetches {what}{unless} ({place}); no model of this lock covers it"
        )
    return tuple(lines)


def _row(package: AuditedPackage) -> dict[str, Any]:
    reading, asked = package.reading, package.demands
    row: dict[str, Any] = {
        "analyser": ANALYSER,
        "name": package.name,
        "version": package.version,
        "glibc": asked.glibc,
        "glibcxx": asked.glibcxx,
        "glibc-use": asked.glibc_use,
        "glibcxx-use": asked.glibcxx_use,
        "libraries": [
            {"soname": each.soname, "needed": each.needed, "by": each.by} for each in asked.libraries
        ],
        "executables": list(_executables(reading.started)),
        "code-targets": list(reading.code_targets),
        "unpacked-bytes": reading.unpacked_bytes,
        "files": reading.file_count,
        "not-read": list(reading.not_read[:_MAX_NOT_READ]),
        "egress": [_fetch(each) for each in package.fetches if each.is_strong][:_MAX_FETCHES],
    }
    return {name: cell for name, cell in row.items() if cell or cell == 0}


def _executables(started: Iterable[Started]) -> Iterable[dict[str, str]]:
    """Each program once, with the first place that starts it."""
    first: dict[str, Started] = {}
    for each in started:
        first.setdefault(each.name, each)
    for name in sorted(first):
        yield {"name": name, "needed": "use", "by": f"{first[name].file}:{first[name].line}"}


def _fetch(fetch: Fetch) -> dict[str, Any]:
    return {
        "kind": fetch.kind,
        "file": fetch.file,
        "line": fetch.line,
        "call": fetch.call,
        "what": ", ".join(fetch.what[:8]),
        "reach": fetch.reach,
        "covered": fetch.covered,
    }
