"""Driver: whether the host's NVIDIA driver bears the CUDA that the locked builds were made for.

Three grades. Full: the driver that came with the toolkit, or a newer one. Minor-version compatible: from the
floor of the CUDA major up, where compiled kernels run and what is compiled at run time isn't promised.
Refused: neither, with the ways out of it.
"""

from __future__ import annotations

from envspec.compat.cuda import branch
from envspec.probe.facts import HostFacts
from envspec.target.gpu import ToolkitVersion
from envspec.verify import driver_remedies, fabric_manager
from envspec.verify.driver_grade import floors, grade
from envspec.verify.driver_run_time import beyond_the_driver, minor_ways, minor_why
from envspec.verify.driver_state import state_finding
from envspec.verify.finding import Finding, Status, not_known
from envspec.verify.needs import Needs
from envspec.verify.source import cited

RULE = "driver"


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
        *beyond_the_driver(needs, needs.cuda, facts, _actual(facts), today),
        *_branch_end(facts, today),
        *fabric_manager.check(facts),
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
    actual = _actual(facts)
    status: Status
    if what == "full":
        status, why, ways = "pass", "", []
    elif what == "minor-version":
        status, why = "warn", minor_why(needs, cuda, driver)
        ways = minor_ways(needs, cuda, facts, today)
    elif what == "refused":
        status, why, ways = driver_remedies.refused(needs, facts, today)
    else:
        status, why = "unknown", f"no table says which driver CUDA {cuda.release} needs"
        ways = [f"look into the release notes of CUDA {cuda.release}, Table 3"]
    return Finding(
        RULE, _subject(needs), status, _expected(cuda), actual, why, "\n".join(ways), _source(cuda), what
    )


def _actual(facts: HostFacts) -> str:
    return f"driver {facts.driver.need()}" + (", or later, as promised" if facts.driver_at_least else "")


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


def _subject(needs: Needs) -> str:
    return needs.cuda_by or needs.label


def _expected(cuda: ToolkitVersion) -> str:
    rows = floors(cuda)
    if rows.full is None and rows.minor is None:
        return f"a driver for CUDA {cuda.release}"
    if rows.full is not None and rows.minor is not None and rows.full.driver == rows.minor.driver:
        return f"driver {rows.full.driver} or later for CUDA {cuda.release}"
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
