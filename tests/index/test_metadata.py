from __future__ import annotations

import pytest

from envspec.errors import BrokenArtifactError
from envspec.index.metadata import CoreMetadata, parse_metadata

KEYBERT = b"""\
Metadata-Version: 2.1
Name: keybert
Version: 0.8.5
Summary: KeyBERT performs keyword extraction
License: MIT License
        Requires-Dist: no-header-but-text-of-the-licence
Requires-Python: >=3.8
Description-Content-Type: text/markdown
Requires-Dist: numpy>=1.18.5
Requires-Dist: pytest>=5.4.3;
  extra == "dev"
provides-extra: dev
Provides-Extra: flair

Requires-Dist: said-in-the-description
"""


def test_the_fields_that_resolving_reads() -> None:
    assert parse_metadata(KEYBERT) == CoreMetadata(
        metadata_version="2.1",
        name="keybert",
        version="0.8.5",
        requires_dist=("numpy>=1.18.5", 'pytest>=5.4.3; extra == "dev"'),
        requires_python=">=3.8",
        provides_extra=("dev", "flair"),
    )


@pytest.mark.parametrize("end", [b"\r\n", b"\r"], ids=["windows", "old macs"])
def test_other_line_ends_and_a_byte_order_mark_change_nothing(end: bytes) -> None:
    assert parse_metadata(b"\xef\xbb\xbf" + KEYBERT.replace(b"\n", end)) == parse_metadata(KEYBERT)


def test_bytes_that_are_no_utf_8_are_replaced() -> None:
    read = parse_metadata(
        b"Metadata-Version: 2.4\nName: a\nVersion: 1\nAuthor: J\xf6rg\nDynamic: Requires-Dist\n"
    )
    assert (read.name, read.dynamic) == ("a", ("requires-dist",))


def test_a_line_that_is_no_header_ends_them() -> None:
    read = parse_metadata(b"Metadata-Version: 1.0\nName: a\nVersion: 1\nand so on\nProvides-Extra: b\n")
    assert read.provides_extra == ()


@pytest.mark.parametrize("line", ["Requires-Dist: b", "requires-python: >=3.9"])
def test_a_requirement_behind_a_line_that_ends_the_headers_is_not_lost_in_silence(line: str) -> None:
    text = f"Metadata-Version: 2.1\nName: a\nVersion: 1\nand so on\nSummary: c\n{line}\n\nbody"
    with pytest.raises(BrokenArtifactError) as told:
        parse_metadata(text.encode(), "x.whl")
    assert told.value.what == f"x.whl has '{line}' behind 'and so on'"


def test_the_line_that_separates_mails_ends_nothing() -> None:
    text = b"Metadata-Version: 2.1\nName: a\nFrom nobody\nVersion: 1\nRequires-Dist: b\n"
    assert parse_metadata(text).requires_dist == ("b",)


def test_the_first_name_counts() -> None:
    assert parse_metadata(b"Metadata-Version: 2.1\nName: a\nName: b\nVersion: 1\n").name == "a"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "x.whl lacks Metadata-Version and Name and Version"),
        (b"\n" + KEYBERT, "x.whl lacks Metadata-Version and Name and Version"),
        (b"Metadata-Version: 2.1\nName: a\nVersion:\n", "x.whl lacks Version"),
        (b"Metadata-Version: 3.0\nName: a\nVersion: 1\n", "x.whl has Metadata-Version '3.0'"),
        (KEYBERT[:-50] + b"X: y\n" * 300_000, "x.whl has headers of more than 1048576 bytes"),
        (
            b"Metadata-Version: 2.1\nName: a\nVersion: 1\n" + b"Requires-Dist: b\n" * 20_001,
            "x.whl names more than 20000 requirements",
        ),
        (b"\x00" * 1000, "x.whl lacks Metadata-Version and Name and Version"),
    ],
)
def test_broken_metadata_says_what_is_wrong(data: bytes, what: str) -> None:
    with pytest.raises(BrokenArtifactError) as error:
        parse_metadata(data.removesuffix(b"\n\n"), "x.whl")
    assert error.value.what == what


def test_a_header_without_a_name_ends_nothing() -> None:
    text = b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n: lost\nRequires-Dist: a\n"
    assert parse_metadata(text).requires_dist == ("a",)
