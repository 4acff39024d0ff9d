from __future__ import annotations

import gzip
import json
import time

import pytest

from envspec.errors import InputError
from envspec.probe.evidence import MAX_EVIDENCE_BYTES
from envspec.probe.reader import read_facts
from tests.probe.documents import BEGIN, END, founding_document, founding_text

FACTS = read_facts(founding_text().encode(), "facts.json")
PROBE = "on the host: python3 probe.py > facts.json (envspec probe --script writes probe.py)"
AGAIN = "run the probe again on the host, and carry the whole of what it prints"
NEWER = "take a newer envspec, or the probe of this one: envspec probe --script > probe.py"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(json.dumps(founding_document()).encode(), id="without its markers"),
        pytest.param(json.dumps(founding_document(), indent=2).encode(), id="indented by an editor"),
        pytest.param(founding_text().replace("\n", "\r\n").encode(), id="with carriage returns"),
        pytest.param(("banner\n{motd}\n" + founding_text() + "$ exit\n").encode(), id="in a recording"),
        pytest.param(founding_text().encode("utf-8-sig"), id="with a byte order mark"),
        pytest.param(founding_text().encode("utf-16"), id="in 16 bits a character"),
        pytest.param(founding_text().encode("utf-16-le"), id="in 16 bits without a mark"),
        pytest.param(founding_text().encode("utf-16-be"), id="in 16 bits the other way round"),
        pytest.param(json.dumps({"rc": 0, "stdout": founding_text()}).encode(), id="kept by Ansible"),
        pytest.param(
            b"gpu07 | CHANGED => " + json.dumps({"rc": 0, "stdout": founding_text()}, indent=4).encode(),
            id="printed by Ansible",
        ),
        pytest.param(founding_text().encode().replace(b'"by"', b'"\\u0062y"'), id="with escapes"),
    ],
)
def test_a_document_reads_the_same(data: bytes) -> None:
    assert read_facts(data, "facts.json") == FACTS


@pytest.mark.parametrize(
    ("data", "what", "why", "fix"),
    [
        pytest.param(
            b" " * (MAX_EVIDENCE_BYTES + 1),
            "f.json: 16777217 bytes are no evidence",
            "a document of evidence has at most 16 MiB",
            "name the file that the probe wrote",
            id="huge",
        ),
        pytest.param(b"", "f.json: is empty", "evidence of a host was expected", PROBE, id="empty"),
        pytest.param(b"\r\n \n", "f.json: is empty", "evidence of a host was expected", PROBE, id="blank"),
        pytest.param(
            gzip.compress(b"{}"),
            "f.json: is compressed",
            "it begins as gzip does",
            "unpack it first",
            id="gzip",
        ),
        pytest.param(
            founding_text()[:3000].encode(),
            "f.json: the evidence can't be read",
            "the line that ends it is missing: it was cut",
            AGAIN,
            id="cut",
        ),
        pytest.param(
            json.dumps(founding_document())[:3000].encode(),
            "f.json: the evidence can't be read",
            "Input data was truncated",
            AGAIN,
            id="cut without markers",
        ),
        pytest.param(
            b'{"envspec-evidence": 2, "by": "python 3.14.0", "items": {}}',
            "f.json: evidence of version 2 can't be read",
            "this envspec reads version 1",
            NEWER,
            id="of a later version",
        ),
        pytest.param(
            b'{"envspec-evidence": 0, "by": "sh", "items": {}}',
            "f.json: evidence of version 0 can't be read",
            "this envspec reads version 1",
            PROBE,
            id="of no version",
        ),
        pytest.param(
            b'{"envspec-evidence": "1", "by": "sh"}',
            "f.json: the evidence can't be read",
            "Expected `int`, got `str` - at `$.envspec-evidence`",
            AGAIN,
            id="with a version in quotes",
        ),
        pytest.param(
            b'{"envspec-evidence": 1, "by": "sh", "items": [1]}',
            "f.json: the evidence can't be read",
            "its items are no JSON object",
            AGAIN,
            id="with a list of items",
        ),
        pytest.param(
            b'{"envspec-evidence": 1, "by": "sh", "items": {"call:cpu": {"value": ' + b"[" * 100_000,
            "f.json: the evidence can't be read",
            "it is nested deeper than any evidence",
            AGAIN,
            id="nested and cut",
        ),
        pytest.param(
            b'{"envspec-evidence": 1, "by": "sh", "items": {"a": {"value": '
            + b"[" * 100_000
            + b"]" * 100_000
            + b"}}}",
            "f.json: the evidence can't be read",
            "it is nested deeper than any evidence",
            AGAIN,
            id="nested 100,000 deep",
        ),
        pytest.param(
            b"<html><body>404</body></html>",
            "f.json: is no evidence of a host",
            "it begins with '<html><body>404</body></html>'",
            PROBE,
            id="a page",
        ),
        pytest.param(
            b'{"lock-version": "1.0"}',
            "f.json: is no evidence of a host",
            'it begins with \'{"lock-version": "1.0"}\'',
            PROBE,
            id="other JSON",
        ),
        pytest.param(
            b"\x7fELF\x02\x01\x01\x00\x1b[31m",
            "f.json: is no evidence of a host",
            "it begins with '?ELF?????[31m'",
            PROBE,
            id="a program",
        ),
        pytest.param(
            f"{BEGIN}\nTraceback (most recent call last):\n{END}\n".encode(),
            "f.json: the evidence can't be read",
            "JSON is malformed: invalid character (byte 1)",
            AGAIN,
            id="something else between the markers",
        ),
    ],
)
def test_what_is_no_document_is_one_clear_error(data: bytes, what: str, why: str, fix: str) -> None:
    with pytest.raises(InputError) as caught:
        read_facts(data, "f.json")
    assert (caught.value.what, caught.value.why, caught.value.fix) == (what, why, fix)


def test_reading_a_document_takes_single_milliseconds() -> None:
    sonames = [f"lib{number}.so.{number % 7}" for number in range(3000)]
    document = founding_document()
    document["items"]["call:libraries"]["value"]["sonames"]["libc6,x86-64"] += sonames
    data = json.dumps(document).encode()
    began = time.process_time()
    for _ in range(20):
        read_facts(data, "facts.json")
    assert (time.process_time() - began) / 20 < 0.009
