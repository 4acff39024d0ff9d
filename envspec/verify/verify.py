"""Verify: what a lock needs, and the facts of a host, through every family of rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from envspec.probe.facts import HostFacts
from envspec.verify import (
    arch,
    clock,
    cudnn,
    disk,
    driver,
    driver_install,
    endpoints,
    executables,
    glibc,
    glibcxx,
    gpu,
    gpu_code,
    libraries,
    memory,
    network,
    numpy_two,
    operating_system,
    python,
    security,
    toolkit,
)
from envspec.verify.finding import Finding, worst_first
from envspec.verify.needs import Needs
from envspec.verify.siblings import with_variants

Family = Callable[[Needs, HostFacts], list[Finding]]

FAMILIES: tuple[Family, ...] = (
    gpu.check,
    gpu_code.check,
    driver_install.check,
    glibc.check,
    glibcxx.check,
    libraries.check,
    executables.check,
    arch.check,
    python.check,
    operating_system.check,
    toolkit.check,
    cudnn.check,
    numpy_two.check,
    disk.check,
    memory.check,
    clock.check,
    security.check,
    network.check,
    endpoints.check,
)
"""Each gives findings of its own rule, besides the driver's, which ask for the day; of facts that a spec
promises, only what a spec could promise."""


def judge(needs: Needs, facts: HostFacts, *, today: str = "") -> list[Finding]:
    """Every finding, the worst first.

    ``today`` is a day such as ``2026-11-28``; without it nothing is said that depends on the day, such
    as whether a driver branch is still supported.
    """
    found = [finding for family in FAMILIES for finding in family(needs, facts)]
    return worst_first([*driver.check(needs, facts, today), *found])


def judge_matrix(several: Sequence[Needs], facts: HostFacts, *, today: str = "") -> dict[str, list[Finding]]:
    """The findings of each lock by its label; what fails names the variants of its spec that would pass."""
    judged = {needs.label: judge(needs, facts, today=today) for needs in several}
    return with_variants(several, judged)
