"""A few members of a wheel or sdist, from a file or by byte ranges."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile

import pytest

from envspec.errors import BrokenArtifactError
from envspec.index.members import sdist_members, wheel_members
from envspec.index.range_file import BLOCK_BYTES, NoRangesError, RangeFile
from envspec.ports import Response

CONFIG = b"weights = {'craft': 'https://github.com/x.zip'}\n" * 50


def wheel_bytes(**members: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/") + ".py", content)
    return data.getvalue()


LARGE = wheel_bytes(
    a__pad=os.urandom(5 * BLOCK_BYTES), easyocr__config=CONFIG, z__pad=os.urandom(5 * BLOCK_BYTES)
)


_AT = LARGE.index(b"easyocr/config.py") + len(b"easyocr/config.py") + 10
DAMAGED = LARGE[:_AT] + bytes([LARGE[_AT] ^ 0xFF]) + LARGE[_AT + 1 :]


class Server:
    """Answers ranges of one file, and counts."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked: list[str] = []

    def __call__(self, wanted: str, limit: int) -> Response:
        self.asked.append(wanted)
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        size = len(self.data)
        start = int(first) if first else max(0, size - int(last))
        end = min(int(last) + 1, size) if first else size
        body = self.data[start:end]
        assert len(body) <= limit
        return Response(
            206, {"content-range": f"bytes {start}-{end - 1}/{size}"}, body, "https://x.example/w"
        )


def test_a_member_of_a_large_wheel_is_read_by_a_few_ranges() -> None:
    server = Server(LARGE)
    found = wheel_members(RangeFile(server).buffered(), "w", ["easyocr/config.py", "easyocr/gone.py"], 10_000)
    assert found == {"easyocr/config.py": CONFIG}
    assert len(server.asked) <= 4


def test_a_wheel_smaller_than_a_block_comes_in_one_part() -> None:
    server = Server(wheel_bytes(x=b"1"))
    assert wheel_members(RangeFile(server).buffered(), "w", ["x.py"], 10) == {"x.py": b"1"}
    assert server.asked == [f"bytes=-{BLOCK_BYTES}"]


def test_a_whole_file_is_read_too() -> None:
    assert wheel_members(io.BytesIO(LARGE), "w", ["easyocr/config.py"], 10_000) == {
        "easyocr/config.py": CONFIG
    }


@pytest.mark.parametrize(
    "answer",
    [
        Response(200, {}, b"the whole file", "u"),
        Response(206, {}, b"x", "u"),
        Response(206, {"content-range": "bytes 0-9/10"}, b"x", "u"),
        Response(206, {"content-range": "bytes 0-9/5"}, b"0123456789", "u"),
        Response(206, {"content-range": "bytes 5-9/10"}, b"01234", "u"),
        Response(206, {"content-range": "bytes 0-0/1", "content-encoding": "gzip"}, b"x", "u"),
    ],
    ids=["all of it", "no place", "too short", "beyond its end", "not the tail", "encoded"],
)
def test_a_server_that_botches_ranges_is_left(answer: Response) -> None:
    with pytest.raises(NoRangesError):
        RangeFile(lambda wanted, limit: answer)


def test_a_server_that_changes_its_mind_is_left() -> None:
    whole, other = Server(LARGE), Server(LARGE + b"x")
    file = RangeFile(lambda wanted, limit: (other if whole.asked else whole)(wanted, limit))
    with pytest.raises(NoRangesError):
        wheel_members(file.buffered(), "w", ["easyocr/config.py"], 10_000)


@pytest.mark.parametrize(
    "data",
    [b"", b"no zip", LARGE[:-30], LARGE[: len(LARGE) // 2], DAMAGED],
)
def test_a_broken_wheel_is_told(data: bytes) -> None:
    with pytest.raises(BrokenArtifactError, match="w can't be read"):
        wheel_members(io.BytesIO(data), "w", ["easyocr/config.py"], 10_000)


def test_a_member_beyond_its_bound_is_not_unpacked() -> None:
    bomb = wheel_bytes(x=b"\0" * 50_000_000)
    with pytest.raises(BrokenArtifactError, match=r"w: x.py has more than 1,000 bytes"):
        wheel_members(io.BytesIO(bomb), "w", ["x.py"], 1000)


def test_an_sdist_is_searched_below_its_folder_and_below_src() -> None:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name, content in (
            ("whisper-1/whisper/__init__.py", b"models"),
            ("whisper-1/src/other/x.py", b"x"),
            ("whisper-1/tests/whisper/__init__.py", b"no"),
        ):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    data.seek(0)
    names = ["whisper/__init__.py", "other/x.py", "gone.py"]
    assert sdist_members(data, "s", names, 100) == {"whisper/__init__.py": b"models", "other/x.py": b"x"}
    data.seek(0)
    with pytest.raises(BrokenArtifactError, match="has more than 3 bytes"):
        sdist_members(data, "s", names, 3)
