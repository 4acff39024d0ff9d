"""Whole reports, in every format, against the files in tests/golden."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from envspec.report.html import as_html
from envspec.report.json import as_json
from envspec.report.judged import Report
from envspec.report.junit import as_junit
from envspec.report.sarif import as_sarif
from envspec.report.terminal import as_text
from tests.report.cases import CASES

RENDER: dict[str, Callable[[Report], str]] = {
    "text": as_text,
    "json": as_json,
    "junit.xml": as_junit,
    "sarif": as_sarif,
    "html": as_html,
}


PAGES = ("founding", "several-hosts", "hostile")
"""Cases whose page is kept, too; it repeats its style each time."""


@pytest.mark.parametrize(
    ("case", "form"), [(case, form) for case in CASES for form in RENDER if form != "html" or case in PAGES]
)
def test_the_whole_report_is_as_it_was(case: str, form: str, golden: Callable[[str, str], None]) -> None:
    report = CASES[case]
    golden(f"{case}.{0 if report.passes else 1}.{form}", RENDER[form](report))


def test_a_verbose_report_names_what_passed_and_every_source(golden: Callable[[str, str], None]) -> None:
    golden("founding-verbose.0.text", as_text(CASES["founding"], verbose=True))


def test_a_report_on_a_narrow_terminal_hangs_under_itself(golden: Callable[[str, str], None]) -> None:
    text = as_text(CASES["founding"], width=72)
    assert max(map(len, text.splitlines())) <= 72
    golden("founding-narrow.0.text", text)


def test_colour_adds_nothing_but_colour() -> None:
    import re

    report = CASES["several-hosts"]
    coloured = as_text(report, colour=True, width=100)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == as_text(report, width=100)
    assert coloured.count("\x1b[31;1mFAIL") == 1


@pytest.mark.parametrize("form", RENDER)
def test_nothing_that_steers_a_terminal_or_a_page_comes_through(form: str) -> None:
    text = RENDER[form](CASES["hostile"])
    steering = {char for char in text if not char.isprintable() and char != "\n"}
    assert steering == set()
    assert "<script" not in text or form in ("text", "json", "sarif")
