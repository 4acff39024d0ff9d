"""GPU code: whether the locked builds carry code that the host's GPUs run.

Source: NVIDIA, CUDA C++ Programming Guide, "Binary Compatibility" and "PTX Compatibility": machine code runs
from its own minor version up inside its major; PTX is compiled by the driver for any later device, if the
driver's CUDA is new enough to read it.
"""

from __future__ import annotations

from envspec.compat.cuda import branch, code_target
from envspec.compat.gpus import gpu_named
from envspec.probe.facts import Gpu, HostFacts
from envspec.target.gpu import CodeTarget, ComputeCapability, ToolkitVersion
from envspec.verify.finding import Finding, Status
from envspec.verify.gpu import LEAVE_OUT
from envspec.verify.needs import Needs, WheelCode

RULE = "gpu-code"

_GUIDE = "CUDA C++ Programming Guide, Binary Compatibility and PTX Compatibility"


def check(needs: Needs, facts: HostFacts) -> list[Finding]:
    """A finding for each capability among the host's GPUs; nothing where no GPU is known.

    One that can't run it fails, unless enough others can and it may be left out.
    """
    if needs.cuda is None or not facts.gpus.value:
        return []
    capabilities: dict[ComputeCapability | None, str] = {}
    for gpu in facts.gpus.need():
        capabilities.setdefault(capability_of(gpu), gpu.name)
    code = WheelCode(needs.cuda_by or needs.label, needs.code_targets, needs.code_source)
    found = {
        capability: [_judged(each, needs.cuda, facts, name, capability) for each in (code, *needs.other_code)]
        for capability, name in sorted(capabilities.items(), key=lambda item: item[0] or (0, 0))
    }
    running = sum(
        all(each.status in ("pass", "warn") for each in found[capability_of(gpu)])
        for gpu in facts.gpus.need()
    )
    is_spared = running >= max(needs.gpu_count, 1)
    return [_spared(each) if is_spared else each for several in found.values() for each in several]


def _spared(finding: Finding) -> Finding:
    if finding.status != "fail":
        return finding
    return finding._replace(status="warn", fix=f"{LEAVE_OUT}\n{finding.fix}")


def capability_of(gpu: Gpu) -> ComputeCapability | None:
    """As the driver said it, or as the table has it by the name."""
    if gpu.capability is not None:
        return gpu.capability
    named = gpu_named(gpu.name)
    return named.capability if named is not None else None


def _judged(
    code: WheelCode, cuda: ToolkitVersion, facts: HostFacts, name: str, capability: ComputeCapability | None
) -> Finding:
    subject = f"{code.by} on {name}"
    if capability is None:
        return Finding(
            rule=RULE,
            subject=subject,
            status="unknown",
            expected="code for the GPU's compute capability",
            actual=f"the capability of {name} is not known",
            fix="on the host: nvidia-smi --query-gpu=compute_cap --format=csv",
            source="gpus.json has no such name",
        )
    expected = f"code for compute capability {capability} ({name})"
    if not code.targets:
        return Finding(
            rule=RULE,
            subject=subject,
            status="unknown",
            expected=expected,
            actual="nobody says which code the build carries",
            fix="`envspec audit LOCK --write` reads it out of the wheels",
            source="torch.json has no code targets for this build",
        )
    return _with_targets(code, cuda, facts, subject, expected, capability)


def _with_targets(
    code: WheelCode,
    cuda: ToolkitVersion,
    facts: HostFacts,
    subject: str,
    expected: str,
    capability: ComputeCapability,
) -> Finding:
    source = f"{code.source}; {_GUIDE}" if code.source else _GUIDE
    fitting = [target for target in code.targets if target.runs_on(capability)]
    machine = [target for target in fitting if not target.is_ptx]
    if machine:
        best = max(machine, key=lambda target: target.capability)
        return Finding(RULE, subject, "pass", expected, f"{best} runs on it", source=source)
    if fitting:
        best = max(fitting, key=lambda target: target.capability)
        status, why, fix = _compiled_by_driver(best, cuda, facts)
        return Finding(RULE, subject, status, expected, f"PTX {best} alone", why, fix, source)
    return Finding(
        rule=RULE,
        subject=subject,
        status="fail",
        expected=expected,
        actual=f"code for {', '.join(str(target) for target in code.targets)}",
        why="none of it runs on that GPU: CUDA error 209, no kernel image is available",
        fix=_other_build(capability, cuda),
        source=source,
    )


def _compiled_by_driver(
    target: CodeTarget, cuda: ToolkitVersion, facts: HostFacts
) -> tuple[Status, str, str]:
    level = driver_level(facts)
    if level is None:
        why = f"the driver has to compile {target}, and the level of CUDA that it has isn't known"
        return "unknown", why, "`nvidia-smi` prints it as CUDA Version"
    if level[:2] >= cuda[:2]:
        why = f"the driver compiles {target} at first use, which takes minutes once, and keeps it in ~/.nv"
        return "warn", why, "let a first run fill that folder before it counts; CUDA_CACHE_PATH moves it"
    why = (
        f"the driver is of CUDA {level.release} and can't compile PTX of CUDA {cuda.release}: CUDA error 222"
    )
    return "fail", why, "a driver whose CUDA is as new as the build's, or a build with code for this GPU"


def driver_level(facts: HostFacts) -> ToolkitVersion | None:
    """The CUDA level of the driver, as it said it, or as the table has it for the branch."""
    if facts.driver_cuda.is_known:
        return facts.driver_cuda.need()
    row = branch(facts.driver.need()) if facts.driver.is_known else None
    return row.cuda_level if row is not None else None


def _other_build(capability: ComputeCapability, cuda: ToolkitVersion) -> str:
    row = code_target(capability)
    if row is not None and row.first and ToolkitVersion.parse(row.first)[:2] > cuda[:2]:
        return (
            f"a build for CUDA {row.first} or later, whose compiler was the first with code for {capability}"
        )
    last = ToolkitVersion.parse(row.last) if row is not None and row.last else None
    if last is not None and last[:2] < cuda[:2]:
        said = "whose compiler was the last with code for"
        return f"a build for CUDA {last.release} or earlier, {said} {capability}"
    up_to = f" (compilers up to CUDA {last.release} make it)" if last is not None else ""
    return f"a build that carries sm_{capability.major}{capability.minor}{up_to}, or another GPU"
