"""Executables: programs that the locked projects start, and that no wheel brings onto PATH."""

from __future__ import annotations

from envspec.compat.system_libraries import executable
from envspec.probe.facts import HostFacts
from envspec.verify.finding import Finding, Status, not_known
from envspec.verify.needs import FromWheel, Needs
from envspec.verify.packages import has_no_package, ways_to_install
from envspec.verify.source import told_by

RULE = "executables"

_SOURCE = "PATH on the host"
_SAME = {"gcc": ("gcc", "cc", "clang"), "g++": ("g++", "c++", "clang++")}
"""Any of them does: what compiles for triton and torch is named by CC and CXX."""


def check(needs: Needs, facts: HostFacts) -> list[Finding]:
    """A finding for each program; one that the lock carries and puts on PATH is no matter of the host.

    While planning, one for each that the planned OS has no package of.
    """
    wanted = {
        name: [need for need in needs.executables if need.thing == name]
        for name in dict.fromkeys(need.thing for need in needs.executables)
    }
    if facts.source == "spec":
        return [
            _to_be_carried(name, by, facts)
            for name, by in wanted.items()
            if not carried(name, needs) and has_no_package(name, facts)
        ]
    return [_judged(name, by, needs, facts) for name, by in wanted.items()]


def _to_be_carried(name: str, wanted: list[FromWheel], facts: HostFacts) -> Finding:
    return Finding(
        rule=RULE,
        subject=name,
        status="warn",
        expected=f"{name} on PATH, for {', '.join(need.by for need in wanted)}",
        actual="the planned OS has no package of it that anyone has looked up",
        why=_what_for(wanted),
        fix="\n".join(_ways(name, facts)[1:]),
        source=told_by(wanted[0]),
    )


def carried(name: str, needs: Needs) -> bool:
    """Whether an installer of the lock brings a file of that name into a folder that joins PATH."""
    return any(
        file.dest.rpartition("/")[2] == name
        for asset in needs.installers
        if asset.on_path
        for file in asset.files
    )


def _judged(name: str, wanted: list[FromWheel], needs: Needs, facts: HostFacts) -> Finding:
    users = ", ".join(need.by for need in wanted)
    expected = f"{name} on PATH, for {users}"
    source = f"{told_by(wanted[0])}; {_SOURCE}"
    if carried(name, needs):
        return Finding(RULE, name, "pass", expected, "the lock carries it", source=source)
    names = _SAME.get(name, (name,))
    if not facts.executables.is_known or not any(each in facts.executables.need() for each in names):
        return not_known(RULE, name, expected, facts.executables, f"on the host: command -v {name}", source)
    paths = [path for each in names if (path := facts.executables.need().get(each))]
    if paths:
        return Finding(RULE, name, "pass", expected, paths[0], source=source)
    at_import = any(need.needed == "import" for need in wanted)
    status: Status = "fail" if at_import else "warn"
    return Finding(
        rule=RULE,
        subject=name,
        status=status,
        expected=expected,
        actual="not there",
        why="importing fails without it" if at_import else _what_for(wanted),
        fix="\n".join(_ways(name, facts)),
        source=source,
    )


def _what_for(wanted: list[FromWheel]) -> str:
    told = [need.what_for for need in wanted if need.what_for]
    return f"it's needed for: {'; '.join(told)}" if told else "only what starts it fails without it"


def _ways(name: str, facts: HostFacts) -> list[str]:
    row = executable(name)
    ways = ways_to_install([name], facts)
    if row is not None and row.wheel:
        ways.append(f"without root: the wheel of {row.wheel} has it inside, to be linked as {name} on PATH")
    if name not in _SAME:
        ways.append(
            f'without root: carry it, [[installers]] kind = "file", dest = "bin/{name}", on-path = true'
        )
    return ways
