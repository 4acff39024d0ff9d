from __future__ import annotations

from collections.abc import Sequence

from envspec.errors import InputError
from envspec.lock.document import Lock
from envspec.probe.reader import read_facts
from envspec.steps.fleet import judge_one
from envspec.steps.verify import Asked, FactsFile, LockFile, asked, endpoints_of, verify
from tests.evidence import founding
from tests.lock.locks import distribution, file, lock

DAY = "2026-11-28"
HOST = FactsFile(
    read_facts(founding(), "facts.json"), "gpu-7", "facts.json", "ab" * 32, "2026-11-27T08:00:00Z"
)


def torch(build: str, **fields: object) -> Lock:
    """A lock of torch 2.1.2 for one CUDA build and the founding host."""
    wheel = file(f"torch-2.1.2+{build}-cp310-cp310-linux_x86_64.whl")
    target = {"python": "3.10", "arch": "x86_64", "os": "rhel-8.9", "gpu": "A100-80GB", "gpu-count": 1}
    return lock(
        distribution("torch", f"2.1.2+{build}", wheel=wheel, index_name=f"pytorch-{build}"),
        **{"name": "ocr", "variant": build, "target": target, **fields},
    )


CU118, CU121 = torch("cu118"), torch("cu121")


def files(*locks: Lock) -> list[LockFile]:
    return [LockFile(held, held.file_name, "cd" * 32) for held in locks]


def test_each_lock_is_judged_and_keeps_where_it_came_from() -> None:
    host = verify(asked(files(CU118, CU121)), HOST, today=DAY)
    assert (host.label, host.where, host.sha256, host.taken) == HOST[1:]
    assert [(one.label, one.where, one.answer, one.grade) for one in host.judgements] == [
        ("ocr-cu118", "pylock.ocr-cu118.toml", "yes", "minor-version"),
        ("ocr-cu121", "pylock.ocr-cu121.toml", "no", "refused"),
    ]
    assert host.judgements[0].sha256 == "cd" * 32
    assert host.seen[0].text == "Red Hat Enterprise Linux 8.9 (Ootpa)"


def test_variants_beside_are_looked_at_only_where_something_fails() -> None:
    calls: list[int] = []

    def siblings() -> Sequence[Asked]:
        calls.append(1)
        return asked(files(CU118, CU121))

    assert verify(asked(files(CU118)), HOST, today=DAY, siblings=siblings).answer == "yes"
    assert calls == []
    host = verify(asked(files(CU121)), HOST, today=DAY, siblings=siblings)
    assert calls == [1]
    (judgement,) = host.judgements
    assert [finding.variants for finding in judgement.having("fail")] == [("cu118",)]


def test_the_prefix_of_whoever_asks_takes_the_place_of_the_lock_s() -> None:
    promised = torch("cu118", target={**CU118.target, "prefix": "/opt/envs"})
    (own,) = asked(files(promised))
    (other,) = asked(files(promised), prefix="/data/envs")
    assert "/opt/envs" in {disk.path for disk in own.needs.disks}
    assert "/data/envs" in {disk.path for disk in other.needs.disks}
    assert "/opt/envs" not in {disk.path for disk in other.needs.disks}


def test_an_endpoint_that_is_named_is_judged_beside_the_lock_s_own() -> None:
    own = {"url": "https://nas.example/", "ca-file": "site-ca.pem"}
    held = torch("cu118", target={**CU118.target, "endpoints": [own]})
    named = ["https://nas.example/", "https://other.example/"]
    (judged,) = verify(asked(files(held), endpoints=named), HOST, today=DAY).judgements
    found = {one.subject: one.status for one in judged.findings if one.rule == "endpoints"}
    assert found == {"https://nas.example/": "unknown", "https://other.example/": "unknown"}
    (one,) = asked(files(held), endpoints=named)
    assert endpoints_of(one.needs.lock) == (
        ("https://nas.example/", "site-ca.pem"),
        ("https://other.example/", ""),
    )


def test_endpoints_of_another_form_are_passed_over() -> None:
    for endpoints in ("https://nas.example/", 7, [7, {"url": 7}, {"ca-file": "x"}]):
        assert endpoints_of(torch("cu118", target={"endpoints": endpoints})) == ()


def test_locks_of_one_label_are_told_apart_by_their_files() -> None:
    twins = [LockFile(CU118, "a.toml", ""), LockFile(CU118, "b.toml", ""), LockFile(CU121, "c.toml", "")]
    assert [one.needs.label for one in asked(twins)] == [
        "ocr-cu118 (a.toml)",
        "ocr-cu118 (b.toml)",
        "ocr-cu121",
    ]


def test_a_host_whose_facts_can_not_be_read_is_told_and_ends_nothing() -> None:
    def read() -> FactsFile:
        raise InputError(what="facts.json: cut\nin two", why="the disk was full")

    host = judge_one(asked(files(CU118)), read, label="gpu-9", where="facts.json", today=DAY)
    assert (host.label, host.answer, host.judgements) == ("gpu-9", "unknown", ())
    assert host.trouble == "facts.json: cut; in two; the disk was full"
