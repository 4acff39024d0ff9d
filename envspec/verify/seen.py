"""Seen: the facts that a report shows in its head, each on one line with where it was read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TypeVar

from envspec.probe.facts import Fact, Gpu, HostFacts, Memory, Mount
from envspec.verify.judgement import Seen
from envspec.verify.network import in_words
from envspec.verify.sizes import shown

T = TypeVar("T")

_GPU_STATES = {
    "no-gpu": "none",
    "no-driver": "a device, and no driver for it",
    "nouveau": "a device, bound to nouveau",
    "not-loaded": "a driver is installed, and its kernel module isn't loaded",
    "library-missing": "the driver's library is missing",
    "versions-differ": "kernel module and library of the driver differ",
    "no-answer": "the driver didn't answer",
}
_MOST = 12
"""Of a list: more mounts, interpreters and the like are counted, not named."""


def seen(facts: HostFacts) -> tuple[Seen, ...]:
    """What a person wants to see of a host first; what isn't known is a line too."""
    return (
        _line("OS", facts.os, lambda release: release.pretty or release.key),
        _line("kernel", facts.kernel, str),
        _line("machine", facts.arch, str),
        _line("glibc", facts.glibc, lambda version: ".".join(map(str, version))),
        _gpus(facts),
        _driver(facts),
        _line("memory", facts.memory, _memory),
        *_mounts(facts.mounts),
        _line("Python", facts.pythons, lambda found: _few(f"{one.version} ({one.path})" for one in found)),
        _line("network", facts.network, in_words),
        _line("clock", facts.clock, str),
    )


def _line(name: str, fact: Fact[T], text: Callable[[T], str]) -> Seen:
    if fact.is_known:
        return Seen(name, text(fact.need()) or "none", fact.how)
    if fact.state == "absent":
        return Seen(name, f"none: {fact.why}" if fact.why else "none", fact.how)
    return Seen(name, f"not known: {fact.why}" if fact.why else "not known", fact.how, is_known=False)


def _gpus(facts: HostFacts) -> Seen:
    if facts.gpus.is_known and facts.gpus.need():
        counted = Counter(_gpu(gpu) for gpu in facts.gpus.need())
        return Seen("GPU", _few(f"{count} x {text}" for text, count in counted.items()), facts.gpus.how)
    if facts.gpu_state.is_known and facts.gpu_state.need() != "ready":
        state = facts.gpu_state.need()
        return Seen("GPU", _GPU_STATES.get(state, state), facts.gpu_state.how)
    return _line("GPU", facts.gpus, lambda _: "none")


def _gpu(gpu: Gpu) -> str:
    more = []
    if gpu.capability is not None:
        more.append(f"compute capability {gpu.capability}")
    if gpu.memory_mib is not None:
        more.append(f"{gpu.memory_mib / 1024:.1f} GiB")
    if gpu.mig:
        more.append(f"MIG {', '.join(gpu.mig_slices)}" if gpu.mig_slices else "MIG")
    if gpu.vgpu:
        more.append("vGPU guest")
    return f"{gpu.name} ({', '.join(more)})" if more else gpu.name


def _driver(facts: HostFacts) -> Seen:
    line = _line("driver", facts.driver, str)
    if not line.is_known or not facts.driver.is_known:
        return line
    more = []
    if facts.driver_flavour.is_known:
        more.append(f"{facts.driver_flavour.need()} kernel module")
    if facts.driver_install.is_known:
        more.append(f"installed as {facts.driver_install.need().method}")
    if facts.driver_cuda.is_known:
        more.append(f"CUDA level {facts.driver_cuda.need()}")
    return line._replace(text=", ".join([line.text, *more]))


def _memory(memory: Memory) -> str:
    text = shown(memory.total_bytes)
    if memory.available_bytes is not None:
        text = f"{shown(memory.available_bytes)} available of {text}"
    if memory.cgroup_limit_bytes is not None:
        text = f"{text}, {shown(memory.cgroup_limit_bytes)} for this cgroup"
    return text


def _mounts(fact: Fact[tuple[Mount, ...]]) -> Iterator[Seen]:
    if not fact.is_known:
        yield _line("disk", fact, lambda _: "")
        return
    for mount in fact.need()[:_MOST]:
        yield Seen(f"disk {mount.path}", _mount(mount), fact.how, is_known=not mount.trouble)
    if len(fact.need()) > _MOST:
        yield Seen("disks", f"and {len(fact.need()) - _MOST} more", fact.how)


def _mount(mount: Mount) -> str:
    if mount.trouble:
        return f"not known: {mount.trouble}"
    free = "free space not known" if mount.free_bytes is None else f"{shown(mount.free_bytes)} free"
    of = "" if mount.total_bytes is None else f" of {shown(mount.total_bytes)}"
    more = [mount.file_system] if mount.file_system else []
    more += ["noexec"] if mount.noexec else []
    more += ["read-only"] if mount.read_only else []
    more += [f"part of {mount.mount_point}"] if mount.mount_point not in ("", mount.path) else []
    return f"{free}{of}{', ' if more else ''}{', '.join(more)}"


def _few(texts: Iterator[str]) -> str:
    named = list(texts)
    more = len(named) - _MOST
    return ", ".join(named[:_MOST]) + (f" and {more} more" if more > 0 else "")
