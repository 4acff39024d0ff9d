"""Python: whether the host has the interpreter that the wheels were chosen for, or the lock brings it."""

from __future__ import annotations

from envspec.compat.operating_systems import known_os
from envspec.probe.facts import HostFacts, Interpreter
from envspec.verify.finding import Finding, not_known
from envspec.verify.needs import Needs

RULE = "python"

_SOURCE = "requires-python of the lock; the interpreters on the host"


def check(needs: Needs, facts: HostFacts) -> list[Finding]:
    """One finding; nothing where the lock names no Python."""
    if not needs.python:
        return []
    expected = f"Python {needs.python}"
    if needs.python_brought:
        return [Finding(RULE, "Python", "pass", expected, "the lock brings it", source=_SOURCE)]
    if facts.source == "spec":
        return _planned(needs, expected)
    if not facts.pythons.is_known and facts.pythons.state == "unknown":
        return [not_known(RULE, "Python", expected, facts.pythons, _carry(needs), _SOURCE)]
    pythons = facts.pythons.value or ()
    fitting = [each for each in pythons if _is(needs.python, each.version)]
    if not fitting:
        there = ", ".join(f"{each.version} ({each.path})" for each in pythons)
        return [
            Finding(
                rule=RULE,
                subject="Python",
                status="fail",
                expected=expected,
                actual=there or "no Python at all",
                why="wheels for one minor version of CPython don't load in another",
                fix=_carry(needs),
                source=_SOURCE,
            )
        ]
    best = next((each for each in fitting if each.has_venv is not False), fitting[0])
    return [_found(needs, best, expected)]


def _found(needs: Needs, found: Interpreter, expected: str) -> Finding:
    actual = f"{found.version} ({found.path})"
    if found.has_venv is False:
        return Finding(
            rule=RULE,
            subject="Python",
            status="warn",
            expected=expected,
            actual=f"{actual}, without venv",
            why="its venv or ensurepip was taken into a package of its own, which isn't installed",
            fix=f"root: apt-get install python{needs.python}-venv, from the OS's media without a network\n"
            f"or without root: {_carry(needs)}",
            source=_SOURCE,
        )
    return Finding(RULE, "Python", "pass", expected, actual, source=_SOURCE)


def _planned(needs: Needs, expected: str) -> list[Finding]:
    """What is known of the OS that the spec names: which Pythons its own repositories have."""
    row = known_os(needs.os)
    if row is None or not row.pythons:
        return []
    minor = ".".join(needs.python.split(".")[:2])
    own = sorted({*row.pythons, *([row.python] if row.python else [])}, key=lambda each: int(each[2:]))
    source = f"os.json, {row.key}: {row.source.partition('; ')[0]}"
    actual = f"{row.name} has {', '.join(own)}"
    if minor in own:
        why = "whether it's installed is for the site to say"
        return [Finding(RULE, "Python", "warn", expected, actual, why, _carry(needs), source)]
    why = f"neither the host nor its repositories have Python {minor}"
    return [Finding(RULE, "Python", "warn", expected, actual, why, _carry(needs), source)]


def _is(wanted: str, found: str) -> bool:
    """3.10 is met by 3.10.x, 3.10.14 by itself alone."""
    parts = wanted.split(".")
    return found.split(".")[: len(parts)] == parts


def _carry(needs: Needs) -> str:
    return f'carry one, which needs no root: [[installers]] kind = "python", version = "{needs.python}"'
