"""Fabric manager: where GPUs hang on NVSwitches it must run, in the very version of the driver."""

from __future__ import annotations

from envspec.probe.facts import HostFacts
from envspec.verify.finding import Finding, not_known

RULE = "driver"

_FABRIC = "NVIDIA, Fabric Manager User Guide: the versions of driver and fabric manager must be the same"


def check(facts: HostFacts) -> list[Finding]:
    """Where GPUs hang on NVSwitches nothing computes before a fabric manager of the driver's version."""
    if not facts.nvswitches.value or not facts.driver.is_known:
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
