from __future__ import annotations

from envspec.probe.facts import (
    DriverInstall,
    Fact,
    Gpu,
    GpuState,
    HostFacts,
    Memory,
    Mount,
    OsRelease,
    absent,
    known,
    unknown,
)
from envspec.target.gpu import ComputeCapability, DriverVersion, ToolkitVersion
from envspec.verify.seen import seen

GIB = 1024**3
A100 = Gpu("NVIDIA A100 80GB PCIe", ComputeCapability(8, 0), 81920)


def lines(facts: HostFacts) -> dict[str, str]:
    return {one.name: one.text for one in seen(facts)}


def test_facts_are_told_on_one_line_each() -> None:
    facts = HostFacts(
        os=known(OsRelease("rhel", "8.9", pretty="Red Hat Enterprise Linux 8.9 (Ootpa)"), "/etc/os-release"),
        glibc=known((2, 28), "confstr"),
        gpus=known((A100, A100, A100._replace(mig=True, mig_slices=("1g.10gb", "2g.20gb"))), "NVML"),
        driver=known(DriverVersion.parse("515.105.01"), "NVML"),
        driver_flavour=known("proprietary", "modinfo"),
        driver_install=known(DriverInstall("rpm"), "rpm -qa"),
        driver_cuda=known(ToolkitVersion.parse("11.7"), "NVML"),
        memory=known(Memory(512 * GIB, 500 * GIB, 8 * GIB), "/proc/meminfo"),
        mounts=known(
            (
                Mount("/", "/", "xfs", 39 * GIB, 12 * GIB),
                Mount("/data/envs", "/data", "nfs4", noexec=True, trouble=""),
                Mount("/far", "/far", trouble="no answer in 3 s"),
            ),
            "statvfs",
        ),
    )
    assert lines(facts) == {
        "OS": "Red Hat Enterprise Linux 8.9 (Ootpa)",
        "kernel": "not known: the evidence doesn't say",
        "machine": "not known: the evidence doesn't say",
        "glibc": "2.28",
        "GPU": "2 x NVIDIA A100 80GB PCIe (compute capability 8.0, 80.0 GiB), "
        "1 x NVIDIA A100 80GB PCIe (compute capability 8.0, 80.0 GiB, MIG 1g.10gb, 2g.20gb)",
        "driver": "515.105.01, proprietary kernel module, installed as rpm, CUDA level 11.7",
        "memory": "500 GiB available of 512 GiB, 8.0 GiB for this cgroup",
        "disk /": "12.0 GiB free of 39.0 GiB, xfs",
        "disk /data/envs": "free space not known, nfs4, noexec, part of /data",
        "disk /far": "not known: no answer in 3 s",
        "Python": "not known: the evidence doesn't say",
        "network": "not known: the evidence doesn't say",
        "clock": "not known: the evidence doesn't say",
    }


def test_what_is_not_there_differs_from_what_is_not_known() -> None:
    state: Fact[GpuState] = known("nouveau", "/proc/modules")
    facts = HostFacts(
        gpu_state=state, driver=absent("/proc/driver/nvidia", "not loaded"), clock=unknown("", "EACCES")
    )
    found = {one.name: one for one in seen(facts)}
    assert (found["GPU"].text, found["GPU"].is_known) == ("a device, bound to nouveau", True)
    assert (found["driver"].text, found["driver"].is_known) == ("none: not loaded", True)
    assert (found["clock"].text, found["clock"].is_known) == ("not known: EACCES", False)


def test_of_many_mounts_the_first_are_named() -> None:
    mounts = tuple(Mount(f"/m{number}", f"/m{number}") for number in range(40))
    found = lines(HostFacts(mounts=known(mounts, "statvfs")))
    assert found["disks"] == "and 28 more"
    assert "disk /m11" in found
    assert "disk /m12" not in found
