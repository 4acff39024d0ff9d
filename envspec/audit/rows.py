"""Rows: what an audit found, for [tool.envspec.audit] (docs/audit.md) and the warnings of the lock."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from envspec.audit.audited import Audited, AuditedPackage, Fetch
from envspec.audit.coverage import Held, covers, held_models
from envspec.audit.reading import ANALYSER, Started
from envspec.audit.tables import sinks

if TYPE_CHECKING:
    from envspec.lock.document import Lock

MARK = "audit: "
"""How the warnings of an audit begin, among the lock's."""
_MAX_FETCHES = 64
_MAX_NOT_READ = 32
_MAX_WHAT = 8


def table_of(audited: Audited, before: Mapping[str, Any]) -> dict[str, Any]:
    """[tool.envspec.audit]: a table for each wheel that was read; the old one of a wheel that couldn't be."""
    table: dict[str, Any] = {}
    for package in audited.packages:
        if not package.why_not:
            table[package.sha256] = _row(package, audited)
        elif package.sha256 in before:
            table[package.sha256] = before[package.sha256]
    return table


def warned(lock: Lock) -> Lock:
    """The lock with the warnings that its own [tool.envspec.audit] gives, by the models that it holds now."""
    others = tuple(line for line in lock.warnings if not line.startswith(MARK))
    return lock._replace(warnings=(*others, *_warnings(lock)))


def _warnings(lock: Lock) -> Iterator[str]:
    table = lock.extra_tool.get("audit")
    files = [
        item.file.sha256 for item in lock.distributions if item.wheel is not None or item.sdist is not None
    ]
    held = held_models(lock.assets)
    for sha256 in files:
        row = table.get(sha256) if isinstance(table, Mapping) else None
        if isinstance(row, Mapping):
            yield from (f"{MARK}{line}" for line in _of_row(row, files, held))


def _of_row(row: Mapping[str, Any], files: Sequence[str], held: Sequence[Held]) -> Iterator[str]:
    name = row.get("name")
    for each in _rows(row, "conflicts"):
        if each.get("with") in files:
            yield (
                f"{name} and {each.get('name')} install different bytes at {each.get('differing')} path(s),"
                f" {each.get('path')} among them; the last one wins"
            )
    if row.get("uncovered") is True:
        yield from _uncovered(row, held)


def _uncovered(row: Mapping[str, Any], held: Sequence[Held]) -> Iterator[str]:
    """As ``audited`` says it: by a default; else of a known user of models; else by the first fetch."""
    name, why = row.get("name"), row.get("why")
    fetches = [each for each in _rows(row, "egress") if not _is_held(each, held)]
    defaults = [each for each in fetches if each.get("reach") == "default"]
    if not defaults and isinstance(why, str):
        if not covers(held, str(row.get("provider", "")), ()):
            yield f"{name}: {why}; no model of this lock covers it"
        return
    for fetch in (defaults or fetches)[:1]:
        place = f"{fetch.get('file')}:{fetch.get('line')}" if fetch.get("line") else fetch.get("file")
        told = fetch.get("what") or "what its caller names"
        unless = " if the caller names nothing" if defaults else ""
        yield f"{name} fetches {told}{unless} ({place}); no model of this lock covers it"


def _is_held(fetch: Mapping[str, Any], held: Sequence[Held]) -> bool:
    what = fetch.get("what")
    named = what.split(", ") if isinstance(what, str) and what else ()
    return covers(held, str(fetch.get("provider", "")), named)


def _rows(row: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    found = row.get(key)
    yield from (
        (each for each in found if isinstance(each, Mapping)) if isinstance(found, (list, tuple)) else ()
    )


def _row(package: AuditedPackage, audited: Audited) -> dict[str, Any]:
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
            {"soname": each.soname, "needed": each.needed, "by": each.by}
            for each in (() if audited.not_read else asked.libraries)
            if each.needed != "option"
        ],
        "executables": list(_executables(reading.started, sinks().table.programs.matter)),
        "code-targets": list(reading.code_targets),
        "unpacked-bytes": reading.unpacked_bytes,
        "files": reading.file_count,
        "not-read": [*_unsettled(package, audited), *reading.not_read[:_MAX_NOT_READ]],
        "conflicts": list(_conflicts(package, audited)),
        "uncovered": package.is_uncovered,
        "why": package.known.why if package.is_uncovered and package.known is not None else "",
        "provider": package.known.provider if package.is_uncovered and package.known is not None else "",
        "egress": [_fetch(each) for each in package.fetches if each.is_strong][:_MAX_FETCHES],
    }
    return {name: cell for name, cell in row.items() if cell or name in ("files", "unpacked-bytes")}


def _unsettled(package: AuditedPackage, audited: Audited) -> Iterator[str]:
    """Libraries that nobody brings, as far as is known: a wheel that wasn't read may bring them."""
    if audited.not_read and package.demands.libraries:
        names = ", ".join(each.soname for each in package.demands.libraries[:_MAX_WHAT])
        yield f"libraries: {len(audited.not_read)} files of the lock weren't read and may bring {names}"


def _conflicts(package: AuditedPackage, audited: Audited) -> Iterator[dict[str, Any]]:
    """Of two wheels, the first one has the row."""
    digests = {each.name: each.sha256 for each in audited.packages}
    for each in audited.conflicts:
        if each.first == package.name:
            yield {
                "name": each.second,
                "with": digests[each.second],
                "path": each.differing[0],
                "differing": len(each.differing),
            }


def _executables(started: Iterable[Started], matter: Container[str]) -> Iterable[dict[str, str]]:
    """Each program that a server may lack, once, with the first place that starts it."""
    first: dict[str, Started] = {}
    for each in started:
        if each.name in matter:
            first.setdefault(each.name, each)
    for name in sorted(first):
        yield {"name": name, "needed": "use", "by": f"{first[name].file}:{first[name].line}"}


def _fetch(fetch: Fetch) -> dict[str, Any]:
    return {
        "kind": fetch.kind,
        "file": fetch.file,
        "line": fetch.line,
        "call": fetch.call,
        "what": ", ".join(fetch.what[:_MAX_WHAT]),
        "provider": fetch.provider,
        "reach": fetch.reach,
        "covered": fetch.covered,
    }
