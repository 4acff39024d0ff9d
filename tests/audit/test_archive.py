"""Members of hostile wheels: each ends in one named problem, and what's sound is still read."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable

import pytest

from envspec.audit import archive
from envspec.audit.archive import BrokenMemberError, BrokenWheelError, Member, chunks, content, list_members
from tests.distributions import make_wheel


def zipped(build: Callable[[zipfile.ZipFile], None]) -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        build(opened)
    return buffer


def only(file: io.BytesIO) -> Member:
    (member,) = list_members(file).members
    return member


def test_a_wheel_lists_its_files_with_sizes_and_checksums() -> None:
    file = io.BytesIO(
        make_wheel("demo", "1.0", files={"demo/__init__.py": b"x = 1\n", "demo/a.so": b"\x7fELF"})
    )
    listed = list_members(file)
    assert listed.problems == ()
    assert [(each.path, each.size) for each in listed.members[:2]] == [
        ("demo/__init__.py", 6),
        ("demo/a.so", 4),
    ]
    assert content(file, listed.members[0], 100) == b"x = 1\n"


@pytest.mark.parametrize("path", ["/etc/passwd", "../up.py", "a/../../b", "a\\b", "a//b", "./a"])
def test_a_path_that_leaves_the_wheel_is_left_out_and_named(path: str) -> None:
    listed = list_members(zipped(lambda opened: opened.writestr(path, "x")))
    assert (listed.members, listed.problems) == ((), (f"{path}: leaves the wheel",))


def test_a_path_that_could_fake_a_line_of_the_report_is_left_out() -> None:
    listed = list_members(zipped(lambda opened: opened.writestr("a.py\nERROR: b", "x")))
    assert (listed.members, listed.problems) == ((), ("a.py?ERROR: b: its path holds what can't be printed",))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_path_that_stands_twice_is_read_in_neither_form() -> None:
    def build(opened: zipfile.ZipFile) -> None:
        for text in ("1", "2", "3"):
            opened.writestr("a.py", text)

    assert list_members(zipped(build)) == ((), ("a.py: stands in it more than once",))


def test_a_symbolic_link_is_not_followed() -> None:
    def build(opened: zipfile.ZipFile) -> None:
        link = zipfile.ZipInfo("a.py")
        link.external_attr = 0o120777 << 16
        opened.writestr(link, "/etc/passwd")

    assert list_members(zipped(build)) == ((), ("a.py: is a symbolic link, and wheels have none",))


def test_files_made_of_the_same_bytes_are_left_out() -> None:
    def build(opened: zipfile.ZipFile) -> None:
        for name in ("a.py", "b.py"):
            opened.writestr(name, b"x" * 5000)

    file = zipped(build)
    data = bytearray(file.getvalue())
    second = data.rfind(b"PK\1\2")
    data[second + 42 : second + 46] = struct.pack("<L", 0)
    listed = list_members(io.BytesIO(bytes(data)))
    assert listed.members == ()
    assert listed.problems == ("a.py: overlaps another file", "b.py: overlaps another file")


def test_what_is_no_zip_is_refused() -> None:
    with pytest.raises(BrokenWheelError, match="it isn't a zip file, or its end is missing"):
        list_members(io.BytesIO(b"not a zip" * 100))


def test_a_directory_that_would_fill_the_memory_is_refused_before_it_is_read() -> None:
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, 0xFFFFFFF0, 0, 0)
    with pytest.raises(BrokenWheelError, match="its directory claims 65535 files in 4294967280 bytes"):
        list_members(io.BytesIO(b"\0" * 100 + end))


def test_a_zip64_directory_that_would_fill_the_memory_is_refused_too() -> None:
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 10**9, 10**9, 46, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    with pytest.raises(BrokenWheelError, match="its directory claims 1000000000 files in 46 bytes"):
        list_members(io.BytesIO(end64 + locator + end))


def test_a_directory_that_lies_is_refused_without_a_traceback() -> None:
    data = bytearray(make_wheel("demo", "1.0"))
    place = data.find(b"PK\1\2")
    data[place + 28 : place + 30] = b"\xff\xff"  # the length of the first name
    with pytest.raises(BrokenWheelError, match="its directory claims 4 files and lists 1"):
        list_members(io.BytesIO(bytes(data)))


def test_a_wheel_that_claims_more_than_any_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_CONTENT_BYTES", 1000)
    file = zipped(lambda opened: opened.writestr("a.bin", b"\0" * 2000))
    with pytest.raises(BrokenWheelError, match="it claims to hold 2000 bytes, more than the 1000 we read"):
        list_members(file)


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_SUSPICIOUS_BYTES", 1 << 20)
    file = zipped(lambda opened: opened.writestr("a.so", b"\0" * (4 << 20)))
    with pytest.raises(BrokenMemberError, match="no library packs so well"):
        list(chunks(file, only(file)))


def test_a_file_that_unpacks_to_more_than_it_claims_stops_there() -> None:
    file = zipped(lambda opened: opened.writestr("a.so", b"\0" * 100_000))
    lying = only(file)._replace(size=10)
    with pytest.raises(BrokenMemberError, match="unpacks to more than the 10 bytes it claims"):
        list(chunks(file, lying))


def test_wrong_bytes_are_seen_by_their_checksum() -> None:
    file = zipped(lambda opened: opened.writestr("a.so", b"abc"))
    with pytest.raises(BrokenMemberError, match="doesn't have the length and the checksum that it claims"):
        list(chunks(file, only(file)._replace(crc=0)))


def test_a_damaged_stream_is_named() -> None:
    file = zipped(lambda opened: opened.writestr("a.so", bytes(range(256)) * 40))
    member = only(file)
    data = bytearray(file.getvalue())
    data[34:44] = b"\xff" * 10
    with pytest.raises(BrokenMemberError):
        list(chunks(io.BytesIO(bytes(data)), member))


def test_what_is_longer_than_such_a_file_may_be_is_not_read() -> None:
    file = zipped(lambda opened: opened.writestr("a.py", b"x" * 20))
    with pytest.raises(BrokenMemberError, match="has 20 bytes, more than the 10 we read of such a file"):
        content(file, only(file), 10)


def test_an_encrypted_file_is_not_read() -> None:
    file = zipped(lambda opened: opened.writestr("a.py", b"x"))
    with pytest.raises(BrokenMemberError, match="encrypted, or packed by another method than wheels may use"):
        list(chunks(file, only(file)._replace(is_encrypted=True)))


def test_several_pieces_of_a_stored_and_of_a_packed_file_come_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "CHUNK_BYTES", 1000)
    data = bytes(range(256)) * 100
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as opened:
            opened.writestr("a.so", data)
        assert b"".join(chunks(buffer, only(buffer))) == data
