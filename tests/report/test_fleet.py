from __future__ import annotations

import json
from collections.abc import Callable

from envspec.report import fleet_html, fleet_json, fleet_text
from envspec.verify.fleet import fleet
from tests.report.cases import CASES, many

FLEET = fleet(many(30))


def test_the_whole_text_is_as_it_was(golden: Callable[[str, str], None]) -> None:
    golden("fleet.1.text", fleet_text.as_text(FLEET))


def test_the_whole_json_is_as_it_was(golden: Callable[[str, str], None]) -> None:
    golden("fleet.1.json", fleet_json.as_json(FLEET, day="2026-11-28", version="0.1.0", strict=False))


def test_many_hosts_that_fit_are_counted_unless_all_are_asked_for() -> None:
    large = fleet(many(100))
    brief, whole = (fleet_text.as_text(large, verbose=verbose) for verbose in (False, True))
    assert "and 86 hosts that fit (--verbose names them)" in brief.splitlines()
    assert [line for line in brief.splitlines() if line.startswith("node001 ")] == []
    assert len([line for line in whole.splitlines() if line.startswith("node")]) == 100
    assert brief.splitlines()[-2:] == whole.splitlines()[-2:]


def test_an_empty_fleet_does_not_pass() -> None:
    document = json.loads(fleet_json.as_json(fleet([]), day="2026-11-28", version="0.1.0", strict=False))
    assert (document["passes"], document["hosts"], document["groups"]) == (False, [], [])


def test_what_hosts_say_steers_nothing() -> None:
    hostile = fleet(CASES["hostile"].hosts)
    for text in (
        fleet_text.as_text(hostile, verbose=True),
        fleet_json.as_json(hostile, day="", version="", strict=True),
        fleet_html.as_html(hostile, day="", version="", passes=False),
    ):
        assert {char for char in text if not char.isprintable()} == {"\n"}
    assert "<script" not in text
