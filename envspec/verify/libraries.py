"""Libraries: what the locked wheels load from the host, which no wheel of the lock brings."""

from __future__ import annotations

from envspec.compat.system_libraries import instead_of
from envspec.probe.facts import HostFacts
from envspec.verify.finding import Finding, Status, not_known
from envspec.verify.loader import knows
from envspec.verify.needs import FromWheel, Needs
from envspec.verify.packages import ways_to_install
from envspec.verify.source import told_by

RULE = "libraries"

_MOST = 6
_SOURCE = "ldconfig -p on the host"


def check(needs: Needs, facts: HostFacts) -> list[Finding]:
    """A finding for each wheel that lacks something, or one if none does; and one for those not read.

    While planning, one for each wheel that another project spares the host.
    """
    if facts.source == "spec":
        return _avoidable(needs)
    return [*_loaded(needs, facts), *_not_read(needs)]


def _loaded(needs: Needs, facts: HostFacts) -> list[Finding]:
    if not needs.libraries:
        return []
    sonames = sorted({need.thing for need in needs.libraries})
    expected = _several(sonames)
    if not facts.libraries.is_known:
        fix = "on the host: ldconfig -p"
        return [not_known(RULE, "shared libraries", expected, facts.libraries, fix, _SOURCE)]
    unseen = [need for need in needs.libraries if not knows(need.thing, facts)]
    lacking = [need for need in unseen if knows(need.thing, facts) is False]
    if not unseen:
        actual = f"the loader knows all {len(sonames)}" if len(sonames) > 1 else "the loader knows it"
        return [Finding(RULE, "shared libraries", "pass", expected, actual, source=_SOURCE)]
    found = [
        _lacking(by, [need for need in lacking if need.by == by], facts)
        for by in dict.fromkeys(need.by for need in lacking)
    ]
    if len(lacking) < len(unseen):
        found.append(_not_asked(sorted({need.thing for need in unseen if need not in lacking})))
    return found


def _avoidable(needs: Needs) -> list[Finding]:
    """No spec promises libraries of the OS; where a wheel does without them it's the better plan."""
    found = []
    for by in dict.fromkeys(need.by for need in needs.libraries if need.needed == "import"):
        wanted = [need for need in needs.libraries if need.by == by and need.needed == "import"]
        instead = _instead(by.partition(" ")[0], [need.thing for need in wanted])
        if instead:
            found.append(
                Finding(
                    rule=RULE,
                    subject=by,
                    status="warn",
                    expected=f"a host whose loader knows {_several([need.thing for need in wanted])}",
                    actual="no spec promises that",
                    why="importing it fails where one of them is missing, and servers mostly lack some",
                    fix=instead,
                    source=told_by(wanted[0]),
                )
            )
    return found


def _instead(project: str, missing: list[str]) -> str:
    """The project that spares the host some of those libraries; empty where none is known."""
    row = instead_of(project)
    if row is None or not set(row.saves) & set(missing):
        return ""
    note = f" ({row.note})" if row.note else ""
    return f"without root: lock {row.instead} in place of {project}, which needs none of them{note}"


def _not_asked(sonames: list[str]) -> Finding:
    """Of a brief, which has room for few names: what it doesn't ask about may well be there."""
    return Finding(
        rule=RULE,
        subject="libraries that the brief doesn't ask about",
        status="unknown",
        expected=_several(sonames),
        actual="not known: the brief lists few libraries, and none of these",
        fix=f"on the host: ldconfig -p | grep -F -e {' -e '.join(sonames[:_MOST])}\n"
        "or carry the whole evidence in place of the brief",
        source=_SOURCE,
    )


def _lacking(by: str, needs: list[FromWheel], facts: HostFacts) -> Finding:
    project = by.partition(" ")[0]
    at_import = [need.thing for need in needs if need.needed != "use"]
    missing = [need.thing for need in needs]
    status: Status = "fail" if at_import else "warn"
    told = "; ".join(need.what_for for need in needs if need.what_for)
    why = (
        "importing it fails without them"
        if at_import
        else f"only a feature of it fails{f': {told}' if told else ''}"
    )
    ways = ways_to_install(missing, facts)
    instead = _instead(project, missing)
    ways = [instead, *ways] if instead else ways
    return Finding(
        rule=RULE,
        subject=by,
        status=status,
        expected=_several(missing),
        actual="the loader doesn't know it"
        if len(missing) == 1
        else f"the loader knows none of these {len(missing)}",
        why=why,
        fix="\n".join(ways),
        source=f"{told_by(needs[0])}; {_SOURCE}",
    )


def _not_read(needs: Needs) -> list[Finding]:
    if not needs.not_read:
        return []
    return [
        Finding(
            rule=RULE,
            subject="wheels that were not read",
            status="unknown",
            expected="which libraries of the host each wheel loads",
            actual=f"not known of {_several(needs.not_read)}",
            fix="outside, where the wheels can be fetched: envspec audit LOCK --write",
            source="docs/audit.md",
        )
    ]


def _several(names: list[str] | tuple[str, ...]) -> str:
    shown = ", ".join(names[:_MOST])
    return shown + (f" and {len(names) - _MOST} more" if len(names) > _MOST else "")
