"""Core metadata: what a release requires, as far as resolving needs it.

Source: the core metadata specification (PEP 241, 314, 345, 566, 643 and after). The file is
written as headers of a mail; scanning them takes a tenth of what the standard library's mail
parser takes, and the description, which is most of the file, isn't looked at.
"""

from __future__ import annotations

import re

from envspec.errors import BrokenArtifactError
from envspec.named_tuple import NamedTuple

_MAX_HEADER_BYTES = 1024 * 1024
_MAX_REQUIRES = 20_000

_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(
    r"^(metadata-version|name|version|requires-python|requires-dist|provides-extra|dynamic)[ \t]*:"
    r"(.*(?:\n[ \t].*)*)",
    re.IGNORECASE | re.MULTILINE | re.ASCII,
)
_NO_HEADER = re.compile(r"^(?![ \t]|[!-9;-~]+[ \t]*:)", re.MULTILINE)


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
    release has, or where the headers are longer than any real ones.
    """
    found: dict[str, list[str]] = {}
    for field, value in _FIELD.findall(_headers(data, label)):
        found.setdefault(field.lower(), []).append(_unfolded(value))
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
    end = _END_OF_HEADERS.search(data, 0, _MAX_HEADER_BYTES)
    length = end.start() if end else len(data)
    if length > _MAX_HEADER_BYTES:
        raise BrokenArtifactError(what=f"{label} has headers of more than {_MAX_HEADER_BYTES} bytes")
    text = data[:length].decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")
    # As mail parsers do: a line that's no header ends them.
    stray = _NO_HEADER.search(text)
    return text[: stray.start()] if stray else text


def _unfolded(value: str) -> str:
    value = value.strip()
    return " ".join(value.split()) if "\n" in value else value
