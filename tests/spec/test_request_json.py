"""A LockRequest survives JSON, and nothing else is taken for one."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from envspec.spec.request import AssetWish, IndexRequest, LocalWheel, LockRequest, StaticMetadata
from envspec.spec.request_json import from_json, to_json
from envspec.target.host import Target

FULL = LockRequest(
    name="ocr",
    variant="cu118",
    target=Target(
        arch="x86_64",
        glibc=(2, 28),
        python="3.10.0",
        os="rhel-8.9",
        gpu="A100-80GB",
        gpu_count=2,
        disk=(("/", (("size", "39 GiB"), ("free", "12 GiB"))), ("/data", (("free", "2 TiB"),))),
    ),
    requirements=("torch==2.1.2", "caf\u00e9 ; os_name == 'posix'"),
    constraints=("numpy<2",),
    local_wheels=(LocalWheel("app @ ./app.whl", "/specs/app.whl", "./app.whl"),),
    exclude_newer="2025-07-02T00:00:00Z",
    metadata=(StaticMetadata("x", "1.0", ("numpy",)),),
    indexes=(IndexRequest("pytorch-cu118", ("torch",), "https://index.example/whl", implied=True),),
    gpu_memory="20 GiB",
    endpoints=(("https://nas.internal/x", "site-ca.pem"), ("http://other.internal/", "")),
    assets=(AssetWish("model", "easyocr", "easyocr ko, en", '{"languages": ["ko", "en"]}'),),
    folder="/specs",
    warnings=("a warning",),
    spec_digest="ab" * 32,
)


def altered(**changes: Any) -> str:
    return json.dumps({**json.loads(to_json(FULL)), **changes})


def test_a_request_comes_back_equal() -> None:
    assert from_json(to_json(FULL)) == FULL


def test_a_request_of_defaults_comes_back_equal() -> None:
    small = LockRequest("a", "", Target("x86_64", (2, 17), "3.9.0"), ())
    assert from_json(to_json(small)) == small


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("", "Expecting value", id="nothing"),
        pytest.param("[]", "request doesn't have the keys of LockRequest", id="an array"),
        pytest.param("[" * 100_000, "JSON nested too deep", id="nested without end"),
        pytest.param('{"a": 1, "a": 2}', "JSON with a key twice", id="a key twice"),
        pytest.param(altered(more=1), "request doesn't have the keys of LockRequest", id="an unknown key"),
        pytest.param(altered(name=1), "request.name is no str", id="a number for a string"),
        pytest.param(
            altered(requirements="x"), "request.requirements is no array", id="a string for an array"
        ),
        pytest.param(altered(requirements=[1]), r"request.requirements\[0\] is no str", id="a wrong item"),
        pytest.param(
            altered(target={}), "request.target doesn't have the keys of Target", id="a bare target"
        ),
        pytest.param(
            altered(target={**json.loads(to_json(FULL))["target"], "glibc": [2]}),
            "request.target.glibc has 1 items, not 2",
            id="half a version",
        ),
        pytest.param(
            altered(target={**json.loads(to_json(FULL))["target"], "gpu_count": True}),
            "request.target.gpu_count is no int",
            id="a truth for a number",
        ),
    ],
)
def test_anything_odd_is_a_value_error(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        from_json(text)


def test_reading_a_request_loads_nothing_heavy() -> None:
    script = (
        "import sys; import envspec.spec.request_json; "
        "print(sorted({'pydantic', 'packaging', 'msgspec', 'httpx', 'tomllib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
