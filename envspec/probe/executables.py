"""Programs that were looked for along the user's PATH."""

from __future__ import annotations

import re
from collections.abc import Mapping

from envspec.probe.facts import Fact, known, unknown
from envspec.probe.items import Items
from envspec.probe.shown import plain

_NAME = re.compile(r"[A-Za-z0-9_.+-]{1,60}")


def read_executables(items: Items) -> Fact[Mapping[str, str]]:
    """Name to path; '' for one that was looked for and isn't there."""
    found = items.value("call:executables", dict[str, str])
    if not found.is_known:
        return unknown(found.how, found.why)
    named = {name: plain(path, 400) for name, path in found.need().items() if _NAME.fullmatch(name)}
    return known(named, "PATH")
