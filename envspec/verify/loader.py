"""The loader: whether the host's dynamic linker knows a soname."""

from __future__ import annotations

from envspec.probe.facts import HostFacts


def knows(soname: str, facts: HostFacts) -> bool | None:
    """None where nobody could ask it, or where a brief, with room for few names, doesn't ask about this one.

    ``libsox.so``, without a version, is met by any of its versions.
    """
    if not facts.libraries.is_known:
        return None
    there = facts.libraries.need()
    if soname in there or (soname.endswith(".so") and any(each.startswith(f"{soname}.") for each in there)):
        return True
    return None if facts.libraries_asked and soname not in facts.libraries_asked else False
