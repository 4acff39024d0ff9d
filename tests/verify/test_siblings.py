from __future__ import annotations

from typing import Any

import msgspec

from envspec.probe.facts import Gpu, HostFacts, known
from envspec.target.gpu import DriverVersion
from envspec.verify.draw import needs_of
from envspec.verify.finding import Finding
from envspec.verify.verify import judge, judge_matrix
from tests.lock.locks import distribution, lock

HOST = HostFacts(
    source="evidence",
    gpu_state=known("ready", "NVML"),
    driver=known(DriverVersion.parse("515.105.01"), "NVML"),
    gpus=known((Gpu("NVIDIA A100 80GB PCIe"),), "NVML"),
    glibc=known((2, 28), "confstr"),
)


def needs(variant: str, *, name: str = "ocr", torch: str = "", **fields: Any) -> Any:
    version = torch or f"2.1.2+{variant}"
    wheel = distribution("torch", version, tag=fields.pop("tag", "cp310-cp310-linux_x86_64"))
    return needs_of(lock(wheel, name=name, variant=variant, **fields))


def driver_of(found: list[Finding]) -> Finding:
    [finding] = [each for each in found if each.rule == "driver" and each.grade]
    return finding


def test_the_variant_that_runs_is_the_first_way_out() -> None:
    judged = judge_matrix([needs("cu121"), needs("cu118"), needs("cpu")], HOST)
    refused = driver_of(judged["ocr-cu121"])
    assert refused.variants == ("cu118", "cpu")
    assert refused.fix.splitlines()[:2] == [
        "cu118 runs on it, minor-version compatible",
        "cpu needs no driver",
    ]
    assert driver_of(judged["ocr-cu118"]).variants == ()


def test_alone_a_lock_names_no_variant() -> None:
    found = judge(needs("cu121"), HOST)
    assert driver_of(found).variants == ()
    assert judge_matrix([needs("cu121")], HOST)["ocr-cu121"] == found


def test_variants_of_another_spec_are_no_way_out() -> None:
    judged = judge_matrix([needs("cu121"), needs("cu118", name="other")], HOST)
    assert driver_of(judged["ocr-cu121"]).variants == ()


def test_a_variant_that_fails_elsewhere_is_no_way_out() -> None:
    too_new = needs("cu118", torch="2.7.1+cu118", tag="cp310-cp310-manylinux_2_34_x86_64")
    judged = judge_matrix([needs("cu121"), too_new], HOST)
    assert [each.rule for each in judged["ocr-cu118"] if each.status == "fail"] == ["glibc"]
    assert driver_of(judged["ocr-cu121"]).variants == ()


def test_other_rules_name_variants_too() -> None:
    old = HOST
    too_new = needs("new", torch="2.7.1+cu118", tag="cp310-cp310-manylinux_2_34_x86_64")
    judged = judge_matrix([too_new, needs("cu118")], old)
    [glibc] = [each for each in judged["ocr-new"] if each.rule == "glibc"]
    assert glibc.variants == ("cu118",)
    assert glibc.fix.splitlines()[0] == "cu118 fits here"


def test_of_a_variant_that_fails_as_well_it_is_said_in_what() -> None:
    too_new = {"tag": "cp310-cp310-manylinux_2_34_x86_64"}
    without_code = msgspec.structs.replace(HOST, gpus=known((Gpu("Tesla K80"),), "NVML"))
    judged = judge_matrix([needs("cu121", **too_new), needs("cu118", **too_new)], without_code)
    [code] = [each for each in judged["ocr-cu121"] if each.rule == "gpu-code"]
    assert code.fix.splitlines()[0] == "cu118 passes, but fails glibc"


def test_a_variant_that_leaves_the_rule_open_is_no_way_out() -> None:
    blackwell = HostFacts(source="evidence", gpus=known((Gpu("NVIDIA B200"),), "NVML"))
    nobody_read = needs("cu126", torch="2.6.0+cu126")
    judged = judge_matrix([needs("cu121"), nobody_read], blackwell)
    [code] = [each for each in judged["ocr-cu126"] if each.rule == "gpu-code"]
    assert code.status == "unknown"
    [refused] = [each for each in judged["ocr-cu121"] if each.rule == "gpu-code"]
    assert (refused.status, refused.variants) == ("fail", ())


def test_findings_that_pass_name_none() -> None:
    judged = judge_matrix([needs("cu121"), needs("cu118")], HOST)
    assert all(not each.variants for found in judged.values() for each in found if each.status != "fail")
