"""A typed brief as its lines, each checked; every slip is told at once, by its line."""

from __future__ import annotations

from envspec.errors import EnvspecError, InputError, SeveralProblems
from envspec.named_tuple import NamedTuple
from envspec.probe.brief_line import BriefLine, slip_of, take_apart
from envspec.probe.numbers import whole_number
from envspec.probe.shown import plain

HEAD = "ENVSPEC-BRIEF"
_VERSION = 1
_MAX_LINES = 200
_COMPARE = "compare it with the sheet, character by character; blanks and case don't matter"


class Sheet(NamedTuple):
    """Its lines by key; those that may come several times in their order."""

    lines: dict[str, BriefLine]
    gpus: list[BriefLine]
    mounts: list[BriefLine]


def is_brief(text: str) -> bool:
    """Whether a line of it begins as a brief's first does."""
    return any(line.lstrip()[: len(HEAD)].upper() == HEAD for line in text.splitlines())


def read_sheet(text: str, where: str) -> Sheet:
    """The lines of a brief.

    Raises SeveralProblems with every line that was mistyped, or InputError for one that lacks lines or is
    of a later version.
    """
    typed = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(typed) > _MAX_LINES:
        raise InputError(
            what=f"{where}: {len(typed)} lines are no brief",
            why="it has at most 25",
            fix="name the file with the lines of the sheet alone",
        )
    slips: list[EnvspecError] = []
    lines = []
    for number, line in typed:
        slip = slip_of(line)
        if slip:
            what = f"{where}: line {number} is mistyped: {plain(line, 100)}"
            slips.append(InputError(what=what, why=slip, fix=_COMPARE))
        else:
            lines.append(take_apart(line))
    if slips:
        raise SeveralProblems(slips) if len(slips) > 1 else slips[0]
    _hold_to_its_head(lines, where)
    by_key = {line.key: line for line in reversed(lines)}
    return Sheet(
        by_key,
        [line for line in lines if line.key == "GPU"],
        [line for line in lines if line.key == "MOUNT"],
    )


def _hold_to_its_head(lines: list[BriefLine], where: str) -> None:
    head = next(line for line in lines if line.key == HEAD)
    version = whole_number(head.value(0))
    if version != _VERSION:
        raise InputError(
            what=f"{where}: a brief of version {plain(head.value(0), 20)} can't be read",
            why=f"this envspec reads version {_VERSION}",
            fix="take a newer envspec, or the probe of this one: envspec probe --script > probe.py",
        )
    wanted = whole_number(head.pair("LINES"))
    if wanted != len(lines):
        raise InputError(
            what=f"{where}: {len(lines)} lines were typed, the sheet has {plain(head.pair('LINES'), 20)}",
            why="its first line says how many there are, itself among them",
            fix="type in the lines that are missing; their order is free",
        )
