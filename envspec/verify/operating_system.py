"""OS: another one than planned, what follows from that and what does not.

Wheels ask for a glibc and a CPU, not for a distribution; packages, paths and installers of the OS do.
"""

from __future__ import annotations

from envspec.probe.facts import HostFacts, OsRelease
from envspec.verify.finding import Finding, not_known
from envspec.verify.needs import Needs

RULE = "os"

_SOURCE = "target.os of the spec; /etc/os-release"
_RPM = ("rhel", "fedora", "centos", "rocky", "almalinux", "ol", "amzn", "suse", "sles", "opensuse")
_DEB = ("debian", "ubuntu")


def check(needs: Needs, facts: HostFacts) -> list[Finding]:
    """One finding; nothing where the lock names no OS."""
    if not needs.os or facts.source == "spec":
        return []
    if not facts.os.is_known:
        return [not_known(RULE, "OS", needs.os, facts.os, "on the host: cat /etc/os-release", _SOURCE)]
    host = facts.os.need()
    planned, _, version = needs.os.rpartition("-")
    parts = version.split(".")
    if host.key == needs.os or (host.id == planned and host.version.split(".")[: len(parts)] == parts):
        return [Finding(RULE, "OS", "pass", needs.os, host.key, source=_SOURCE)]
    same_line = host.id == planned and host.version.split(".")[0] == parts[0]
    follows = "its packages are of the same line" if same_line else _follows(planned, host)
    return [
        Finding(
            rule=RULE,
            subject="OS",
            status="warn",
            expected=needs.os,
            actual=host.key,
            why=f"another OS than planned. What follows: {follows}. What does not: the wheels ask for glibc "
            f"and CPU alone, not for a distribution{_glibc(needs, facts)}; Python, driver and disks have "
            "rules of their own",
            fix=f'if it stays so, say it in the spec and lock again: os = "{host.key}"',
            source=_SOURCE,
        )
    ]


def _family(names: tuple[str, ...]) -> str:
    if any(name in _DEB for name in names):
        return "DEB"
    return "RPM" if any(name.startswith(_RPM) for name in names) else ""


def _follows(planned: str, host: OsRelease) -> str:
    before, now = _family((planned,)), _family((host.id, *host.like))
    if before and now and before != now:
        return (
            f"packages and media that were prepared as {before} are of no use, {now}s are needed; a driver "
            "or toolkit from a repository of the planned OS does not fit, runfiles do"
        )
    return "packages, media and a driver from a repository of the planned OS may not fit, runfiles do"


def _glibc(needs: Needs, facts: HostFacts) -> str:
    if not facts.glibc.is_known or not needs.glibc:
        return ""
    major, minor = facts.glibc.need()
    return f" (glibc {major}.{minor} here, {needs.glibc[0].thing} asked for)"
