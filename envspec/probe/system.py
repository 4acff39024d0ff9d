"""The system itself: its name, kernel, machine, clock and locale."""

from __future__ import annotations

import re

import msgspec

from envspec.probe.evidence import Evidence
from envspec.probe.facts import Fact, OsRelease, known, unknown
from envspec.probe.gpu_sources import GpuSources
from envspec.probe.items import Items
from envspec.probe.os_release import read_lsb_release, read_os_release

_RELEASE = re.compile(r"[0-9][A-Za-z0-9.+_~-]{0,119}")
_MACHINE = re.compile(r"[a-z0-9_]{1,20}")
_TIME = re.compile(r"(20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.[0-9]{1,9})?Z")
_UNAME = re.compile(r"Linux \S+ (\S+) [^\n]*?\b(x86_64|aarch64|ppc64le|s390x|riscv64)\b")
_LOCALE = re.compile(r"[A-Za-z0-9_.@-]{1,40}")


class _Uname(msgspec.Struct, frozen=True):
    release: str = ""
    machine: str = ""


def read_os(items: Items, sources: GpuSources) -> Fact[OsRelease]:
    """os-release; where that is missing what lsb_release or torch's report calls it."""
    text = items.text("file:/etc/os-release")
    if text.is_known:
        release = read_os_release(text.need())
        if release is not None:
            return known(release, text.how)
        return unknown(text.how, "it names no ID")
    named = items.text("command:lsb_release -a")
    if named.is_known:
        release = read_lsb_release(named.need())
        if release is not None:
            return known(release, named.how)
    if sources.report is not None and sources.report.os is not None:
        return known(sources.report.os, "torch's collect_env")
    return Fact(text.state, None, text.how, text.why)


def read_kernel(items: Items, sources: GpuSources) -> Fact[str]:
    """Release of the running kernel, ``4.18.0-513.5.1.el8_9.x86_64``."""
    return _of_uname(items, _RELEASE, "release", sources.report.kernel if sources.report is not None else "")


def read_arch(items: Items, sources: GpuSources) -> Fact[str]:
    """The machine, ``x86_64``."""
    return _of_uname(items, _MACHINE, "machine", sources.report.arch if sources.report is not None else "")


def read_clock(evidence: Evidence) -> Fact[str]:
    """The host's own UTC clock when the probe began, RFC 3339 to the second."""
    match = _TIME.fullmatch(evidence.taken)
    if match is None:
        return unknown(
            "the probe's clock", "it is no time in UTC" if evidence.taken else "the evidence doesn't say"
        )
    return known(f"{match[1]}{'' if match[1].count(':') == 2 else ':00'}Z", "the host's clock")


def read_locale(items: Items) -> Fact[str]:
    """The one that counts of LC_ALL, LC_CTYPE and LANG; ``C`` where none is set."""
    variables = items.value("call:locale", dict[str, str])
    if not variables.is_known:
        return unknown(variables.how, variables.why)
    names = ("LC_ALL", "LC_CTYPE", "LANG")
    value = next((variables.need()[name] for name in names if variables.need().get(name)), "C")
    if _LOCALE.fullmatch(value) is None:
        return unknown("LC_ALL, LC_CTYPE, LANG", "it has no form of a locale")
    return known(value, "LC_ALL, LC_CTYPE, LANG")


def _of_uname(items: Items, form: re.Pattern[str], name: str, reported: str) -> Fact[str]:
    uname = items.value("call:uname", _Uname)
    value = getattr(uname.value, name, "")
    how = "uname"
    text = items.text("command:uname -a")
    match = _UNAME.match(text.need()[:400]) if text.is_known else None
    if not value and match is not None:
        value = match[1] if name == "release" else match[2]
    if not value and reported:
        value, how = reported, "torch's collect_env"
    if form.fullmatch(value) is None:
        return unknown(how, uname.why or "it has another form than that of a kernel")
    return known(value, how)
