from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envspec.lock.codec import decode, encode
from envspec.lock.document import Asset, Lock
from envspec.verify.draw import needs_of
from envspec.verify.plan import planned_verdict
from envspec.verify.planned import planned_facts
from tests.lock.locks import distribution, lock, toml_values

TARGET: dict[str, Any] = {
    "arch": "x86_64",
    "os": "rhel-8.9",
    "glibc": "2.28",
    "python": "3.10",
    "gpu": "A100-80GB",
    "gpu-count": 2,
    "gpu-memory": "20 GiB",
    "driver": ">=515",
    "prefix": "/data/envs",
    "scratch": "/data/tmp",
    "disk": {"/data": {"free": "2 TiB"}},
}


def ocr(**fields: Any) -> Lock:
    return lock(
        distribution("torch", "2.1.2+cu118", tag="cp310-cp310-linux_x86_64"),
        distribution("openai-whisper", "20240930"),
        **{"variant": "cu118", "target": TARGET, **fields},
    )


def test_the_contract_says_what_any_host_must_have() -> None:
    contract = planned_verdict(ocr()).contract
    assert contract["python"] == "3.10"
    assert contract["cuda"] == "11.8"
    assert contract["cudnn"] == "8.7.0.84"
    assert contract["gpu-memory-mib"] == 20480
    assert contract["code-targets"] == [
        "sm_37", "sm_50", "sm_60", "sm_70", "sm_75", "sm_80", "sm_86", "sm_90",
    ]  # fmt: skip
    assert contract["glibc"] == {
        "version": "2.17",
        "by": "torch 2.1.2+cu118",
        "source": "torch.json, build of torch 2.1: https://github.com/pytorch/pytorch/blob/main/RELEASE.md",
    }
    assert {(row["name"], row["needed"], row["by"]) for row in contract["executables"]} == {
        ("ffmpeg", "use", "openai-whisper 20240930"),
        ("g++", "use", "torch 2.1.2+cu118"),
    }
    assert contract["disk"] == {
        "/data/envs": {
            "stays-bytes": 6000,
            "peak-bytes": 6000,
            "of": ["wheels of 1 KiB, 3 times that unpacked (estimated)"],
        },
        "/data/tmp": {
            "stays-bytes": 0,
            "peak-bytes": 6000,
            "of": ["the same again while they are unpacked"],
        },
    }


def test_contract_and_verdict_stand_in_the_lock_and_come_back() -> None:
    made = ocr()
    planned = planned_verdict(made)
    whole = made._replace(contract=planned.contract, verdict=planned.verdict)
    data = encode(whole)
    assert decode(data.decode(), "x").contract == planned.contract
    assert encode(decode(data.decode(), "x")) == data


def test_a_lock_with_its_verdict_gets_the_same_one_again() -> None:
    made = ocr()
    planned = planned_verdict(made)
    again = planned_verdict(made._replace(contract=planned.contract, verdict=planned.verdict))
    assert again == planned


def test_a_verdict_tells_everything_but_what_passes() -> None:
    planned = planned_verdict(ocr())
    assert planned.verdict["status"] == "warn"
    assert planned.verdict["grade"] == "minor-version"
    told = {(row["rule"], row["subject"]) for row in planned.verdict["findings"]}
    assert told == {("driver", "torch 2.1.2+cu118"), ("executables", "ffmpeg"), ("python", "Python")}
    assert {each.rule for each in planned.findings if each.status == "pass"} >= {
        "gpu",
        "gpu-code",
        "glibc",
        "disk",
    }


def test_promises_become_facts_of_the_spec() -> None:
    facts = planned_facts(ocr())
    assert (facts.source, facts.driver_at_least) == ("spec", True)
    assert str(facts.driver.need()) == "515"
    assert facts.driver.how == "the spec"
    assert [gpu.name for gpu in facts.gpus.need()] == ["A100-80GB", "A100-80GB"]
    assert facts.os.need().key == "rhel-8.9"
    [mount] = facts.mounts.need()
    assert (mount.mount_point, mount.free_bytes) == ("/data", 2 * 1024**4)
    assert not facts.libraries.is_known


def test_a_promised_glibc_that_is_too_old_fails() -> None:
    target = {**TARGET, "glibc": "2.17"}
    made = lock(
        distribution("torch", "2.7.1+cu118", tag="cp310-cp310-manylinux_2_28_x86_64"),
        target=target,
        variant="cu118",
    )
    assert [each.rule for each in planned_verdict(made).findings if each.status == "fail"] == ["glibc"]


def test_a_promised_gpu_without_code_for_it_fails() -> None:
    made = ocr(target={**TARGET, "gpu": "B200", "driver": ">=580.95"})
    failing = [each for each in planned_verdict(made).findings if each.status == "fail"]
    assert [each.rule for each in failing] == ["gpu-code"]


def test_the_package_for_an_older_driver_is_known_among_the_installers() -> None:
    package = Asset(kind="installer", provider="cuda-compat", label="cuda-compat 12.1", version="12.1")
    wheel = distribution("torch", "2.1.2+cu121", tag="cp310-cp310-linux_x86_64")
    made = lock(wheel, variant="cu121", target=TARGET, assets=(package,))
    planned = planned_verdict(made)
    assert planned.verdict["grade"] == "refused"
    assert not [each for each in planned.findings if each.status == "fail"]


hostile = st.dictionaries(st.sampled_from([*TARGET, "endpoints", "network", "cuda"]), toml_values, max_size=6)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(hostile, st.dictionaries(st.sampled_from(["audit", "x"]), toml_values, max_size=2))
def test_tables_that_anyone_may_have_written_end_in_findings(
    target: dict[str, Any], extra: dict[str, Any]
) -> None:
    made = ocr(target=target, extra_tool=extra)
    planned = planned_verdict(made)
    assert planned.findings
    assert encode(made._replace(target={}, extra_tool={}, contract=planned.contract, verdict=planned.verdict))


AUDIT_KEYS = ("glibc", "glibc-use", "glibcxx", "libraries", "executables", "code-targets", "not-read")


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(AUDIT_KEYS), toml_values, max_size=6))
def test_audit_rows_that_anyone_may_have_written_are_drawn_or_passed_over(row: dict[str, Any]) -> None:
    made = ocr()
    file = made.distributions[0].wheel
    assert file is not None
    needs = needs_of(made._replace(extra_tool={"audit": {file.sha256: row}}))
    assert needs.cuda is not None
