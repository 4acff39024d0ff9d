from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import envspec
from envspec.report.fleet_json import as_json as fleet_as_json
from envspec.report.json import as_json
from envspec.verify.fleet import fleet
from tests.report.cases import CASES, many

REPORT = Path(envspec.__file__).parent.parent / "docs" / "report.md"


def keys(item: Any) -> Iterator[str]:
    """Every key of a document, but those that are names of facts."""
    if isinstance(item, dict):
        for name, inner in item.items():
            yield name
            if name != "seen" or isinstance(inner, list):
                yield from keys(inner)
    elif isinstance(item, list):
        for inner in item:
            yield from keys(inner)


@pytest.mark.parametrize("kind", ["verify", "fleet"])
def test_every_key_is_documented(kind: str) -> None:
    if kind == "verify":
        text = as_json(CASES["several-hosts"])
    else:
        text = fleet_as_json(fleet(many(3)), day="2026-11-28", version="0.1.0", strict=False)
    documented = set(
        re.findall(r"`(?:hosts\[\]\.|\.\.\.)?([a-z0-9-]+)(?:\[\])?`", REPORT.read_text(encoding="utf-8"))
    )
    found = set(keys(json.loads(text)))
    assert len(found) > 20
    assert found - documented == set()


def test_what_was_seen_and_found_stands_there_as_it_was_said() -> None:
    (host,) = json.loads(as_json(CASES["refused"]))["hosts"]
    assert (host["label"], host["answer"], host["best"], host["trouble"]) == ("gpu-7", "no", [], "")
    assert host["seen"][-1] == {
        "name": "clock",
        "text": "not known: the evidence doesn't say",
        "how": "",
        "known": False,
    }
    (lock,) = host["locks"]
    assert lock["counts"] == {"fail": 1, "unknown": 1, "warn": 1, "pass": 2}
    assert lock["findings"][0] == {
        "rule": "driver",
        "subject": "torch 2.1.2+cu121",
        "status": "fail",
        "expected": "525.60.13 or later",
        "actual": "515.105.01",
        "why": "nothing that was built for CUDA 12.1 starts on it",
        "fix": [
            "take the variant cu118, which passes here",
            "ask for a driver of the branch R580 (root, reboot; supported to August 2028)",
            "put cuda-compat-12-1 in front of the loader's path: data-centre GPUs alone, no OpenGL",
        ],
        "source": "compat/cuda.toml, toolkit 12.1; NVIDIA, CUDA Toolkit Release Notes, table 3",
        "grade": "refused",
        "variants": ["cu118"],
    }
