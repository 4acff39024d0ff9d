"""The JSON Schema of the document of evidence, made from the types that read it."""

from __future__ import annotations

from typing import Any

import msgspec

from envspec.probe.evidence import EVIDENCE_SCHEMA, Evidence


def json_schema() -> dict[str, Any]:
    """JSON Schema 2020-12; the keys of ``items`` and their values are described in docs/evidence.md."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"envspec evidence, version {EVIDENCE_SCHEMA}",
        **msgspec.json.schema(Evidence),
    }
