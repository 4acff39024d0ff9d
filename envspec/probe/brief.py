"""A brief to HostFacts: 25 lines that left a host on paper and were typed in again (``docs/evidence.md``)."""

from __future__ import annotations

import re

from envspec.probe import brief_host as host
from envspec.probe.brief_gpu import HOW, brief_flag, brief_install, brief_sources
from envspec.probe.brief_line import BriefLine, listed
from envspec.probe.brief_sheet import HEAD, is_brief, read_sheet
from envspec.probe.driver import (
    read_driver,
    read_driver_cuda,
    read_driver_flavour,
    read_driver_library,
    read_nvswitches,
)
from envspec.probe.facts import Fact, HostFacts, NetworkFacts, absent, known, unknown
from envspec.probe.gpu_state import read_gpu_state
from envspec.probe.gpus import read_gpus, read_gpus_on_bus, read_silent_gpus
from envspec.probe.items import Items
from envspec.probe.numbers import driver_version, whole_number
from envspec.probe.shown import plain
from envspec.target.gpu import DriverVersion

__all__ = ["is_brief", "read_brief"]

_TIME = re.compile(r"(20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2})Z", re.IGNORECASE)
_NONE = BriefLine("", (), {})
_NOTHING = Items({})


def read_brief(text: str, where: str) -> HostFacts:
    """The facts of a typed sheet.

    Raises SeveralProblems or InputError where lines were mistyped or left out, each named.
    """
    sheet = read_sheet(text, where)
    lines = sheet.lines
    head, memory, cuda, guard, site = (
        lines.get(key, _NONE) for key in (HEAD, "MEMORY", "CUDA", "GUARD", "SITE")
    )
    system, libc, module = (lines.get(key, _NONE) for key in ("OS", "LIBC", "MODULE"))
    sources = brief_sources(lines, sheet.gpus)
    state = read_gpu_state(sources)
    mounts = tuple(map(host.brief_mount, sheet.mounts))
    libraries = host.brief_libraries(lines.get("LIBS", _NONE))
    label = head.pair("LABEL")
    return HostFacts(
        label="" if label == "?" else plain(label.replace("%20", " "), 64),
        source="brief",
        os=host.brief_os(system),
        arch=host.brief_word(system.value(2)),
        kernel=host.brief_word(system.pair("KERNEL")),
        glibc=host.brief_glibc(libc),
        glibcxx=host.brief_glibcxx(libc),
        cpu_count=host.brief_number(lines.get("CPU", _NONE).value(0), low=1),
        cpu_flags=host.brief_cpu_flags(lines.get("CPU", _NONE)),
        memory=host.brief_memory(memory),
        limits=host.brief_limits(memory),
        gpu_state=state,
        gpus=read_gpus(_NOTHING, sources, state),
        gpus_on_bus=read_gpus_on_bus(sources),
        gpus_silent=read_silent_gpus(sources),
        gpu_devices_usable=_rights(module),
        driver=read_driver(_NOTHING, sources, state),
        driver_library=read_driver_library(sources),
        driver_flavour=read_driver_flavour(_NOTHING, sources),
        driver_install=brief_install(lines.get("MODULE")),
        driver_cuda=read_driver_cuda(_NOTHING, sources),
        nvswitches=read_nvswitches(sources),
        fabric_manager=_fabric_manager(module),
        fabric_manager_active=_flag(module, "ACTIVE"),
        nouveau_loaded=_flag(guard, "NOUVEAU"),
        kernel_headers=_flag(guard, "HEADERS"),
        secure_boot=_flag(guard, "SECUREBOOT"),
        toolkits=host.brief_toolkits(cuda),
        cudnn=host.brief_cudnn(cuda),
        pythons=host.brief_pythons(lines.get("PYTHON", _NONE)),
        libraries=libraries,
        libraries_asked=frozenset(host.LIBRARIES) if libraries.is_known else frozenset(),
        executables=host.brief_executables(lines.get("HAS", _NONE)),
        mounts=known(mounts, HOW) if mounts else unknown(HOW),
        selinux=_selinux(guard.pair("SELINUX")),
        fips=_flag(guard, "FIPS"),
        fapolicyd=_flag(guard, "FAPOLICYD"),
        repositories=_repositories(site.pair("REPOSITORIES")),
        media=_media(site.pair("MEDIA")),
        clock=_clock(head.pair("TAKEN")),
        locale=known(plain(site.pair("LOCALE"), 40), HOW) if site.pair("LOCALE") != "?" else unknown(HOW),
        network=_network(lines.get("NET")),
    )


def _flag(line: BriefLine, name: str) -> Fact[bool]:
    value = brief_flag(line.pair(name))
    return unknown(HOW) if value is None else known(value, HOW)


def _rights(module: BriefLine) -> Fact[bool]:
    if module.pair("RIGHTS").lower() == "none":
        return absent(HOW, "there are no device files")
    return _flag(module, "RIGHTS")


def _selinux(text: str) -> Fact[str]:
    word = text.lower()
    return known(word, HOW) if word in ("enforcing", "permissive", "disabled") else unknown(HOW)


def _fabric_manager(module: BriefLine) -> Fact[DriverVersion]:
    said = module.pair("FABRIC").lower()
    if said == "none":
        return absent(HOW, "it isn't there")
    version = driver_version(said)
    return unknown(HOW) if version is None else known(version, HOW)


def _repositories(text: str) -> Fact[tuple[str, ...]]:
    number = whole_number(text, high=9999)
    if number == 0:
        return known((), HOW)
    return unknown(
        HOW, "the evidence doesn't say" if number is None else f"it has only their number: {number}"
    )


def _media(text: str) -> Fact[tuple[str, ...]]:
    points = listed(text)
    return unknown(HOW) if points is None else known(tuple(plain(point, 400) for point in points), HOW)


def _clock(text: str) -> Fact[str]:
    match = _TIME.fullmatch(text)
    return unknown(HOW) if match is None else known(f"{match[1].upper()}:00Z", HOW)


def _network(line: BriefLine | None) -> Fact[NetworkFacts]:
    if line is None:
        return unknown(HOW)
    return known(
        NetworkFacts(
            default_route=brief_flag(line.pair("ROUTE")),
            resolvers=whole_number(line.pair("RESOLVERS"), high=64),
            proxies=tuple(plain(name, 40) for name in listed(line.pair("PROXIES")) or ()),
            egress=brief_flag(line.pair("EGRESS")),
            unverified=tuple(plain(name, 60) for name in listed(line.pair("OFF")) or ()),
        ),
        HOW,
    )
