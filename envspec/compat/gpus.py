"""GPUs by name: which boards a name can mean, and what all of those boards have in common.

A name comes from a spec ("A100-80GB"), from NVML or ``nvidia-smi -L`` ("NVIDIA A100 80GB PCIe"), cut from
the default table of nvidia-smi ("NVIDIA A100 80G..."), or from a guest of NVIDIA vGPU ("GRID A100D-10C").
Some mean several boards; what those don't agree on is None. Source of the forms of vGPU and MIG names:
NVIDIA, Virtual GPU Software User Guide, "Virtual GPU Types Reference"; NVIDIA, MIG User Guide, "Supported
MIG Profiles".
"""

import functools
import re
from collections.abc import Iterable
from typing import Annotated, TypeVar

import msgspec

from envspec.compat.rows import Row, Table, Word, read_table
from envspec.named_tuple import NamedTuple
from envspec.target.gpu import ComputeCapability

_T = TypeVar("_T")

_MAX_CHARACTERS = 160
_LIST_LINE = re.compile(r"(?:GPU\s+\d+:\s*)?([^(]*(?:\((?!UUID)[^(]*)*)")
_MIG = re.compile(r"(?:[\s-]MIG)?[\s-]+(\d+(?:c\.\d+)?g\.(\d+)gb(?:[+.-]\w+)*)$", re.IGNORECASE)
_VGPU = re.compile(r"(?:NVIDIA |GRID )?([A-Z0-9]+(?:-Ada)?)-(?:\d-)?(\d+)([ABCQ])(?:ME)?", re.IGNORECASE)
_MAKERS = frozenset({"nvidia", "grid", "tesla", "geforce", "gpu", "generation"})
"""Words that some names have and others of the same board lack."""
_MEMORY = re.compile(r"\b(\d+) ?(?:g|gb|gib)\b")
_GLUED = re.compile(r"(?<=rtx|gtx)(?=a?\d{4})|(?<=\d{4})(?=(?:ti|super)\b)")
_DESIGNATION = re.compile(r"(?!\d+gb$).*\d")
_VGPU_LETTERS = frozenset("BCDLMSX")
_LEAST_OF_A_CUT_NAME = 6
_MIB_PER_GIB = 1024


class GpuRow(Row, frozen=True, kw_only=True, rename="kebab"):
    """One board."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    names: tuple[Word, ...] = ()
    """As NVML prints them."""
    aliases: tuple[Word, ...] = ()
    pci: tuple[Annotated[str, msgspec.Meta(pattern=r"^[0-9A-F]{4}$")], ...] = ()
    capability: Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]?\.[0-9]$")]
    architecture: Word
    memory_gb: int | None = None
    """The nominal figure, which the host shows less or more of."""
    memory_mib: tuple[int, ...] = ()
    """Totals seen on real hosts; they change with driver branch and ECC."""
    data_center: bool | None = None

    @property
    def compute_capability(self) -> ComputeCapability:
        """8.0."""
        return ComputeCapability.parse(self.capability)


class NamedGpu(NamedTuple):
    """What a name stands for."""

    name: str
    boards: tuple[GpuRow, ...]
    """At least one; each could bear the name."""
    mig_slice: str = ""
    """``1g.10gb`` where the name is of a MIG slice."""
    vgpu_profile: str = ""
    """``10C`` where it's of a vGPU guest: 10 GB, C for compute."""

    @property
    def capability(self) -> ComputeCapability | None:
        """Of every board that the name can mean; None where they differ."""
        return _same(board.compute_capability for board in self.boards)

    @property
    def architecture(self) -> str | None:
        """``Ampere``; None where the boards differ."""
        return _same(board.architecture for board in self.boards)

    @property
    def data_center(self) -> bool | None:
        """Whether it's a data-centre GPU; None where the boards differ, or nobody says."""
        return _same(board.data_center for board in self.boards)

    @property
    def memory_gb(self) -> int | None:
        """The nominal memory, of a slice or guest its own; None where the boards differ, or nobody says."""
        if self.mig_slice:
            return int(re.findall(r"(\d+)gb", self.mig_slice)[0])
        if self.vgpu_profile:
            return int(self.vgpu_profile[:-1])
        return _same(board.memory_gb for board in self.boards)

    @property
    def least_memory_mib(self) -> int | None:
        """The least total that hosts with it have shown, or else the nominal memory less a tenth.

        No board of the table lacks as much as a tenth, with ECC or without.
        """
        is_whole = not self.mig_slice and not self.vgpu_profile
        seen = [figure for board in self.boards for figure in board.memory_mib]
        if is_whole and seen and (len(self.boards) == 1 or self.memory_gb):
            return min(seen)
        return None if self.memory_gb is None else self.memory_gb * _MIB_PER_GIB * 9 // 10

    @property
    def weak(self) -> bool:
        """Whether all that is known of it is an observation."""
        return all(board.weak for board in self.boards)


class Tables(Table, frozen=True, kw_only=True, rename="kebab"):
    """The document."""

    gpu: tuple[GpuRow, ...]


@functools.cache
def gpus() -> tuple[GpuRow, ...]:
    """Every board, in the order of the document."""
    return read_table("gpus", Tables).gpu


def gpu_named(text: str) -> NamedGpu | None:
    """The boards that ``text`` can mean; None where no known board bears such a name."""
    line = _LIST_LINE.match(text.strip()) if len(text) <= _MAX_CHARACTERS else None
    name = line[1].strip() if line else ""
    whole = _boards_named(name)
    if whole:
        return NamedGpu(name, whole)
    mig = _MIG.search(name)
    if mig is not None:
        boards = _boards_named(name[: mig.start()])
        return NamedGpu(name, boards, mig_slice=mig[1].lower()) if boards else None
    vgpu = _VGPU.fullmatch(name)
    if vgpu is not None:
        boards = _boards_of_vgpu(vgpu[1])
        return NamedGpu(name, boards, vgpu_profile=f"{int(vgpu[2])}{vgpu[3].upper()}") if boards else None
    return None


def gpu_with_pci_id(device: str) -> NamedGpu | None:
    """The boards with a PCI device id such as ``20B5``, for a host whose driver can't name its GPU."""
    wanted = device.strip().lower().removeprefix("0x").upper()
    boards = tuple(row for row in gpus() if wanted in row.pci)
    return NamedGpu(" or ".join(board.names[0] for board in boards), boards) if boards else None


def near(text: str) -> tuple[str, ...]:
    """Up to three known names that look like ``text``, for a message about an unknown one."""
    from difflib import get_close_matches

    known = {" ".join(sorted(_words(name))): name for row in gpus() for name in (*row.names, *row.aliases)}
    asked = " ".join(sorted(_words(text[:_MAX_CHARACTERS])))
    return tuple(known[match] for match in get_close_matches(asked, known, n=3, cutoff=0.5))


def _boards_named(name: str) -> tuple[GpuRow, ...]:
    """Those with this very name; else those that have every word of it."""
    if name.endswith("..."):
        return _boards_cut_to(name[:-3])
    asked = _words(name)
    whole = tuple(row for row, names, _ in _index() if asked in names)
    if whole or not any(map(_DESIGNATION.match, asked)):
        return whole
    return tuple(row for row, _, words in _index() if asked <= words)


def _boards_cut_to(start: str) -> tuple[GpuRow, ...]:
    wanted = start.casefold()
    if len(wanted.removeprefix("nvidia")) < _LEAST_OF_A_CUT_NAME:
        return ()
    return tuple(
        row
        for row in gpus()
        if any(
            full.casefold().startswith(wanted)
            for name in row.names
            for full in (name, name.removeprefix("NVIDIA "))
        )
    )


def _boards_of_vgpu(code: str) -> tuple[GpuRow, ...]:
    """Those of a code such as A100, A100D or A100DX; the letters after the name tell socket and memory."""
    boards = _boards_named(code)
    while not boards and code[-1:].upper() in _VGPU_LETTERS:
        code = code[:-1]
        boards = _boards_named(code)
    return boards


@functools.cache
def _index() -> tuple[tuple[GpuRow, frozenset[frozenset[str]], frozenset[str]], ...]:
    """Each board with the words of each of its names, and all words that may stand for it."""
    index = []
    for row in gpus():
        names = frozenset(_words(name) for name in (*row.names, *row.aliases, row.id))
        words = frozenset[str]().union(*names)
        sockets = {"sxm" for word in words if word.startswith("sxm")}
        memory = {f"{row.memory_gb}gb"} if row.memory_gb else set()
        index.append((row, names, words | sockets | memory))
    return tuple(index)


def _words(name: str) -> frozenset[str]:
    """{a100, sxm4, 80gb} of ``NVIDIA A100-SXM4-80GB``."""
    text = _GLUED.sub(" ", _MEMORY.sub(r"\1gb", name.casefold()))
    return frozenset(re.findall(r"[a-z0-9]+", text)) - _MAKERS


def _same(values: Iterable[_T]) -> _T | None:
    different = set(values)
    return different.pop() if len(different) == 1 else None
