from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envspec.probe.facts import (
    Cudnn,
    DriverInstall,
    Fact,
    Gpu,
    HostFacts,
    Interpreter,
    Memory,
    Mount,
    NetworkFacts,
    OsRelease,
    Toolkit,
    absent,
    known,
    unknown,
)
from envspec.target.gpu import ComputeCapability, DriverVersion, ToolkitVersion
from envspec.verify.draw import needs_of
from envspec.verify.driver_state import TROUBLES
from envspec.verify.verify import judge, judge_matrix
from tests.verify.case import CASES, facts_of, lock_of, read_case
from tests.verify.founding import founding_lock

SEVERAL = [needs_of(founding_lock(variant)) for variant in ("cu118", "cu121")]

texts = st.text(min_size=1, max_size=20) | st.sampled_from(
    ["NVIDIA A100 80GB PCIe", "GRID A100D-10C", "Tesla T4", "rhel", "8.9"]
)
sizes = st.none() | st.integers(0, 2**60)
maybe = st.none() | st.booleans()
numbers = st.integers(0, 9999)
dotted = st.builds("{}.{}.{}".format, st.integers(300, 700), numbers, numbers)
capabilities = st.builds(ComputeCapability, st.integers(1, 20), st.integers(0, 9))
toolkits = st.builds(ToolkitVersion, st.integers(8, 14), st.integers(0, 12), st.integers(0, 200))
gpus = st.builds(
    Gpu,
    name=texts,
    capability=st.none() | capabilities,
    memory_mib=sizes,
    memory_free_mib=sizes,
    mig=maybe,
    mig_slices=st.lists(st.sampled_from(["1g.10gb", "7g.80gb", "nonsense", ""]), max_size=3).map(tuple),
    vgpu=maybe,
    ecc=maybe,
    processes=sizes,
)
mounts = st.builds(
    Mount,
    path=st.sampled_from(["/", "/tmp", "/data", "PREFIX", "/dev/shm", ""]),
    mount_point=st.sampled_from(["/", "/tmp", "/data", ""]),
    total_bytes=sizes,
    free_bytes=sizes,
    free_inodes=sizes,
    noexec=maybe,
    read_only=maybe,
    trouble=st.sampled_from(["", "no answer in 3 s"]),
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "os": st.builds(OsRelease, texts, texts, st.lists(texts, max_size=2).map(tuple)),
    "kernel": texts,
    "arch": texts,
    "glibc": st.tuples(numbers, numbers),
    "glibcxx": st.lists(numbers, max_size=4).map(tuple),
    "memory": st.builds(Memory, st.integers(0, 2**50), sizes, sizes),
    "gpu_state": st.sampled_from(["ready", *TROUBLES]),
    "gpus": st.lists(gpus, max_size=9).map(tuple),
    "gpu_devices_usable": st.booleans(),
    "driver": dotted.map(DriverVersion.parse),
    "driver_library": texts,
    "driver_install": st.builds(
        DriverInstall, st.sampled_from(["rpm", "deb", "dkms", "precompiled", "runfile", "container"])
    ),
    "driver_cuda": toolkits,
    "nvswitches": numbers,
    "fabric_manager": dotted.map(DriverVersion.parse),
    "nouveau_loaded": st.booleans(),
    "kernel_headers": st.booleans(),
    "secure_boot": st.booleans(),
    "toolkits": st.lists(st.builds(Toolkit, toolkits, texts), max_size=3).map(tuple),
    "cudnn": st.lists(st.builds(Cudnn, texts, texts), max_size=2).map(tuple),
    "pythons": st.lists(st.builds(Interpreter, texts, texts, maybe), max_size=3).map(tuple),
    "libraries": st.frozensets(texts, max_size=3),
    "executables": st.dictionaries(st.sampled_from(["gcc", "ffmpeg", "make", "x"]), texts, max_size=4),
    "mounts": st.lists(mounts, max_size=5).map(tuple),
    "selinux": texts,
    "fips": st.booleans(),
    "fapolicyd": st.booleans(),
    "repositories": st.lists(texts, max_size=7).map(tuple),
    "media": st.lists(texts, max_size=2).map(tuple),
    "clock": texts | st.just("2026-11-28T08:00:00Z"),
    "network": st.builds(NetworkFacts, maybe, st.none() | numbers),
}


def facts(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Fact[Any]]:
    nothing: list[Fact[Any]] = [absent("x"), unknown("x")]
    return values.map(lambda value: known(value, "x")) | st.sampled_from(nothing)


def host_of(fields: dict[str, Any]) -> HostFacts:
    return HostFacts(source="evidence", **fields)


hosts = st.fixed_dictionaries({}, optional={name: facts(values) for name, values in VALUES.items()}).map(
    host_of
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(hosts, st.sampled_from(["", "2026-11-28", "2099-01-01"]))
def test_any_host_is_judged_and_every_finding_says_what_to_do(host: HostFacts, today: str) -> None:
    for found in judge_matrix(SEVERAL, host, today=today).values():
        for finding in found:
            assert all((finding.expected, finding.actual, finding.source)), finding
            assert bool(finding.fix) is (finding.status != "pass"), finding
            assert all(finding.fix.split("\n")) or not finding.fix, finding


def test_a_host_of_which_nothing_is_known_passes_only_what_is_asked_of_no_host() -> None:
    for needs in SEVERAL:
        found = judge(needs, HostFacts(source="evidence"), today="2026-11-28")
        passed = {finding.rule for finding in found if finding.status == "pass"}
        assert passed - {"python", "executables"} == {"toolkit", "cudnn"}  # the lock may bring those two
        assert {finding.rule for finding in found if finding.status == "fail"} == set()


def test_findings_of_every_case_say_what_to_do_too() -> None:
    for path in CASES.glob("*.toml"):
        case = read_case(path)
        for finding in judge(needs_of(lock_of(case)), facts_of(case), today="2026-11-28"):
            assert all((finding.expected, finding.actual, finding.source)), (path.stem, finding)
            assert bool(finding.fix) is (finding.status != "pass"), (path.stem, finding)


def test_no_two_findings_of_a_host_share_rule_and_subject() -> None:
    for path in CASES.glob("*.toml"):
        case = read_case(path)
        found = judge(needs_of(lock_of(case)), facts_of(case))
        names = [(finding.rule, finding.subject) for finding in found]
        assert len(names) == len(set(names)), path.stem
