"""Security: what a hardened host does to an environment that came from outside its packages.

Source: fapolicyd(8) and fapolicyd-cli(8); discuss.python.org 51389 (FIPS mode and hashlib). Nothing here
advises to switch a protection off.
"""

from __future__ import annotations

import shlex

from envspec.probe.facts import HostFacts
from envspec.verify.draw_disk import PREFIX
from envspec.verify.finding import Finding, not_known
from envspec.verify.lock_table import text
from envspec.verify.needs import Needs

RULE = "security"


def check(needs: Needs, facts: HostFacts) -> list[Finding]:
    """A finding for each protection that is on, or that could not be looked at."""
    if facts.source == "spec":
        return []
    prefix = shlex.quote(text(needs.lock.target, "prefix") or PREFIX)
    return [*_fapolicyd(facts, prefix), *_fips(needs, facts), *_selinux(facts, prefix)]


def _fapolicyd(facts: HostFacts, prefix: str) -> list[Finding]:
    source = "fapolicyd(8), fapolicyd-cli(8)"
    expected = "programs may run where the environment lies"
    if facts.fapolicyd.state == "unknown":
        fix = "on the host: systemctl is-active fapolicyd"
        return [not_known(RULE, "fapolicyd", expected, facts.fapolicyd, fix, source)]
    if not facts.fapolicyd.value:
        return []
    return [
        Finding(
            rule=RULE,
            subject="fapolicyd",
            status="warn",
            expected=expected,
            actual="fapolicyd runs",
            why="what came from no package isn't trusted: Python and libraries of the environment end with "
            "Operation not permitted",
            fix=f"root, once it's installed: fapolicyd-cli --file add {prefix}/ --trust-file envspec && "
            "fapolicyd-cli --update; the same with `delete` is the way back",
            source=source,
        )
    ]


def _fips(needs: Needs, facts: HostFacts) -> list[Finding]:
    source = "/proc/sys/crypto/fips_enabled"
    if facts.fips.state == "unknown":
        fix = "on the host: cat /proc/sys/crypto/fips_enabled"
        return [not_known(RULE, "FIPS", "known whether the host is in FIPS mode", facts.fips, fix, source)]
    if not facts.fips.value:
        return []
    if needs.python_brought:
        why = (
            "the Python that the lock brings has an OpenSSL of its own, which isn't the host's validated one"
        )
        fix = "ask the site's security officer whether that may be; else use a Python of the OS"
    else:
        why = "hashlib.md5 and its like are refused; code that uses them for cache keys ends with ValueError"
        fix = "run the smoke test there; what fails needs usedforsecurity=False, from Python 3.9 on"
    return [
        Finding(RULE, "FIPS", "warn", "no FIPS mode, or one that was planned for", "on", why, fix, source)
    ]


def _selinux(facts: HostFacts, prefix: str) -> list[Finding]:
    source = "/sys/fs/selinux/enforce"
    if facts.selinux.value != "enforcing":
        return []
    return [
        Finding(
            rule=RULE,
            subject="SELinux",
            status="pass",
            expected="known whether SELinux is enforced",
            actual="enforcing",
            why="a user's own shell is not confined; a systemd service may run files of the environment only "
            f"with a label such as bin_t (semanage fcontext -a -t bin_t '{prefix}/.*/bin(/.*)?' && "
            f"restorecon -R {prefix})",
            source=source,
        )
    ]
