"""Clock: it is wrong where it's before the upload of a locked file, which needs no network to know."""

from __future__ import annotations

import re

from envspec.probe.facts import HostFacts
from envspec.verify.finding import Finding, Status, not_known
from envspec.verify.lock_table import rows
from envspec.verify.needs import Needs

RULE = "clock"

_SOURCE = "the newest upload-time in the lock; the host's own clock"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|\+00:00)")


def check(needs: Needs, facts: HostFacts) -> list[Finding]:
    """One finding; nothing where the lock tells no moment."""
    if facts.source == "spec" or not _MOMENT.fullmatch(needs.newest_upload):
        return []
    expected = f"later than {needs.newest_upload}, when the newest locked file was uploaded"
    if not facts.clock.is_known or not _MOMENT.fullmatch(facts.clock.need()):
        return [not_known(RULE, "clock", expected, facts.clock, "on the host: date -u", _SOURCE)]
    now = facts.clock.need()
    if now[:19] >= needs.newest_upload[:19]:
        return [Finding(RULE, "clock", "pass", expected, now, source=_SOURCE)]
    status: Status = "fail" if rows(needs.lock.target, "endpoints") else "warn"
    return [
        Finding(
            rule=RULE,
            subject="clock",
            status=status,
            expected=expected,
            actual=now,
            why="the clock is behind: certificates look as if they weren't valid yet, and tokens and logs "
            "get wrong times",
            fix="root: `chronyc makestep` where there is a time server, else "
            "`date -u -s 'YYYY-MM-DD HH:MM:SS'` and `hwclock -w`",
            source=_SOURCE,
        )
    ]
