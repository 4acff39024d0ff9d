"""PyTorch's builds for Linux x86_64: what each release line was built with, in each variant.

A release on PyPI says no variant in its version; its set tells which one it is. What nobody has read, such as
the code targets of some lines, is None: the wheel itself, or ``envspec audit``, must tell then.
"""

import functools
import re
from typing import Annotated

import msgspec

from envspec.compat.rows import Dotted, Row, Table, Word, read_table
from envspec.target.gpu import CodeTarget, ToolkitVersion

_RELEASE = re.compile(r"(\d{1,4})\.(\d{1,4})((?:\.\d{1,4})*)[^+]{0,40}(?:\+([a-z0-9.]{1,40}))?")
_Line = Annotated[str, msgspec.Meta(pattern=r"^[0-9]+\.[0-9]+$")]
_Variant = Annotated[str, msgspec.Meta(pattern=r"^(cpu|cu[0-9]{3})$")]
_Target = Annotated[str, msgspec.Meta(pattern=r"^(sm|compute)_[0-9]+[af]?$")]


class TorchBuild(Row, frozen=True, kw_only=True, rename="kebab"):
    """One release line of torch in one variant."""

    torch: _Line
    variant: _Variant
    cuda: _Line | None = None
    """None for CPU."""
    cudnn: Dotted | None = None
    """What the wheel pins or brings."""
    targets: tuple[_Target, ...] | None = None
    """None where nobody has read them."""
    targets_source: str = ""
    pythons: tuple[_Line, ...] | None = None
    glibc: _Line | None = None
    glibcxx: Dotted | None = None

    @property
    def toolkit(self) -> ToolkitVersion | None:
        """12.1; None for CPU."""
        return ToolkitVersion.parse(self.cuda) if self.cuda else None

    @property
    def code_targets(self) -> tuple[CodeTarget, ...] | None:
        """sm_50 to sm_90; empty for CPU; None where nobody has read them."""
        return None if self.targets is None else tuple(map(CodeTarget.parse, self.targets))


class TorchSet(Row, frozen=True, kw_only=True, rename="kebab"):
    """The exact releases that go together."""

    torch: Dotted
    torchvision: Dotted
    torchaudio: Dotted
    triton: Dotted
    variants: tuple[_Variant, ...]
    default: _Variant | None = None
    """Of PyPI's own Linux wheel."""


class BuiltForNumpy1(Row, frozen=True, kw_only=True, rename="kebab"):
    """A project whose releases before one were built for numpy 1, and don't work with numpy 2."""

    project: Word
    before: Dotted
    says: Word
    """What it says to numpy 2."""


class TritonPtxas(Row, frozen=True, kw_only=True, rename="kebab"):
    """The assembler inside a triton wheel: its CUDA is that of what is compiled while a program runs."""

    version: Dotted
    ptxas: Dotted
    glibc: _Line | None = None

    @property
    def toolkit(self) -> ToolkitVersion:
        """12.1.105."""
        return ToolkitVersion.parse(self.ptxas)


class TorchFact(Row, frozen=True, kw_only=True, rename="kebab"):
    """What follows for a host from how the wheels are made."""

    name: Word
    text: Word


class Tables(Table, frozen=True, kw_only=True, rename="kebab"):
    """The document."""

    build: tuple[TorchBuild, ...]
    set: tuple[TorchSet, ...]
    fact: tuple[TorchFact, ...]
    numpy_one: tuple[BuiltForNumpy1, ...]
    triton: tuple[TritonPtxas, ...]


@functools.cache
def tables() -> Tables:
    """Every row, in the order of the document."""
    return read_table("torch", Tables)


def torch_build(version: str) -> TorchBuild | None:
    """The build of ``2.1.2+cu118``; of ``2.1.2`` the one that PyPI's Linux x86_64 wheel is.

    None for a line, a variant or a release that the table doesn't have.
    """
    match = _RELEASE.fullmatch(version.strip())
    if match is None:
        return None
    line = f"{match[1]}.{match[2]}"
    variant = match[4]
    if variant is None:
        members = torch_set(f"{line}{match[3]}")
        variant = members.default if members else None
    for row in tables().build:
        if row.torch == line and row.variant == variant:
            return row
    return None


def torch_set(version: str) -> TorchSet | None:
    """What goes with torch ``2.1.2`` or ``2.1.2+cu118``."""
    release = version.partition("+")[0].strip()
    for row in tables().set:
        if row.torch == release:
            return row
    return None


def built_for_numpy_1(project: str, version: str) -> BuiltForNumpy1 | None:
    """The row of a release that doesn't work with numpy 2; None where it does, or nobody knows of trouble."""
    from packaging.version import InvalidVersion, Version

    for row in tables().numpy_one:
        if row.project == project:
            try:
                return row if Version(version) < Version(row.before) else None
            except InvalidVersion:
                return None
    return None


def triton_ptxas(version: str) -> TritonPtxas | None:
    """The assembler inside triton ``2.1.0``; None where nobody has looked."""
    for row in tables().triton:
        if row.version == version.partition("+")[0]:
            return row
    return None
