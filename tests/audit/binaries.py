"""Shared libraries for tests: compiled by gcc where it's there, and fat binaries made by hand."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

HAS_GCC = shutil.which("gcc") is not None
needs_gcc = pytest.mark.skipif(not HAS_GCC, reason="gcc isn't installed")


def compiled(folder: Path, name: str, source: str, *options: str) -> bytes:
    """The bytes of a shared library that gcc makes of ``source``."""
    text = folder / f"{name}.c"
    text.write_text(source)
    out = folder / name
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-nostartfiles", "-o", str(out), str(text), *options],
        check=True,
        capture_output=True,
    )
    return out.read_bytes()


def fat_binary(*entries: tuple[int, int, bytes]) -> bytes:
    """A fat binary of (kind, architecture, code): kind 1 is PTX, 2 is machine code."""
    body = b""
    for kind, architecture, code in entries:
        head = (
            struct.pack("<HHIQ", kind, 0x0101, 64, len(code)) + b"\0" * 12 + struct.pack("<I", architecture)
        )
        body += head.ljust(64, b"\0") + code
    return struct.pack("<IHHQ", 0xBA55ED50, 1, 16, len(body)) + body
