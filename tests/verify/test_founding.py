from __future__ import annotations

from collections.abc import Sequence

from envspec.verify.draw import needs_of
from envspec.verify.finding import Finding
from envspec.verify.plan import planned_verdict
from envspec.verify.verify import judge, judge_matrix
from tests.verify.founding import FOUNDING, founding_lock

TODAY = "2026-11-28"

NOTES = "https://docs.nvidia.com/cuda/archive/13.2.2/cuda-toolkit-release-notes/index.html"

ANOTHER_DRIVER = (
    "of a branch that is still supported: R580 (to June 2028) or R620 (to September 2029); it takes root and "
    "a reboot, and serves every program of the host; the way back is 515.105.01: keep its runfile at hand "
    "(it was installed by one: `nvidia-uninstall` first)"
)


def of_torch(found: Sequence[Finding]) -> Finding:
    [finding] = [each for each in found if each.rule == "driver" and each.grade]
    return finding


def test_cu118_runs_minor_version_compatible_with_both_floors_and_what_does_not_work() -> None:
    found = judge(needs_of(founding_lock("cu118")), FOUNDING, today=TODAY)
    assert of_torch(found) == Finding(
        rule="driver",
        subject="torch 2.1.2+cu118",
        status="warn",
        expected="driver 520.61.05 or later for all of CUDA 11.8; 450.80.02 or later for kernels that are "
        "compiled already",
        actual="driver 515.105.01",
        why="minor-version compatible: kernels that are compiled already run; PTX of CUDA 11.8 does not on "
        "driver 515.105.01, which itself is of CUDA 11.7; of what compiles at run time these are not "
        "promised: torch.compile (triton 2.1.0), which makes machine code of CUDA 12.1, numba.cuda (numba "
        "0.61.2), which makes PTX",
        fix="leave it at that, and don't use torch.compile (triton 2.1.0) or numba.cuda (numba 0.61.2)\n"
        f"a driver 520.61.05 or later, {ANOTHER_DRIVER}",
        source=f"cuda.json, floor of CUDA 11: {NOTES} (Table 2); "
        f"cuda.json, toolkit 11.8.0: {NOTES} (Table 3)",
        grade="minor-version",
    )
    assert [finding for finding in found if finding.status == "fail"] == []


def test_cu121_is_refused_with_three_ways_out() -> None:
    several = [needs_of(founding_lock(variant)) for variant in ("cu118", "cu121")]
    found = judge_matrix(several, FOUNDING, today=TODAY)["founding-cu121"]
    assert of_torch(found) == Finding(
        rule="driver",
        subject="torch 2.1.2+cu121",
        status="fail",
        expected="driver 530.30.02 or later for all of CUDA 12.1; 525.60.13 or later for kernels that are "
        "compiled already",
        actual="driver 515.105.01",
        why="driver 515.105.01 is older than 525.60.13 that CUDA 12.1 needs",
        fix="cu118 runs on it, minor-version compatible\n"
        f"a driver 525.60.13 or later, {ANOTHER_DRIVER}\n"
        "without root: cuda-compat-12-1, unpacked anywhere, its folder first in LD_LIBRARY_PATH; as "
        '[[installers]] kind = "cuda-compat", version = "12.1" the bundle carries it. Its limits: '
        "NVIDIA's own images list it for R515, but later ones no more; data-centre GPUs alone (else CUDA "
        "error 804); take it away once the driver is newer than 530.30.02 (CUDA error 803)",
        source=f"cuda.json, floor of CUDA 12: {NOTES} (Table 2); "
        f"cuda.json, toolkit 12.1.0: {NOTES} (Table 3)",
        grade="refused",
        variants=("cu118",),
    )
    assert [finding.rule for finding in found if finding.status == "fail"] == ["driver"]


def test_the_branch_of_its_driver_is_over() -> None:
    found = judge(needs_of(founding_lock("cu118")), FOUNDING, today=TODAY)
    [branch] = [finding for finding in found if finding.subject == "branch R515"]
    assert branch == Finding(
        rule="driver",
        subject="branch R515",
        status="warn",
        expected="a branch of the driver that NVIDIA still mends",
        actual="driver 515.105.01 of R515",
        why="R515 is past its end of life: its faults, of security too, stay",
        fix="when the host is next maintained: a driver of R580 (to June 2028) or R620 (to September 2029); "
        "it takes root and a reboot, and serves every program of the host; the way back is 515.105.01: keep "
        "its runfile at hand (it was installed by one: `nvidia-uninstall` first)",
        source="cuda.json, branch 515: https://docs.nvidia.com/datacenter/tesla/drivers/"
        "supported-drivers-and-cuda-toolkit-versions.html (Table 2, edition of R580)",
    )


def test_the_toolkit_on_the_host_does_not_matter() -> None:
    found = judge(needs_of(founding_lock("cu118")), FOUNDING, today=TODAY)
    [toolkit] = [finding for finding in found if finding.rule == "toolkit"]
    assert (toolkit.status, toolkit.expected, toolkit.actual, toolkit.why) == (
        "pass",
        "none: torch 2.1.2+cu118 brings its own CUDA 11.8",
        "CUDA 11.2 in /usr/local/cuda-11.2",
        "what the host has is not used",
    )


def test_the_gpu_has_code_and_the_network_is_closed_as_promised() -> None:
    for variant in ("cu118", "cu121"):
        found = judge(needs_of(founding_lock(variant)), FOUNDING, today=TODAY)
        passed = {finding.rule for finding in found if finding.status == "pass"}
        assert {"gpu-code", "gpu", "glibc", "arch", "python", "os", "clock", "network"} <= passed


def test_planning_says_the_same_of_the_promised_driver() -> None:
    cu118, cu121 = (planned_verdict(founding_lock(variant)) for variant in ("cu118", "cu121"))
    assert cu118.verdict["grade"] == "minor-version"
    assert not [finding for finding in cu118.findings if finding.status == "fail"]
    assert (cu121.verdict["grade"], cu121.verdict["status"]) == ("refused", "fail")
    [refused] = [row for row in cu121.verdict["findings"] if row["status"] == "fail"]
    assert refused["why"] == "the promised driver may be as old as 515, and CUDA 12.1 needs 525.60.13"
    assert refused["takes"][0] == (
        'if the site has 525.60.13 or later, promise that in the spec: driver = ">=525.60.13"'
    )
    assert cu118.contract["driver"] == {
        "full": "520.61.05",
        "full-source": f"cuda.json, toolkit 11.8.0: {NOTES} (Table 3)",
        "minor-version": "450.80.02",
        "minor-version-source": f"cuda.json, floor of CUDA 11: {NOTES} (Table 2)",
    }
