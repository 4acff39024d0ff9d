"""A whole document of evidence, made of the founding host's case."""

from __future__ import annotations

import json
from typing import Any

from tests.probe.cases import FOLDER, load_case

FOUNDING = FOLDER / "founding-host.toml"
BEGIN, END = "----- BEGIN ENVSPEC EVIDENCE -----", "----- END ENVSPEC EVIDENCE -----"


def founding_document(**changed: Any) -> dict[str, Any]:
    """The document as a probe would print it, as Python values of its own."""
    items = load_case(FOUNDING)["items"]
    return {
        "envspec-evidence": 1,
        "by": "python 3.6.8",
        "probe": "0.3.0",
        "identified": False,
        "label": "",
        "taken": "2026-11-28T07:40:00Z",
        "items": items,
        **changed,
    }


def founding_text() -> str:
    """One line of JSON between its markers."""
    return f"{BEGIN}\n{json.dumps(founding_document())}\n{END}\n"
