from __future__ import annotations

import json
from pathlib import Path

import pytest

from envspec.cli.main import main
from envspec.lock.codec import encode
from tests.lock.locks import distribution, lock

HELD = lock(
    distribution("easyocr", "1.7.2", "numpy", "torch"),
    distribution("numpy", "1.26.4"),
    distribution("requests", "2.32.0", extras=("socks",)),
    distribution("torch", "2.1.2+cu118", "numpy", "requests[socks]"),
    requirements=("easyocr", "torch==2.1.2"),
)


@pytest.fixture
def path(tmp_path: Path) -> str:
    path = tmp_path / "pylock.ocr.toml"
    path.write_bytes(encode(HELD))
    return str(path)


def test_the_tree_goes_down_from_what_the_spec_asks_for(
    path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tree", path]) == 0
    assert capsys.readouterr().out == (
        "ocr\n"
        "├── easyocr 1.7.2\n"
        "│   ├── numpy 1.26.4\n"
        "│   └── torch 2.1.2+cu118\n"
        "│       ├── numpy 1.26.4\n"
        "│       └── requests[socks] 2.32.0\n"
        "└── torch 2.1.2+cu118 (*)\n"
    )


def test_the_tree_ends_at_a_depth(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tree", path, "--depth", "0"]) == 0
    assert capsys.readouterr().out == "ocr\n├── easyocr 1.7.2\n└── torch 2.1.2+cu118\n"


def test_the_tree_goes_up_from_a_name(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tree", path, "--invert", "NumPy"]) == 0
    assert capsys.readouterr().out == (
        "ocr\n└── numpy 1.26.4\n    ├── easyocr 1.7.2\n    └── torch 2.1.2+cu118\n        └── easyocr 1.7.2\n"
    )


def test_json_has_a_row_for_each_line(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tree", path, "--depth", "0", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "lock": "ocr",
        "rows": [
            {"depth": 0, "name": "easyocr", "version": "1.7.2", "extras": [], "repeated": False},
            {"depth": 0, "name": "torch", "version": "2.1.2+cu118", "extras": [], "repeated": False},
        ],
        "left-out": 0,
    }


def test_a_chain_without_an_end_is_not_drawn_from_the_left_edge(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = lock(
        *(distribution(f"p{number:04}", "1", f"p{number + 1:04}") for number in range(3000)),
        requirements=("p0000",),
    )
    path = tmp_path / "pylock.toml"
    path.write_bytes(encode(held))
    assert main(["tree", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3001
    assert lines[41] == f"{' ' * 160}└── p0040 1"
    assert lines[3000] == f"(2959 levels) {' ' * 160}└── p2999 1"


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_lock_where_everything_requires_everything_is_shown_in_part(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    names = [f"p{number:03}" for number in range(400)]
    held = lock(*(distribution(name, "1", *names) for name in names), requirements=("p000",))
    path = tmp_path / "pylock.toml"
    path.write_bytes(encode(held))
    assert main(["tree", str(path), "--format", form]) == 0
    out = capsys.readouterr().out
    if form == "text":
        assert out.endswith("\n60,001 rows more; --depth or --invert shows a part\n")
        assert len(out) < 30_000_000
    else:
        told = json.loads(out)
        assert (len(told["rows"]), told["left-out"]) == (100_000, 60_001)


def test_a_name_that_is_not_locked_is_told_with_the_nearest(
    path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tree", path, "--invert", "nunpy"]) == 1
    assert capsys.readouterr().err == (
        f"envspec: {path}: no 'nunpy'\n"
        "  why: nothing of that name is locked there\n"
        "  fix: did you mean 'numpy'?\n"
    )
    assert main(["tree", path, "--invert", "nunpy", "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out) == {"lock": "ocr", "rows": [], "left-out": 0}


@pytest.mark.parametrize("depth", ["-1", "x", "1" * 30])
def test_a_depth_that_is_no_number_is_refused(
    path: str, depth: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["tree", path, "--depth", depth])
    assert caught.value.code == 2
    assert "expected one argument" in (error := capsys.readouterr().err) or "a whole number from 0" in error


def test_a_lock_can_not_put_orders_into_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = lock(distribution("a", "1", "b[\x1b[2J]"), distribution("b", "1"), requirements=("a[\x07]",))
    path = tmp_path / "pylock.toml"
    path.write_bytes(encode(held))
    assert main(["tree", str(path)]) == 0
    assert main(["why", "b", str(path)]) == 0
    assert not {"\x1b", "\x07"} & set(capsys.readouterr().out)
