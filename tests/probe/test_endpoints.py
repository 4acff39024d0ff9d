from __future__ import annotations

from typing import Any

import pytest

from envspec.probe.endpoint_stage import FAULTS
from envspec.probe.endpoints import read_endpoints
from envspec.probe.evidence import Item
from envspec.probe.facts import EndpointObservation, Stage

URL = "https://nas.internal/download/nas?attach_id=1"


def read(*hops: dict[str, Any], clock: str = "2026-11-22T10:00:00Z") -> EndpointObservation:
    value = {"clock": clock, "timeout-s": 5, "endpoints": [{"hops": [{"url": URL, **hop} for hop in hops]}]}
    [observation] = read_endpoints(Item(value=value)).need()
    return observation


NAME: dict[str, Any] = {"name": {"count": 1, "error": "", "resolvers": []}, "connections": [{"error": ""}]}
CERTIFICATE: dict[str, Any] = {
    "issuer": "CN=Site CA",
    "subject": "CN=nas",
    "not-before": "2026-01-01T00:00:00Z",
    "not-after": "2027-01-01T00:00:00Z",
    "names": ["nas.internal"],
    "names-host": True,
}


def test_a_whole_journey_reads_as_its_stages() -> None:
    observation = read(
        {
            **NAME,
            "tls": {"ok": True, "trusted-by": "system", "version": "TLSv1.3"},
            "certificate": CERTIFICATE,
            "http": {"method": "HEAD", "status": 200},
        }
    )
    assert observation == EndpointObservation(
        URL,
        (
            Stage("name", True, "1 address"),
            Stage("connection", True, "1 address connected"),
            Stage(
                "tls",
                True,
                "TLSv1.3 trusted by the host's store; issuer CN=Site CA; from 2026-01-01 to 2027-01-01",
                (),
                "CN=Site CA",
            ),
            Stage("http", True, "200 to HEAD"),
        ),
    )


@pytest.mark.parametrize(
    ("tls", "certificate", "expected"),
    [
        ({"verify-code": 20}, {}, ("unknown-ca",)),
        ({"verify-code": 19}, {}, ("unknown-ca",)),
        ({"verify-code": 18}, {"self-issued": True}, ("self-signed",)),
        ({"verify-code": 62}, {"names-host": False}, ("wrong-host",)),
        ({"verify-code": 10}, {"not-after": "2026-11-22T09:59:59Z"}, ("expired",)),
        ({"verify-code": 9}, {"not-before": "2026-11-22T10:00:01Z"}, ("not-yet-valid",)),
        ({"verify-code": 10}, {}, ("chain-dates",)),
        ({"verify-code": 20}, {"not-after": "2020-01-01T00:00:00Z"}, ("unknown-ca", "expired")),
        ({"verify-code": 20}, {"names-host": False}, ("unknown-ca", "wrong-host")),
        ({"verify-code": 66}, {}, ("unverified",)),
        ({}, {}, ("unknown-ca",)),
        ({}, {"self-issued": True}, ("self-signed",)),
        ({}, {"not-after": "2020-01-01T00:00:00Z"}, ("expired",)),
        ({}, {"self-issued": True, "not-after": "2020-01-01T00:00:00Z"}, ("self-signed", "expired")),
    ],
)
def test_why_a_certificate_was_not_trusted(
    tls: dict[str, Any], certificate: dict[str, Any], expected: tuple[str, ...]
) -> None:
    hop = {**NAME, "tls": {"error": "verify", **tls}, "certificate": {**CERTIFICATE, **certificate}}
    assert read(hop).stages[-1].faults == expected


def test_a_certificate_that_could_not_be_read_leaves_the_code_to_speak() -> None:
    assert read({**NAME, "tls": {"error": "verify", "verify-code": 20}}).stages[-1] == Stage(
        "tls", False, "the certificate's issuer is not trusted here", ("unknown-ca",)
    )


@pytest.mark.parametrize(
    ("tls", "fault"),
    [
        ({"error": "handshake", "reason": "WRONG_VERSION_NUMBER", "began-as-http": True}, "plain-http"),
        ({"error": "handshake", "reason": "WRONG_VERSION_NUMBER"}, "not-tls"),
        ({"error": "handshake", "reason": "UNKNOWN_PROTOCOL"}, "not-tls"),
        ({"error": "handshake", "reason": "TLSV1_ALERT_PROTOCOL_VERSION"}, "too-old"),
        ({"error": "handshake", "reason": "SSLV3_ALERT_HANDSHAKE_FAILURE"}, "handshake"),
        ({"error": "timeout"}, "timeout"),
        ({"error": "closed"}, "closed"),
        ({"error": "no-tls-here"}, "no-tls-here"),
        ({"error": "of a later probe"}, "handshake"),
    ],
)
def test_why_a_handshake_failed(tls: dict[str, Any], fault: str) -> None:
    assert read({**NAME, "tls": tls}).stages[-1].faults == (fault,)


def test_no_tls_stage_stands_where_the_name_failed() -> None:
    known, unknown = {"said": "NOERROR", "count": 2}, {"said": "NXDOMAIN", "count": 0}
    resolvers = [{"a": known, "aaaa": unknown}, {"a": unknown, "aaaa": unknown}]
    hop = {"name": {"count": 0, "error": "EAI_NONAME", "resolvers": resolvers}}
    said = (
        "EAI_NONAME; resolver 1 of 2: 2 addresses, AAAA: NXDOMAIN; "
        "resolver 2 of 2: NXDOMAIN, it doesn't know the name"
    )
    assert read(hop).stages == (Stage("name", False, said, ("system-look-up", "resolvers-differ")),)


def test_a_name_that_only_the_systems_own_look_up_fails_for_is_told_so() -> None:
    answer = {"said": "NOERROR", "count": 1}
    hop = {"name": {"count": 0, "error": "EAI_AGAIN", "resolvers": [{"a": answer, "aaaa": answer}]}}
    assert read(hop).stages[0].faults == ("system-look-up",)


def test_time_that_ran_out_is_a_stage_of_its_own() -> None:
    said = "the time for this endpoint was over"
    assert read({**NAME, "out-of-time": True}).stages[-1] == Stage("tls", False, said, ("out-of-time",))
    assert read({"out-of-time": True}).stages == (Stage("name", False, said, ("out-of-time",)),)


def test_each_redirect_is_an_observation_of_its_own() -> None:
    first = {**NAME, "http": {"status": 302, "location": "https://files.internal/a"}}
    observation = read(first, {"url": "https://files.internal/a", "name": {"error": "EAI_NONAME"}})
    assert observation.stages[-1].said == "302 to https://files.internal/a"
    assert [(hop.url, hop.stages[0].faults) for hop in observation.redirects] == [
        ("https://files.internal/a", ("no-resolver",))
    ]


@pytest.mark.parametrize(
    "value",
    [
        [],
        "text",
        {"endpoints": 1},
        {"endpoints": [{"hops": [{"tls": "yes"}]}]},
        {"endpoints": [{"hops": [{"name": {"count": "many"}}]}]},
        {"endpoints": [{"hops": [{"connections": {}}]}]},
        {"endpoints": [{"hops": [{"http": {"status": 1e300}}]}]},
    ],
)
def test_evidence_that_can_not_be_read_is_unknown_and_no_pass(value: Any) -> None:
    fact = read_endpoints(Item(value=value))
    assert fact.state == "unknown"
    assert fact.why.startswith("the evidence can't be read: ")


def test_nothing_tried_and_a_failed_try_are_unknown() -> None:
    assert read_endpoints(None).why == "no endpoint was tried from this host"
    assert read_endpoints(Item(error="timeout")).why == "timeout"
    assert read_endpoints(Item(value={"endpoints": [{"hops": []}]})).need() == ()


def test_hostile_texts_stay_one_printable_line_of_bounded_length() -> None:
    certificate = {**CERTIFICATE, "issuer": "CN=\x1b[2J\n" + "x" * 100_000}
    stage = read({**NAME, "tls": {"error": "verify", "verify-code": 20}, "certificate": certificate}).stages[
        -1
    ]
    assert stage.issuer.startswith("CN=?[2J?xxx")
    assert len(stage.issuer) == 300
    assert len(stage.said) == 1000
    assert stage.said.isprintable()


def test_a_flood_of_endpoints_and_hops_is_cut() -> None:
    tried = {"hops": [{"url": URL, **NAME}] * 1000}
    observations = read_endpoints(Item(value={"endpoints": [tried] * 1000})).need()
    assert len(observations) == 64
    assert len(observations[0].redirects) == 5


def test_every_fault_says_something_short() -> None:
    assert all(text and len(text) < 90 for text in FAULTS.values())
