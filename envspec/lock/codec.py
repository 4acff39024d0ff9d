"""Lock to canonical text and back.

Source: PEP 751. The second line of the text is the digest of all the others, so
that an untouched lock is known as such without reading TOML.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from envspec.lock.toml_text import entry, string, table, value
from envspec.short_digest import short_sha256

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envspec.lock.document import Build, Lock, LockedDistribution, LockedFile

HEAD = (
    b'# Made by "envspec lock". Change the spec and lock again; this file is not for editing.\n'
    b"# sha256 of the rest: "
)
_MOMENT = r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)?"
_OWN_TABLE = b'\n[tool.envspec]\nspec-digest = "'
FIRST = (
    "spec-digest",
    "name",
    "variant",
    "files",
    "requirements",
    "hosts",
    "indexes",
    "not-locked",
    "warnings",
)


def encode(lock: Lock) -> bytes:
    """The lock as TOML; equal locks give equal bytes.

    For locks of our own making, where each distribution has its file. A lone
    surrogate, which UTF-8 has no bytes for, becomes ``?``.
    """
    body = ("\n".join(_lines(lock)) + "\n").encode("utf-8", "replace")
    return HEAD + short_sha256(body).encode() + b"\n" + body


def quick_digest(data: bytes) -> str | None:
    """The spec's digest, if ``data`` is byte for byte what ``encode`` wrote.

    None where it's anything else, and so must be read to know more.
    """
    start = len(HEAD) + 64
    body = data[start + 1 :]
    if not data.startswith(HEAD) or data[start : start + 1] != b"\n":
        return None
    if short_sha256(body).encode() != data[len(HEAD) : start]:
        return None
    begin = body.find(_OWN_TABLE) + len(_OWN_TABLE)
    found = body[begin : body.find(b'"', begin)]
    return None if begin < len(_OWN_TABLE) or b"\\" in found else found.decode("utf-8", "replace")


def says_what_was_written(lock: Lock, data: bytes) -> bool:
    """Whether ``lock``, read from ``data``, is what the digest in ``data`` was made of.

    Comments, layout and the ends of lines may be another's; pins and digests may not.
    """
    stated = re.search(rb"^# sha256 of the rest: ([0-9a-f]{64})\r?$", data, re.MULTILINE)
    if stated is None or any(not (item.wheel or item.sdist) for item in lock.distributions):
        return False
    return encode(lock).startswith(HEAD + stated[1] + b"\n")


def decode(text: str, where: str) -> Lock:
    """Read a lock, ours or another tool's; ``where`` names the file in messages.

    Raises UnreadableLockError with the exact place of what can't be accepted.
    """
    from envspec.lock.reader import read

    return read(text, where)


def canonical_time(text: str) -> str:
    """An RFC 3339 instant in UTC, ``2024-01-29T18:38:38Z``; empty where ``text`` is none."""
    match = re.fullmatch(_MOMENT, text, re.ASCII)
    if match is None:
        return ""
    day, clock, fraction, zone = match.groups()
    zone = "+00:00" if zone in (None, "Z", "z") else zone
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}.{(fraction or '')[:6]:0<6}{zone}")
        return moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        return ""


def _lines(lock: Lock) -> Iterator[str]:
    yield 'lock-version = "1.0"'
    if lock.environments:
        yield entry("environments", lock.environments)
    if lock.requires_python:
        yield f"requires-python = {string(lock.requires_python)}"
    yield 'created-by = "envspec"'
    if not lock.distributions:
        yield "packages = []"
    for distribution in lock.distributions:
        yield from _distribution(distribution)
    yield from table("tool.envspec", _own_table(lock), FIRST)


def _distribution(item: LockedDistribution) -> Iterator[str]:
    yield "\n[[packages]]"
    yield f"name = {string(item.name)}"
    if item.version:
        yield f"version = {string(item.version)}"
    if item.marker:
        yield f"marker = {string(item.marker)}"
    if item.requires_python:
        yield f"requires-python = {string(item.requires_python)}"
    if item.dependencies:
        rows = [f"{{ name = {string(edge.name)} }}" for edge in item.dependencies]
        joined = ",\n    ".join(rows)
        yield f"dependencies = [\n    {joined},\n]" if len(rows) > 1 else f"dependencies = [{rows[0]}]"
    if item.direct_url:
        yield f"archive = {_file(item.file, named=False)}"
    else:
        yield from _indexed_files(item)
    own = _own_row(item)
    if own:
        yield "[packages.tool.envspec]"
        for name, cell in own.items():
            yield f"{name} = {value(cell)}"


def _indexed_files(item: LockedDistribution) -> Iterator[str]:
    if item.index:
        yield f"index = {string(item.index)}"
    if item.sdist is not None:
        yield f"sdist = {_file(item.sdist)}"
    if item.wheel is not None:
        rows = [f"    {_file(wheel)},\n" for wheel in (item.wheel, *item.more_wheels)]
        yield f"wheels = [\n{''.join(rows)}]"


def _file(file: LockedFile, named: bool = True) -> str:
    cells = [f"name = {string(file.name)}"] if named else []
    if file.upload_time and (moment := canonical_time(file.upload_time)):
        cells.append(f"upload-time = {moment}")
    if file.url:
        cells.append(f"url = {string(file.url)}")
    if file.path:
        cells.append(f"path = {string(file.path)}")
    if file.size is not None:
        cells.append(f"size = {file.size}")
    hashes = ", ".join(f"{algorithm} = {string(digest)}" for algorithm, digest in sorted(file.hashes))
    cells.append(f"hashes = {{ {hashes} }}")
    return f"{{ {', '.join(cells)} }}"


def _own_row(item: LockedDistribution) -> dict[str, Any]:
    """[packages.tool.envspec]: what PEP 751 has no word for, in the order it's written."""
    row: dict[str, Any] = {}
    if item.index_name:
        row["index"] = item.index_name
    if item.wheel is not None or item.sdist is not None:
        row["digest-from"] = item.file.digest_from
        if item.direct_url:
            row["file-name"] = item.file.name
    if item.direct_url:
        row["direct-url"] = item.direct_url
    if item.extras:
        row["extras"] = item.extras
    asked = {edge.name: edge.extras for edge in item.dependencies if edge.extras}
    if asked:
        row["dependency-extras"] = asked
    if item.notes:
        row["notes"] = item.notes
    return row


def _own_table(lock: Lock) -> dict[str, Any]:
    """[tool.envspec]; what is empty stays away, except for the digest that ``quick_digest`` looks for."""
    content: dict[str, Any] = {
        "name": lock.name,
        "variant": lock.variant,
        "files": lock.files,
        "requirements": lock.requirements,
        "hosts": lock.hosts,
        "indexes": [{"name": name, "url": url} for name, url in lock.indexes],
        "not-locked": [{"kind": kind, "label": label} for kind, label in lock.not_locked],
        "warnings": lock.warnings,
        "target": lock.target,
        "builds": [_build(build) for build in lock.builds],
        **_assets(lock),
        "contract": lock.contract,
        "verdict": lock.verdict,
    }
    filled = {name: item for name, item in content.items() if item}
    return {**lock.extra_tool, **filled, "spec-digest": lock.spec_digest}


def _assets(lock: Lock) -> dict[str, Any]:
    if not lock.assets and not lock.environment:
        return {}
    from envspec.lock.asset_rows import asset_row, variable_row

    return {
        "assets": [asset_row(asset) for asset in lock.assets],
        "environment": [variable_row(variable) for variable in lock.environment],
    }


def _build(build: Build) -> dict[str, Any]:
    requirements = []
    for each in build.requirements:
        row: dict[str, Any] = {
            "name": each.name,
            "version": each.version,
            "index": each.index_name,
            "file": each.file.name,
            "upload-time": _moment(each.file.upload_time),
            "url": each.file.url,
            "path": each.file.path,
            "size": each.file.size,
            "hashes": dict(each.file.hashes),
            "digest-from": each.file.digest_from,
        }
        requirements.append({name: cell for name, cell in row.items() if cell not in ("", None)})
    return {"name": build.name, "version": build.version, "requirements": requirements}


def _moment(text: str) -> datetime | str:
    moment = canonical_time(text)
    return datetime.fromisoformat(moment.replace("Z", "+00:00")) if moment else ""
