"""Driver: whether the host's NVIDIA driver bears the CUDA that the locked builds were made for.

Three grades. Full: the driver that came with the toolkit, or a newer one. Minor-version compatible: from the
floor of the CUDA major up, where compiled kernels run and what is compiled at run time isn't promised.
Refused: neither, with the ways out of it.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from envspec.compat.cuda import MinorFloor, ToolkitRelease, branch, minor_floor, toolkit_driver
from envspec.probe.facts import HostFacts
from envspec.target.gpu import DriverVersion, ToolkitVersion
from envspec.verify import driver_remedies
from envspec.verify.driver_state import state_finding
from envspec.verify.finding import Finding, Status, not_known
from envspec.verify.needs import Needs
from envspec.verify.source import cited

RULE = "driver"

Grade = Literal["full", "minor-version", "refused", ""]


class Floors(NamedTuple):
    """The two drivers that CUDA's own tables name for one toolkit."""

    full: ToolkitRelease | None
    minor: MinorFloor | None

    @property
    def lowest(self) -> DriverVersion | None:
        """The oldest driver that bears it at all."""
        if self.minor is not None:
            return self.minor.driver_version
        return self.full.driver_version if self.full is not None else None


def floors(cuda: ToolkitVersion) -> Floors:
    """The rows of ``cuda``; its own floor stays away for 11.0, which came before that promise."""
    minor, full = minor_floor(cuda), toolkit_driver(cuda)
    if minor is not None and minor.from_ and cuda < ToolkitVersion.parse(minor.from_) and full is not None:
        minor = None
    return Floors(full, minor)


def grade(cuda: ToolkitVersion, driver: DriverVersion) -> Grade:
    """What a driver is to builds for ``cuda``; empty where no table says."""
    rows = floors(cuda)
    full = rows.full.driver_version if rows.full is not None else None
    if full is not None and driver >= full:
        return "full"
    row = branch(driver)
    if full is None and row is not None and row.cuda_level is not None and row.cuda_level >= cuda[:2]:
        return "full"
    if rows.minor is not None and driver >= rows.minor.driver_version:
        return "minor-version"
    return "refused" if rows.lowest is not None else ""


def check(needs: Needs, facts: HostFacts, today: str = "") -> list[Finding]:
    """The grade, the state of driver and GPU where that is a fault, the branch's end, the fabric manager.

    Nothing where no locked build needs CUDA.
    """
    if needs.cuda is None:
        return []
    state = state_finding(needs, facts)
    if state is not None and not facts.driver.is_known:
        return [state]
    found = [state] if state is not None else []
    if not facts.driver.is_known:
        return [_unknown_driver(needs, needs.cuda, facts)]
    return [
        *found,
        _graded(needs, needs.cuda, facts, today),
        *_branch_end(facts, today),
        *_fabric_manager(facts),
    ]


def _unknown_driver(needs: Needs, cuda: ToolkitVersion, facts: HostFacts) -> Finding:
    lowest = floors(cuda).lowest
    fix = "run the probe on the host itself; nvidia-smi, or /proc/driver/nvidia/version, tells the driver"
    if facts.source == "spec":
        fix = f'ask the site, and promise it in the spec: driver = ">={lowest}"'
    return not_known(RULE, _subject(needs), _expected(cuda), facts.driver, fix, _source(cuda))


def _graded(needs: Needs, cuda: ToolkitVersion, facts: HostFacts, today: str) -> Finding:
    driver = facts.driver.need()
    what = grade(cuda, driver)
    actual = f"driver {driver}" + (" or later, as the spec promises" if facts.driver_at_least else "")
    status: Status
    if what == "full":
        status, why, ways = "pass", "", []
    elif what == "minor-version":
        status, why = "warn", _minor_why(needs, cuda, driver)
        ways = _minor_ways(needs, cuda, facts, today)
    elif what == "refused":
        status, why, ways = driver_remedies.refused(needs, facts, _lowest(cuda), today)
    else:
        status, why = "unknown", f"no table says which driver CUDA {cuda.release} needs"
        ways = [f"look into the release notes of CUDA {cuda.release}, Table 3"]
    return Finding(
        RULE, _subject(needs), status, _expected(cuda), actual, why, "\n".join(ways), _source(cuda), what
    )


def _lowest(cuda: ToolkitVersion) -> DriverVersion:
    lowest = floors(cuda).lowest
    if lowest is None:
        raise ValueError(f"no floor for CUDA {cuda}")
    return lowest


def _minor_why(needs: Needs, cuda: ToolkitVersion, driver: DriverVersion) -> str:
    row = branch(driver)
    level = f", which itself is of CUDA {row.cuda}" if row is not None and row.cuda else ""
    at_run_time = ", ".join(needs.compiles_at_run_time)
    named = f"; of the locked projects that is {at_run_time}" if at_run_time else ""
    return (
        f"minor-version compatible: compiled kernels run; PTX of CUDA {cuda.release} does not on driver "
        f"{driver}{level}, so what is compiled at run time isn't promised{named}"
    )


def _minor_ways(needs: Needs, cuda: ToolkitVersion, facts: HostFacts, today: str) -> list[str]:
    full = floors(cuda).full
    ways = ["leave it at that where nothing is compiled at run time"]
    if needs.compiles_at_run_time:
        ways = [f"leave it at that, and don't use {', '.join(needs.compiles_at_run_time)}"]
    if full is not None:
        ways += driver_remedies.another_driver(facts, f"{full.driver} or later", today)
    return ways


def _branch_end(facts: HostFacts, today: str) -> list[Finding]:
    driver = facts.driver.need()
    row = branch(driver)
    if row is None or facts.driver_at_least or driver_remedies.is_vgpu(facts):
        return []
    over = row.is_supported(today) is False if today else row.is_over
    if not over:
        return []
    until = f" since {driver_remedies.month(row.end_of_life)}" if row.end_of_life else ""
    return [
        Finding(
            rule=RULE,
            subject=f"branch {row.name}",
            status="warn",
            expected="a branch of the driver that NVIDIA still mends",
            actual=f"driver {driver} of {row.name}",
            why=f"{row.name} is past its end of life{until}: its faults, of security too, stay",
            fix=driver_remedies.new_branch(facts, today),
            source=cited("cuda", f"branch {row.branch}", row),
        )
    ]


def _fabric_manager(facts: HostFacts) -> list[Finding]:
    """Where GPUs hang on NVSwitches nothing computes before a fabric manager of the driver's version."""
    if facts.nvswitches.value == 0 or not facts.nvswitches.is_known:
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


_FABRIC = "NVIDIA, Fabric Manager User Guide: the versions of driver and fabric manager must be the same"


def _subject(needs: Needs) -> str:
    return needs.cuda_by or needs.label


def _expected(cuda: ToolkitVersion) -> str:
    rows = floors(cuda)
    if rows.full is None and rows.minor is None:
        return f"a driver for CUDA {cuda.release}"
    parts = []
    if rows.full is not None:
        parts.append(f"driver {rows.full.driver} or later for all of CUDA {cuda.release}")
    if rows.minor is not None:
        parts.append(f"{rows.minor.driver} or later for kernels that are compiled already")
    return "; ".join(parts)


def _source(cuda: ToolkitVersion) -> str:
    rows = floors(cuda)
    cites = []
    if rows.minor is not None:
        cites.append(cited("cuda", f"floor of CUDA {cuda.major}", rows.minor))
    if rows.full is not None:
        cites.append(cited("cuda", f"toolkit {rows.full.version}", rows.full))
    return "; ".join(cites) or f"cuda.json has no row for CUDA {cuda.release}"
