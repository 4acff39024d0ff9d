"""Fabric manager: where GPUs hang on NVSwitches it must run, in the very version of the driver."""

from __future__ import annotations

from envspec.probe.facts import HostFacts
from envspec.verify.finding import Finding, not_known

RULE = "driver"

_FABRIC = (
    "https://docs.nvidia.com/datacenter/tesla/fabric-manager-user-guide: it ends where the loaded driver is "
    "of another version; before it has set the fabric up, CUDA isn't ready"
)

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
        return [_of_one_version(facts, subject, expected)]
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


def _of_one_version(facts: HostFacts, subject: str, expected: str) -> Finding:
    """It must run, too."""
    version, active = facts.fabric_manager.need(), facts.fabric_manager_active
    expected += ", and it runs"
    start = "root: `systemctl enable --now nvidia-fabricmanager`; its journal says why, if it doesn't start"
    if active.value:
        return Finding(RULE, subject, "pass", expected, f"version {version}, which runs", source=_FABRIC)
    if active.state == "unknown":
        fix = "on the host: systemctl is-active nvidia-fabricmanager"
        return not_known(RULE, subject, expected, active, fix, _FABRIC)
    why = "until it runs CUDA fails with error 802, system not ready"
    actual = f"version {version}, which doesn't run"
    return Finding(RULE, subject, "fail", expected, actual, why, start, _FABRIC)
