"""``envspec fleet`` in process: folders of evidence by the locks of the founding spec."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envspec.cli.main import main
from tests.cli.test_verify import CU118, CU121, folder
from tests.evidence import OS_RELEASE, founding, with_driver

__all__ = ["folder"]

ON = ("--day", "2026-11-28")


def write(folder: Path, count: int) -> None:
    """Hosts ``facts/node-1.json`` ...: every third has a newer driver; one is of another OS, one is cut."""
    (folder / "facts").mkdir()
    for number in range(1, count + 1):
        data = with_driver("535.161.08", "") if number % 3 == 0 else founding("")
        (folder / "facts" / f"node-{number}.json").write_bytes(data)
    other = founding("", items={"file:/etc/os-release": {"text": OS_RELEASE.replace("8.9", "8.10")}})
    (folder / "facts" / "rack" / "b").mkdir(parents=True)
    (folder / "facts" / "rack" / "b" / "node-1.json").write_bytes(other)
    (folder / "facts" / ".hidden").write_bytes(b"no evidence")
    (folder / "facts" / "torn.json").write_bytes(founding()[:900])


def test_who_fits_who_is_alike_and_who_differs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, 6)
    assert main(["fleet", "facts", "locks", *ON]) == 1
    matrix, usual, newer, other, totals = capsys.readouterr().out.split("\n\n")
    lines = matrix.splitlines()
    assert lines[:4] == [
        "host           founding-cu118                 founding-cu121",
        "node-1         yes: minor-version compatible  no: driver",
        "node-2         yes: minor-version compatible  no: driver",
        "node-3         yes: full function             yes: full function",
    ]
    assert lines[7] == "rack/b/node-1  yes: minor-version compatible  no: driver"
    assert lines[8].startswith("torn  unreadable: facts/torn.json: ")
    assert len(lines) == 9
    assert usual.splitlines() == [
        "group 1: 4 hosts: node-1, node-2, node-4, node-5",
        "  OS      Red Hat Enterprise Linux 8.9 (Ootpa)",
        "  GPU     1 x NVIDIA A100 80GB PCIe (compute capability 8.0, 80.0 GiB)",
        "  driver  515.105.01, proprietary kernel module, CUDA level 11.7",
        "  founding-cu118  yes: minor-version compatible",
        "  founding-cu121  no: driver",
    ]
    assert newer.splitlines()[:2] == ["group 2: 2 hosts: node-3, node-6", "  differs from group 1 by"]
    assert "    founding-cu121: yes, full; not no, refused" in newer.splitlines()
    assert other.splitlines()[2] == (
        "    OS: Red Hat Enterprise Linux 8.10 (Ootpa); not Red Hat Enterprise Linux 8.9 (Ootpa)"
    )
    assert totals == "8 hosts: 7 fit, 0 do not, 0 not known, 1 unreadable\nbest: founding-cu118 on 7\n"


def test_a_fleet_whose_every_host_fits_is_a_yes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, 3)
    (folder / "facts" / "torn.json").unlink()
    assert main(["fleet", "locks", "facts", *ON]) == 0
    assert main(["fleet", f"locks/{CU121}", "facts", *ON]) == 1
    assert main(["fleet", "locks", "facts", "--strict", *ON]) == 1


def test_what_to_do_is_told_for_a_group_that_does_not_fit(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, 2)
    assert main(["fleet", "facts/node-1.json", "facts/node-2.json", f"locks/{CU121}", *ON]) == 1
    lines = capsys.readouterr().out.splitlines()
    told = [line for line in lines if line.startswith("  founding-cu121: FAIL: driver: ")]
    assert len(told) == 1
    assert told[0].endswith(" (on node-1)")
    assert lines[lines.index(told[0]) + 1].startswith("    fix: ")


def test_the_json_holds_each_finding_once_and_hosts_point_to_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, 6)
    main(["fleet", "facts", "locks", "--format", "json", *ON])
    document = json.loads(capsys.readouterr().out)
    assert document["envspec-fleet"] == 1
    assert document["totals"] == {"yes": 7, "no": 0, "unknown": 0, "unreadable": 1}
    assert [group["hosts"] for group in document["groups"]] == [
        ["node-1", "node-2", "node-4", "node-5"],
        ["node-3", "node-6"],
        ["rack/b/node-1"],
    ]
    findings = document["findings"]
    assert len({json.dumps(finding) for finding in findings}) == len(findings)
    assert {finding["status"] for finding in findings} <= {"fail", "unknown", "warn"}
    first = document["hosts"][0]
    assert (first["label"], first["best"], first["passes"]) == ("node-1", ["founding-cu118"], True)
    refused = first["locks"][1]
    (failed,) = [findings[number] for number in refused["findings"] if findings[number]["status"] == "fail"]
    assert (failed["rule"], failed["grade"]) == ("driver", "refused")
    torn = document["hosts"][6]
    assert (torn["label"], torn["passes"], torn["locks"]) == ("torn", False, [])
    assert torn["trouble"].startswith("facts/torn.json: ")


def test_of_many_hosts_those_that_fit_are_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, 70)
    assert main(["fleet", "facts", "locks", *ON]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("torn  unreadable: ")
    assert lines[2] == "and 71 hosts that fit (--verbose names them)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["locks"], "a file of facts is missing among the arguments"),
        (["facts"], "a lock is missing among the arguments"),
        (["empty", "locks"], "empty: neither facts nor locks in it"),
        (["facts", "none.toml"], "none.toml: no such file"),
        (["facts", "empty.toml"], "not a lock: lock-version is missing"),
    ],
)
def test_what_is_missing_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    write(folder, 1)
    (folder / "empty").mkdir()
    (folder / "empty.toml").touch()
    assert main(["fleet", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err


def test_facts_that_are_missing_are_a_row(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, 1)
    assert main(["fleet", "none.json", "facts/node-1.json", f"locks/{CU118}", *ON]) == 1
    assert "\nnone  unreadable: none.json: no such file\n" in capsys.readouterr().out


def test_a_page_names_every_host(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, 6)
    assert main(["fleet", "facts", "locks", "--format", "html", "-o", "fleet.html", *ON]) == 1
    page = (folder / "fleet.html").read_text(encoding="utf-8")
    for name in ("node-1", "node-6", "rack/b/node-1", "torn"):
        assert f'<th scope="row">{name}</th>' in page
