from __future__ import annotations

from typing import Any

import pytest

from envspec.probe.facts import HostFacts, NetworkFacts, known, unknown
from envspec.verify.finding import Finding
from envspec.verify.needs import Needs
from envspec.verify.network import check
from tests.lock.locks import lock

ASK = "with the site's consent: run the probe with --probe-egress, which tries to reach out and settles it"


def judge(promise: str, **seen: Any) -> list[Finding]:
    fields = {"default_route": None, "resolvers": 1, **seen}
    facts = HostFacts(source="evidence", network=known(NetworkFacts(**fields), "call:network"))
    return check(Needs(lock(), "ocr", network=promise), facts)


@pytest.mark.parametrize(
    ("promise", "seen", "status"),
    [
        ("closed", {"default_route": False}, "pass"),
        ("closed", {"default_route": True}, "warn"),
        ("closed", {"default_route": None}, "unknown"),
        ("closed", {"default_route": False, "proxies": ("HTTPS_PROXY",)}, "warn"),
        ("closed", {"default_route": True, "egress": True}, "fail"),
        ("closed", {"default_route": True, "egress": False}, "pass"),
        ("internal", {"default_route": True}, "pass"),
        ("internal", {"default_route": False}, "warn"),
        ("internal", {"default_route": False, "proxies": ("HTTPS_PROXY",)}, "pass"),
        ("internal", {"default_route": None}, "unknown"),
        ("internal", {"default_route": True, "egress": True}, "fail"),
        ("internal", {"default_route": True, "egress": False}, "pass"),
        ("open", {"default_route": False}, "fail"),
        ("open", {"default_route": False, "proxies": ("HTTPS_PROXY",)}, "unknown"),
        ("open", {"default_route": True}, "unknown"),
        ("open", {"default_route": None}, "unknown"),
        ("open", {"default_route": True, "egress": True}, "pass"),
        ("open", {"default_route": True, "egress": False}, "fail"),
    ],
)
def test_a_promise_meets_what_was_seen(promise: str, seen: dict[str, Any], status: str) -> None:
    [finding] = judge(promise, **seen)
    assert (finding.rule, finding.subject, finding.status) == ("network", promise, status)
    assert bool(finding.fix) is (status != "pass")


def test_a_route_on_a_closed_host_is_a_warning_that_says_what_settles_it() -> None:
    assert judge("closed", default_route=True, resolvers=2) == [
        Finding(
            rule="network",
            subject="closed",
            status="warn",
            expected="closed: nothing outside this host's own networks can be reached",
            actual="a default route, 2 name servers",
            why="a default route exists; whether anything outside answers is not known",
            fix=ASK,
            source="target.network of the spec; the host's routes, /etc/resolv.conf and proxy variables",
        )
    ]


def test_proxies_are_named() -> None:
    [finding] = judge("closed", default_route=False, proxies=("HTTPS_PROXY", "http_proxy"))
    assert finding.actual == "no default route, 1 name server, proxies set: HTTPS_PROXY, http_proxy"
    assert finding.why == "a proxy may lead outside where no route does"


@pytest.mark.parametrize(
    ("promise", "proxies", "status"),
    [("open", (), "fail"), ("open", ("HTTPS_PROXY",), "warn"), ("internal", (), "warn")],
)
def test_no_name_server_is_a_finding_of_its_own(promise: str, proxies: tuple[str, ...], status: str) -> None:
    _, servers = judge(promise, default_route=True, egress=promise == "open", resolvers=0, proxies=proxies)
    assert (servers.subject, servers.status) == ("name servers", status)
    assert servers.why == "only names in /etc/hosts can be looked up"


def test_a_closed_host_needs_no_name_server() -> None:
    assert [finding.status for finding in judge("closed", default_route=False, resolvers=0)] == ["pass"]


def test_a_network_that_was_not_read_is_unknown() -> None:
    facts = HostFacts(source="evidence", network=unknown("call:network", "Permission denied"))
    [finding] = check(Needs(lock(), "ocr", network="closed"), facts)
    assert (finding.status, finding.actual) == ("unknown", "not known: Permission denied")
    assert finding.fix == "run the probe on the host itself; it reads all this and sends nothing"


def test_no_promise_and_the_spec_itself_have_no_finding() -> None:
    facts = HostFacts(source="evidence")
    assert check(Needs(lock(), "ocr"), facts) == []
    assert check(Needs(lock(), "ocr", network="open"), HostFacts(source="spec")) == []
