"""Fat binaries among other bytes, however the file is cut into pieces."""

from __future__ import annotations

import pytest

from envspec.audit.fatbin import FatbinScan
from tests.audit.binaries import fat_binary

FILE = (
    b"\x7fELF"
    + b"\0" * 5000
    + fat_binary((2, 80, b"m" * 300), (2, 86, b"n" * 77), (1, 90, b"ptx " * 100))
    + b"\1" * 333
    + fat_binary((2, 90, b"k" * 10))
    + b"\0" * 50
)


@pytest.mark.parametrize("size", [1, 7, 16, 63, 64, 65, 1000, 100_000])
def test_targets_are_found_whatever_the_pieces(size: int) -> None:
    scan = FatbinScan()
    for at in range(0, len(FILE), size):
        scan.feed(FILE[at : at + size])
    assert scan.targets == {"sm_80", "sm_86", "compute_90", "sm_90"}


def test_numbers_that_are_no_architecture_end_the_fat_binary() -> None:
    scan = FatbinScan()
    scan.feed(fat_binary((2, 80, b"x"), (2, 4000, b"x"), (2, 86, b"x")))
    assert scan.targets == {"sm_80"}


def test_an_entry_longer_than_its_fat_binary_ends_it() -> None:
    data = bytearray(fat_binary((2, 80, b"x" * 10)))
    data[16 + 8 : 16 + 16] = (2**63).to_bytes(8, "little")
    scan = FatbinScan()
    scan.feed(bytes(data))
    assert scan.targets == set()


def test_the_magic_alone_is_no_target() -> None:
    scan = FatbinScan()
    scan.feed(fat_binary()[:8])
    scan.feed(b"\xff" * 200)
    assert scan.targets == set()
