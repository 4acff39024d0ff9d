"""What an audit found, for machines: everything, in one order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from envspec.audit.audited import Audited, AuditedPackage, Fetch

SCHEMA = 1


def as_json(label: str, audited: Audited) -> str:
    """One JSON document; keys whose value would be empty stay away from packages."""
    document = {
        "schema": SCHEMA,
        "lock": label,
        "conflicts": [
            {"first": each.first, "second": each.second, "differing": each.differing, "shared": each.shared}
            for each in audited.conflicts
        ],
        "uncovered": [package.name for package in audited.uncovered],
        "not-read": [
            {"name": each.name, "file": each.file_name, "why": each.why_not} for each in audited.not_read
        ],
        "models": audited.models,
        "packages": [_package(package) for package in audited.packages if not package.why_not],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _package(package: AuditedPackage) -> Mapping[str, Any]:
    reading, known, asked = package.reading, package.known, package.demands
    row = {
        "name": package.name,
        "version": package.version,
        "file": package.file_name,
        "sha256": package.sha256,
        "verdict": package.verdict,
        "uncovered": package.is_uncovered,
        "why": known.why if known is not None else "",
        "lands-in": known.dest if known is not None else "",
        "variables": known.variables if known is not None and known.variables else reading.variables,
        "arguments": known.arguments if known is not None else (),
        "fetches": [_fetch(fetch) for fetch in package.fetches],
        "urls": [
            {"file": each.file, "line": each.line, "host": each.host, "urls": each.urls}
            for each in reading.urls
        ],
        "libraries": _dicts(asked.libraries),
        "glibc": asked.glibc,
        "glibcxx": asked.glibcxx,
        "glibc-use": asked.glibc_use,
        "glibcxx-use": asked.glibcxx_use,
        "code-targets": reading.code_targets,
        "executables": _dicts(reading.started),
        "unpacked-bytes": reading.unpacked_bytes,
        "files": reading.file_count,
        "sources": {"files": reading.python_files, "parsed": reading.parsed_files},
        "not-read": reading.not_read,
        "not-seen": dict(reading.blind),
    }
    return {name: cell for name, cell in row.items() if cell or name in ("uncovered", "verdict")}


def _dicts(rows: Iterable[Any]) -> list[dict[str, Any]]:
    return [row._asdict() for row in rows]


def _fetch(fetch: Fetch) -> Mapping[str, Any]:
    return {
        "kind": fetch.kind,
        "file": fetch.file,
        "line": fetch.line,
        "call": fetch.call,
        "what": fetch.what,
        "reach": fetch.reach,
        "covered": fetch.covered,
        "provider": fetch.provider,
        "places": fetch.places,
        "also-at": fetch.also_at,
        "followed": fetch.is_followed,
        "fetches-assets": fetch.is_strong,
    }
