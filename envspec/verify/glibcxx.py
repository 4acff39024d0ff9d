"""GLIBCXX: whether the host's libstdc++ has the symbols that the locked wheels ask for.

Source: GCC, libstdc++ manual, "ABI Policy and Guidelines": which GLIBCXX came with which GCC.
"""

from __future__ import annotations

from envspec.probe.facts import HostFacts
from envspec.verify.draw_wheels import numbers
from envspec.verify.finding import Finding, Status, not_known
from envspec.verify.glibc import named_wheels
from envspec.verify.needs import Needs
from envspec.verify.source import told_by

RULE = "glibcxx"


def check(needs: Needs, facts: HostFacts) -> list[Finding]:
    """One finding; nothing where no wheel is known to ask for it, or no table has that of a planned OS.

    While planning it fails nothing, since a host of that OS may have a newer libstdc++ than the table.
    """
    if not needs.glibcxx or (facts.source == "spec" and not facts.glibcxx.is_known):
        return []
    must = [need for need in needs.glibcxx if not need.needed] or list(needs.glibcxx)
    highest = must[0]
    expected = f"GLIBCXX_{highest.thing}, for {highest.by}"
    if facts.glibcxx.state == "unknown":
        fix = "on the host: strings /usr/lib64/libstdc++.so.6 | grep GLIBCXX | sort -V | tail -1"
        return [not_known(RULE, "libstdc++", expected, facts.glibcxx, fix, told_by(highest))]
    if facts.glibcxx.state == "absent":
        return [
            Finding(
                RULE,
                "libstdc++",
                "fail",
                expected,
                "no libstdc++.so.6 on the host",
                "the wheels' C++ code needs it",
                "root: install libstdc++ (RHEL) or libstdc++6 (Debian, Ubuntu) from the OS's own media",
                told_by(highest),
            )
        ]
    host = facts.glibcxx.need()
    actual = f"GLIBCXX_{'.'.join(map(str, host))}"
    lacking = [need for need in needs.glibcxx if numbers(need.thing) > host]
    failing = [need for need in lacking if not need.needed and facts.source != "spec"]
    if not lacking:
        return [Finding(RULE, "libstdc++", "pass", expected, actual, source=told_by(highest))]
    status: Status = "fail" if failing else "warn"
    part = "the import fails" if any(not need.needed for need in lacking) else "a part of it won't work"
    return [
        Finding(
            rule=RULE,
            subject="libstdc++",
            status=status,
            expected=expected,
            actual=actual,
            why=f"{named_wheels(failing or lacking)}: {part} where libstdc++ lacks the symbols",
            fix="an older release of what asks for it (a constraint in the spec), or a host with a newer OS: "
            "libstdc++ gets no newer symbols within a release of its OS",
            source=told_by(highest),
        )
    ]
