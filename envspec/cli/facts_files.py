"""Files of facts that the user names, read with a bound."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from envspec.errors import InputError

if TYPE_CHECKING:
    from envspec.steps.verify import FactsFile


def read_facts_file(where: str, label: str = "") -> FactsFile:
    """The facts in a file, or on standard input for ``-``; raises InputError or DiskError.

    ``label`` is what the host is called if its facts don't name it; without one the file's name is taken.
    """
    from envspec.adapters.files import read_bytes
    from envspec.probe.evidence import MAX_EVIDENCE_BYTES

    if where == "-":
        data = sys.stdin.buffer.read(MAX_EVIDENCE_BYTES + 1)
        if len(data) > MAX_EVIDENCE_BYTES:
            raise InputError(what=f"standard input: longer than {MAX_EVIDENCE_BYTES} bytes")
    elif os.path.isdir(where):
        raise InputError(what=f"{where}: is a folder, a file was wanted", fix="envspec fleet FOLDER LOCK...")
    else:
        data = read_bytes(where, limit=MAX_EVIDENCE_BYTES)
    return facts_of(data, "standard input" if where == "-" else where, label)


def facts_of(data: bytes, where: str, label: str = "") -> FactsFile:
    """Evidence as facts; raises InputError where it can't be read as evidence at all."""
    from envspec.probe.reader import read_facts
    from envspec.short_digest import short_sha256
    from envspec.steps.verify import FactsFile

    facts = read_facts(data, where)
    taken = facts.clock.need() if facts.clock.is_known else ""
    digest = short_sha256(data)
    return FactsFile(facts, facts.label or label or host_name(where), where, digest, taken)


def host_name(where: str) -> str:
    """What a host is called that didn't say its name: its file's, without the ending."""
    name = os.path.basename(where)
    for ending in (".json", ".txt"):
        name = name.removesuffix(ending)
    return name or where
