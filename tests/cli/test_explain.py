from __future__ import annotations

import json
from pathlib import Path

import pytest

from envspec.cli.main import main
from envspec.compat.rules import rules


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["explain", *arguments]) == 0
    return capsys.readouterr().out


def test_without_a_rule_all_are_listed_with_what_they_ask(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys).splitlines()
    assert len(lines) == len(rules())
    assert lines[0] == (
        "driver          Does the host's NVIDIA driver bear the CUDA that the locked builds were made for?"
    )


def test_a_rule_is_told_with_its_table_and_a_footnote_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "numpy")
    assert text == (
        """\
numpy: Does the lock pair numpy 2 with something that was built for numpy 1?

  A module compiled against numpy 1 cannot be loaded into numpy 2; one compiled against numpy 2 runs
  with both.

What it does not see or promise
  Only projects whose own metadata lets the pair through stand in the table.

The rule itself is from [1].

torch.numpy-one
       project                         before     says
  [2]  torch                           2.3        RuntimeError: Numpy is not available
  [3]  opencv-python                   4.10.0.84  ImportError: numpy.core.multiarray failed to import
  [3]  opencv-python-headless          4.10.0.84  ImportError: numpy.core.multiarray failed to import
  [3]  opencv-contrib-python           4.10.0.84  ImportError: numpy.core.multiarray failed to import
  [3]  opencv-contrib-python-headless  4.10.0.84  ImportError: numpy.core.multiarray failed to import

Sources
  [1] https://numpy.org/doc/stable/user/troubleshooting-importerror.html (checked 2026-11-28)
  [2] https://github.com/pytorch/pytorch/issues/107302 (2.3.0 is validated with numpy 2);
      https://github.com/securefederatedai/openfederatedlearning/issues/999 (2.2.2 is not) (checked
      2026-11-28)
  [3] https://github.com/opencv/opencv-python/issues/997; measured: opencv-python-headless 4.9.0.80
      and 4.10.0.82 fail with numpy 2.0.2 on CPython 3.10, 4.10.0.84 does not (checked 2026-11-28)
"""
    )


def test_the_driver_rule_shows_both_floors_and_the_branches_to_go_to(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = [line.split() for line in said(capsys, "driver").splitlines()]
    rows = [tuple(line[1:]) for line in lines if line and line[0].startswith("[")]
    assert ("11", "450.80.02", ">=450") in rows
    assert ("12", "525.60.13", ">=525") in rows
    assert ("11.8.0", "520.61.05", "520.61.05") in rows
    assert ("580", "lts", "2028-06", "13.0", "Maxwell,", "Pascal,", "Volta") in rows
    assert (
        "cuda-compat-12-1",
        "530.30.02",
        "450,",
        "470,",
        "510,",
        "515,",
        "525",
        "450,",
        "510,",
        "515",
    ) in rows


def test_what_only_observations_say_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "gpu")
    marked = [line for line in text.splitlines() if "]* " in line]
    assert [line.split()[1] for line in marked] == ["a100-sxm-64gb", "l2", "h800-sxm", "h20"]
    assert "  * an observation that others can't look up: never the only ground of a rule" in text
    assert "*" not in said(capsys, "numpy")


def test_a_cell_that_no_source_fills_is_told_from_one_that_is_empty(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = said(capsys, "gpu-code").splitlines()
    targets = {
        tuple(line.split()[1:3]): line.split()[4:] for line in lines if line.count("cu") or "cpu" in line
    }
    assert targets["2.6", "cu118"] == ["?"]
    assert targets["2.6", "cpu"] == ["none"]


@pytest.mark.parametrize("name", [rule.name for rule in rules()])
def test_every_rule_can_be_told_in_text_and_in_json(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, name)
    document = json.loads(said(capsys, name, "--format", "json"))
    assert text.startswith(f"{name}: ")
    assert document["name"] == name
    assert set(document) == {"name", "asks", "says", "limits", "tables", "source", "checked", "note", "weak"}
    for table, rows in document["tables"].items():
        assert f"\n{table}\n" in text
        assert all(row["source"] and row["checked"] for row in rows)


def test_the_list_in_json_has_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(said(capsys, "--format", "json"))
    assert [rule["name"] for rule in document["rules"]] == [rule.name for rule in rules()]


def test_a_rule_that_is_not_there_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "drivr"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("envspec: no rule 'drivr'\n  why: the rules are driver, gpu-code, gpu, ")
    assert err.endswith("\n  fix: envspec explain driver\n")


def test_a_rule_like_no_other_is_answered_with_how_to_list_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "zebra" * 1000]) == 2
    err = capsys.readouterr().err
    assert "fix: envspec explain lists them with what they ask" in err
    assert len(err) < 1000


def test_it_is_written_to_the_file_that_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "clock", "-o", str(tmp_path / "clock.txt")]) == 0
    assert capsys.readouterr().out == ""
    assert (tmp_path / "clock.txt").read_text().startswith("clock: Is the host's clock right?\n")
