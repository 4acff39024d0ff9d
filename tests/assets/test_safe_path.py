from __future__ import annotations

import pytest

from envspec.assets.safe_path import file_as_folder, path_problem, twins


@pytest.mark.parametrize(
    "path", ["a", "1_Pooling/config.json", ".gitattributes", "모델/가중치.bin", "a..b", "...", "x" * 255]
)
def test_an_ordinary_path_has_no_problem(path: str) -> None:
    assert path_problem(path) == ""


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("", "is empty, or longer than 1024 bytes"),
        ("a/" * 600 + "b", "is empty, or longer than 1024 bytes"),
        ("/etc/passwd", "leads outside its folder"),
        ("a/../../b", "leads outside its folder"),
        ("..", "leads outside its folder"),
        ("a//b", "has an empty name, or a dot, between its slashes"),
        ("a/", "has an empty name, or a dot, between its slashes"),
        ("./a", "has an empty name, or a dot, between its slashes"),
        ("a\\b", "holds a backslash, or a character that can't be printed"),
        ("a\0b", "holds a backslash, or a character that can't be printed"),
        ("a\x1b[2Jb", "holds a backslash, or a character that can't be printed"),
        ("a\u202eb", "holds a backslash, or a character that can't be printed"),
        ("\ud800", "is no text that UTF-8 can hold"),
        ("x" * 256, "holds a name longer than 255 bytes"),
        ("가" * 86, "holds a name longer than 255 bytes"),
    ],
)
def test_a_path_that_cannot_be_laid_says_why(path: str, problem: str) -> None:
    assert path_problem(path) == problem


def test_names_that_differ_by_case_are_twins() -> None:
    assert twins(["b", "README.md", "a/X", "readme.md", "a/x"]) == (
        ("README.md", "readme.md"),
        ("a/X", "a/x"),
    )


def test_a_file_that_is_also_a_folder_is_found() -> None:
    assert file_as_folder(["a/b/c", "a/b", "d"]) == "a/b"
    assert file_as_folder(["a/b/c", "a/bc", "d"]) == ""
