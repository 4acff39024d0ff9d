from __future__ import annotations

from collections.abc import Iterator

from envspec.verify.fleet import fleet
from envspec.verify.judgement import HostJudged
from tests.report.cases import A100, BROKEN, FINE, many


def test_hosts_that_are_alike_are_one_group_whatever_their_figures() -> None:
    other = A100._replace(label="other", judgements=tuple(
        one._replace(findings=tuple(finding._replace(actual="another figure") for finding in one.findings))
        for one in A100.judgements
    ))  # fmt: skip
    (group,) = fleet([A100, other]).groups
    assert [host.label for host in group.hosts] == ["gpu-7", "other"]
    assert group.differs == ()


def test_the_largest_group_is_what_the_others_differ_from() -> None:
    found = fleet([FINE, A100, A100._replace(label="twin"), BROKEN])
    assert [[host.label for host in group.hosts] for group in found.groups] == [["gpu-7", "twin"], ["gpu-8"]]
    assert found.groups[1].differs == (
        "founding-cu118: yes, full; not yes, minor-version",
        "founding-cu118: not here: not known: clock: the host's clock",
        "founding-cu118: not here: warning: driver: torch 2.1.2+cu118",
        "founding-cu118: not here: warning: libraries: libGL.so.1",
    )
    assert [host.label for host in found.unreadable] == ["gpu-9"]
    assert found.totals() == {"yes": 3, "no": 0, "unknown": 0}


def test_facts_that_differ_are_told_before_findings() -> None:
    found = fleet(many(30))
    assert [len(group.hosts) for group in found.groups] == [23, 4, 3]
    assert found.groups[1].differs[:2] == (
        "driver: 470.82.01, installed as runfile; "
        "not 515.105.01, proprietary kernel module, installed as rpm",
        "founding-cu118: no, refused; not yes, minor-version",
    )
    assert found.groups[2].differs == (
        "OS: Red Hat Enterprise Linux 8.10 (Ootpa); not Red Hat Enterprise Linux 8.9 (Ootpa)",
    )


def test_equal_findings_of_many_hosts_are_kept_once() -> None:
    def fresh() -> Iterator[HostJudged]:
        for number in range(3):
            copied = tuple(
                one._replace(findings=tuple(finding._replace() for finding in one.findings))
                for one in A100.judgements
            )
            yield A100._replace(label=str(number), judgements=copied)

    hosts = fleet(fresh()).hosts
    kept = {id(finding) for host in hosts for one in host.judgements for finding in one.findings}
    assert len(kept) == len({finding for one in A100.judgements for finding in one.findings})


def test_no_host_is_no_fleet() -> None:
    assert fleet([]).groups == ()
