"""GPU: how many there are, which, with how much memory; whether they can be used is asked of ``gpu_use``."""

from __future__ import annotations

from collections import Counter

from envspec.compat.gpus import NamedGpu, gpu_named, near
from envspec.probe.facts import Gpu, HostFacts
from envspec.verify import gpu_use
from envspec.verify.finding import Finding, not_known
from envspec.verify.needs import Needs

RULE = "gpu"

LEAVE_OUT = "leave it out: CUDA_VISIBLE_DEVICES=GPU-... names the others, as `nvidia-smi -L` lists them"
_PROMISE = "target.gpu of the spec; NVML, or nvidia-smi, on the host"


def check(needs: Needs, facts: HostFacts) -> list[Finding]:
    """Nothing where no locked build needs CUDA, or where the driver doesn't answer, which has its finding."""
    if needs.cuda is None or (facts.gpu_state.is_known and facts.gpu_state.value != "ready"):
        return []
    if facts.gpus.state == "absent":
        return []
    if not facts.gpus.is_known:
        fix = "run the probe on the host itself; `nvidia-smi -L` names its GPUs"
        if facts.source == "spec":
            fix = 'say in the spec which GPU the host has: gpu = "A100-80GB"'
        return [not_known(RULE, "GPUs", _expected_count(needs), facts.gpus, fix, _PROMISE)]
    gpus = facts.gpus.need()
    return [
        *([_count(needs, gpus, facts)] if facts.source != "spec" else []),
        *_silent(facts),
        *_other_than_promised(needs, gpus, facts),
        *_memory(needs, gpus),
        *gpu_use.check(gpus, facts),
    ]


def _expected_count(needs: Needs) -> str:
    if needs.gpu_name:
        return f"{max(needs.gpu_count, 1)} x {needs.gpu_name}"
    return "an NVIDIA GPU"


def shown(gpus: tuple[Gpu, ...]) -> str:
    """``2 x NVIDIA A100 80GB PCIe``."""
    counted = Counter(gpu.name for gpu in gpus)
    return ", ".join(f"{count} x {name}" for name, count in sorted(counted.items())) or "none"


def _count(needs: Needs, gpus: tuple[Gpu, ...], facts: HostFacts) -> Finding:
    wanted = max(needs.gpu_count, 1)
    if len(gpus) >= wanted:
        return Finding(RULE, "GPUs", "pass", _expected_count(needs), shown(gpus), source=_PROMISE)
    return Finding(
        rule=RULE,
        subject="GPUs",
        status="fail",
        expected=_expected_count(needs),
        actual=shown(gpus),
        why=_why_fewer(gpus, wanted, facts),
        fix="is it the right host? CUDA_VISIBLE_DEVICES, a container or a job's allotment may hide some\n"
        f"or plan for what is there: target.gpu of the spec, count {len(gpus)}",
        source=_PROMISE,
    )


def _why_fewer(gpus: tuple[Gpu, ...], wanted: int, facts: HostFacts) -> str:
    on_bus = facts.gpus_on_bus.value or 0
    if on_bus >= wanted:
        return f"{on_bus} are on the PCI bus, and the driver shows fewer"
    return "the host has fewer GPUs than were planned for" if gpus else "no GPU answers"


def _silent(facts: HostFacts) -> list[Finding]:
    """Devices that the driver counts and that said nothing of themselves; each call on one may hang."""
    number = facts.gpus_silent.value or 0
    if not number:
        return []
    told = f": {facts.gpus_silent.why}" if facts.gpus_silent.why else ""
    return [
        Finding(
            rule=RULE,
            subject="GPUs that don't answer",
            status="warn",
            expected="every GPU that the driver counts answers",
            actual=f"{number} more that {'does' if number == 1 else 'do'} not{told}",
            why="what starts on all GPUs of the host hangs or fails there",
            fix="root: `dmesg | grep -i -e xid -e nvrm` names the fault; then a reset of it or a reboot\n"
            "or leave it out by CUDA_VISIBLE_DEVICES",
            source="NVML API reference, nvmlReturn_t",
        )
    ]


def _other_than_promised(needs: Needs, gpus: tuple[Gpu, ...], facts: HostFacts) -> list[Finding]:
    if not needs.gpu_name:
        return []
    promised = gpu_named(needs.gpu_name)
    if promised is None:
        likely = near(needs.gpu_name)
        return [
            Finding(
                rule=RULE,
                subject=needs.gpu_name,
                status="unknown",
                expected="a GPU that the table knows, so that its capability and memory are known",
                actual=f"{needs.gpu_name} isn't in it",
                fix=f"did you mean {' or '.join(likely)}?"
                if likely
                else "write it as `nvidia-smi -L` prints it",
                source="gpus.json",
            )
        ]
    if facts.source == "spec":
        return []
    others = sorted({gpu.name for gpu in gpus if not gpu.name_is_cut and not _may_be(gpu, promised)})
    if not others:
        return [_cut(needs, gpu) for gpu in [gpu for gpu in gpus if gpu.name_is_cut][:1]]
    return [
        Finding(
            rule=RULE,
            subject=needs.gpu_name,
            status="warn",
            expected=f"{needs.gpu_name}, as the spec says",
            actual=", ".join(others),
            why=f"another GPU than planned: {_differences(promised, others)}; whether the builds have code "
            "for it is judged by gpu-code",
            fix="is it the right host? or correct target.gpu of the spec and lock again",
            source=_PROMISE,
        )
    ]


def _cut(needs: Needs, gpu: Gpu) -> Finding:
    return Finding(
        rule=RULE,
        subject=needs.gpu_name,
        status="unknown",
        expected=f"{needs.gpu_name}, as the spec says",
        actual=f"{gpu.name}: nvidia-smi's table cuts the name",
        fix="`nvidia-smi -L` prints it whole",
        source=_PROMISE,
    )


def _may_be(gpu: Gpu, promised: NamedGpu) -> bool:
    named = gpu_named(gpu.name)
    if named is None:
        return False
    if not {board.id for board in named.boards} & {board.id for board in promised.boards}:
        return False
    return (named.mig_slice or promised.mig_slice) == (promised.mig_slice or named.mig_slice)


def _differences(promised: NamedGpu, others: list[str]) -> str:
    parts = []
    for name in others:
        named = gpu_named(name)
        if named is None:
            parts.append(f"{name} isn't in the table")
            continue
        told = [
            f"compute capability {named.capability} for {promised.capability}"
            if named.capability != promised.capability
            else f"compute capability {named.capability} as planned",
            f"{named.memory_gb} GB for {promised.memory_gb} GB"
            if named.memory_gb != promised.memory_gb
            else f"{named.memory_gb} GB as planned",
        ]
        parts.append(", ".join(told))
    return "; ".join(parts)


def memory_mib(gpu: Gpu) -> int | None:
    """What one program can have of it at most: of a partitioned one its largest slice."""
    if gpu.mig:
        slices = [gpu_named(f"{gpu.name} MIG {name}") for name in gpu.mig_slices or ()]
        known = [each.least_memory_mib for each in slices if each is not None and each.least_memory_mib]
        return max(known, default=None)
    if gpu.memory_mib is not None:
        return gpu.memory_mib
    named = gpu_named(gpu.name)
    return named.least_memory_mib if named is not None else None


def _memory(needs: Needs, gpus: tuple[Gpu, ...]) -> list[Finding]:
    wanted = needs.gpu_memory_mib
    if wanted is None:
        return []
    expected = f"{wanted} MiB on one GPU, as [needs] of the spec says"
    source = "[needs] gpu-memory of the spec; NVML, or nvidia-smi, on the host"
    found: list[Finding] = []
    enough = sum((memory_mib(gpu) or 0) >= wanted for gpu in gpus)
    spared = enough >= max(needs.gpu_count, 1)
    for number, gpu in enumerate(gpus):
        total = memory_mib(gpu)
        whole = f"{total} MiB" + (" in its largest slice" if gpu.mig_slices else "")
        if total is None:
            query = "-L" if gpu.mig else "--query-gpu=name,memory.total --format=csv"
            fix = f"on the host: nvidia-smi {query}"
            found.append(
                Finding(
                    RULE, f"GPU {number} memory", "unknown", expected, "not known", fix=fix, source=source
                )
            )
        elif total < wanted:
            found.append(
                Finding(
                    rule=RULE,
                    subject=f"GPU {number} memory",
                    status="warn" if spared else "fail",
                    expected=expected,
                    actual=whole,
                    why=f"{gpu.name} has too little memory, whatever else runs",
                    fix=(f"{LEAVE_OUT}\n" if spared else "")
                    + "a GPU with more memory, or a model that needs less"
                    + ("; or larger slices (root: nvidia-smi mig)" if gpu.mig_slices else ""),
                    source=source,
                )
            )
        elif gpu.memory_free_mib is not None and gpu.memory_free_mib < wanted and not gpu.mig_slices:
            found.append(
                Finding(
                    rule=RULE,
                    subject=f"GPU {number} memory",
                    status="warn",
                    expected=expected,
                    actual=f"{gpu.memory_free_mib} MiB free of {total} MiB",
                    why="other programs hold the rest",
                    fix="`nvidia-smi` lists them; agree with their owners, or choose another GPU by "
                    "CUDA_VISIBLE_DEVICES",
                    source=source,
                )
            )
    if not found and gpus:
        least = min(memory_mib(gpu) or 0 for gpu in gpus)
        found.append(
            Finding(RULE, "GPU memory", "pass", expected, f"at least {least} MiB on each", source=source)
        )
    return found
