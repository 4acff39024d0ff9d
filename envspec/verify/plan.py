"""Plan: the same rules, asked of the host that the spec promises, while the lock is made."""

from __future__ import annotations

from typing import Any

from envspec.lock.document import Lock
from envspec.named_tuple import NamedTuple
from envspec.verify.contract import contract, verdict_table
from envspec.verify.draw import needs_of
from envspec.verify.finding import Finding
from envspec.verify.planned import planned_facts
from envspec.verify.verify import judge


class Planned(NamedTuple):
    """What the rules make of one lock before anyone has seen the host."""

    contract: dict[str, Any]
    """For [tool.envspec.contract]."""
    verdict: dict[str, Any]
    """For [tool.envspec.verdict]."""
    findings: list[Finding]
    """The worst first."""


def planned_verdict(lock: Lock) -> Planned:
    """Plain TOML values that follow from the lock and the tables alone, whatever the day.

    A variant that the promised host refuses has a ``fail`` among its findings.
    """
    needs = needs_of(lock)
    findings = judge(needs, planned_facts(lock))
    return Planned(contract(needs), verdict_table(findings), findings)
