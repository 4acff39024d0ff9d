"""Draw what locked builds say of CUDA: its release, their GPU code, what they compile while they run."""

from __future__ import annotations

import re
from collections.abc import Mapping

from envspec.compat.compilers import RunTimeCompiler, compilers_among
from envspec.compat.torch_builds import TorchBuild, torch_build, triton_ptxas
from envspec.errors import InvalidValueError
from envspec.lock.document import Lock, LockedDistribution
from envspec.named_tuple import NamedTuple
from envspec.target.gpu import CodeTarget, ToolkitVersion
from envspec.verify.audited import audit_row
from envspec.verify.lock_table import text, texts
from envspec.verify.needs import RunTimeCode, WheelCode
from envspec.verify.source import cited

_LABEL = re.compile(r"\+cu(\d{2})(\d)(?:\D|$)")
_RUNTIME = re.compile(r"nvidia-cuda-runtime(?:-cu\d{1,3})?")
_CUPY = re.compile(r"cupy(?:-cuda(\d{2})(x|\d))?")
_CUDNN = re.compile(r"nvidia-cudnn-cu\d{1,3}")
_BY_OTHERS = ("torch", "jaxlib")
"""What they compile is made by a project that has a row of its own: triton, a jax plugin."""


class Cuda(NamedTuple):
    """The highest CUDA that any locked build was made for."""

    release: ToolkitVersion | None
    by: str
    targets: tuple[CodeTarget, ...]
    targets_source: str
    cudnn: str


def cuda_of(lock: Lock) -> Cuda:
    """``release`` is None where every locked build is for the CPU."""
    found = [(release, item) for item in lock.distributions if (release := _release(lock, item)) is not None]
    if not found:
        said = _parsed(text(lock.target, "cuda"))
        return Cuda(said, f"{lock.label}, as its spec says" if said else "", (), "", _cudnn(lock, None))
    release, item = max(found, key=lambda pair: (pair[0][:2], pair[1].name == "torch", pair[0]))
    build = build_of(lock, item)
    return Cuda(release, _named(item), *_targets(lock, item), _cudnn(lock, build))


def build_of(lock: Lock, item: LockedDistribution) -> TorchBuild | None:
    """The table's row of a locked torch; the table knows builds for x86_64 alone."""
    if item.name != "torch" or text(lock.target, "arch") not in ("", "x86_64"):
        return None
    return torch_build(item.version)


def other_code(lock: Lock, by: str) -> tuple[WheelCode, ...]:
    """GPU code of the wheels that were read or that the table has, besides the one that ``by`` names."""
    found = []
    for item in lock.distributions:
        if _named(item) != by:
            targets, source = _targets(lock, item)
            found += [WheelCode(_named(item), targets, source)] if targets else []
    return tuple(found)


def run_time_code(lock: Lock, cuda: ToolkitVersion | None) -> tuple[RunTimeCode, ...]:
    """Locked projects that make code for the GPU while they run; none where no build needs CUDA."""
    if cuda is None:
        return ()
    versions = {item.name: item.version for item in lock.distributions}
    return tuple(
        _compiler(row, f"{row.project} {versions[row.project]}", versions, cuda)
        for row in compilers_among(versions)
        if row.project not in _BY_OTHERS
    )


def _compiler(
    row: RunTimeCompiler, named: str, versions: Mapping[str, str], cuda: ToolkitVersion
) -> RunTimeCode:
    toolkit: ToolkitVersion | None = cuda
    if row.project == "triton":
        ptxas = triton_ptxas(versions["triton"])
        toolkit = ptxas.toolkit if ptxas is not None else None
        named = f"torch.compile ({named})" if "torch" in versions else named
    elif row.project == "numba":
        named = f"numba.cuda ({named})"
    return RunTimeCode(named, row.makes == "ptx", toolkit, cited("compilers", row.project, row))


def _release(lock: Lock, item: LockedDistribution) -> ToolkitVersion | None:
    """Of one build: by its local label, by the table, by the runtime that is locked."""
    label = _LABEL.search(item.version)
    if label is not None:
        return _parsed(f"{label[1]}.{label[2]}")
    build = build_of(lock, item)
    if build is not None:
        return build.toolkit
    if _RUNTIME.fullmatch(item.name):
        return _parsed(item.version)
    cupy = _CUPY.fullmatch(item.name)
    if cupy is None or not cupy[1]:
        return None
    return _parsed(f"{cupy[1]}.{0 if cupy[2] == 'x' else cupy[2]}")


def _parsed(version: str) -> ToolkitVersion | None:
    try:
        return ToolkitVersion.parse(version)
    except InvalidValueError:
        return None


def _targets(lock: Lock, item: LockedDistribution) -> tuple[tuple[CodeTarget, ...], str]:
    """As the wheel itself was read, or else as the table has the release line of torch."""
    said = map(_code, texts(audit_row(lock, item), "code-targets"))
    read = tuple(target for target in said if target is not None)
    if read:
        return read, f"audit of {_named(item)}"
    build = build_of(lock, item)
    if build is None or not build.code_targets:
        return (), ""
    row = f"torch.json, build of torch {build.torch} for {build.variant}"
    return build.code_targets, f"{row}: {build.targets_source or build.source}"


def _code(target: str) -> CodeTarget | None:
    try:
        return CodeTarget.parse(target)
    except InvalidValueError:
        return None


def _cudnn(lock: Lock, build: TorchBuild | None) -> str:
    """Of the wheel that brings it, or of the table's row; empty where nobody says."""
    for item in lock.distributions:
        if _CUDNN.fullmatch(item.name):
            return item.version
    return build.cudnn or "" if build is not None else ""


def _named(item: LockedDistribution) -> str:
    return f"{item.name} {item.version}"
