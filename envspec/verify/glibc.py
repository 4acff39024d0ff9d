"""glibc: whether the host's C library is new enough for what the locked wheels were linked against.

Source: PEP 600 (a manylinux_X_Y wheel runs where glibc is X.Y or newer); the wheels' own symbol versions,
where ``envspec audit`` has read them.
"""

from __future__ import annotations

from envspec.probe.facts import HostFacts
from envspec.verify.draw_wheels import numbers
from envspec.verify.finding import Finding, Status, not_known
from envspec.verify.needs import FromWheel, Needs
from envspec.verify.source import told_by

RULE = "glibc"

_MOST = 5
_READ = "`envspec audit LOCK --write` reads what these wheels need"


def check(needs: Needs, facts: HostFacts) -> list[Finding]:
    """One finding for all wheels that say it, one for those that don't; one alone on a host without glibc."""
    if facts.glibc.state == "absent" and (needs.glibc or needs.tells_no_glibc):
        return [_none(needs, facts)]
    return [*_told(needs, facts), *_untold(needs, facts)]


def _told(needs: Needs, facts: HostFacts) -> list[Finding]:
    if not needs.glibc:
        return []
    must = [need for need in needs.glibc if not need.needed] or list(needs.glibc)
    highest = must[0]
    expected = f"glibc {highest.thing} or later, for {highest.by}"
    source = told_by(highest)
    if not facts.glibc.is_known:
        fix = "on the host: getconf GNU_LIBC_VERSION"
        return [not_known(RULE, "glibc", expected, facts.glibc, fix, source)]
    major, minor = facts.glibc.need()
    actual = f"glibc {major}.{minor}"
    lacking = [need for need in needs.glibc if numbers(need.thing) > (major, minor)]
    failing = [need for need in lacking if not need.needed]
    if not lacking:
        return [Finding(RULE, "glibc", "pass", expected, actual, source=source)]
    named = named_wheels(failing or lacking)
    status: Status = "fail" if failing else "warn"
    why = f"{named}: the loader refuses what asks for newer symbols"
    if not failing:
        why = f"{named}, in files that importing doesn't load: a part of it won't work"
    return [
        Finding(
            rule=RULE,
            subject="glibc",
            status=status,
            expected=expected,
            actual=actual,
            why=why,
            fix="lock for this host, and older releases are chosen: correct target.os of the spec, or say "
            f'glibc = "{major}.{minor}"\nor a host with a newer OS: glibc comes with its OS and stays so',
            source=source,
        )
    ]


def _none(needs: Needs, facts: HostFacts) -> Finding:
    wheels = needs.glibc[0].by if needs.glibc else needs.tells_no_glibc[0]
    return Finding(
        rule=RULE,
        subject="glibc",
        status="fail",
        expected=f"glibc {needs.glibc[0].thing} or later, for {wheels}"
        if needs.glibc
        else f"glibc, for {wheels}",
        actual=f"none: {facts.glibc.why}" if facts.glibc.why else "none",
        why="the wheels' machine code was linked against glibc, and no other C library stands in for it",
        fix="a host, or a container, whose OS has glibc: RHEL, Debian, Ubuntu, SUSE",
        source=told_by(needs.glibc[0]) if needs.glibc else "PEP 600 and PEP 656",
    )


def named_wheels(needs: list[FromWheel]) -> str:
    """``torch 2.7.1 (2.28), pillow 11.3.0 (2.27) and 3 more``."""
    named = ", ".join(f"{need.by} ({need.thing})" for need in needs[:_MOST])
    return named + (f" and {len(needs) - _MOST} more" if len(needs) > _MOST else "")


def _untold(needs: Needs, facts: HostFacts) -> list[Finding]:
    if not needs.tells_no_glibc:
        return []
    host = f"glibc {'.'.join(map(str, facts.glibc.need()))}" if facts.glibc.is_known else "not known"
    return [
        Finding(
            rule=RULE,
            subject="wheels that tell no glibc",
            status="warn",
            expected="the glibc that each wheel needs",
            actual=f"{', '.join(needs.tells_no_glibc)} don't say; the host has {host}",
            why="their tag is linux alone, which promises nothing",
            fix=_READ,
            source="PEP 600: a tag that isn't manylinux tells no glibc",
        )
    ]
