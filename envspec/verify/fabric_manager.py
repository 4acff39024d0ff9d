"""Fabric manager: where GPUs hang on NVSwitches it must run, in the very version of the driver."""

from __future__ import annotations

from envspec.probe.facts import HostFacts
from envspec.verify.finding import Finding, not_known

RULE = "driver"

_FABRIC = "NVIDIA, Fabric Manager User Guide: the versions of driver and fabric manager must be the same"

_MANY = 8
"""So many in one host mostly hang on NVSwitches (HGX boards)."""


def check(facts: HostFacts) -> list[Finding]:
    """Where GPUs hang on NVSwitches nothing computes before a fabric manager of the driver's version."""
    if not facts.driver.is_known or facts.driver_at_least:
        return []
    if facts.nvswitches.state == "unknown" and len(facts.gpus.value or ()) >= _MANY:
        expected = "known whether the GPUs hang on NVSwitches"
        fix = "on the host: lspci -d 10de: | grep -i bridge"
        return [not_known(RULE, "fabric manager", expected, facts.nvswitches, fix, _FABRIC)]
    if not facts.nvswitches.value:
        return []
    driver, manager = facts.driver.need(), facts.fabric_manager
    count = facts.nvswitches.need()
    subject, expected = "fabric manager", f"version {driver}, that of the driver"
    if manager.is_known and manager.need() == driver:
        return [Finding(RULE, subject, "pass", expected, str(manager.need()), source=_FABRIC)]
    fix = (
        f"root: install nvidia-fabricmanager {driver} (on Debian nvidia-fabricmanager-{driver.branch}), "
        "then `systemctl enable --now nvidia-fabricmanager`"
    )
    if manager.state == "unknown":
        return [not_known(RULE, subject, expected, manager, "nv-fabricmanager --version tells it", _FABRIC)]
    return [
        Finding(
            rule=RULE,
            subject=subject,
            status="fail",
            expected=expected,
            actual=f"version {manager.need()}" if manager.is_known else "none is installed",
            why=f"the GPUs hang on {'an NVSwitch' if count == 1 else f'{count} NVSwitches'}; without a "
            "fabric manager of the driver's own version CUDA fails with error 802, system not ready",
            fix=fix,
            source=_FABRIC,
        )
    ]
