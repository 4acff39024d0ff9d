from __future__ import annotations

import io
import zipfile

import pytest

from envspec.assets.zip_members import find_member, member_parts, read_members
from envspec.errors import BrokenArtifactError


def archive(*members: tuple[str, bytes]) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members:
            made.writestr(name, data)
    return file


def test_a_member_is_found_by_its_name_in_whatever_folder() -> None:
    file = archive(("pack/craft.pth", b"weights" * 1000), ("readme", b""))
    info = find_member(file, "craft.pth")
    assert info.filename == "pack/craft.pth"
    assert b"".join(member_parts(file, info, max_bytes=7000)) == b"weights" * 1000


@pytest.mark.parametrize(
    ("members", "what"),
    [
        ((("other", b""),), "the archive has no member craft.pth"),
        ((("a/craft.pth", b"1"), ("b/craft.pth", b"2")), "the archive has craft.pth 2 times"),
    ],
)
def test_a_member_that_is_not_the_only_one_is_told(members: tuple[tuple[str, bytes], ...], what: str) -> None:
    with pytest.raises(BrokenArtifactError) as raised:
        find_member(archive(*members), "craft.pth")
    assert raised.value.what == what


def test_a_bomb_is_refused_by_what_it_says_and_by_what_it_does() -> None:
    file = archive(("bomb", b"\0" * 10_000_000))
    info = find_member(file, "bomb")
    with pytest.raises(BrokenArtifactError, match="isn't whole"):
        list(member_parts(file, info, max_bytes=1_000_000))
    info.file_size = 1000
    with pytest.raises(BrokenArtifactError) as raised:
        list(member_parts(file, info, max_bytes=1_000_000))
    assert "1000 bytes" in raised.value.why


def test_all_members_share_one_bound() -> None:
    file = archive(*((f"m{number}", b"\0" * 1000) for number in range(10)))
    assert sum(read.size for read in read_members(file, max_bytes=10_000)) == 10_000
    with pytest.raises(BrokenArtifactError):
        list(read_members(file, max_bytes=9_999))


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\3\4" + b"\0" * 100])
def test_what_is_no_zip_is_told(data: bytes) -> None:
    with pytest.raises(BrokenArtifactError, match="no whole zip file"):
        list(read_members(io.BytesIO(data), max_bytes=1))
