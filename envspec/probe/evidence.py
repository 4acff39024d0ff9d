"""Evidence: what ``probe.py`` prints. Texts and numbers, each with how they were had; judged nowhere.

The document is one JSON object; its schema, ``EVIDENCE_SCHEMA``, grows only by keys of ``items``, so a reader
of today reads the evidence of last year, and passes over what it doesn't know.

Keys of ``items`` name the source:

``file:/etc/os-release``       an Item whose ``text`` is the file's content
``link:/sys/.../driver``       where a symbolic link points to
``list:/dev``                  the names in a folder, sorted, one a line
``command:nvidia-smi -L``      ``text`` is its standard output, ``stderr`` and ``status`` what they say
``call:NAME``                  ``value`` is JSON, made by the probe itself: nvml, statvfs, loader, ...
"""

from __future__ import annotations

from typing import Any

import msgspec

EVIDENCE_SCHEMA = 1
MAX_EVIDENCE_BYTES = 16 * 1024 * 1024


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One observation. An ``error`` says why it could not be made, which isn't that a thing isn't there."""

    text: str | None = None
    stderr: str = ""
    status: int | None = None
    """Exit status of a command; negative for a signal."""
    value: Any = None
    error: str = ""
    """Name of the errno, such as ``EACCES``, or ``timeout``; ``ENOENT`` does say that it isn't there."""
    cut: bool = False
    """Whether more was there than the probe carries."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """All that one run of the probe saw."""

    envspec_evidence: int = msgspec.field(name="envspec-evidence")
    by: str
    """``python 3.6.8`` or ``sh``."""
    probe: str = ""
    """Version of the envspec whose probe this was."""
    identified: bool = False
    """Whether names, addresses, serials and UUIDs were kept (``--identify``)."""
    label: str = ""
    """What the host is called in reports, as whoever ran the probe named it; empty otherwise."""
    taken: str = ""
    """The host's own UTC clock, RFC 3339."""
    items: dict[str, Item] = {}
