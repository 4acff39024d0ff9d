"""Whole wheels to their Readings; parts of one give together what the whole gives."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import pytest

from envspec.audit import library as library_module
from envspec.audit import wheel as wheel_module
from envspec.audit.archive import BrokenWheelError
from envspec.audit.reading import Reading, decode, encode, merged
from envspec.audit.tables import sinks
from envspec.audit.wheel import big_libraries, installed_path, read_wheel
from tests.audit.binaries import compiled, fat_binary, needs_gcc
from tests.distributions import make_wheel

FETCH = b"import urllib.request\ndef f(u): urllib.request.urlretrieve(u)\n"


def read(files: dict[str, bytes]) -> Reading:
    return read_wheel(io.BytesIO(make_wheel("demo", "1.0", files=files)), sinks())


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("demo/a.py", "demo/a.py"),
        ("demo-1.0.data/purelib/demo/a.py", "demo/a.py"),
        ("demo-1.0.data/platlib/demo/a.so", "demo/a.so"),
        ("demo-1.0.data/scripts/run", "{scripts}/run"),
        ("demo-1.0.data/data/share/x", "{data}/share/x"),
    ],
)
def test_files_are_told_where_they_are_installed(path: str, expected: str) -> None:
    assert installed_path(path) == expected


def test_sources_are_read_where_they_are_installed_and_tests_are_not() -> None:
    reading = read({"demo-1.0.data/purelib/demo/a.py": FETCH, "demo/tests/test_a.py": FETCH})
    assert [row.file for row in reading.egress] == ["demo/a.py"]
    assert reading.python_files == 1


def test_modules_without_their_source_are_counted_and_caches_are_not() -> None:
    reading = read({"demo/a.pyc": b"x", "demo/__pycache__/b.cpython-311.pyc": b"x", "demo/b.py": b""})
    assert reading.blind == (("modules without their source", 1),)


def test_sizes_and_scripts_are_told() -> None:
    entry_points = b"[console_scripts]\nrun = demo:main\n[other]\nx = y\n"
    reading = read({"demo/a.py": b"x = 1\n", "demo-1.0.dist-info/entry_points.txt": entry_points})
    assert reading.files == (
        ("demo/a.py", 6, zlib.crc32(b"x = 1\n")),
        ("{scripts}/run", 9, zlib.crc32(b"demo:main")),
    )
    assert reading.file_count == 5
    assert reading.unpacked_bytes > 6 + len(entry_points)


@needs_gcc
def test_libraries_tell_versions_code_targets_and_clients_of_the_hub(tmp_path: Path) -> None:
    client = compiled(tmp_path, "client.so", 'const char *name = "hf_hub_download";')
    gpu = compiled(tmp_path, "gpu.so", "int f(void) { return 1; }") + fat_binary((2, 80, b"m"), (1, 90, b"p"))
    reading = read({"demo/client.abi3.so": client, "demo/libgpu.so.1": gpu})
    assert [(elf.path, elf.is_module) for elf in reading.elves] == [
        ("demo/client.abi3.so", True),
        ("demo/libgpu.so.1", False),
    ]
    assert [(row.kind, row.file, row.call) for row in reading.egress] == [
        ("native", "demo/client.abi3.so", "hf_hub_download")
    ]
    assert reading.code_targets == ("compute_90", "sm_80")
    assert reading.blind == (("libraries and programs of compiled code", 2),)


@needs_gcc
def test_a_big_library_is_read_while_it_passes_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "#include <string.h>\nvoid *f(void *a, void *b) { return memcpy(a, b, 9); }\n"
    source += "int filler[900000] = {1};"
    data = compiled(tmp_path, "big.so", source, "-Wl,-soname,libbig.so.1") + fat_binary((2, 86, b"m"))
    files = {"demo/libbig.so.1": data}
    whole = read(files)
    monkeypatch.setattr(library_module, "WHOLE_BYTES", 1000)
    for kept in (1 << 12, 1 << 16, 64 << 20):  # the smaller, the more has to be unpacked a second time
        monkeypatch.setattr(library_module, "KEPT_BYTES", kept)
        passing = read(files)
        assert passing.elves == whole.elves
        assert passing.code_targets == ("sm_86",)
        assert dict(passing.blind)["of them with more strings than are searched"] == 1
    assert whole.elves[0].soname == "libbig.so.1"
    assert whole.elves[0].glibc == "2.14"


def test_a_library_that_is_none_is_passed_over_and_a_broken_one_is_named() -> None:
    reading = read({"demo/a.so": b"not ELF at all", "demo/b.so": b"\x7fELF\2\1" + b"\xff" * 200})
    assert reading.elves == ()
    assert reading.not_read == ("demo/b.so: it claims 65535 program headers of 65535 bytes",)


@needs_gcc
def test_parts_give_together_what_the_whole_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = compiled(tmp_path, "a.so", "int f(void) { return 1; }")
    data = make_wheel(
        "demo", "1.0", files={"demo/a.abi3.so": library, "demo/b.so": library, "demo/c.py": FETCH}
    )
    monkeypatch.setattr(wheel_module, "ALONE_BYTES", 100)
    big = big_libraries(io.BytesIO(data))
    assert sorted(big) == ["demo/a.abi3.so", "demo/b.so"]
    parts = [read_wheel(io.BytesIO(data), sinks(), only=path) for path in big]
    parts.append(read_wheel(io.BytesIO(data), sinks(), without=big))
    assert merged(parts) == merged([read_wheel(io.BytesIO(data), sinks())])


def test_a_file_that_is_no_wheel_is_broken() -> None:
    with pytest.raises(BrokenWheelError):
        read_wheel(io.BytesIO(b"<html>"), sinks())
    assert big_libraries(io.BytesIO(b"<html>")) == ()


def test_a_reading_survives_the_cache_and_other_text_does_not() -> None:
    reading = read({"demo/a.py": FETCH, "demo/b.py": b"def f(:\nrequests"})
    assert decode(encode(reading)) == reading
    for text in ("", "{}", "[1]", '{"egress": 3}', "null", "[" * 100_000):
        assert decode(text) is None
