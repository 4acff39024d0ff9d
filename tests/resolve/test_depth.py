"""Deep graphs and long lists of releases end: counted in rounds and releases, not in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from envspec.resolve.explain import explain
from envspec.resolve.resolution import NoResolution, Resolution
from tests.resolve.universe import Universe, pins, solve

LINKS = 3000
RELEASES = 3000

Releases = Mapping[str, Mapping[str, Mapping[str, Any]]]


def chain(last: list[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """p0 requires p1, which requires p2, and so on."""
    releases = {f"p{n}": {"1.0": {"requires": [f"p{n + 1}"]}} for n in range(LINKS - 1)}
    return {**releases, f"p{LINKS - 1}": {"1.0": {"requires": last}}}


def trap(botocore_wants: str) -> dict[str, dict[str, dict[str, Any]]]:
    """Each boto3 requires its own botocore, and each botocore the same of urllib3."""
    return {
        "boto3": {f"1.{n}": {"requires": [f"botocore>=1.{n},<1.{n + 1}"]} for n in range(RELEASES)},
        "botocore": {f"1.{n}": {"requires": [botocore_wants] if n else []} for n in range(RELEASES)},
        "urllib3": {"2.5.0": {}, "1.25.3": {}},
        "holder": {"1.0": {"requires": ["urllib3<1.25.4"]}},
    }


def test_a_chain_of_thousands_is_pinned() -> None:
    found, _, _ = solve(Universe(chain([])), ["p0"])
    assert len(pins(found)) == LINKS


def test_a_broken_chain_of_thousands_is_explained_by_its_ends() -> None:
    found, catalog, request = solve(Universe(chain(["gone"])), ["p0", "beside"])
    assert isinstance(found, NoResolution)
    assert explain(found, catalog, request).splitlines()[1:3] == [
        "  why: your spec requires beside",
        "       beside: the default index (https://index.example/simple) has no such project",
    ]
    found, catalog, request = solve(Universe(chain(["gone"])), ["p0"])
    assert isinstance(found, NoResolution)
    assert explain(found, catalog, request).splitlines()[1:3] == [
        "  why: your spec requires p0 -> p0 1.0 requires p1 -> p1 1.0 requires p2 -> p2 1.0 requires p3"
        " -> (2993 steps) -> p2996 1.0 requires p2997 -> p2997 1.0 requires p2998"
        " -> p2998 1.0 requires p2999 -> p2999 1.0 requires gone",
        "       gone: the default index (https://index.example/simple) has no such project",
    ]


def test_a_cycle_of_thousands_is_pinned() -> None:
    found, _, _ = solve(Universe(chain(["p0"])), ["p0"])
    assert len(pins(found)) == LINKS


def test_a_trap_of_thousands_is_left_by_its_oldest_release() -> None:
    found, _, _ = solve(
        Universe(trap("urllib3>=1.25.4")), ["boto3", "urllib3<1.25.4"], max_rounds=4 * RELEASES
    )
    assert pins(found) == {"boto3": "1.0", "botocore": "1.0", "urllib3": "1.25.3"}


def test_a_trap_that_no_requirement_of_the_spec_sets_is_left_as_well() -> None:
    found, _, _ = solve(Universe(trap("urllib3>=1.25.4")), ["boto3", "holder"], max_rounds=5 * RELEASES)
    assert isinstance(found, Resolution)
    assert pins(found) == {"boto3": "1.0", "botocore": "1.0", "holder": "1.0", "urllib3": "1.25.3"}


def test_a_search_that_is_ended_says_so() -> None:
    found, catalog, request = solve(
        Universe(trap("urllib3>=1.25.4")), ["boto3", "holder"], max_rounds=RELEASES // 2
    )
    assert isinstance(found, NoResolution)
    assert found.gave_up
    assert explain(found, catalog, request).splitlines()[0] == (
        "no set of releases was found for case on linux x86_64 with Python 3.10 and glibc 2.28:"
        " the search was ended, too much was tried"
    )


def test_a_project_with_thousands_of_releases_is_told_in_few_lines() -> None:
    releases = trap("urllib3>=1.25.4")
    del releases["boto3"]["1.0"]
    found, catalog, request = solve(Universe(releases), ["boto3", "urllib3<1.25.4"])
    assert isinstance(found, NoResolution)
    assert len(found.provider.examined) <= 2 * RELEASES + 2
    assert explain(found, catalog, request).splitlines()[1:] == [
        "  why: your spec requires urllib3<1.25.4",
        "       your spec requires boto3 -> boto3 1.2999 requires botocore<1.3000,>=1.2999"
        " -> botocore 1.1 to 1.2999 require urllib3>=1.25.4",
        "       urllib3, from the default index (https://index.example/simple):",
        "         2.5.0: your spec requires urllib3<1.25.4",
        "         1.25.3: botocore 1.1 to 1.2999 require urllib3>=1.25.4",
        "       botocore, from the default index (https://index.example/simple):",
        "         1.1 to 1.2999 (2999 releases): requires urllib3>=1.25.4",
        "         1.0: no release of boto3 that was looked into takes it",
        "       boto3, from the default index (https://index.example/simple):",
        "         1.1 to 1.2999 (2999 releases): requires botocore in a range of its own",
        "  fix: loosen urllib3<1.25.4: then urllib3 2.5.0 would do",
    ]


def test_the_answer_does_not_hang_on_the_order_of_the_index() -> None:
    releases: Releases = {
        "app": {"2.0": {"requires": ["lib>=2", "tool"]}, "1.0": {"requires": ["lib"]}},
        "tool": {"3.0": {"requires": ["lib<2"]}, "2.0": {"requires": ["lib"]}},
        "lib": {"2.1": {}, "1.0": {}},
        "unrelated": {"1.0": {}},
    }
    backwards = {
        name: dict(reversed(list(versions.items()))) for name, versions in reversed(list(releases.items()))
    }
    expected = {"app": "2.0", "lib": "2.1", "tool": "2.0"}
    assert pins(solve(Universe(releases), ["app"])[0]) == expected
    assert pins(solve(Universe(backwards), ["app"])[0]) == expected
