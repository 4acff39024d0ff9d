from __future__ import annotations

import io
import random
import struct
import warnings
import zipfile
from collections.abc import Callable

import pytest

from envspec.errors import BrokenArtifactError, BrokenBodyError, HttpStatusError, TooLargeError
from envspec.index.wheel_tail import metadata_by_ranges, metadata_from_wheel
from envspec.ports import Response

NAME = "keybert-0.8.5-py3-none-any.whl"
METADATA = b"Metadata-Version: 2.1\nName: keybert\nVersion: 0.8.5\n"
MEMBER = "keybert-0.8.5.dist-info/METADATA"


def wheel(
    members: dict[str, bytes] | None = None,
    *,
    method: int = zipfile.ZIP_DEFLATED,
    comment: bytes = b"",
    padding: int = 0,
    many: int = 0,
) -> bytes:
    """A wheel of ``padding`` bytes that don't pack, METADATA, and ``many`` small members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("keybert/weights.bin", random.Random(1).randbytes(padding))
        for name, content in (members or {MEMBER: METADATA}).items():
            archive.writestr(name, content)
        for number in range(many):
            archive.writestr(f"keybert/a_module_with_a_name_of_some_length_{number}.py", b"")
        archive.comment = comment
    return file.getvalue()


class Server:
    """Answers ranges of one wheel, properly or as ``mode`` says; remembers what was asked."""

    def __init__(self, data: bytes, mode: str = "proper") -> None:
        self.data = data
        self.mode = mode
        self.asked: list[str] = []

    def __call__(self, byte_range: str, limit: int) -> Response:
        self.asked.append(byte_range)
        total = len(self.data)
        first, _, last = byte_range.removeprefix("bytes=").partition("-")
        start = int(first) if first else max(0, total - int(last))
        body = self.data[start : int(last) + 1 if first else total]
        place = f"bytes {start}-{start + len(body) - 1}/{total}"
        if self.mode == "ignored":
            return self.whole(limit)
        if self.mode in ("416", "501"):
            return Response(int(self.mode), {}, b"", "https://index.example/w")
        if self.mode == "no-suffix" and not first:
            return Response(416, {"content-range": f"bytes */{total}"}, b"", "https://index.example/w")
        if self.mode == "no-place":
            return Response(206, {}, body, "https://index.example/w")
        if self.mode == "other-place":
            place = f"bytes 0-{len(body) - 1}/{total}"
        if self.mode == "short":
            body = body[:-1]
        if self.mode == "other-bytes":
            body = bytes(byte ^ 0xFF for byte in body)
        if self.mode == "packed":
            return Response(206, {"content-range": place, "content-encoding": "gzip"}, body, "")
        if self.mode == "first-only" and len(self.asked) > 1:
            return self.whole(limit)
        return Response(206, {"content-range": place}, body, "https://index.example/w")

    def whole(self, limit: int) -> Response:
        if len(self.data) > limit:
            raise TooLargeError(what="too large")
        return Response(200, {}, self.data, "https://index.example/w")


def test_a_small_wheel_takes_one_question() -> None:
    server = Server(wheel())
    assert metadata_by_ranges(NAME, server) == METADATA
    assert server.asked == ["bytes=-67584"]


def test_only_the_tail_of_a_large_wheel_travels() -> None:
    server = Server(wheel(padding=2_000_000))
    assert metadata_by_ranges(NAME, server) == METADATA
    assert server.asked == ["bytes=-67584"]


def test_a_long_list_of_members_is_asked_for_by_its_place() -> None:
    server = Server(wheel(padding=100_000, many=3000, method=zipfile.ZIP_STORED))
    assert metadata_by_ranges(NAME, server) == METADATA
    assert server.asked == ["bytes=-67584", "bytes=342052-632084", "bytes=100049-100673"]


@pytest.mark.parametrize("mode", ["proper", "ignored", "no-suffix", "first-only"])
@pytest.mark.parametrize("many", [0, 3000])
def test_servers_that_lead_to_the_metadata(mode: str, many: int) -> None:
    assert metadata_by_ranges(NAME, Server(wheel(padding=100_000, many=many), mode)) == METADATA


@pytest.mark.parametrize("mode", ["416", "501", "no-place", "other-place", "short", "other-bytes", "packed"])
def test_servers_whose_parts_cannot_be_trusted_lead_to_the_whole_wheel(mode: str) -> None:
    assert metadata_by_ranges(NAME, Server(wheel(padding=100_000), mode)) is None


def test_a_server_that_ignores_ranges_of_a_huge_wheel_leads_to_a_proper_download() -> None:
    assert metadata_by_ranges(NAME, Server(wheel(padding=9_000_000), "ignored")) is None


def raising(error: Exception) -> Callable[[str, int], Response]:
    def ask(byte_range: str, limit: int) -> Response:
        raise error

    return ask


def test_a_server_that_fails_at_ranges_may_still_give_the_whole_wheel() -> None:
    assert metadata_by_ranges(NAME, raising(HttpStatusError(status=500, what="failed"))) is None
    assert metadata_by_ranges(NAME, raising(BrokenBodyError(what="cut"))) is None


def test_a_refusal_is_passed_on() -> None:
    with pytest.raises(HttpStatusError, match="no"):
        metadata_by_ranges(NAME, raising(HttpStatusError(status=403, what="no")))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(wheel(method=zipfile.ZIP_STORED), id="stored"),
        pytest.param(wheel(comment=b"x" * 65_535), id="longest-comment"),
        pytest.param(wheel(comment=b"PK\5\6" + bytes(17)), id="a-signature-inside-the-comment"),
        pytest.param(wheel({MEMBER: METADATA, "vendored/x-1.dist-info/METADATA": b"x"}), id="vendored"),
        pytest.param(wheel({"KeyBERT-0.8.5.0.dist-info/METADATA": METADATA}), id="another-spelling"),
    ],
)
def test_archives_of_every_make_are_read(data: bytes) -> None:
    assert metadata_from_wheel(data, NAME) == METADATA
    assert metadata_from_wheel(io.BytesIO(data)) == METADATA
    assert metadata_by_ranges(NAME, Server(data)) == METADATA


def zip64() -> bytes:
    """The plain wheel, with every number moved to its long place."""
    data = wheel(method=zipfile.ZIP_STORED)
    end = data.rindex(b"PK\5\6")
    count, size, start = struct.unpack_from("<HLL", data, end + 10)
    listing = b""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            name = member.filename.encode()
            extra = struct.pack(
                "<HHHHQQQ", 0x5455, 0, 1, 24, member.file_size, member.file_size, member.header_offset
            )
            listing += b"PK\1\2" + struct.pack(
                "<6H3L5H2L", 45, 45, 0, 0, 0, 33, member.CRC, 0xFFFFFFFF, 0xFFFFFFFF,
                len(name), len(extra), 0, 0, 0, 0, 0xFFFFFFFF,
            ) + name + extra  # fmt: skip
    place = start + len(listing)
    assert size < len(listing)
    return (
        data[:start] + listing
        + struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(listing), start)
        + struct.pack("<4sLQL", b"PK\6\7", 0, place, 1)
        + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    )  # fmt: skip


def test_zip64_is_read() -> None:
    with zipfile.ZipFile(io.BytesIO(zip64())) as archive:
        assert archive.read(MEMBER) == METADATA
    assert metadata_from_wheel(zip64(), NAME) == METADATA
    assert metadata_by_ranges(NAME, Server(zip64())) == METADATA


def two_of_one_name() -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w") as archive:
        warnings.simplefilter("ignore")
        archive.writestr(MEMBER, METADATA)
        archive.writestr(MEMBER, METADATA)
    return file.getvalue()


def changed(data: bytes, at: int, value: bytes) -> bytes:
    return data[:at] + value + data[at + len(value) :]


def in_list(data: bytes, offset: int, value: bytes) -> bytes:
    """``value`` put ``offset`` bytes into METADATA's record in the list of members."""
    return changed(data, data.rindex(b"PK\1\2", 0, data.rindex(MEMBER.encode())) + offset, value)


PLAIN = wheel(method=zipfile.ZIP_STORED)
END = PLAIN.rindex(b"PK\5\6")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "isn't a zip file"),
        (b"<html>please log in</html>" * 10_000, "isn't a zip file"),
        (PLAIN[:-1], "isn't a zip file"),
        (PLAIN[END:], "isn't where its end says"),
        (b"prefix" + PLAIN, "isn't where its end says"),
        (wheel(comment=b"PK\5\6" + bytes(18)), "isn't where its end says"),
        (changed(PLAIN, END + 4, b"\1\0"), "one of several volumes"),
        (changed(PLAIN, END + 8, b"\1\0\1\0"), "list of members is longer than it says"),
        (changed(PLAIN, END + 8, b"\xff\xff\xff\xff"), "its zip64 end is missing"),
        (changed(PLAIN, END + 16, b"\xff\xff\xff\xff"), "its zip64 end is missing"),
        (wheel({"keybert/x.py": b""}), "has no METADATA"),
        (wheel({MEMBER: METADATA, "other-1.dist-info/METADATA": b""}), "has 2 METADATA files"),
        (two_of_one_name(), "has 2 METADATA files"),
        (wheel({"other-0.8.5.dist-info/METADATA": b""}), "metadata of another release: 'other-0.8.5'"),
        (wheel({"keybert-0.8.6.dist-info/METADATA": b""}), "metadata of another release: 'keybert-0.8.6'"),
        (wheel({MEMBER: bytes(17_000_000)}), "its METADATA has 17000000 bytes"),
        (in_list(PLAIN, 8, b"\1\0"), "encrypted"),
        (in_list(PLAIN, 10, b"\x0e\0"), "packed by another method"),
        (in_list(PLAIN, 16, b"\0\0\0\0"), "length and checksum"),
        (in_list(PLAIN, 24, b"\1\0\0\0"), "length and checksum"),
        (in_list(PLAIN, 20, b"\xff\xff\0\0"), "overlaps another member"),
        (in_list(PLAIN, 42, b"\0\0\0\0"), "isn't where the list says"),
        (in_list(PLAIN, 42, b"\xf0\xff\xff\xff"), "points outside of itself"),
        (in_list(PLAIN, 42, b"\xff\xff\xff\xff"), "a zip64 field is missing"),
        (in_list(PLAIN, 28, b"\xff\xff"), "list of members is broken"),
        (in_list(wheel(), 24, b"\1\0\0\0"), "length and checksum"),
        (in_list(wheel(method=zipfile.ZIP_STORED), 10, b"\x08\0"), "can't be unpacked"),
    ],
)  # fmt: skip
def test_a_wheel_that_cannot_be_read_says_why(data: bytes, message: str) -> None:
    with pytest.raises(BrokenArtifactError) as error:
        metadata_from_wheel(data, NAME)
    assert message in str(error.value)


def bomb() -> bytes:
    """16 GiB of zeros by its list, a few KiB on the wire: sixteen MiB at most are unpacked."""
    return in_list(wheel({MEMBER: bytes(15_000_000)}), 24, b"\0\0\xff\0")


def test_a_bomb_is_not_unpacked() -> None:
    with pytest.raises(BrokenArtifactError, match="can't be read"):
        metadata_from_wheel(bomb())


def test_members_that_overlap_are_refused() -> None:
    data = wheel({MEMBER: METADATA, "keybert/late.py": b"x"}, method=zipfile.ZIP_STORED)
    late = data.rindex(b"PK\1\2")
    inside = data.index(METADATA) + 5
    with pytest.raises(BrokenArtifactError, match="can't be read") as error:
        metadata_from_wheel(changed(data, late + 42, inside.to_bytes(4, "little")), NAME)
    assert error.value.why == "its METADATA overlaps another member"


def test_random_damage_never_ends_in_anything_else() -> None:
    chance = random.Random(5)
    data = zip64()
    outcomes = set()
    for _ in range(3000):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.choice([0, 1, 0x7F, 0xFF, chance.randrange(256)])
        try:
            outcomes.add(metadata_from_wheel(bytes(damaged), NAME) == METADATA)
        except BrokenArtifactError:
            outcomes.add(False)
        metadata_or_none(bytes(damaged))
    assert outcomes == {True, False}


def metadata_or_none(data: bytes) -> bytes | None:
    try:
        return metadata_by_ranges(NAME, Server(data))
    except BrokenArtifactError:
        return None
