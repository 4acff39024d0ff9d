"""numpy: releases that were built for numpy 1 don't work with numpy 2; a rule of the lock alone."""

from __future__ import annotations

from envspec.compat.torch_builds import built_for_numpy_1
from envspec.probe.facts import HostFacts
from envspec.verify.finding import Finding
from envspec.verify.needs import Needs
from envspec.verify.source import cited

RULE = "numpy"


def check(needs: Needs, facts: HostFacts) -> list[Finding]:  # noqa: ARG001 - no host can mend it
    """A finding for each locked release that numpy 2 breaks."""
    numpy = next((item for item in needs.lock.distributions if item.name == "numpy"), None)
    if numpy is None or not numpy.version.startswith("2."):
        return []
    found = []
    for item in needs.lock.distributions:
        row = built_for_numpy_1(item.name, item.version)
        if row is not None:
            found.append(
                Finding(
                    rule=RULE,
                    subject=f"{item.name} {item.version}",
                    status="fail",
                    expected="numpy 1, for which it was built",
                    actual=f"numpy {numpy.version}",
                    why=f"with numpy 2 it says: {row.says}",
                    fix=f'lock with constraints = ["numpy<2"], or with {item.name} {row.before} or later',
                    source=cited("torch", f"numpy 1 and {item.name} before {row.before}", row),
                )
            )
    return found
