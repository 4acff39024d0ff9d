"""Processors: how many this user may use, and what they can do."""

from __future__ import annotations

import re

import msgspec

from envspec.probe.facts import Fact, known, unknown
from envspec.probe.items import Items
from envspec.probe.numbers import whole_number

_FLAGS = re.compile(r"^(?:flags|Features)\s{0,20}:(.*)$", re.MULTILINE)
_FLAG = re.compile(r"[a-z0-9_]{1,40}")


class _Cpu(msgspec.Struct, frozen=True):
    count: int | None = None
    usable: int | None = None


def read_cpu_flags(items: Items) -> Fact[frozenset[str]]:
    """``flags`` of /proc/cpuinfo on x86, ``Features`` on arm."""
    text = items.text("file:/proc/cpuinfo")
    if not text.is_known:
        return unknown(text.how, text.why)
    match = _FLAGS.search(text.need())
    if match is None:
        return unknown(text.how, "it has no line of flags")
    return known(frozenset(filter(is_flag, match[1].split())), text.how)


def is_flag(word: str) -> bool:
    """Whether a word has the form of a processor's flag."""
    return _FLAG.fullmatch(word) is not None


def read_cpu_count(items: Items) -> Fact[int]:
    """Those that this user may use, else all that are on line."""
    cpu = items.value("call:cpu", _Cpu)
    if not cpu.is_known:
        return unknown(cpu.how, cpu.why)
    usable = whole_number(cpu.need().usable, low=1, high=1 << 16)
    count = usable or whole_number(cpu.need().count, low=1, high=1 << 16)
    if count is None:
        return unknown("sched_getaffinity", "it is no number of processors")
    return known(count, "sched_getaffinity" if usable else "processors on line")
