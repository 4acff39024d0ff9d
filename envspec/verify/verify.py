"""Verify: what a lock needs, and the facts of a host, through every family of rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from envspec.probe.facts import HostFacts
from envspec.verify import (
    cudnn,
    disk,
    driver,
    executables,
    glibc,
    glibcxx,
    gpu,
    gpu_code,
    libraries,
    numpy_two,
    python,
    toolkit,
)
from envspec.verify.finding import Finding, worst_first
from envspec.verify.needs import Needs
from envspec.verify.siblings import with_variants

Family = Callable[[Needs, HostFacts], list[Finding]]

PROMISED: tuple[Family, ...] = (
    gpu.check,
    gpu_code.check,
    glibc.check,
    glibcxx.check,
    libraries.check,
    executables.check,
    python.check,
    toolkit.check,
    cudnn.check,
    numpy_two.check,
    disk.check,
)
"""Families that say something of what a spec promises; each gives findings of its own rule, besides the
driver's, which ask for the day."""


def _families(facts: HostFacts) -> tuple[Family, ...]:
    """Those of a host that was looked at are loaded for such a one alone: locking judges none, and in a
    hurry."""
    if facts.source == "spec":
        return PROMISED
    from envspec.verify import (
        arch,
        clock,
        driver_install,
        endpoints,
        memory,
        network,
        operating_system,
        security,
    )

    seen: tuple[Family, ...] = (
        driver_install.check,
        arch.check,
        operating_system.check,
        memory.check,
        clock.check,
        security.check,
        network.check,
        endpoints.check,
    )
    return (*PROMISED, *seen)


def judge(needs: Needs, facts: HostFacts, *, today: str = "") -> list[Finding]:
    """Every finding, the worst first.

    ``today`` is a day such as ``2026-11-28``; without it nothing is said that depends on the day, such
    as whether a driver branch is still supported. A spec that speaks of no GPU asks for none.
    """
    if not needs.wants_gpu and (facts.source == "spec" or facts.gpu_state.value == "no-gpu"):
        needs = needs._replace(cuda=None)
    found = [finding for family in _families(facts) for finding in family(needs, facts)]
    return worst_first([*driver.check(needs, facts, today), *found])


def judge_matrix(several: Sequence[Needs], facts: HostFacts, *, today: str = "") -> dict[str, list[Finding]]:
    """The findings of each lock by its label; what fails names the variants of its spec that would pass."""
    judged = {needs.label: judge(needs, facts, today=today) for needs in several}
    return with_variants(several, judged)
