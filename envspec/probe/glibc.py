"""The C library: ``glibc 2.28`` as confstr and getconf say it, ``ldd --version``, ``glibc-2.28`` of torch.

Source: pypa/packaging, ``_manylinux.py``; a version counts by major and minor, whatever a distribution
appends.
"""

from __future__ import annotations

import re

_FORMS = (
    re.compile(r"\s*glibc[ -]([0-9])\.([0-9]{1,3})\b"),
    re.compile(r"\s*ldd \([^)\n]*\) ([0-9])\.([0-9]{1,3})\b"),
)
_SYMBOL = re.compile(r"GLIBCXX_([0-9]{1,2}(?:\.[0-9]{1,4}){1,3})\b")


def read_glibc(text: str) -> tuple[int, int] | None:
    """(2, 28); None for another C library, or another form."""
    for form in _FORMS:
        match = form.match(text)
        if match is not None:
            return int(match[1]), int(match[2])
    return None


def is_musl(text: str) -> bool:
    """Whether it says that the C library is musl, so that there is no glibc."""
    return re.match(r"\s*musl\b", text, re.IGNORECASE) is not None


def read_glibcxx(text: str) -> tuple[int, ...] | None:
    """The newest of all GLIBCXX_ versions in a text, (3, 4, 25); None without any."""
    versions = [tuple(map(int, match[1].split("."))) for match in _SYMBOL.finditer(text)]
    return max(versions, default=None)
