"""Two wheels, one path."""

from __future__ import annotations

from envspec.audit.conflicts import PathConflict, path_conflicts
from envspec.audit.reading import Reading


def test_different_bytes_at_one_path_are_a_conflict_and_equal_ones_are_not() -> None:
    readings = {
        "opencv-python-headless": Reading(files=(("cv2/__init__.py", 5, 1), ("cv2/cv2.abi3.so", 70, 3))),
        "opencv-python": Reading(files=(("cv2/__init__.py", 5, 1), ("cv2/cv2.abi3.so", 90, 4))),
        "numpy": Reading(files=(("numpy/__init__.py", 5, 1),)),
    }
    assert path_conflicts(readings) == (
        PathConflict("opencv-python", "opencv-python-headless", ("cv2/cv2.abi3.so",), 2),
    )


def test_equal_bytes_alone_are_no_conflict() -> None:
    readings = {name: Reading(files=(("google/__init__.py", 0, 0),)) for name in ("a", "b", "c")}
    assert path_conflicts(readings) == ()


def test_the_same_size_with_another_checksum_is_one() -> None:
    readings = {"a": Reading(files=(("x", 5, 1),)), "b": Reading(files=(("x", 5, 2),))}
    assert path_conflicts(readings) == (PathConflict("a", "b", ("x",), 1),)
