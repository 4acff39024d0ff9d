from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from envspec.assets.integrity import confirm, posix_cksum
from envspec.errors import BrokenArtifactError

DATA = os.urandom(100_000) + b"\0" * 3_000_000


def zipped(method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("a/", b"")
        archive.writestr("a/x.pth", DATA)
        archive.writestr("empty", b"")
    return file.getvalue()


def makeself(payload: bytes, *, sums: str = "MD5", **wrong: str) -> bytes:
    """A self-extracting file with the lines of makeself 2.4's header that tell of its payload."""
    said = {
        "CRCsum": posix_cksum(iter([payload])) if sums == "CRCsum" else "0000000000",
        "MD5": hashlib.md5(payload).hexdigest() if sums == "MD5" else "00000000000000000000000000000000",
        "SHA": hashlib.sha256(payload).hexdigest() if sums == "SHA" else "0" * 64,
        "filesizes": str(len(payload)),
        **wrong,
    }
    lines = [f'{name}="{value}"' for name, value in said.items()]
    head = ["#!/bin/sh", "# This script was generated using Makeself 2.4.5", *lines]
    head += [f'skip="{len(head) + 2}"', "exit 0"]
    return "\n".join([*head, ""]).encode() + payload


@pytest.mark.parametrize(
    ("data", "how"),
    [
        (gzip.compress(DATA), "gzip, read to its end: length and CRC-32 agree"),
        (gzip.compress(DATA) + gzip.compress(DATA), "gzip, read to its end: length and CRC-32 agree"),
        (gzip.compress(DATA) + b"\0" * 512, "gzip, read to its end: length and CRC-32 agree"),
        (lzma.compress(DATA), "xz, read to its end: its checks agree"),
        (lzma.compress(DATA) + b"\0" * 8 + lzma.compress(b"more"), "xz, read to its end: its checks agree"),
        (bz2.compress(DATA), "bzip2, read to its end: its checks agree"),
        (zipped(), "zip, 2 members read to their end: lengths and CRC-32 agree"),
        (zipped(zipfile.ZIP_STORED), "zip, 2 members read to their end: lengths and CRC-32 agree"),
        (makeself(DATA), "makeself: the header's length and md5 agree"),
        (makeself(DATA, sums="SHA"), "makeself: the header's length and sha256 agree"),
        (makeself(DATA, sums="CRCsum"), "makeself: the header's length and CRC agree"),
    ],
    ids=["gzip", "two", "padded", "xz", "xz streams", "bzip2", "zip", "stored", "md5", "sha256", "crc"],
)
def test_a_whole_archive_says_how_it_confirms_itself(data: bytes, how: str) -> None:
    assert confirm(io.BytesIO(data)) == how


@pytest.mark.parametrize(
    "data",
    [b"", b"plain bytes", b"#!/bin/sh\necho hello\n", b"\x28\xb5\x2f\xfd zstd", makeself(DATA, sums="")],
)
def test_what_carries_no_check_confirms_nothing(data: bytes) -> None:
    assert confirm(io.BytesIO(data)) == ""


WHOLE = {
    "gzip": gzip.compress(DATA),
    "xz": lzma.compress(DATA),
    "bzip2": bz2.compress(DATA),
    "zip": zipped(),
    "makeself": makeself(DATA),
}


@pytest.mark.parametrize("name", WHOLE)
def test_an_archive_that_was_cut_is_not_whole(name: str) -> None:
    for cut in (1, 20, len(WHOLE[name]) // 2, len(WHOLE[name]) - 400):
        with pytest.raises(BrokenArtifactError):
            confirm(io.BytesIO(WHOLE[name][:-cut]))


@pytest.mark.parametrize("name", WHOLE)
def test_one_changed_byte_is_seen(name: str) -> None:
    data = bytearray(WHOLE[name])
    data[len(data) // 3] ^= 1
    with pytest.raises(BrokenArtifactError):
        confirm(io.BytesIO(data))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (makeself(DATA, filesizes="12"), "its header announces"),
        (makeself(DATA, filesizes=""), "its header doesn't say where its payload is"),
        (makeself(DATA, MD5="1" * 32), f"its header says {'1' * 32}"),
        (gzip.compress(DATA) + b"garbage", "it can't be read to its end"),
    ],
)
def test_a_file_that_contradicts_itself_is_not_whole(data: bytes, why: str) -> None:
    with pytest.raises(BrokenArtifactError) as raised:
        confirm(io.BytesIO(data))
    assert why in raised.value.why


def test_a_member_that_unpacks_to_more_than_it_says_is_not_whole() -> None:
    data = bytearray(zipped())
    directory = data.rindex(b"PK\1\2", 0, data.rindex(b"PK\1\2"))
    data[directory + 24 : directory + 28] = (5).to_bytes(4, "little")
    with pytest.raises(BrokenArtifactError):
        confirm(io.BytesIO(data))


def test_the_posix_sum_is_the_one_that_cksum_prints(tmp_path: Path) -> None:
    assert posix_cksum(iter([])) == "4294967295"
    assert posix_cksum(iter([b"123456789"])) == "930766865"
    if shutil.which("cksum"):
        (tmp_path / "data").write_bytes(DATA)
        told = subprocess.run(["cksum", tmp_path / "data"], capture_output=True, text=True, check=True).stdout
        assert told.split()[0] == posix_cksum(iter([DATA[:7], DATA[7:]]))
