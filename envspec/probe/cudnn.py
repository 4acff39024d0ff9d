"""cuDNN on the host: its header, or the soname that the loader knows.

Source: ``cudnn_version.h`` of PyPI's nvidia-cudnn-cu12 8.9.7.29 (CUDNN_MAJOR, CUDNN_MINOR, CUDNN_PATCHLEVEL).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from envspec.probe.facts import Cudnn, Fact, absent, known, unknown
from envspec.probe.items import Items
from envspec.probe.loader import Libraries
from envspec.probe.shown import plain

_DEFINE = re.compile(
    r"^[ \t]*#[ \t]*define[ \t]+CUDNN_(MAJOR|MINOR|PATCHLEVEL)[ \t]+([0-9]{1,4})\b", re.MULTILINE
)
_SONAME = re.compile(r"libcudnn\.so\.([0-9]{1,3}(?:\.[0-9]{1,4}){0,2})")


def read_cudnn_header(text: str) -> str:
    """``8.9.7``, or as many of its numbers as the text defines; empty without any."""
    numbers = {match[1]: match[2] for match in _DEFINE.finditer(text)}
    shown = []
    for name in ("MAJOR", "MINOR", "PATCHLEVEL"):
        if name not in numbers:
            break
        shown.append(numbers[name])
    return ".".join(shown)


def cudnn_of_libraries(libraries: Mapping[str, str]) -> tuple[Cudnn, ...]:
    """The libcudnn among soname and path; the whole version where the file's own name has it."""
    found = []
    for soname, path in libraries.items():
        match = _SONAME.fullmatch(soname)
        if match is not None:
            named = _SONAME.fullmatch(path.rpartition("/")[2])
            found.append(
                Cudnn(max(match[1], named[1] if named is not None else "", key=len), plain(path, 200))
            )
    return tuple(found)


def cudnn_fact(items: Items, libraries: Fact[Libraries]) -> Fact[tuple[Cudnn, ...]]:
    """By its headers, and what the loader knows of other majors; absent without both."""
    found: list[Cudnn] = []
    for key, item in items.starting("file:"):
        if key.endswith(("/cudnn_version.h", "/cudnn.h")) and item.text:
            version = read_cudnn_header(item.text)
            if version:
                found.append(Cudnn(version, plain(key.removeprefix("file:"), 200)))
    if libraries.is_known:
        majors = {cudnn.version.partition(".")[0] for cudnn in found}
        loaded = cudnn_of_libraries(libraries.need().paths)
        found += [cudnn for cudnn in loaded if cudnn.version.partition(".")[0] not in majors]
    if found:
        return known(tuple(found[:16]), "cudnn_version.h and the loader")
    if libraries.is_known:
        return absent("cudnn_version.h and the loader", "neither a header nor libcudnn is there")
    return unknown(libraries.how, libraries.why)
