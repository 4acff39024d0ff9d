"""Memory: main memory for the weights that pass through it, and shared memory for torch's workers.

Source: PyTorch's README, "Docker Image": a container's default shared memory isn't enough for multithreaded
loaders.
"""

from __future__ import annotations

from envspec.probe.facts import HostFacts
from envspec.verify.disk import mount_of
from envspec.verify.finding import Finding, not_known
from envspec.verify.needs import Needs
from envspec.verify.sizes import shown

RULE = "memory"

_SHM = "/dev/shm"  # noqa: S108 - a mount that is looked at, not written to
_DEFAULT_SHM_BYTES = 64 * 1024**2
"""What a container gets unless it's told otherwise (docker run, --shm-size)."""
_SOURCE = "sizes of the lock's models; /proc/meminfo and the cgroup's limit"


def check(needs: Needs, facts: HostFacts) -> list[Finding]:
    """Nothing where the lock has no models, and /dev/shm is no container's default."""
    if facts.source == "spec":
        return []
    return [*_for_weights(needs, facts), *_shared(needs, facts)]


def _for_weights(needs: Needs, facts: HostFacts) -> list[Finding]:
    sizes = {
        asset.label: max((file.size or 0 for file in asset.files), default=0)
        for asset in needs.lock.assets
        if asset.kind == "model"
    }
    label, largest = max(sizes.items(), key=lambda item: item[1], default=("", 0))
    if not largest:
        return []
    expected = f"{shown(largest)}, the largest file of {label}, which is read through main memory"
    if not facts.memory.is_known:
        return [not_known(RULE, "main memory", expected, facts.memory, "on the host: free -h", _SOURCE)]
    memory = facts.memory.need()
    limit = memory.cgroup_limit_bytes
    most = min(memory.total_bytes, limit) if limit is not None else memory.total_bytes
    actual = f"{shown(memory.total_bytes)}"
    if limit is not None and limit < memory.total_bytes:
        actual += f", limited to {shown(limit)} by a cgroup"
    if memory.available_bytes is not None:
        actual += f", {shown(memory.available_bytes)} available"
    if most < largest:
        return [
            Finding(
                rule=RULE,
                subject="main memory",
                status="fail",
                expected=expected,
                actual=actual,
                why="loading it would end with the process killed",
                fix="more memory, a smaller model, or weights in several files"
                + ("; whoever runs the container or job can raise its limit" if most == limit else ""),
                source=_SOURCE,
            )
        ]
    if memory.available_bytes is not None and memory.available_bytes < largest:
        why, fix = "other programs hold the rest", "look by `top -o %MEM` who holds it"
        return [Finding(RULE, "main memory", "warn", expected, actual, why, fix, _SOURCE)]
    return [Finding(RULE, "main memory", "pass", expected, actual, source=_SOURCE)]


def _shared(needs: Needs, facts: HostFacts) -> list[Finding]:
    if not any(item.name == "torch" for item in needs.lock.distributions):
        return []
    mount = mount_of(_SHM, facts)
    if mount is None or mount.path != _SHM or mount.total_bytes is None:
        return []
    if mount.total_bytes > _DEFAULT_SHM_BYTES:
        return []
    return [
        Finding(
            rule=RULE,
            subject=_SHM,
            status="warn",
            expected=f"more than {shown(_DEFAULT_SHM_BYTES)}",
            actual=shown(mount.total_bytes),
            why="torch's loaders share data through it between their workers, which end with a bus error "
            "when it's full",
            fix="start the container with --ipc=host or --shm-size; or load with num_workers=0",
            source="pytorch/pytorch, README, Docker Image",
        )
    ]
