"""Draw what locked wheels expect of the host's libraries: as they were read, or as far as their names tell.

Source: PEP 600 and PEP 513 for the tags that promise a glibc; docs/audit.md for what reading a wheel says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from envspec.compat.compilers import compilers_among
from envspec.compat.system_libraries import needs_among
from envspec.compat.torch_builds import TorchBuild, triton_ptxas
from envspec.lock.document import Lock, LockedDistribution
from envspec.named_tuple import NamedTuple
from envspec.verify.audited import audit_row
from envspec.verify.draw_cuda import build_of
from envspec.verify.lock_table import rows, text, texts
from envspec.verify.needs import FromWheel
from envspec.verify.source import cited

_MANYLINUX = re.compile(r"manylinux_(\d{1,3})_(\d{1,3})_.+")
_LEGACY = {"manylinux1": "2.5", "manylinux2010": "2.12", "manylinux2014": "2.17"}
_VERSION = re.compile(r"\d{1,4}(?:\.\d{1,4}){1,3}")
_OF_DRIVER = re.compile(r"lib(?:cuda|nvidia-ml|nvidia-ptxjitcompiler|nvcuvid|nvidia-encode)\.so(?:\.\d+)*")
_CUDNN = re.compile(r"libcudnn[a-z_]*\.so(?:\.\d+)*")
_TOOLKIT = re.compile(
    r"lib(?:cudart|cublas|cublasLt|cufft|curand|cusolver|cusolverMg|cusparse|cupti|nvrtc|nvrtc-builtins"
    r"|nvJitLink|nvToolsExt|nvjpeg|npp[a-z]*)\.so(?:\.\d+)*"
)


class Wheels(NamedTuple):
    """What all locked wheels together expect; versions with the highest first."""

    glibc: tuple[FromWheel, ...]
    glibcxx: tuple[FromWheel, ...]
    libraries: tuple[FromWheel, ...]
    executables: tuple[FromWheel, ...]
    toolkit: tuple[FromWheel, ...]
    cudnn: tuple[FromWheel, ...]
    tells_no_glibc: tuple[str, ...]
    not_read: tuple[str, ...]


def wheels_of(lock: Lock) -> Wheels:
    """The row of a wheel that was read counts before its tag and the tables."""
    glibc: list[FromWheel] = []
    glibcxx: list[FromWheel] = []
    libraries: list[FromWheel] = []
    executables: list[FromWheel] = []
    toolkit: list[FromWheel] = []
    silent, not_read = [], []
    versions = {item.name: item.version for item in lock.distributions}
    read = {item.name for item in lock.distributions if audit_row(lock, item)}
    for item in lock.distributions:
        row = audit_row(lock, item)
        by = f"{item.name} {item.version}"
        build = build_of(lock, item)
        told = list(_glibc(item, row, by, build))
        glibc += told
        glibcxx += _glibcxx(row, by, build)
        libraries += _things(rows(row, "libraries"), "soname", by)
        executables += _things(rows(row, "executables"), "name", by)
        if not row and not told and _is_compiled(item):
            silent.append(by)
        if (not row and _is_compiled(item)) or texts(row, "not-read"):
            not_read.append(by)
    for need in needs_among({item.name for item in lock.distributions}):
        by = f"{need.project} {versions[need.project]}"
        listed = FromWheel(
            need.thing, by, cited("system-libraries", f"need of {need.project}", need), need.needed, need.note
        )
        if need.kind == "executable":
            executables = [each for each in executables if (each.thing, each.by) != (need.thing, by)]
            executables.append(listed)
        elif need.project not in read:
            libraries.append(listed)
    if not any(name.startswith("nvidia-cuda-runtime") for name in versions):
        toolkit += _toolkit_parts(versions)
    libraries = [each for each in libraries if not _OF_DRIVER.fullmatch(each.thing)]
    cudnn = [each for each in libraries if _CUDNN.fullmatch(each.thing)]
    toolkit += [each for each in libraries if _TOOLKIT.fullmatch(each.thing)]
    return Wheels(
        glibc=_highest_first(glibc),
        glibcxx=_highest_first(glibcxx),
        libraries=tuple(each for each in libraries if each not in cudnn and each not in toolkit),
        executables=tuple(executables),
        toolkit=tuple(toolkit),
        cudnn=tuple(cudnn),
        tells_no_glibc=tuple(silent),
        not_read=tuple(not_read),
    )


def _toolkit_parts(versions: Mapping[str, str]) -> list[FromWheel]:
    """What run-time compilers look for in a toolkit of the host; numba is mostly used without numba.cuda."""
    return [
        FromWheel(
            part,
            f"{row.project} {versions[row.project]}",
            cited("compilers", row.project, row),
            "use",
            row.when,
        )
        for row in compilers_among(versions)
        if row.project != "numba"
        for part in row.toolkit_parts
    ]


def numbers(version: str) -> tuple[int, ...]:
    """(3, 4, 29) of ``3.4.29``, to compare by."""
    return tuple(int(part) for part in version.split("."))


def _highest_first(found: list[FromWheel]) -> tuple[FromWheel, ...]:
    return tuple(sorted(found, key=lambda each: (numbers(each.thing), each.by), reverse=True))


def _version(row: Mapping[str, Any], key: str) -> str:
    found = text(row, key)
    return found if _VERSION.fullmatch(found) else ""


def _glibc(
    item: LockedDistribution, row: Mapping[str, Any], by: str, build: TorchBuild | None
) -> Iterator[FromWheel]:
    if row:
        for key, needed in (("glibc", ""), ("glibc-use", "use")):
            if _version(row, key):
                yield FromWheel(_version(row, key), by, "audit", needed)
        return
    promised = [version for tag in _platforms(item) if (version := _promised(tag))]
    if promised:
        yield FromWheel(min(promised, key=numbers), by, "tag")
        return
    if build is not None and build.glibc:
        yield FromWheel(build.glibc, by, cited("torch", f"build of torch {build.torch}", build))
    assembler = triton_ptxas(item.version) if item.name == "triton" else None
    if assembler is not None and assembler.glibc:
        yield FromWheel(assembler.glibc, by, cited("torch", f"triton {assembler.version}", assembler))


def _glibcxx(row: Mapping[str, Any], by: str, build: TorchBuild | None) -> Iterator[FromWheel]:
    if row:
        for key, needed in (("glibcxx", ""), ("glibcxx-use", "use")):
            if _version(row, key):
                yield FromWheel(_version(row, key), by, "audit", needed)
        return
    if build is not None and build.glibcxx:
        yield FromWheel(build.glibcxx, by, cited("torch", f"build of torch {build.torch}", build))


def _things(found: tuple[Mapping[str, Any], ...], key: str, by: str) -> list[FromWheel]:
    return [
        FromWheel(text(row, key), by, "audit", text(row, "needed") or "use")
        for row in found
        if text(row, key)
    ]


def _platforms(item: LockedDistribution) -> list[str]:
    """``manylinux_2_17_x86_64`` and its like, of the wheel's name; none for an sdist."""
    if item.wheel is None:
        return []
    return item.wheel.name.removesuffix(".whl").rpartition("-")[2].split(".")


def _promised(platform: str) -> str:
    """``2.17`` of ``manylinux_2_17_x86_64`` and of ``manylinux2014_x86_64``; empty where it promises none."""
    match = _MANYLINUX.fullmatch(platform)
    if match is not None:
        return f"{match[1]}.{match[2]}"
    return _LEGACY.get(platform.partition("_")[0], "")


def _is_compiled(item: LockedDistribution) -> bool:
    return any(platform != "any" for platform in _platforms(item))
