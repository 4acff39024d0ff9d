"""Pythons on the host; each was asked for its version by running it."""

from __future__ import annotations

import re

import msgspec

from envspec.probe.facts import Fact, Interpreter, absent, known, unknown
from envspec.probe.gpu_sources import GpuSources
from envspec.probe.items import Items, said_why
from envspec.probe.shown import plain

_VERSION = re.compile(r"[23]\.[0-9]{1,2}(?:\.[0-9]{1,3})?(?:(?:a|b|rc)[0-9]{1,2})?\+?")
_MAX_PYTHONS = 64


class _Python(msgspec.Struct, frozen=True):
    path: str = ""
    version: str = ""
    bits: int | None = None
    venv: bool | None = None
    ensurepip: bool | None = None
    error: str = ""


def read_pythons(items: Items, sources: GpuSources) -> Fact[tuple[Interpreter, ...]]:
    """Those that said their version; absent where the host has none."""
    value = items.value("call:pythons", tuple[_Python, ...])
    if not value.is_known:
        if sources.report is not None and sources.report.python:
            return known((Interpreter("", sources.report.python),), "torch's collect_env")
        return Fact(value.state, None, value.how, value.why)
    found = [
        Interpreter(plain(each.path, 400), each.version, _has_venv(each))
        for each in value.need()
        if _VERSION.fullmatch(each.version)
    ]
    silent = [each for each in value.need() if not _VERSION.fullmatch(each.version)]
    if found:
        return known(tuple(found[:_MAX_PYTHONS]), "each interpreter itself")
    if silent:
        return unknown(plain(silent[0].path, 200), f"it did not say its version: {said_why(silent[0].error)}")
    return absent("the usual places", "no Python is there")


def _has_venv(python: _Python) -> bool | None:
    if python.venv is None or python.ensurepip is None:
        return None
    return python.venv and python.ensurepip
