"""What a brief says of the system, its memory, its disks and what is installed."""

from __future__ import annotations

from collections.abc import Mapping

from envspec.probe.brief_gpu import HOW, brief_flag
from envspec.probe.brief_line import BriefLine, listed
from envspec.probe.cpu import is_flag
from envspec.probe.facts import (
    Cudnn,
    Fact,
    Interpreter,
    Memory,
    Mount,
    OsRelease,
    Toolkit,
    absent,
    known,
    unknown,
)
from envspec.probe.numbers import toolkit_version, whole_number
from envspec.probe.shown import plain

_MIB = 1 << 20
EXECUTABLES = (
    "ffmpeg", "gcc", "g++", "make", "cmake", "nvcc", "git", "tesseract", "sox", "dkms", "tar", "gzip", "xz",
    "zstd", "unzip", "sha256sum", "curl", "unshare",
)  # fmt: skip
"""Those that a brief asks about; one that it doesn't name isn't there."""
LIBRARIES = (
    "libGL.so.1", "libglib-2.0.so.0", "libgthread-2.0.so.0", "libX11.so.6", "libXext.so.6", "libSM.so.6",
    "libICE.so.6", "libxcb.so.1", "libXrender.so.1", "libgomp.so.1", "libsndfile.so.1", "libportaudio.so.2",
    "libmagic.so.1", "libodbc.so.2", "libnuma.so.1", "libcuda.so.1", "libcudart.so.11.0", "libcudart.so.12",
    "libstdc++.so.6",
)  # fmt: skip
"""Those that a brief asks about; of others it says nothing."""


def brief_os(line: BriefLine) -> Fact[OsRelease]:
    """``OS rhel 8.9 x86_64``; nobody knows its ID_LIKE."""
    name, version = line.value(0).lower(), line.value(1).lower()
    if name in ("?", "none"):
        return unknown(HOW)
    return known(OsRelease(plain(name, 40), "" if version in ("none", "?") else plain(version, 40)), HOW)


def brief_word(text: str) -> Fact[str]:
    """A word in lower case; unknown for ``?``, absent for ``none``."""
    word = text.lower()
    if word == "?":
        return unknown(HOW)
    return absent(HOW) if word == "none" else known(plain(word, 120), HOW)


def brief_number(text: str, *, low: int = 0) -> Fact[int]:
    """A number; unknown for ``?`` and for what is none."""
    number = whole_number(text, low=low)
    return unknown(HOW) if number is None else known(number, HOW)


def brief_glibc(line: BriefLine) -> Fact[tuple[int, int]]:
    """``LIBC glibc 2.28``; absent where it's musl."""
    if line.value(0).lower() == "musl":
        return absent(HOW, "it is musl")
    numbers = _numbers(line.value(1))
    if line.value(0).lower() != "glibc" or len(numbers) < 2:
        return unknown(HOW)
    return known((numbers[0], numbers[1]), HOW)


def brief_glibcxx(line: BriefLine) -> Fact[tuple[int, ...]]:
    """``GLIBCXX 3.4.25``; absent without a libstdc++."""
    said = line.pair("GLIBCXX").lower()
    if said == "none":
        return absent(HOW, "no libstdc++")
    numbers = _numbers(said)
    return known(numbers, HOW) if len(numbers) > 1 else unknown(HOW)


def brief_cpu_flags(line: BriefLine) -> Fact[frozenset[str]]:
    """Those of the brief's list that are there."""
    flags = listed(line.pair("FLAGS").lower())
    return unknown(HOW) if flags is None else known(frozenset(filter(is_flag, flags)), HOW)


def brief_memory(line: BriefLine) -> Fact[Memory]:
    """In MiB on paper."""
    total, available, limit = (
        whole_number(text, high=1 << 40)
        for text in (line.value(0), line.pair("AVAILABLE"), line.pair("LIMIT"))
    )
    if not total:
        return unknown(HOW)
    return known(
        Memory(
            total * _MIB,
            None if available is None else available * _MIB,
            None if limit is None else limit * _MIB,
        ),
        HOW,
    )


def brief_limits(line: BriefLine) -> Fact[Mapping[str, int]]:
    """``NOFILE`` and ``MEMLOCK``; -1 is without limit."""
    limits = {}
    for name in ("NOFILE", "MEMLOCK"):
        said = line.pair(name)
        number = -1 if said == "-1" else whole_number(said)
        if number is not None:
            limits[name.lower()] = number
    return known(limits, HOW) if limits else unknown(HOW)


def brief_toolkits(line: BriefLine) -> Fact[tuple[Toolkit, ...]]:
    """``CUDA 11.8,12.1``; where they lie isn't said."""
    words = listed(line.value(0))
    versions = [toolkit_version(word) for word in words or ()]
    found = tuple(Toolkit(version, "") for version in versions if version is not None)
    if words is None or len(found) < len(words):
        return unknown(HOW)
    return known(found, HOW) if found else absent(HOW, "no toolkit is there")


def brief_cudnn(line: BriefLine) -> Fact[tuple[Cudnn, ...]]:
    """``CUDNN 8.9.7``."""
    words = listed(line.pair("CUDNN"))
    if words is None or not all(map(_numbers, words)):
        return unknown(HOW)
    return known(tuple(Cudnn(word, "") for word in words), HOW) if words else absent(HOW)


def brief_pythons(line: BriefLine) -> Fact[tuple[Interpreter, ...]]:
    """``3.6.8,3.11.5+``, a + where venv and ensurepip are there."""
    words = listed(line.value(0))
    if words is None or not all(_numbers(word.removesuffix("+")) for word in words):
        return unknown(HOW)
    found = tuple(Interpreter("", word.removesuffix("+"), word.endswith("+")) for word in words)
    return known(found, HOW) if found else absent(HOW, "no Python is there")


def brief_executables(line: BriefLine) -> Fact[Mapping[str, str]]:
    """Those named are there, wherever; the others of the brief's list are not."""
    words = listed(line.value(0).lower())
    if words is None:
        return unknown(HOW)
    return known({name: name if name in words else "" for name in EXECUTABLES}, HOW)


def brief_libraries(line: BriefLine) -> Fact[frozenset[str]]:
    """Those of the brief's list that are there."""
    words = listed(line.value(0))
    if words is None:
        return unknown(HOW)
    own = {name.lower(): name for name in LIBRARIES}
    return known(frozenset(own[word.lower()] for word in words if word.lower() in own), HOW)


def brief_mount(line: BriefLine) -> Mount:
    """``MOUNT /tmp / xfs MIB 39900 FREE 12000 INODES 900 EXEC 1 WRITE 1``."""
    executes, writes = brief_flag(line.pair("EXEC")), brief_flag(line.pair("WRITE"))
    return Mount(
        path=_path(line.value(0)),
        mount_point=_path(line.value(1)),
        file_system=plain(line.value(2).lower().replace("?", ""), 40),
        total_bytes=_bytes(line.pair("MIB")),
        free_bytes=_bytes(line.pair("FREE")),
        free_inodes=whole_number(line.pair("INODES")),
        noexec=None if executes is None else not executes,
        read_only=None if writes is None else not writes,
    )


def _bytes(text: str) -> int | None:
    number = whole_number(text, high=1 << 40)
    return None if number is None else number * _MIB


def _path(text: str) -> str:
    return "" if text == "?" else plain(text.replace("%20", " "), 400)


def _numbers(text: str) -> tuple[int, ...]:
    """(3, 4, 25) of ``3.4.25``; empty for what is no such text."""
    numbers = [whole_number(word, high=99_999) for word in text.split(".")[:6]]
    return tuple(number for number in numbers if number is not None) if None not in numbers else ()
