"""What ``envspec verify`` makes of broken, cut, huge and hostile facts and locks: one error, never a pass."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envspec.cli.facts_files import facts_of
from envspec.cli.judged_locks import read_locks
from envspec.cli.main import main
from envspec.errors import InputError
from envspec.probe.evidence import MAX_EVIDENCE_BYTES
from envspec.report.judged import Report
from envspec.report.terminal import as_text
from envspec.steps.verify import asked, verify
from tests.cli.test_verify import CU118, CU121, LOCKS, folder
from tests.evidence import founding

__all__ = ["folder"]

WHOLE = founding()


def deep(depth: int) -> bytes:
    return (
        b'{"envspec-evidence": 1, "by": "sh", "items": {"call:nvml": {"value": '
        + b"[" * depth
        + b"]" * depth
        + b"}}}"
    )


FACTS: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \n\n",
    "cut in the middle": WHOLE[: len(WHOLE) // 2],
    "cut at the end": WHOLE[:-1],
    "not UTF-8": b"\xff\xfe\x00\x01" * 100,
    "zeros": bytes(10_000),
    "JSON of something else": b'{"a": 1}',
    "an array": b"[1, 2, 3]",
    "prose": b"The quick brown fox jumps over the lazy dog.\n",
    "nested too deep": deep(100_000),
    "a later version": WHOLE.replace(b'"envspec-evidence": 1', b'"envspec-evidence": 999'),
    "items of another kind": b'{"envspec-evidence": 1, "by": "sh", "items": []}',
    "a lock": (LOCKS / CU118).read_bytes(),
}


@pytest.mark.parametrize("name", FACTS)
def test_what_is_no_evidence_ends_in_one_error(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (folder / "facts.json").write_bytes(FACTS[name])
    assert main(["verify", f"locks/{CU118}", "--host", "facts.json"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("envspec: facts.json")
    assert "Traceback" not in captured.err
    assert len(captured.err) < 2000


def test_facts_that_are_longer_than_evidence_can_be_are_not_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (folder / "facts.json").open("wb") as file:
        file.truncate(MAX_EVIDENCE_BYTES * 100)
    assert main(["verify", f"locks/{CU118}", "--host", "facts.json"]) == 2
    assert f"longer than {MAX_EVIDENCE_BYTES} bytes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([f"locks/{CU118}", "--host", "none.json"], "none.json: no such file"),
        (
            [f"locks/{CU118}", "--host", "locks"],
            "locks: is a folder, a file was wanted\n  fix: envspec fleet FOLDER LOCK...",
        ),
        (["none.toml", "--host", "facts.json"], "none.toml: no such file"),
        (["facts.json", "--host", "facts.json"], "facts.json"),
        (["empty", "--host", "facts.json"], "empty: no lock in it"),
        (["--host", "facts.json", f"locks/{CU118}"], "no lock was named"),
        (["versions.toml", "--host", "facts.json"], "versions.toml: lock-version: can't be read"),
        (["latin.toml", "--host", "facts.json"], "latin.toml: byte 19 isn't UTF-8"),
        (["cut.toml", "--host", "facts.json"], "cut.toml"),
        (["spec.toml", "--host", "facts.json"], "not a lock: lock-version is missing"),
        (["/dev/null", "--host", "facts.json"], "not a lock: lock-version is missing"),
        ([f"locks/{CU118}", "--host", "/dev/null"], "/dev/null"),
        ([f"locks/{CU118}", "--host", "/dev/zero"], f"longer than {MAX_EVIDENCE_BYTES} bytes"),
    ],
)  # fmt: skip
def test_input_that_is_not_what_was_wanted_is_told_in_one_message(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    whole = (folder / "locks" / CU118).read_bytes()
    (folder / "empty").mkdir()
    (folder / "versions.toml").write_text('lock-version = "2.0"\ncreated-by = "x"\npackages = []\n')
    (folder / "latin.toml").write_bytes(b'lock-version = "1.0\xe9"\n')
    (folder / "cut.toml").write_bytes(whole[: len(whole) // 2])
    (folder / "spec.toml").write_text('name = "ocr"\n')
    assert main(["verify", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert "Traceback" not in captured.err


def test_a_pipe_that_nobody_writes_into_is_not_waited_for(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(folder / "pipe")
    assert main(["verify", f"locks/{CU118}", "--host", "pipe"]) == 2
    held = os.open(folder / "pipe", os.O_RDWR)
    try:
        assert main(["verify", f"locks/{CU118}", "--host", "pipe"]) == 2
        assert main(["verify", "pipe", "--host", "facts.json"]) == 2
    finally:
        os.close(held)
    assert capsys.readouterr().err.count("pipe: is a pipe with nothing in it") == 3


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:secret@nas.example/x", "https://***@nas.example/x"),
        ("https://nas.example/x?token=secret", "https://nas.example/x?..."),
        ("nas.example", "nas.example"),
    ],
)
def test_an_endpoint_with_a_login_or_of_no_form_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], url: str, shown: str
) -> None:
    assert main(["verify", f"locks/{CU118}", "--host", "facts.json", "--endpoint", url]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"envspec: --endpoint '{shown}' can't be read\n  why: ")
    assert "secret" not in captured.err


def test_where_the_report_can_not_be_written_the_outside_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", f"locks/{CU118}", "--host", "facts.json", "-o", "facts.json/report.txt"]) == 3
    assert "facts.json/report.txt: can't be written" in capsys.readouterr().err
    assert (folder / "facts.json").read_bytes() == WHOLE


def test_an_error_is_json_where_json_was_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", f"locks/{CU118}", "--host", "none.json", "--format", "json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["exit-code"], error["what"]) == (2, "none.json: no such file")


LOCK_FILES = asked(read_locks([str(LOCKS / CU118), str(LOCKS / CU121)]), prefix="/data/envs")
KEYS = sorted(json.loads(WHOLE)["items"])

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
broken_texts = st.text(max_size=200) | st.sampled_from(
    [
        "515",
        "515.105.01\x00",
        "NVRM version: NVIDIA",
        "x" * 100_000,
        "9" * 5000,
        "-1",
        "²³.⁴",
        "\ud800",
        "inf",
        "NaN",
    ]
)
items = st.fixed_dictionaries(
    {},
    optional={
        "text": broken_texts,
        "stderr": broken_texts,
        "status": st.integers(-300, 300),
        "value": json_values,
        "error": st.sampled_from(["ENOENT", "EACCES", "timeout", "crashed", "\x1b[2J"]),
        "cut": st.booleans(),
    },
)


def judged(data: bytes) -> str:
    """The report in text, or the error; whatever else is raised fails the test."""
    try:
        host = verify(LOCK_FILES, facts_of(data, "facts.json"), today="2026-11-28")
    except InputError as error:
        return str(error)
    return as_text(Report("2026-11-28", "0", (host,)), verbose=True)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(KEYS), items, min_size=1, max_size=4))
def test_no_item_of_evidence_breaks_a_rule_or_steers_a_terminal(changed: dict[str, Any]) -> None:
    document = json.loads(WHOLE)
    document["items"].update(changed)
    text = judged(json.dumps(document).encode())
    assert text
    assert {char for char in text if not char.isprintable()} <= {"\n"}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_bytes_are_judged_or_refused(data: st.DataObject) -> None:
    damaged = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    assert judged(bytes(damaged[: data.draw(st.integers(0, len(damaged)))]))


@pytest.mark.parametrize(
    "driver", ["five-hundred", "515", "515.105.01.22.7.9", "v515.105", "99999999999.1", ""]
)
def test_a_driver_of_an_unknown_form_is_never_a_grade(driver: str) -> None:
    data = WHOLE.replace(b"515.105.01", driver.encode())
    host = verify(LOCK_FILES, facts_of(data, "facts.json"), today="2026-11-28")
    assert [judgement.grade for judgement in host.judgements] == ["", ""]
    assert host.answer != "yes"


def test_reading_many_hosts_at_once_needs_no_lock() -> None:
    texts: list[str] = []
    threads = [threading.Thread(target=lambda: texts.append(judged(WHOLE))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(texts)) == 1
