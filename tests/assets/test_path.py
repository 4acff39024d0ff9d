"""Files and folders of the user's own: where they lie, and by which path they are found again."""

from __future__ import annotations

import pytest

from envspec.assets.interface import Context, OwnFile, Planned, ReadPath, Wish
from envspec.assets.path import plan
from envspec.target.host import Target

TARGET = Target(arch="x86_64", glibc=(2, 28), python="3.10.0", python_exact=False)
FILE = (OwnFile("", 3, "a" * 64, "0755"),)
FOLDER = (OwnFile("smoke.py", 3, "a" * 64, "0644"), OwnFile("sub/x.sh", 4, "b" * 64, "0755"))


def laid(path: str, dest: str, found: tuple[OwnFile, ...]) -> list[tuple[str, str, str]]:
    """(dest, path, mode) of each file."""
    wish = Wish("file", "path", path, {"path": path, "dest": dest})
    under_way = plan(wish, Context(TARGET))
    assert next(under_way) == [ReadPath(path)]
    with pytest.raises(StopIteration) as ended:
        under_way.send([found])
    planned = ended.value.value
    assert isinstance(planned, Planned)
    assert {file.root for file in planned.asset.files} == {"environment"}
    return [(file.dest, file.path, file.mode) for file in planned.asset.files]


@pytest.mark.parametrize(
    ("path", "dest", "where"),
    [
        ("weights/best.pt", "models/best.pt", ("models/best.pt", "weights/best.pt")),
        ("weights/best.pt", "models/", ("models/best.pt", "weights/best.pt")),
        ("./best.pt", "best.pt", ("best.pt", "best.pt")),
        ("../weights/best.pt", "best.pt", ("best.pt", "../weights/best.pt")),
        ("app/../best.pt", "models/", ("models/best.pt", "best.pt")),
    ],
)
def test_a_file_lies_at_dest_or_in_it_where_that_ends_in_a_slash(
    path: str, dest: str, where: tuple[str, str]
) -> None:
    assert laid(path, dest, FILE) == [(*where, "0755")]


@pytest.mark.parametrize("path", ["app", "app/", "./app/"])
@pytest.mark.parametrize("dest", ["code", "code/"])
def test_a_folder_lies_as_a_folder_at_dest(path: str, dest: str) -> None:
    assert laid(path, dest, FOLDER) == [
        ("code/smoke.py", "app/smoke.py", "0644"),
        ("code/sub/x.sh", "app/sub/x.sh", "0755"),
    ]


def test_the_folder_of_the_spec_itself_may_be_taken() -> None:
    assert laid(".", "code", FOLDER)[0] == ("code/smoke.py", "smoke.py", "0644")
