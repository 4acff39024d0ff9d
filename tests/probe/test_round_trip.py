"""This very host, probed as any is, and read: from its document, and from its sheet of paper."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

import pytest

from envspec.adapters.probe_host import run_probe, script_text
from envspec.probe.facts import HostFacts
from envspec.probe.reader import read_facts

SAME_ON_PAPER = (
    "kernel", "arch", "glibc", "glibcxx", "cpu_count", "gpu_state", "gpus_on_bus", "driver",
    "driver_flavour", "driver_cuda", "nvswitches", "fabric_manager", "nouveau_loaded", "kernel_headers",
    "secure_boot", "selinux", "fips", "media", "locale", "network",
)  # fmt: skip


@pytest.fixture(scope="module")
def facts() -> HostFacts:
    return read_facts(run_probe(), "facts.json")


@pytest.fixture(scope="module")
def paper() -> HostFacts:
    return read_facts(run_probe(["--brief"]), "paper.txt")


def test_this_host_is_what_its_own_calls_say(facts: HostFacts) -> None:
    assert facts.kernel.need() == os.uname().release
    assert facts.arch.need() == os.uname().machine
    assert facts.cpu_count.need() == len(os.sched_getaffinity(0))
    memory = facts.memory.need()
    assert abs(memory.total_bytes - os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")) < 4096
    [root] = [mount for mount in facts.mounts.need() if mount.path == "/"]
    assert root.total_bytes == os.statvfs("/").f_blocks * os.statvfs("/").f_frsize
    assert platform.python_version() in [python.version for python in facts.pythons.need()]
    assert facts.executables.need()["sha256sum"].endswith("/sha256sum")
    if hasattr(os, "confstr") and (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc"):
        assert f"glibc {'.'.join(map(str, facts.glibc.need()))}" == os.confstr("CS_GNU_LIBC_VERSION")
        assert "libc.so.6" in facts.libraries.need()


def test_every_fact_of_this_host_is_known_or_says_why(facts: HostFacts) -> None:
    silent = [
        name
        for name in facts.__struct_fields__
        if getattr(getattr(facts, name), "state", "") == "unknown" and not getattr(facts, name).why
    ]
    assert silent == []


@pytest.mark.parametrize("name", SAME_ON_PAPER)
def test_paper_says_the_same(facts: HostFacts, paper: HostFacts, name: str) -> None:
    on_paper, in_the_document = getattr(paper, name), getattr(facts, name)
    assert (on_paper.state, on_paper.value) == (in_the_document.state, in_the_document.value)


def test_paper_rounds_down_what_it_says_in_mebibytes(facts: HostFacts, paper: HostFacts) -> None:
    assert paper.memory.need().total_bytes == facts.memory.need().total_bytes >> 20 << 20
    totals = {mount.path: mount.total_bytes for mount in facts.mounts.need()}
    for mount in paper.mounts.need():
        assert mount.total_bytes == (totals[mount.path] or 0) >> 20 << 20


def test_paper_names_the_libraries_and_programs_it_was_asked_for(facts: HostFacts, paper: HostFacts) -> None:
    assert paper.libraries.need() == facts.libraries.need() & paper.libraries_asked
    named = paper.executables.need()
    assert {name for name in named if named[name]} == {
        name for name in named if facts.executables.need()[name]
    }


def test_what_sh_alone_says_reads_the_same(facts: HostFacts, tmp_path: Path) -> None:
    script = tmp_path / "probe.py"
    script.write_text(script_text(), encoding="utf-8")
    environment = {**os.environ, "ENVSPEC_PYTHON": "none"}
    done = subprocess.run(["sh", str(script)], capture_output=True, check=True, timeout=60, env=environment)
    by_sh = read_facts(done.stdout, "facts.json")
    for name in (
        "os",
        "kernel",
        "arch",
        "glibc",
        "gpu_state",
        "gpus_on_bus",
        "fips",
        "selinux",
        "kernel_headers",
        "libraries",
        "glibcxx",
    ):
        assert getattr(by_sh, name).value == getattr(facts, name).value, name
    assert by_sh.toolkits.state == "unknown"
