"""A host's file to HostFacts: evidence, a brief sheet that was typed in, or outputs that somebody pasted.

Nothing here judges. What a document doesn't say, or says in a form that isn't known, is an unknown fact; a
document that is none is one InputError.
"""

from __future__ import annotations

from collections.abc import Mapping

from envspec.errors import InputError
from envspec.probe.c_library import glibc_fact, glibcxx_fact
from envspec.probe.cpu import read_cpu_count, read_cpu_flags
from envspec.probe.cudnn import cudnn_fact
from envspec.probe.disk import read_media, read_mounts
from envspec.probe.document import decode, read_evidence
from envspec.probe.driver import (
    read_driver,
    read_driver_cuda,
    read_driver_flavour,
    read_driver_library,
    read_fabric_manager,
    read_nvswitches,
)
from envspec.probe.driver_install import read_driver_install
from envspec.probe.evidence import EVIDENCE_SCHEMA, Evidence, Item
from envspec.probe.executables import read_executables
from envspec.probe.facts import EndpointObservation, Fact, HostFacts, unknown
from envspec.probe.gpu_sources import read_gpu_sources
from envspec.probe.gpu_state import read_gpu_state
from envspec.probe.gpus import read_gpus, read_gpus_on_bus, read_silent_gpus
from envspec.probe.interpreters import read_pythons
from envspec.probe.items import Items
from envspec.probe.loader import read_libraries, sonames_fact
from envspec.probe.memory import read_limits, read_memory
from envspec.probe.network_facts import read_ca_stores, read_network
from envspec.probe.repositories import read_repositories
from envspec.probe.security import (
    read_fabric_manager_active,
    read_fapolicyd,
    read_fips,
    read_gpu_devices_usable,
    read_kernel_headers,
    read_secure_boot,
    read_selinux,
)
from envspec.probe.shown import plain
from envspec.probe.system import read_arch, read_clock, read_kernel, read_locale, read_os
from envspec.probe.toolkit import read_toolkits


def read_facts(data: bytes, where: str) -> HostFacts:
    """The facts of one host's file; ``where`` is its name in errors.

    Raises InputError for what is neither evidence nor a brief nor an output of a command that is known.
    """
    text = decode(data, where)
    evidence = read_evidence(text, where)
    if evidence is not None:
        return facts_of(evidence)
    from envspec.probe.brief import is_brief, read_brief

    if is_brief(text):
        return read_brief(text, where)
    from envspec.probe.pasted import items_of_paste

    items = items_of_paste(text)
    if items:
        return facts_of_items(items)
    raise InputError(
        what=f"{where}: is no evidence of a host",
        why=f"it begins with {plain(text.strip(), 60)!r}",
        fix="on the host: python3 probe.py > facts.json (envspec probe --script writes probe.py)",
    )


def facts_of_items(items: Mapping[str, Item], source: str = "pasted") -> HostFacts:
    """The facts of single outputs, of a host that nobody probed."""
    return facts_of(Evidence(envspec_evidence=EVIDENCE_SCHEMA, by=source, items=dict(items)), source)


def facts_of(evidence: Evidence, source: str = "evidence") -> HostFacts:
    """Every fact that the evidence holds."""
    missing = "the text doesn't say" if source == "pasted" else "the probe didn't look for it"
    items = Items(evidence.items, missing)
    sources = read_gpu_sources(items)
    state = read_gpu_state(sources)
    arch = read_arch(items, sources)
    libraries = read_libraries(items, arch.value or "")
    mounts = read_mounts(items)
    return HostFacts(
        label=plain(evidence.label, 64),
        source=source,
        os=read_os(items, sources),
        kernel=read_kernel(items, sources),
        arch=arch,
        glibc=glibc_fact(items, sources),
        glibcxx=glibcxx_fact(items),
        cpu_flags=read_cpu_flags(items),
        cpu_count=read_cpu_count(items),
        memory=read_memory(items),
        limits=read_limits(items),
        gpu_state=state,
        gpus=read_gpus(items, sources, state),
        gpus_on_bus=read_gpus_on_bus(sources),
        gpus_silent=read_silent_gpus(sources),
        gpu_devices_usable=read_gpu_devices_usable(items),
        driver=read_driver(items, sources, state),
        driver_library=read_driver_library(sources),
        driver_flavour=read_driver_flavour(items, sources),
        driver_install=read_driver_install(items, sources),
        driver_cuda=read_driver_cuda(items, sources),
        nvswitches=read_nvswitches(sources),
        fabric_manager=read_fabric_manager(items),
        fabric_manager_active=read_fabric_manager_active(items),
        nouveau_loaded=sources.nouveau,
        kernel_headers=read_kernel_headers(items),
        secure_boot=read_secure_boot(items),
        toolkits=read_toolkits(items, sources),
        cudnn=cudnn_fact(items, libraries),
        pythons=read_pythons(items, sources),
        libraries=sonames_fact(libraries),
        executables=read_executables(items),
        mounts=mounts,
        selinux=read_selinux(items),
        fips=read_fips(items),
        fapolicyd=read_fapolicyd(items),
        repositories=read_repositories(items),
        media=read_media(mounts),
        clock=read_clock(evidence),
        locale=read_locale(items),
        network=read_network(items),
        ca_stores=read_ca_stores(items),
        endpoints=_endpoints(items),
    )


def _endpoints(items: Items) -> Fact[tuple[EndpointObservation, ...]]:
    item = items.get("call:endpoints")
    if item is None:
        return unknown("call:endpoints", "no endpoint was tried from this host")
    from envspec.probe.endpoints import read_endpoints

    return read_endpoints(item)
