"""Core metadata: what a release requires, as far as resolving needs it.

Source: the core metadata specification (PEP 241, 314, 345, 566, 643 and after). The file is
written as headers of a mail; scanning them takes a tenth of what the standard library's mail
parser takes, and the description, which is most of the file, isn't looked at.
"""

from __future__ import annotations

from collections.abc import Iterator

from envspec.errors import BrokenArtifactError
from envspec.named_tuple import NamedTuple

_MAX_HEADER_BYTES = 1024 * 1024
_MAX_REQUIRES = 20_000

_WANTED = (
    "Metadata-Version", "Name", "Version", "Requires-Python", "Requires-Dist", "Provides-Extra", "Dynamic",
)  # fmt: skip
_OTHERS = (
    "Author", "Author-email", "Classifier", "Description-Content-Type", "Home-page", "Keywords", "License",
    "License-Expression", "License-File", "Maintainer", "Maintainer-email", "Platform", "Project-URL",
    "Summary",
)  # fmt: skip
_NAMES = frozenset(name.lower() for name in _WANTED)
_FIELDS = {name: name.lower() for name in _WANTED} | dict.fromkeys(_OTHERS, "")
"""As nearly all files spell them, so that most lines take one look; empty for those nobody reads here."""

_NEVER_LOST = ("requires-dist:", "requires-python:")


class CoreMetadata(NamedTuple):
    """Fields of METADATA or PKG-INFO that resolving reads."""

    metadata_version: str
    name: str
    version: str
    requires_dist: tuple[str, ...] = ()
    requires_python: str = ""
    provides_extra: tuple[str, ...] = ()
    dynamic: tuple[str, ...] = ()
    """In lower case."""


def parse_metadata(data: bytes, label: str = "the metadata") -> CoreMetadata:
    """Read METADATA or PKG-INFO; ``label`` names it in messages.

    The text is as it stands there: whether versions and requirements can be read is the
    caller's to find out. Raises BrokenArtifactError where a field is missing that every
    release has, where the headers are longer than any real ones, or where a requirement stands
    behind a line that ends them.
    """
    found = _found(_headers(data, label), label)
    one = {field: values[0] for field, values in found.items()}
    requires_dist = found.get("requires-dist", [])
    missing = [field for field in ("Metadata-Version", "Name", "Version") if not one.get(field.lower())]
    if missing:
        raise BrokenArtifactError(
            what=f"{label} lacks {' and '.join(missing)}", why="every release says these of itself"
        )
    if len(requires_dist) > _MAX_REQUIRES:
        raise BrokenArtifactError(what=f"{label} names more than {_MAX_REQUIRES} requirements")
    if one["metadata-version"].partition(".")[0] not in ("1", "2"):
        raise BrokenArtifactError(
            what=f"{label} has Metadata-Version {one['metadata-version'][:20]!r}",
            why="only the versions 1.* and 2.* are known",
        )
    return CoreMetadata(
        metadata_version=one["metadata-version"],
        name=one["name"],
        version=one["version"],
        requires_dist=tuple(requires_dist),
        requires_python=one.get("requires-python", ""),
        provides_extra=tuple(found.get("provides-extra", ())),
        dynamic=tuple(field.lower() for field in found.get("dynamic", ())),
    )


def _headers(data: bytes, label: str) -> str:
    end = data.find(b"\n\n", 0, _MAX_HEADER_BYTES)
    if b"\r" in data[: end if end >= 0 else _MAX_HEADER_BYTES]:  # the lines of Windows, or of old Macs
        data = data[: 2 * _MAX_HEADER_BYTES].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        end = data.find(b"\n\n", 0, _MAX_HEADER_BYTES)
    length = end if end >= 0 else len(data)
    if length > _MAX_HEADER_BYTES:
        raise BrokenArtifactError(what=f"{label} has headers of more than {_MAX_HEADER_BYTES} bytes")
    return data[:length].decode("utf-8", "replace").removeprefix("\ufeff")


def _found(headers: str, label: str) -> dict[str, list[str]]:
    """The values of each wanted field. As with mail parsers, a line that's no header ends them."""
    found: dict[str, list[list[str]]] = {}
    lines: list[str] | None = None
    rest = iter(headers.split("\n"))
    for line in rest:
        if line.startswith((" ", "\t")):  # it goes on with the line before
            if lines is not None:
                lines.append(line)
            continue
        name, colon, value = line.partition(":")
        field = _FIELDS.get(name)
        if field is None:
            if line.startswith("From "):  # mailboxes separate mails by it; their parsers read on
                continue
            name = name.rstrip(" \t")
            if not (name.isascii() and name.isprintable()) or " " in name:
                break
            field = name.lower() if name.lower() in _NAMES else ""
        if not colon:
            break
        if field:
            lines = [value]
            found.setdefault(field, []).append(lines)
        else:
            lines = None
    else:
        line = ""
    _refuse_lost(line, rest, label)
    return {field: [_unfolded(lines) for lines in values] for field, values in found.items()}


def _refuse_lost(stray: str, rest: Iterator[str], label: str) -> None:
    """Raise where a requirement stands behind ``stray``: some installers read on there, some see a text."""
    for line in rest if stray else ():
        if line.lower().startswith(_NEVER_LOST):
            raise BrokenArtifactError(
                what=f"{label} has {line[:80]!r} behind {stray[:80]!r}",
                why="a line that's no header ends the headers, so that installers differ on what comes after",
            )


def _unfolded(lines: list[str]) -> str:
    return lines[0].strip() if len(lines) == 1 else " ".join("\n".join(lines).split())
