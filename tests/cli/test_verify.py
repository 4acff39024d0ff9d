"""``envspec verify`` in process: the committed locks of the founding spec against evidence of its host."""

from __future__ import annotations

import io
import json
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

import envspec
from envspec.cli.main import main
from tests.evidence import founding, with_driver

LOCKS = Path(envspec.__file__).parent.parent / "locks"
CU118, CU121 = "pylock.founding-cu118.toml", "pylock.founding-cu121.toml"
DRIVER_SEEN = (
    "call:pci",
    "file:/proc/driver/nvidia/version",
    "file:/sys/module/nvidia/version",
    "file:/proc/modules",
    "call:devices",
)
"""Besides NVML."""
ON = ("--day", "2026-11-28", "--prefix", "/data/envs")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the user stands: the two locks of the founding spec, and its host's facts."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "locks").mkdir()
    for name in (CU118, CU121):
        shutil.copy(LOCKS / name, tmp_path / "locks" / name)
    (tmp_path / "facts.json").write_bytes(founding())
    return tmp_path


def verify(*arguments: str) -> int:
    return main(["verify", *arguments, *ON])


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """The one host of the JSON report."""
    main(["verify", *arguments, *ON, "--format", "json"])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    (host,) = document["hosts"]
    return dict(host)


def test_the_founding_host_takes_cu118_and_is_told_why_not_cu121(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify("locks", "--host", "facts.json") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:5] == [
        "host     gpu-7 (facts.json)",
        "OS       Red Hat Enterprise Linux 8.9 (Ootpa)",
        "GPU      1 x NVIDIA A100 80GB PCIe (compute capability 8.0, 80.0 GiB)",
        "driver   515.105.01, proprietary kernel module, CUDA level 11.7",
        "grade    founding-cu118 minor-version compatible; founding-cu121 refused by the driver",
    ]
    assert lines[5].startswith("verdict  YES: founding-cu118 fits this host, minor-version compatible (")
    assert lines[6] == "         founding-cu118 fits best: founding-cu121 fails (driver)"
    assert [line.partition(":")[0] for line in lines if line.startswith("founding-")] == [
        "founding-cu118",
        "founding-cu121",
    ]


def test_a_folder_stands_for_the_locks_in_its_locks(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "locks" / "notes.toml").write_text("no lock")
    host = answer(capsys, ".", "--host", "facts.json")
    assert [lock["lock"] for lock in host["locks"]] == [f"./locks/{CU118}", f"./locks/{CU121}"]


def test_a_variant_that_is_refused_names_the_one_beside_it_that_fits(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(f"locks/{CU121}", "--host", "facts.json") == 1
    out = capsys.readouterr().out
    assert "verdict  NO: founding-cu121 does not fit this host: driver\n" in out
    assert "fix: cu118 runs on it" in out
    assert "founding-cu118:" not in out
    (folder / "locks" / CU118).unlink()
    assert verify(f"locks/{CU121}", "--host", "facts.json") == 1
    assert "cu118" not in capsys.readouterr().out


def test_what_is_beside_a_lock_and_can_not_be_read_is_no_way_out(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "locks" / CU118).write_bytes(b"\xff")
    assert verify(f"locks/{CU121}", "--host", "facts.json") == 1
    assert "cu118" not in capsys.readouterr().out


def test_strictly_a_warning_is_a_no(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(f"locks/{CU118}", "--host", "facts.json") == 0
    assert verify(f"locks/{CU118}", "--host", "facts.json", "--strict") == 1
    assert (
        "strict   no: under --strict warnings and what isn't known count as no\n" in capsys.readouterr().out
    )


def test_every_finding_stands_in_the_json_with_its_source(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    host = answer(capsys, f"locks/{CU121}", "--host", "facts.json")
    (lock,) = host["locks"]
    assert (host["answer"], host["best"], lock["answer"], lock["grade"]) == ("no", [], "no", "refused")
    (failed,) = [finding for finding in lock["findings"] if finding["status"] == "fail"]
    assert (failed["rule"], failed["variants"]) == ("driver", ["cu118"])
    assert "525.60.13" in failed["expected"]
    assert len(failed["fix"]) == 3
    assert all(finding["source"] for finding in lock["findings"])
    assert sum(lock["counts"].values()) == len(lock["findings"])


def test_what_could_not_be_found_out_is_an_error_of_the_junit_report(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (lock,) = answer(capsys, f"locks/{CU121}", "--host", "facts.json")["locks"]
    assert verify(f"locks/{CU121}", "--host", "facts.json", "--format", "junit") == 1
    root = ElementTree.fromstring(capsys.readouterr().out)
    assert root.tag == "testsuites"
    (suite,) = root
    cases = suite.findall("testcase")
    found = {kind: len(suite.findall(f"testcase/{kind}")) for kind in ("failure", "error", "system-out")}
    counts = lock["counts"]
    assert found == {"failure": counts["fail"], "error": counts["unknown"], "system-out": counts["warn"]}
    assert len(cases) == sum(counts.values())
    assert root.attrib["failures"] == suite.attrib["failures"] == str(counts["fail"])
    assert root.attrib["errors"] == suite.attrib["errors"] == str(counts["unknown"])


def test_the_report_goes_whole_to_the_file_that_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify("locks", "--host", "facts.json", "--format", "html", "-o", "out/report.html") == 0
    assert capsys.readouterr().out == ""
    page = (folder / "out" / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert page.endswith("</html>\n")
    assert [path.name for path in (folder / "out").iterdir()] == ["report.html"]


def test_facts_come_by_standard_input_too(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(founding(label=""))))
    assert verify(f"locks/{CU118}", "--host", "-") == 0
    assert capsys.readouterr().out.startswith("host     standard input\n")


def test_several_hosts_give_a_matrix_and_a_broken_one_a_row(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "newer.json").write_bytes(with_driver("535.161.08"))
    (folder / "cut.json").write_bytes(founding()[:800])
    assert verify("locks", "--host", "facts.json", "newer.json") == 0
    assert capsys.readouterr().out.splitlines()[:3] == [
        "host   founding-cu118                 founding-cu121",
        "gpu-7  yes: minor-version compatible  no: driver",
        "gpu-8  yes: full function             yes: full function",
    ]
    assert verify("locks", "--host", "facts.json", "newer.json", "cut.json") == 1
    out = capsys.readouterr().out
    assert "\ncut  unreadable: cut.json: " in out
    assert "verdict  NOT JUDGED: cut.json: " in out


def test_each_spec_needs_a_variant_that_fits(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = (
        (folder / "locks" / CU121).read_text(encoding="utf-8").replace('name = "founding"', 'name = "other"')
    )
    (folder / "locks" / "pylock.other-cu121.toml").write_text(
        other.partition("\n# sha256")[2].partition("\n")[2]
    )
    assert verify("locks", "--host", "facts.json") == 1
    verdict = capsys.readouterr().out.splitlines()[5]
    assert verdict.startswith("verdict  NO: founding-cu118 fits this host, minor-version compatible (")
    assert verdict.endswith("; other-cu121 does not fit this host: driver")


def test_two_locks_of_one_label_are_told_apart_by_their_paths(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(folder / "locks" / CU118, folder / "older.toml")
    host = answer(capsys, f"locks/{CU118}", "older.toml", f"locks/{CU118}", "--host", "facts.json")
    assert [lock["label"] for lock in host["locks"]] == [
        f"founding-cu118 (locks/{CU118})",
        "founding-cu118 (older.toml)",
    ]


def test_the_day_decides_whether_a_branch_is_still_supported(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "facts.json").write_bytes(with_driver("580.95.05"))
    for day, expected in (("2026-11-28", set()), ("2031-01-01", {"branch R580"})):
        main(["verify", f"locks/{CU118}", "--host", "facts.json", "--day", day, "--format", "json"])
        (host,) = json.loads(capsys.readouterr().out)["hosts"]
        warned = {one["subject"] for one in host["locks"][0]["findings"] if one["rule"] == "driver"}
        assert {subject for subject in warned if subject.startswith("branch")} == expected


@pytest.mark.parametrize("day", ["tomorrow", "2026-13-01", "20261128"])
def test_a_day_that_is_none_is_refused(folder: Path, capsys: pytest.CaptureFixture[str], day: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["verify", "locks", "--host", "facts.json", "--day", day])
    assert ended.value.code == 2
    assert f"{day!r} was met, a day such as 2026-11-28 is wanted" in capsys.readouterr().err


@pytest.mark.parametrize("item", ["nvml", "libc", "uname"])
def test_a_host_of_which_what_decides_is_not_known_gets_no_yes(
    folder: Path, capsys: pytest.CaptureFixture[str], item: str
) -> None:
    gone: dict[str, Any] = {f"call:{item}": None}
    if item == "nvml":
        gone |= dict.fromkeys(DRIVER_SEEN)
    (folder / "facts.json").write_bytes(founding(items=gone))
    assert verify(f"locks/{CU118}", "--host", "facts.json") == 1
    assert "verdict  NOT KNOWN: whether founding-cu118 fits this host: " in capsys.readouterr().out


def test_evidence_of_nothing_is_no_yes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "facts.json").write_bytes(b'{"envspec-evidence": 1, "by": "sh", "items": {}}')
    assert verify(f"locks/{CU118}", "--host", "facts.json") == 1
    assert "verdict  NOT KNOWN: " in capsys.readouterr().out


def test_a_label_of_a_host_can_not_steer_a_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "facts.json").write_bytes(founding(label="\x1b]0;owned\x07\u202e"))
    verify(f"locks/{CU118}", "--host", "facts.json", "-v")
    out = capsys.readouterr().out
    assert {char for char in out if not char.isprintable()} == {"\n"}
