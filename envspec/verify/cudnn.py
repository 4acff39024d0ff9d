"""cuDNN: wanted on the host only where something uses the host's; what the wheels bring has its own needs.

Source: NVIDIA's support matrix of each cuDNN, which names drivers and devices.
"""

from __future__ import annotations

from envspec.compat.cudnn import cudnn_support
from envspec.probe.facts import HostFacts
from envspec.verify.finding import Finding, Status, not_known
from envspec.verify.gpu_code import capability_of
from envspec.verify.loader import knows
from envspec.verify.needs import Needs
from envspec.verify.source import cited
from envspec.verify.toolkit import brought, none_of, users

RULE = "cudnn"

_SOURCE = "libraries that the loader knows"


def check(needs: Needs, facts: HostFacts) -> list[Finding]:
    """The host's cuDNN, and the matrix of the one that the wheels bring; nothing for a lock without CUDA."""
    if needs.cuda is None:
        return []
    host = [_host(needs, facts)] if facts.source != "spec" else []
    return [*host, *_matrix(needs, facts)]


def _host(needs: Needs, facts: HostFacts) -> Finding:
    there = ", ".join(f"cuDNN {each.version} in {each.path}" for each in facts.cudnn.value or ())
    if not needs.host_cudnn:
        own = f"its own cuDNN {needs.cudnn}" if needs.cudnn else "the cuDNN that it needs"
        return Finding(
            rule=RULE,
            subject="cuDNN",
            status="pass",
            expected=f"none: {needs.cuda_by} brings {own}",
            actual=there or none_of(facts.cudnn),
            why="what the host has is not used" if there else "",
            source=brought(),
        )
    expected = f"cuDNN on the host, for {users(needs.host_cudnn)}"
    there_of = {need.thing: knows(need.thing, facts) for need in needs.host_cudnn}
    missing = sorted(soname for soname, is_there in there_of.items() if is_there is False)
    if not missing and not all(there_of.values()):
        fix = "on the host: ldconfig -p | grep libcudnn"
        return not_known(RULE, "cuDNN", expected, facts.libraries, fix, _SOURCE)
    if not missing:
        return Finding(RULE, "cuDNN", "pass", expected, there or "its libraries", source=_SOURCE)
    return Finding(
        rule=RULE,
        subject="cuDNN",
        status="warn" if all(n.needed == "use" for n in needs.host_cudnn if n.thing in missing) else "fail",
        expected=expected,
        actual=f"the loader doesn't know {', '.join(missing)}",
        why="a program built for one major of cuDNN doesn't take another",
        fix="the wheel that brings it: nvidia-cudnn-cu"
        f"{needs.cuda.major if needs.cuda else ''} in the spec's requirements\n"
        'or without root: [[installers]] kind = "cudnn"',
        source=_SOURCE,
    )


def _matrix(needs: Needs, facts: HostFacts) -> list[Finding]:
    """What NVIDIA's matrix says against the host; nothing where it agrees, or has no row for that cuDNN."""
    rows = cudnn_support(needs.cudnn, needs.cuda) if needs.cudnn and needs.cuda is not None else ()
    found = []
    for gpu in facts.gpus.value or ():
        capability = capability_of(gpu)
        if not rows or capability is None:
            continue
        fitting = [row for row in rows if row.runs_on(capability)]
        lowest = min((row.driver_version for row in fitting), default=None)
        status: Status
        if lowest is None:
            status, row, actual = "warn", rows[0], f"compute capability {capability}, which it doesn't list"
            fix = "let the smoke test run a convolution on that GPU before anyone relies on it"
        elif facts.driver.is_known and facts.driver.need() < lowest:
            status, row, actual = "warn", fitting[0], f"driver {facts.driver.need()}"
            fix = f"a driver {lowest} or later, as the rule driver says how"
        else:
            continue
        driver = f"driver {lowest} or later and " if lowest is not None else ""
        found.append(
            Finding(
                rule=RULE,
                subject=f"cuDNN {needs.cudnn} on {gpu.name}",
                status=status,
                expected=f"{driver}a device that NVIDIA's matrix lists for it",
                actual=actual,
                why="NVIDIA supports this cuDNN only as its matrix says",
                fix=fix,
                source=cited("cudnn", f"support of {row.cudnn}", row),
            )
        )
    return list(dict.fromkeys(found))
