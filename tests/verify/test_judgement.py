from __future__ import annotations

import pytest

from envspec.verify.finding import Finding, Status
from envspec.verify.judgement import DECIDES, HostJudged, Judgement, best_of_each


def finding(rule: str, status: Status, grade: str = "") -> Finding:
    return Finding(rule, "it", status, "wanted", "met", grade=grade)


def lock(variant: str, *findings: Finding, spec: str = "ocr") -> Judgement:
    return Judgement(f"{spec}-{variant}", spec, variant, f"pylock.{spec}-{variant}.toml", "", findings)


GLIBC = finding("glibc", "pass")
FULL, MINOR = finding("driver", "pass", "full"), finding("driver", "warn", "minor-version")
REFUSED = finding("driver", "fail", "refused")


@pytest.mark.parametrize(
    ("findings", "answer"),
    [
        ((GLIBC,), "yes"),
        ((GLIBC, MINOR), "yes"),
        ((GLIBC, finding("clock", "unknown")), "yes"),
        ((GLIBC, REFUSED), "no"),
        ((GLIBC, REFUSED, finding("driver", "unknown")), "no"),
        ((GLIBC, finding("driver", "unknown")), "unknown"),
        ((finding("clock", "unknown"),), "unknown"),
        ((MINOR,), "unknown"),
        ((), "unknown"),
    ],
)
def test_a_yes_needs_something_that_holds_and_nothing_open_that_decides(
    findings: tuple[Finding, ...], answer: str
) -> None:
    assert lock("cu118", *findings).answer == answer


@pytest.mark.parametrize("rule", sorted(DECIDES))
def test_what_decides_and_is_not_known_is_no_yes(rule: str) -> None:
    assert lock("cu118", GLIBC, finding(rule, "unknown")).answer == "unknown"


def test_the_better_answer_comes_before_the_better_grade_and_that_before_fewer_doubts() -> None:
    full, minor = lock("a", FULL, GLIBC), lock("b", MINOR, GLIBC)
    doubtful = lock("c", FULL, GLIBC, finding("clock", "unknown"))
    warned = lock("d", FULL, GLIBC, finding("os", "warn"))
    refused, open_ = lock("e", REFUSED, GLIBC), lock("f", finding("gpu", "unknown"), GLIBC)
    for better, worse in (
        (full, minor),
        (minor, open_),
        (open_, refused),
        (doubtful, minor),
        (warned, doubtful),
    ):
        assert best_of_each([worse, better]) == (better,)
        assert best_of_each([better, worse]) == (better,)


def test_of_equals_the_first_is_taken() -> None:
    first, second = lock("a", FULL), lock("b", FULL)
    assert best_of_each([first, second]) == (first,)
    assert best_of_each([second, first]) == (second,)


def test_every_spec_needs_a_variant_that_fits() -> None:
    fits, refused = lock("cu118", GLIBC, FULL), lock("cu121", GLIBC, REFUSED)
    other = lock("cpu", GLIBC, finding("disk", "fail"), spec="asr")
    assert HostJudged("h", "f", judgements=(fits, refused)).answer == "yes"
    assert HostJudged("h", "f", judgements=(refused,)).answer == "no"
    assert HostJudged("h", "f", judgements=(fits, other)).answer == "no"
    assert HostJudged("h", "f").answer == "unknown"
    assert HostJudged("h", "f", trouble="cut").answer == "unknown"


def test_strictly_only_a_pass_passes() -> None:
    clean, warned = lock("a", GLIBC, FULL), lock("b", GLIBC, MINOR)
    doubtful = lock("c", GLIBC, FULL, finding("clock", "unknown"))
    for judgement, strictly in ((clean, True), (warned, False), (doubtful, False)):
        host = HostJudged("h", "f", judgements=(judgement,))
        assert host.passes(strict=False) is True
        assert host.passes(strict=True) is strictly
    assert HostJudged("h", "f", judgements=(warned, clean)).passes(strict=True) is True
