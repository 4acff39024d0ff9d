"""Main memory, what a cgroup leaves of it, and the limits of a process."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from envspec.probe.facts import Fact, Memory, known, unknown
from envspec.probe.items import Items
from envspec.probe.numbers import whole_number

_LINE = re.compile(r"^(MemTotal|MemAvailable):\s{1,40}([0-9]{1,15}) kB$", re.MULTILINE)
_LIMITS = ("nofile", "memlock", "nproc", "stack", "as", "fsize")
_NO_LIMIT = 1 << 60
"""Version 1 of cgroups says ``no limit`` as the largest page-aligned number."""


def read_memory(items: Items) -> Fact[Memory]:
    """Total, available, and the smallest limit of the cgroups that this process is in."""
    text = items.text("file:/proc/meminfo")
    if not text.is_known:
        return unknown(text.how, text.why)
    values = {match[1]: int(match[2]) * 1024 for match in _LINE.finditer(text.need())}
    if not values.get("MemTotal"):
        return unknown(text.how, "it has no line MemTotal that can be read")
    return known(Memory(values["MemTotal"], values.get("MemAvailable"), _cgroup_limit(items)), text.how)


def read_limits(items: Items) -> Fact[Mapping[str, int]]:
    """The soft limits, by name; -1 without limit."""
    limits = items.value("call:limits", dict[str, tuple[int, int]])
    if not limits.is_known:
        return unknown(limits.how, limits.why)
    said = {name: limits.need()[name][0] for name in _LIMITS if name in limits.need()}
    return known({name: soft for name, soft in said.items() if soft >= -1}, "getrlimit")


def _cgroup_limit(items: Items) -> int | None:
    cgroup = items.value("call:cgroup", dict[str, Any])
    values: list[object] = []
    for name in ("memory.max", "memory.limit_in_bytes"):
        texts = cgroup.need().get(name) if cgroup.is_known else None
        values += texts if isinstance(texts, list) else []
    limits = [whole_number(value, low=1, high=_NO_LIMIT) for value in values]
    return min((limit for limit in limits if limit is not None), default=None)
