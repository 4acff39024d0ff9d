"""What compiles while a program runs, on a driver that is older than the CUDA it compiles for."""

from __future__ import annotations

from envspec.compat.cuda import branch
from envspec.probe.facts import HostFacts
from envspec.target.gpu import DriverVersion, ToolkitVersion
from envspec.verify import driver_remedies
from envspec.verify.driver_grade import floors, grade
from envspec.verify.finding import Finding
from envspec.verify.needs import Needs, RunTimeCode

RULE = "driver"


def minor_why(needs: Needs, cuda: ToolkitVersion, driver: DriverVersion) -> str:
    """What minor-version compatibility means for this lock: what runs, and what is not promised."""
    row = branch(driver)
    level = f", which itself is of CUDA {row.cuda}" if row is not None and row.cuda else ""
    why = (
        f"minor-version compatible: kernels that are compiled already run; PTX of CUDA {cuda.release} does "
        f"not on driver {driver}{level}"
    )
    hindered = [_told(code) for code in needs.run_time if _is_hindered(code, driver)]
    fine = [code.what for code in needs.run_time if not _is_hindered(code, driver)]
    if hindered:
        why += f"; of what compiles at run time these are not promised: {', '.join(hindered)}"
    if fine:
        why += f"; these make machine code, which runs: {', '.join(fine)}"
    return why


def _is_hindered(code: RunTimeCode, driver: DriverVersion) -> bool:
    """PTX newer than the driver is; so is machine code of a CUDA that the driver doesn't bear at all."""
    if code.is_ptx or code.toolkit is None:
        return True
    return grade(code.toolkit, driver) in ("refused", "")


def _told(code: RunTimeCode) -> str:
    if code.is_ptx:
        return f"{code.what}, which makes PTX"
    if code.toolkit is None:
        return f"{code.what}, whose CUDA nobody says"
    return f"{code.what}, which makes machine code of CUDA {code.toolkit.release}"


def minor_ways(needs: Needs, cuda: ToolkitVersion, facts: HostFacts, today: str) -> list[str]:
    """Leave it and avoid what is hindered, or a driver with full function."""
    full = floors(cuda).full
    driver = facts.driver.need()
    hindered = [code.what for code in needs.run_time if _is_hindered(code, driver)]
    ways = ["leave it at that, as nothing in the lock compiles at run time what the driver refuses"]
    if hindered:
        ways = [f"leave it at that, and don't use {' or '.join(hindered)}"]
    if full is not None:
        ways += driver_remedies.another_driver(facts, full.driver_version, today)
    return ways


def beyond_the_driver(
    needs: Needs, cuda: ToolkitVersion, facts: HostFacts, actual: str, today: str
) -> list[Finding]:
    """Under full function of ``cuda``: what is made at run time by a CUDA that the driver doesn't bear."""
    driver = facts.driver.need()
    if grade(cuda, driver) != "full":
        return []
    found = []
    for code in needs.run_time:
        if code.toolkit is None or grade(code.toolkit, driver) != "refused":
            continue
        lowest = floors(code.toolkit).lowest
        found.append(
            Finding(
                rule=RULE,
                subject=code.what,
                status="warn",
                expected=f"driver {lowest} or later for code of CUDA {code.toolkit.release}",
                actual=actual,
                why=f"what it makes at run time is of CUDA {code.toolkit.release}, whatever CUDA the rest of "
                "the lock is built for",
                fix="\n".join(
                    [
                        f"don't use {code.what}; all the rest runs",
                        *driver_remedies.another_driver(facts, lowest, today),
                    ]
                ),
                source=code.source,
            )
        )
    return found
