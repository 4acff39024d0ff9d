from __future__ import annotations

from typing import Any, Literal

import pytest

from envspec.probe.endpoint_stage import FAULTS
from envspec.probe.facts import EndpointObservation, HostFacts, NetworkFacts, OsRelease, Stage, known, unknown
from envspec.verify.endpoint_faults import REMEDIES
from envspec.verify.endpoints import check, switched_off
from envspec.verify.finding import Finding
from envspec.verify.needs import Needs
from tests.lock.locks import distribution, lock

URL = "https://nas.internal/download/nas?attach_id=1"
RHEL = OsRelease("rhel", "8.9", ("fedora",))
UBUNTU = OsRelease("ubuntu", "22.04", ("debian",))

NAME = Stage("name", True, "1 address")
CONNECTION = Stage("connection", True, "1 address connected")
TRUSTED = Stage("tls", True, "TLSv1.3 trusted by the host's store", (), "CN=Site CA")
ANSWERED = Stage("http", True, "200 to HEAD")


def failed(name: Literal["name", "connection", "tls", "http"], *faults: str, issuer: str = "") -> Stage:
    return Stage(name, False, "said", faults, issuer)


def judge(
    *stages: Stage,
    redirects: tuple[EndpointObservation, ...] = (),
    os: OsRelease | None = RHEL,
    projects: tuple[tuple[str, str], ...] = (("requests", "2.32.3"), ("httpx", "0.28.1")),
    endpoint: dict[str, Any] | None = None,
) -> Finding:
    locked = lock(
        *(distribution(name, version) for name, version in projects),
        target={"endpoints": [{"url": URL} if endpoint is None else endpoint]},
    )
    facts = HostFacts(
        source="evidence",
        os=known(os, "/etc/os-release") if os else unknown(),
        endpoints=known((EndpointObservation(URL, stages, redirects),), "call:endpoints"),
    )
    [finding] = check(Needs(locked, "ocr"), facts)
    return finding


LAUNCHER = (
    "in the environment's launcher: "
    "export SSL_CERT_FILE=/etc/pki/tls/certs/ca-bundle.crt (for urllib, httpx), "
    "export REQUESTS_CA_BUNDLE=/etc/pki/tls/certs/ca-bundle.crt (for requests)"
)


def test_an_unknown_authority_is_made_known_to_every_client_of_the_lock() -> None:
    assert judge(NAME, CONNECTION, failed("tls", "unknown-ca", issuer="CN=Site CA")) == Finding(
        rule="endpoints",
        subject=URL,
        status="fail",
        expected="the name resolves, a connection comes about, its certificate is trusted, and HTTP answers",
        actual="nas.internal: tls: said",
        why="the certificate's issuer is not trusted here; "
        "what nas.internal would answer could not be judged: nothing is sent before it can be trusted",
        fix="get the authority's certificate (CN=Site CA) as site-ca.pem from whoever runs nas.internal, "
        "by a way you trust; then "
        "on RHEL, root: cp site-ca.pem /etc/pki/ca-trust/source/anchors/site-ca.pem && update-ca-trust; then "
        f"{LAUNCHER}\n"
        "without root: get the authority's certificate (CN=Site CA) as site-ca.pem from whoever runs "
        "nas.internal, by a way you trust; then cat /etc/pki/tls/certs/ca-bundle.crt site-ca.pem > "
        "PREFIX/ca-bundle.pem; then in the launcher set SSL_CERT_FILE and REQUESTS_CA_BUNDLE to "
        "that file",
        source="tried from the host itself; docs/tls.md",
    )


def test_debian_and_a_host_without_a_name_get_their_own_commands() -> None:
    ubuntu = judge(NAME, CONNECTION, failed("tls", "unknown-ca"), os=UBUNTU).fix
    debian = "cp site-ca.pem /usr/local/share/ca-certificates/site-ca.crt && update-ca-certificates"
    assert f"on Debian, root: {debian}" in ubuntu
    assert "RHEL" not in ubuntu
    assert "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt" in ubuntu
    nameless = judge(NAME, CONNECTION, failed("tls", "unknown-ca"), os=None).fix
    assert "on RHEL, root: " in nameless
    assert "on Debian, root: " in nameless


def test_a_name_that_fails_is_no_certificate_fault_and_hides_none() -> None:
    finding = judge(failed("name", "not-known"))
    assert finding.status == "fail"
    assert finding.why == (
        "no name server knows the name; "
        "the certificate of nas.internal could not be judged, since nothing got that far"
    )
    assert finding.fix == (
        "DNS administrator: add nas.internal to the zone, or give its right name; "
        "/etc/hosts may name it until then (root)"
    )
    assert "ca-bundle" not in finding.fix


def test_an_unresolved_redirect_and_an_untrusted_certificate_are_both_told() -> None:
    only_ca_file = Stage("tls", True, "trusted by the spec's ca-file", ("ca-file-only",), "CN=Site CA")
    redirected = Stage("http", True, "302 to https://files.internal/a")
    second = EndpointObservation("https://files.internal/a", (failed("name", "not-known"),))
    finding = judge(
        NAME,
        CONNECTION,
        only_ca_file,
        redirected,
        redirects=(second,),
        endpoint={"url": URL, "ca-file": "certificates/works.pem"},
    )
    assert finding.status == "fail"
    assert (
        finding.actual == "nas.internal: tls: trusted by the spec's ca-file; then files.internal: name: said"
    )
    assert finding.why == (
        "trusted with the spec's ca-file alone, not by the host's own store; no name server knows the name; "
        "the certificate of files.internal could not be judged, since nothing got that far"
    )
    dns = (
        "DNS administrator: add files.internal to the zone, or give its right name; /etc/hosts may name it "
        "until then (root)"
    )
    assert finding.fix.splitlines() == [
        "on RHEL, root: cp works.pem /etc/pki/ca-trust/source/anchors/site-ca.pem && update-ca-trust; then "
        f"{LAUNCHER}; and {dns}",
        "without root: cat /etc/pki/tls/certs/ca-bundle.crt works.pem > PREFIX/ca-bundle.pem; then in the "
        f"launcher set SSL_CERT_FILE and REQUESTS_CA_BUNDLE to that file; and {dns}",
    ]


def test_a_plain_host_that_answers_passes() -> None:
    finding = judge(NAME, CONNECTION, TRUSTED, ANSWERED, projects=())
    assert (finding.status, finding.actual, finding.why, finding.fix) == (
        "pass",
        "nas.internal: http: 200 to HEAD",
        "",
        "",
    )


def test_clients_that_do_not_read_the_hosts_store_are_named() -> None:
    finding = judge(NAME, CONNECTION, TRUSTED, ANSWERED)
    assert (finding.status, finding.fix) == ("pass", "")
    assert finding.why == (
        "requests, httpx: of themselves they trust public authorities only, not the host's store"
    )
    private = judge(NAME, CONNECTION, TRUSTED, ANSWERED, endpoint={"url": URL, "ca-file": "site-ca.pem"})
    assert (private.status, private.fix) == ("warn", LAUNCHER)


@pytest.mark.parametrize(
    ("stage", "status", "who"),
    [
        (failed("name", "resolver-failed"), "fail", "DNS administrator"),
        (failed("name", "system-look-up", "resolvers-differ"), "fail", "nsswitch.conf"),
        (failed("name", "proxy-unknown"), "fail", "NO_PROXY goes straight to nas.internal"),
        (failed("connection", "refused"), "fail", "does the service run on port 443?"),
        (failed("connection", "timeout"), "fail", "firewall"),
        (failed("connection", "unreachable"), "fail", "network administrator"),
        (failed("tls", "expired"), "fail", "check this host's clock"),
        (failed("tls", "not-yet-valid"), "fail", "check this host's clock"),
        (failed("tls", "wrong-host"), "fail", "get one that names nas.internal"),
        (failed("tls", "plain-http"), "fail", "write http://"),
        (failed("http", "server-error"), "fail", "whoever runs nas.internal"),
        (failed("http", "missing"), "warn", "check the path"),
        (failed("http", "out-of-time"), "unknown", "longer timeout"),
        (Stage("name", True, "said", ("resolvers-differ",)), "warn", "DNS administrator"),
        (Stage("http", True, "said", ("downgrade",)), "warn", "redirect to https"),
        (failed("http"), "fail", ""),
        (failed("http", "a fault of a later reader"), "fail", ""),
    ],
)
def test_each_fault_has_its_weight_and_says_who_can_mend_it(stage: Stage, status: str, who: str) -> None:
    finding = judge(stage)
    assert finding.status == status
    assert who in finding.fix


@pytest.mark.parametrize("stage", [Stage("http", True, "401", ("login",)), ANSWERED])
def test_a_server_that_wants_a_login_was_reached(stage: Stage) -> None:
    assert judge(NAME, CONNECTION, stage, projects=()).status == "pass"


def test_an_endpoint_that_was_not_tried_is_unknown_and_says_how_to_find_out() -> None:
    locked = lock(target={"endpoints": [{"url": URL}]})
    facts = HostFacts(
        source="evidence", endpoints=unknown("call:endpoints", "no endpoint was tried from this host")
    )
    [finding] = check(Needs(locked, "ocr"), facts)
    assert (finding.status, finding.why) == ("unknown", "no endpoint was tried from this host")
    assert finding.fix == f"run on the host itself: probe.py --endpoint '{URL}'"
    other = HostFacts(endpoints=known((EndpointObservation("https://other.internal/", (NAME,)),), ""))
    assert [finding.status for finding in check(Needs(locked, "ocr"), other)] == ["unknown"]


def test_a_hostile_lock_can_not_slip_a_command_into_the_advice() -> None:
    finding = judge(
        NAME, CONNECTION, failed("tls", "unknown-ca"), endpoint={"url": URL, "ca-file": "a; rm -r $HOME"}
    )
    assert "root: cp 'a; rm -r $HOME' /etc/pki/" in finding.fix


@pytest.mark.parametrize("endpoints", [1, "https://nas.internal/", [1, "text"], {"url": URL}, None])
def test_a_lock_whose_endpoints_are_no_tables_has_none(endpoints: Any) -> None:
    locked = lock(target={"endpoints": endpoints})
    assert check(Needs(locked, "ocr"), HostFacts(source="evidence")) == []


def test_the_spec_itself_says_nothing_of_endpoints() -> None:
    locked = lock(target={"endpoints": [{"url": URL}]})
    assert check(Needs(locked, "ocr"), HostFacts(source="spec")) == []


def test_switched_off_verification_is_a_warning_with_a_better_way() -> None:
    network = NetworkFacts(None, None, unverified=("PYTHONHTTPSVERIFY", "trusted-host in /etc/pip.conf"))
    first, second = switched_off(HostFacts(network=known(network, "call:network")))
    assert first == Finding(
        rule="endpoints",
        subject="PYTHONHTTPSVERIFY",
        status="warn",
        expected="certificates are checked",
        actual="PYTHONHTTPSVERIFY switches that off",
        why="anyone on the way can then give the program other bytes; "
        "a wrong name or a broken DNS is not mended by it",
        fix="unset PYTHONHTTPSVERIFY, and make the site's authority known instead: docs/tls.md",
        source="tried from the host itself; docs/tls.md",
    )
    assert second.subject == "trusted-host in /etc/pip.conf"
    assert switched_off(HostFacts()) == []


def test_every_fault_has_a_remedy_and_no_remedy_switches_verification_off() -> None:
    assert set(REMEDIES) == set(FAULTS)
    trusting = judge(NAME, CONNECTION, failed("tls", "unknown-ca", "self-signed")).fix
    for text in [trusting, *(remedy.fix for remedy in REMEDIES.values())]:
        for word in ("verify=False", "--insecure", "-k ", "trusted-host", "no-check", "NO_VERIFY", "disable"):
            assert word not in text
