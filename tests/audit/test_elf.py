"""ELF files that gcc made, and files that lie about where their tables are."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path

import pytest

from envspec.audit.elf import BrokenElfError, ReadAt, is_module, read_elf
from tests.audit.binaries import compiled, needs_gcc

SOURCE = """
#include <math.h>
#include <string.h>
#include <netdb.h>
double run(double x, char *to, const char *from, unsigned long n) {
    memcpy(to, from, n);
    return pow(x, (double) n);
}
int find(const char *name) { return getaddrinfo(name, 0, 0, 0); }
"""


def over(data: bytes) -> ReadAt:
    return lambda offset, length: data[offset : offset + length]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("elf")
    compiled(folder, "libhelper.so.2", "int helper(void) { return 1; }", "-Wl,-soname,libhelper.so.2")
    return compiled(
        folder, "libdemo.so.1", SOURCE, "-Wl,-soname,libdemo.so.1", "-Wl,--no-as-needed", "-lm",
        str(folder / "libhelper.so.2"),
    )  # fmt: skip


@needs_gcc
def test_soname_needed_and_versions_are_read(library: bytes) -> None:
    elf = read_elf("demo/libdemo.so.1", over(library))
    assert elf is not None
    assert elf.soname == "libdemo.so.1"
    assert elf.needed == ("libm.so.6", "libhelper.so.2", "libc.so.6")
    assert elf.glibc == "2.29"  # pow was made anew in it; memcpy asks for 2.14, getaddrinfo for 2.2.5
    assert elf.glibcxx == ""
    assert elf.looks_up_hosts


@needs_gcc
def test_a_library_that_looks_nothing_up_is_told_apart(tmp_path: Path) -> None:
    elf = read_elf("a.so", over(compiled(tmp_path, "a.so", "int f(void) { return 1; }")))
    assert elf is not None
    assert (elf.looks_up_hosts, elf.glibc) == (False, "")


@needs_gcc
def test_a_file_cut_anywhere_is_broken_or_says_less_and_never_raises_more(library: bytes) -> None:
    whole = read_elf("a", over(library))
    for size in range(0, len(library), 97):
        try:
            elf = read_elf("a", over(library[:size]))
        except BrokenElfError:
            continue
        assert elf is None or whole is None or set(elf.needed) <= set(whole.needed)


@needs_gcc
def test_a_file_with_any_header_byte_changed_never_raises_more(library: bytes) -> None:
    for place in range(4, 400):
        data = bytearray(library)
        data[place] ^= 0xFF
        with suppress(BrokenElfError):
            elf = read_elf("a", over(bytes(data)))
            assert elf is None or len(elf.needed) <= 1024


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param(b"MZ" + b"\0" * 100, "it isn't ELF", id="another format"),
        pytest.param(b"\x7fELF\1\1" + b"\0" * 100, "it isn't 64-bit", id="32-bit"),
        pytest.param(b"\x7fELF", "it isn't ELF", id="only a magic"),
    ],
)
def test_what_is_not_read_says_why(data: bytes, why: str) -> None:
    with pytest.raises(BrokenElfError, match=why):
        read_elf("a", over(data))


def header(headers: int, count: int) -> bytes:
    return (
        b"\x7fELF\2\1".ljust(32, b"\0")
        + struct.pack("<Q", headers).ljust(22, b"\0")
        + struct.pack("<HH", 56, count)
        + b"\0" * 6
    )


def test_headers_outside_of_the_file_are_refused() -> None:
    with pytest.raises(BrokenElfError, match="its program headers lie outside the file"):
        read_elf("a", over(header(2**40, 3)))


def test_more_headers_than_any_file_has_are_refused() -> None:
    with pytest.raises(BrokenElfError, match="it claims 60000 program headers of 56 bytes"):
        read_elf("a", over(header(64, 60000)))


def test_a_dynamic_section_longer_than_any_is_refused() -> None:
    segment = struct.pack("<IIQQQQQQ", 2, 0, 200, 0, 0, 2**40, 0, 8)
    with pytest.raises(BrokenElfError, match="its dynamic section is longer than any"):
        read_elf("a", over(header(64, 1) + segment))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("numpy/core/_multiarray.cpython-310-x86_64-linux-gnu.so", True),
        ("cv2/cv2.abi3.so", True),
        ("torchvision/_C.so", False),
        ("torch/lib/libtorch.so", False),
    ],
)
def test_an_extension_module_is_known_by_its_tag(path: str, expected: bool) -> None:
    assert is_module(path) is expected
