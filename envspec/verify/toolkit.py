"""Toolkit: a CUDA toolkit is wanted on the host only where something in the lock uses the host's.

Wheels of PyTorch load the CUDA that they bring or pin (torch.json, fact rpath), so whatever lies in
/usr/local doesn't matter to them, and an installer that nothing needs is told to stay at home.
"""

from __future__ import annotations

import shlex
from typing import TypeVar

from envspec.compat.torch_builds import tables
from envspec.probe.facts import Fact, HostFacts
from envspec.verify.finding import Finding, not_known
from envspec.verify.loader import knows
from envspec.verify.needs import FromWheel, Needs
from envspec.verify.source import cited

T = TypeVar("T")

TOOLKIT, INSTALLERS = "toolkit", "installers"

_MEDIA = "CUDA toolkits in /usr/local and those that the loader knows"


def check(needs: Needs, facts: HostFacts) -> list[Finding]:
    """A finding for the toolkit that a lock with CUDA could want, and one for each idle installer."""
    if needs.cuda is None:
        return _idle(needs)
    found = _idle(needs)
    if facts.source != "spec":
        found.append(_toolkit(needs, facts))
    return found


def brought() -> str:
    """The row which says that wheels use what they bring."""
    row = next(row for row in tables().fact if row.name == "rpath")
    return cited("torch", "fact rpath", row)


def users(wanted: tuple[FromWheel, ...]) -> str:
    """``ctranslate2 4.0.0 (libcublas.so.11)``."""
    by: dict[str, list[str]] = {}
    for need in wanted:
        by.setdefault(need.by, []).append(need.thing)
    return "; ".join(f"{name} ({', '.join(things)})" for name, things in sorted(by.items()))


def _toolkit(needs: Needs, facts: HostFacts) -> Finding:
    release = needs.cuda.release if needs.cuda is not None else ""
    there = ", ".join(
        f"CUDA {each.version.release}{f' in {each.path}' if each.path else ''}"
        for each in facts.toolkits.value or ()
    )
    if not needs.toolkit:
        return Finding(
            rule=TOOLKIT,
            subject="CUDA toolkit",
            status="pass",
            expected=f"none: {needs.cuda_by} brings its own CUDA {release}",
            actual=there or none_of(facts.toolkits),
            why="what the host has is not used" if there else "",
            source=brought(),
        )
    expected = f"the libraries of CUDA {release} on the host, for {users(needs.toolkit)}"
    there_of = {need: _is_there(need, needs, facts) for need in needs.toolkit}
    if all(there_of.values()):
        return Finding(TOOLKIT, "CUDA toolkit", "pass", expected, there or "its libraries", source=_MEDIA)
    ready = next((each for each in facts.toolkits.value or () if each.version.release == release), None)
    if ready is not None:
        return Finding(
            rule=TOOLKIT,
            subject="CUDA toolkit",
            status="warn",
            expected=expected,
            actual=f"{there}, which the loader doesn't look into",
            why="a program finds only what the loader knows, or what its launcher adds",
            fix=f"in the environment's launcher: export LD_LIBRARY_PATH={shlex.quote(ready.path)}/lib64",
            source=_MEDIA,
        )
    missing = [need for need, is_there in there_of.items() if is_there is False]
    if not missing:
        fix = "on the host: ls -d /usr/local/cuda-*; ldconfig -p | grep libcudart"
        return not_known(TOOLKIT, "CUDA toolkit", expected, facts.toolkits, fix, _MEDIA)
    return Finding(
        rule=TOOLKIT,
        subject="CUDA toolkit",
        status="warn" if all(need.needed == "use" for need in missing) else "fail",
        expected=expected,
        actual=there or none_of(facts.toolkits),
        why="no wheel of the lock brings these libraries, and the host doesn't have them",
        fix=f"the wheels that bring them: nvidia-cuda-runtime-cu{release.partition('.')[0]} and its like as "
        "requirements of the spec\n"
        f'or without root: [[installers]] kind = "cuda", version = "{release}" (toolkit alone, no driver)',
        source=_MEDIA,
    )


def _is_there(need: FromWheel, needs: Needs, facts: HostFacts) -> bool | None:
    """Whether the loader knows a library; of other parts whether a toolkit of that major has them."""
    if ".so" in need.thing:
        return knows(need.thing, facts)
    if facts.toolkits.state == "unknown":
        return None
    majors = {each.version.major for each in facts.toolkits.value or ()}
    return needs.cuda is not None and needs.cuda.major in majors


def none_of(fact: Fact[T]) -> str:
    """What to say of a fact without a value."""
    return "not known" if fact.state == "unknown" else "none"


def _idle(needs: Needs) -> list[Finding]:
    """Installers that the lock carries and nothing in it uses."""
    wanted = {"cuda": needs.toolkit, "cudnn": needs.host_cudnn}
    found = []
    for asset in needs.installers:
        if asset.provider in wanted and not wanted[asset.provider] and not needs.not_read:
            found.append(_stay_at_home(needs, asset.label, "nothing in this lock uses it"))
        elif asset.provider in wanted and not wanted[asset.provider]:
            found.append(_stay_at_home(needs, asset.label, "nothing that was read uses it"))
        elif asset.provider == "cuda-compat" and needs.cuda is None:
            found.append(_stay_at_home(needs, asset.label, "no locked build needs CUDA"))
    return found


def _stay_at_home(needs: Needs, label: str, reason: str) -> Finding:
    brings = f"; {needs.cuda_by} brings its own" if needs.cuda is not None else ""
    return Finding(
        rule=INSTALLERS,
        subject=label,
        status="warn",
        expected="installers that something in the lock needs",
        actual=f"{reason}{brings}",
        why="it takes room, time and often root, and can break what the host has",
        fix=f"take {label} out of [[installers]], unless programs outside this lock want it",
        source=brought(),
    )
