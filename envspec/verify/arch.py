"""Architecture: machine code of one CPU family does not run on another."""

from __future__ import annotations

from envspec.probe.facts import HostFacts
from envspec.verify.finding import Finding, not_known
from envspec.verify.needs import Needs

RULE = "arch"

_SOURCE = "target.arch of the spec; uname -m"


def check(needs: Needs, facts: HostFacts) -> list[Finding]:
    """One finding; nothing where the lock names no architecture."""
    if not needs.arch or facts.source == "spec":
        return []
    if not facts.arch.is_known:
        return [not_known(RULE, "CPU", needs.arch, facts.arch, "on the host: uname -m", _SOURCE)]
    actual = facts.arch.need()
    if actual == needs.arch:
        return [Finding(RULE, "CPU", "pass", needs.arch, actual, source=_SOURCE)]
    return [
        Finding(
            rule=RULE,
            subject="CPU",
            status="fail",
            expected=needs.arch,
            actual=actual,
            why="the locked wheels hold machine code of another CPU family",
            fix=f'lock for this host: arch = "{actual}" in the spec\'s [target]',
            source=_SOURCE,
        )
    ]
