"""Facts that the user names: read with a bound, and a host that can't be read as one row."""

from __future__ import annotations

import hashlib
import os
import sys
from typing import TYPE_CHECKING

from envspec.errors import EnvspecError, InputError

if TYPE_CHECKING:
    from envspec.steps.verify import FactsFile
    from envspec.verify.judgement import HostJudged


def read_facts_file(where: str) -> FactsFile:
    """The facts in a file, or on standard input for ``-``; raises InputError or DiskError."""
    from envspec.adapters.files import read_bytes
    from envspec.probe.evidence import MAX_EVIDENCE_BYTES

    if where == "-":
        data = sys.stdin.buffer.read(MAX_EVIDENCE_BYTES + 1)
        if len(data) > MAX_EVIDENCE_BYTES:
            raise InputError(what=f"standard input: longer than {MAX_EVIDENCE_BYTES} bytes")
    else:
        data = read_bytes(where, limit=MAX_EVIDENCE_BYTES)
    return facts_of(data, "standard input" if where == "-" else where)


def facts_of(data: bytes, where: str) -> FactsFile:
    """Evidence as facts; raises InputError where it can't be read as evidence at all."""
    from envspec.probe.reader import read_facts
    from envspec.steps.verify import FactsFile

    facts = read_facts(data, where)
    taken = facts.clock.need() if facts.clock.is_known else ""
    return FactsFile(facts, facts.label or host_name(where), where, hashlib.sha256(data).hexdigest(), taken)


def host_name(where: str) -> str:
    """What a host is called that didn't say its name: its file's, without the ending."""
    name = os.path.basename(where)
    for ending in (".json", ".txt"):
        name = name.removesuffix(ending)
    return name or where


def facts_or_trouble(where: str) -> FactsFile | HostJudged:
    """The same, with what can't be read as a host of which nothing can be said."""
    from envspec.verify.judgement import HostJudged

    try:
        return read_facts_file(where)
    except EnvspecError as error:
        said = "; ".join(line for line in (error.what, error.why) if line)
        return HostJudged(host_name(where), where, trouble=said)
