"""Bytes to Evidence: out of a file, a terminal's recording, or what an engine such as Ansible kept of a run.

A document may have its marker lines, carriage returns, a banner before and a prompt after it, a byte order
mark, or the 16 bits a character that Windows gives what is redirected there. It's cut nowhere: half a
document is refused.
"""

from __future__ import annotations

from typing import Any

import msgspec

from envspec.errors import InputError
from envspec.probe.evidence import EVIDENCE_SCHEMA, MAX_EVIDENCE_BYTES, Evidence, Item
from envspec.probe.shown import plain

BEGIN = "----- BEGIN ENVSPEC EVIDENCE -----"
END = "----- END ENVSPEC EVIDENCE -----"

_KEY = "envspec-evidence"
_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"\xfd7zXZ": "xz",
    b"(\xb5/\xfd": "zstd",
    b"BZh": "bzip2",
}
_AGAIN = "run the probe again on the host, and carry the whole of what it prints"
_PROBE = "on the host: python3 probe.py > facts.json (envspec probe --script writes probe.py)"


def decode(data: bytes, where: str) -> str:
    """The text of a file, whatever its encoding; bounded before anything else looks at it.

    Raises InputError for what is too large, empty, compressed or no text.
    """
    if len(data) > MAX_EVIDENCE_BYTES:
        raise InputError(
            what=f"{where}: {len(data)} bytes are no evidence",
            why=f"a document of evidence has at most {MAX_EVIDENCE_BYTES // (1024 * 1024)} MiB",
            fix="name the file that the probe wrote",
        )
    for magic, name in _COMPRESSED.items():
        if data.startswith(magic):
            raise InputError(
                what=f"{where}: is compressed", why=f"it begins as {name} does", fix="unpack it first"
            )
    text = data.decode(_encoding(data), errors="replace").removeprefix("\ufeff")
    if not text.strip():
        raise InputError(what=f"{where}: is empty", why="evidence of a host was expected", fix=_PROBE)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_evidence(text: str, where: str) -> Evidence | None:
    """The document in a text; None where the text holds none.

    Raises InputError where one begins and can't be read, or is of a later version.
    """
    begin = text.find(BEGIN)
    is_quoted = text.startswith("\\", begin + len(BEGIN))
    if begin >= 0 and not is_quoted:
        end = text.find(END, begin)
        if end < 0:
            raise _unreadable(where, "the line that ends it is missing: it was cut")
        return _document(text[begin + len(BEGIN) : end], where)
    start, stop = text.find("{"), text.rfind("}")
    if start < 0 or (_KEY not in text and BEGIN not in text):
        return None
    inner = _of_an_engine(text[start : stop + 1])
    if inner is not None:
        return read_evidence(inner, where)
    return _document(text[start : stop + 1] if stop > start else text[start:], where)


def _encoding(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    head = data[:400]
    if len(head) >= 4 and head.count(0) * 5 > len(head) * 2:
        return "utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be"
    return "utf-8-sig"


def _of_an_engine(text: str) -> str | None:
    """What a module of Ansible keeps: an object with ``stdout``. A document of evidence has none."""
    if '"stdout"' not in text:
        return None
    try:
        kept = msgspec.json.decode(text.encode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError):
        return None
    stdout = kept.get("stdout") if isinstance(kept, dict) and _KEY not in kept else None
    return stdout if isinstance(stdout, str) else None


def _document(text: str, where: str) -> Evidence:
    data = text.encode("utf-8", "replace").replace(b"\x00", b"")
    try:
        evidence = _DECODER.decode(data)
    except msgspec.ValidationError:
        evidence = _item_by_item(data, where)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise _unreadable(where, _said(error)) from None
    return _of_known_version(evidence, where)


def _item_by_item(data: bytes, where: str) -> Evidence:
    """A document with items of another shape: those alone are unknown."""
    try:
        whole = msgspec.json.decode(data)
        if not isinstance(whole, dict):
            raise _unreadable(where, "it is no JSON object")
        items = whole.pop("items", {})
        evidence = msgspec.convert(whole, Evidence)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError, ValueError) as error:
        raise _unreadable(where, _said(error)) from None
    if not isinstance(items, dict):
        raise _unreadable(where, "its items are no JSON object")
    read = {str(key): _item(value) for key, value in items.items()}
    return msgspec.structs.replace(evidence, items=read)


def _item(value: Any) -> Item:
    try:
        return msgspec.convert(value, Item)
    except (msgspec.ValidationError, RecursionError):
        return Item(error="malformed")


def _of_known_version(evidence: Evidence, where: str) -> Evidence:
    version = evidence.envspec_evidence
    if version == EVIDENCE_SCHEMA:
        return evidence
    newer = version > EVIDENCE_SCHEMA
    raise InputError(
        what=f"{where}: evidence of version {version} can't be read",
        why=f"this envspec reads version {EVIDENCE_SCHEMA}",
        fix="take a newer envspec, or the probe of this one: envspec probe --script > probe.py"
        if newer
        else _PROBE,
    )


def _unreadable(where: str, why: str) -> InputError:
    return InputError(what=f"{where}: the evidence can't be read", why=why, fix=_AGAIN)


def _said(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested deeper than any evidence"
    return plain(str(error), 200)


_DECODER = msgspec.json.Decoder(Evidence)
