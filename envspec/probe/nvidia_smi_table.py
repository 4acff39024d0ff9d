"""The default table of nvidia-smi, branches 450 to 610, whole or cut anywhere.

Read by its labels and bars, never by columns: the width of a cell changes from branch to branch. Until 595
the header says ``Driver Version`` and ``CUDA Version``, from 610 on ``KMD Version`` and ``CUDA UMD Version``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from envspec.probe.numbers import driver_version, toolkit_version, whole_number
from envspec.probe.nvidia_smi_report import SmiGpu, SmiReport, on_or_off

_TOOL = re.compile(r"NVIDIA-SMI +([0-9][0-9.]*)")
_DRIVER = re.compile(r"\b(?:Driver|KMD) Version: *(\S+)")
_CUDA = re.compile(r"\bCUDA (?:UMD )?Version: *(\S+)")
_BUS_ID = re.compile(r" *[0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.[0-9A-Fa-f]\b")
_MEMORY = re.compile(r" *([0-9]{1,12})MiB */ *([0-9]{1,12})MiB *")
_BESIDE_THE_NAME = {"On", "Off", "N/A", "WDDM", "TCC", "MCDM"}
_COMPUTING = {"C", "C+G", "M+C"}
"""In the column Type, the third, or the fifth where instances of MIG have theirs."""
_MAX_GPUS = 256


def read_table(text: str) -> SmiReport:
    """What the table says; a row that is cut says what its rest does."""
    head, _, below = text.partition("Processes:")
    head = head.partition("MIG devices:")[0]
    tool, driver, cuda = (_first(pattern, head) for pattern in (_TOOL, _DRIVER, _CUDA))
    rows = list(_rows(head))
    computing = _computing(below) if below else None
    gpus = tuple(_gpu(row, None if computing is None else computing.count(number)) for number, row in rows)
    return SmiReport(driver_version(tool), driver_version(driver), toolkit_version(cuda), gpus)


def is_table(text: str) -> bool:
    """Whether it's the table, or at least its header."""
    return _TOOL.search(text) is not None and _DRIVER.search(text) is not None


def _first(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1] if match is not None else ""


def _rows(head: str) -> Iterator[tuple[int, list[list[str]]]]:
    """The number and the lines, split into cells, of each device."""
    lines: list[list[str]] = []
    number = -1
    count = 0
    for line in head.splitlines():
        cells = line.strip().strip("|").split("|") if line.lstrip().startswith("|") else []
        is_first = len(cells) > 1 and _BUS_ID.match(cells[1]) and cells[0].split(None, 1)[:1] != []
        is_first = is_first and whole_number(cells[0].split(None, 1)[0], high=999) is not None
        if is_first or not cells:
            if lines:
                yield number, lines
            lines = []
        if is_first:
            count += 1
            if count > _MAX_GPUS:
                return
            number = int(cells[0].split()[0])
        if is_first or lines:
            lines.append(cells)
    if lines:
        yield number, lines


def _gpu(row: list[list[str]], processes: int | None) -> SmiGpu:
    name = row[0][0].split(None, 1)[1].strip() if len(row[0][0].split(None, 1)) > 1 else ""
    before, _, last = name.rpartition(" ")
    memory = _MEMORY.fullmatch(row[1][1]) if len(row) > 1 and len(row[1]) > 1 else None
    ecc = row[0][2].strip() if len(row[0]) > 2 else ""
    return SmiGpu(
        name=before.strip() if last in _BESIDE_THE_NAME else name,
        memory_mib=int(memory[2]) if memory is not None else None,
        memory_used_mib=int(memory[1]) if memory is not None else None,
        mig=on_or_off(row[2][2]) if len(row) > 2 and len(row[2]) > 2 else None,
        ecc=True if ecc.isdigit() else on_or_off(ecc),
        processes=processes,
    )


def _computing(below: str) -> list[int]:
    """The device's number for each process that computes (``C``, ``C+G``, ``M+C``)."""
    rows = (line.strip().strip("|").split() for line in below.splitlines())
    numbers = [(whole_number(row[0], high=999), row[2:5:2]) for row in rows if len(row) > 3]
    return [number for number, kinds in numbers if number is not None and _COMPUTING & set(kinds)]
