from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from envspec.probe.endpoints import read_endpoints
from envspec.probe.evidence import Item
from envspec.probe.facts import EndpointObservation, HostFacts, known
from envspec.verify.endpoints import check
from envspec.verify.needs import Needs
from tests import certificates
from tests.lock.locks import lock
from tests.loopback import Answer, Asked, Loopback, endless, redirect, silent
from tests.probe.script.running import names_of_script
from tests.probe.script.servers import (
    NameServer,
    OnlyHandshakes,
    Port,
    greets,
    resets,
    speaks_only_tls_1_1,
)
from tests.proxy import LoopbackProxy

pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion")

RUNNER = """
import json, sys
asked = json.load(sys.stdin)
def look_up(host, port, *rest):
    found = asked["names"].get(host, "EAI_NONAME")
    if isinstance(found, str):
        raise socket.gaierror(getattr(socket, found), found)
    return [info for each in found for info in socket.getaddrinfo(each, port, 0, socket.SOCK_STREAM)]
around = EndpointHost()
vars(around).update(asked["around"], look_up=look_up)
print(json.dumps(observe_endpoints(asked["endpoints"], asked["timeout_s"], False, around)))
"""


def python_3_6() -> str:
    """A CPython 3.6, from pyenv or the path; empty where there's none."""
    root = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    found = sorted(Path(root).glob("versions/3.6*/bin/python3.6"))
    return str(found[-1]) if found else shutil.which("python3.6") or ""


PYTHONS = {"here": sys.executable, "3.6": python_3_6()}


@pytest.fixture(scope="module", params=PYTHONS)
def python(request: pytest.FixtureRequest) -> str:
    path = PYTHONS[str(request.param)]
    if not path:
        pytest.skip("there is no CPython 3.6 here")
    return path


class Seen(NamedTuple):
    """What one run of the script brought."""

    text: str
    """The JSON as it was printed."""
    observations: tuple[EndpointObservation, ...]
    took_s: float


def observe(
    python: str,
    endpoints: Sequence[tuple[str, str | None]],
    *,
    names: Mapping[str, Any] | None = None,
    timeout_s: float = 2.0,
    prefix: tuple[str, ...] = (),
    **around: Any,
) -> Seen:
    around = {"environ": {}, "hosts": "/dev/null", "resolv_conf": "/dev/null", **around}
    asked = {"endpoints": endpoints, "timeout_s": timeout_s, "names": names or {}, "around": around}
    started = time.monotonic()
    environment = {"PATH": os.environ["PATH"]}
    done = subprocess.run(
        [*prefix, python, "-c", names_of_script()["LATE"]["endpoints"] + RUNNER],
        input=json.dumps(asked),
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )
    took_s = time.monotonic() - started
    fact = read_endpoints(Item(value=json.loads(done.stdout)))
    return Seen(done.stdout, fact.need(), took_s)


class Site(NamedTuple):
    """Everything that one big run met."""

    seen: Seen
    by_name: Mapping[str, EndpointObservation]
    unread: Mapping[str, OnlyHandshakes]
    """Servers whose certificate is only read."""
    name_servers: tuple[NameServer, NameServer]


@pytest.fixture(scope="module")
def site(python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with contextlib.ExitStack() as stack:
        ca_file = str(certificates.ca_file())
        asked: dict[str, tuple[str, str | None]] = {}
        unread = {kind: OnlyHandshakes(kind) for kind in certificates.KINDS if kind != "good"}
        for kind, serve in unread.items():
            port = stack.enter_context(Port(serve)).number
            asked[kind] = (f"https://127.0.0.1:{port}/", ca_file)
            if kind in ("expired", "wrong-host"):
                asked[f"{kind} without ca-file"] = (f"https://127.0.0.1:{port}/?2", None)
        ports = {"silent": None, "reset": resets, "ssh": greets, "old": speaks_only_tls_1_1}
        for name, serve_port in ports.items():
            port = stack.enter_context(Port(serve_port)).number
            asked[name] = (f"https://127.0.0.1:{port}/", ca_file)
        good = stack.enter_context(Loopback(tls="good"))
        plain = stack.enter_context(Loopback())
        for path, answer in answers(plain).items():
            good.always(path, answer)
            plain.always(path, answer)
            asked[f"http {path}"] = (plain.url + path, None)
        for path in ("/ok", "/to-nowhere", "/to-plain"):
            asked[f"https {path}"] = (good.url + path, ca_file)
        asked["no ca-file"] = (f"{good.url}/ok", None)
        asked["ca-file that isn't there"] = (f"{good.url}/ok?2", str(folder / "none.pem"))
        asked["plain http"] = (f"https://127.0.0.1:{plain.port}/", None)
        asked["login in URL"] = (f"http://user:secret@127.0.0.1:{plain.port}/ok?me", None)
        asked["refused"] = (f"http://127.0.0.1:{free_port()}/", None)
        asked["two addresses"] = (f"http://both.example:{plain.port}/ok", None)
        asked["in /etc/hosts"] = (f"http://written.example:{plain.port}/ok", None)
        asked["short name"] = (f"http://nas:{plain.port}/ok", None)
        asked["no name"] = (f"http://{'x' * 70}.example/", None)
        for label in ("nx", "servfail", "silent", "garbage", "loop", "stranger", "short", "empty", "refused"):
            asked[f"name {label}"] = (f"https://{label}.example/", None)
        for label in ("one", "cut", "v6silent"):
            asked[f"name {label}"] = (f"http://{label}.example:{plain.port}/ok", None)
        asked["name unknown to the system"] = ("https://one.example/", None)
        first = stack.enter_context(
            NameServer("127.0.0.2", knows=("one.example", "cut.example", "both.example", "v6silent.example"))
        )
        second = stack.enter_context(
            NameServer("127.0.0.3", first.port, knows=("both.example", "nas.inside.example"))
        )
        (folder / "resolv.conf").write_text(
            "# by hand\nsearch inside.example\nnameserver 127.0.0.2\nnameserver 127.0.0.3\n"
        )
        (folder / "hosts").write_text("127.0.0.1 localhost\n127.0.0.1 written.example written # site\n")
        seen = observe(
            python,
            list(asked.values()),
            names={
                "both.example": ["127.0.0.1", "127.0.0.9"],
                "written.example": ["127.0.0.1"],
                "nas": ["127.0.0.1"],
                "cut.example": ["127.0.0.1"],
                "v6silent.example": ["127.0.0.1"],
                "servfail.example": "EAI_AGAIN",
                "silent.example": "EAI_AGAIN",
            },
            resolv_conf=str(folder / "resolv.conf"),
            hosts=str(folder / "hosts"),
            dns_port=first.port,
        )
        by_name = dict(zip(asked, seen.observations, strict=True))
        yield Site(seen, by_name, unread, (first, second))


def answers(plain: Loopback) -> dict[str, Any]:
    def knows_only_get(asked: Asked) -> Answer:
        return Answer(200, b"hello") if asked.method == "GET" else Answer(405)

    def onward(asked: Asked) -> Answer:
        return redirect(f"/onward?{int(asked.path.partition('?')[2] or 0) + 1}")

    return {
        "/ok": Answer(200, b"hello"),
        "/only-get": knows_only_get,
        "/endless": endless(),
        "/login": Answer(401),
        "/forbidden": Answer(403),
        "/none": Answer(404),
        "/broken": Answer(503),
        "/silent": silent(),
        "/reset": Answer(reset=True),
        "/no-http": Answer(raw=b"220 demo ESMTP\r\n\r\n"),
        "/long-head": Answer(raw=b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 20_000),
        "/loop": redirect("/loop-back"),
        "/loop-back": redirect("/loop"),
        "/onward": onward,
        "/to-ftp": redirect("ftp://files.example/x"),
        "/to-nowhere": redirect("https://user:secret@nx.example/signed?signature=secret"),
        "/to-plain": redirect(f"{plain.url}/ok"),
    }


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def faults(observation: EndpointObservation) -> dict[str, tuple[str, ...]]:
    """Those of its first hop, by stage; a stage that is ok without any has none."""
    return {stage.name: stage.faults for stage in observation.stages}


def said(observation: EndpointObservation, name: str) -> str:
    [stage] = [stage for stage in observation.stages if stage.name == name]
    return stage.said


OK: tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("expired", ("expired",)),
        ("not-yet-valid", ("not-yet-valid",)),
        ("wrong-host", ("wrong-host",)),
        ("unknown-issuer", ("unknown-ca",)),
        ("self-signed", ("self-signed",)),
        ("wrong-host without ca-file", ("unknown-ca", "wrong-host")),
        ("no ca-file", ("unknown-ca",)),
        ("ca-file that isn't there", ("unknown-ca", "ca-file-unreadable")),
        ("plain http", ("plain-http",)),
        ("ssh", ("not-tls",)),
        ("old", ("too-old",)),
        ("silent", ("timeout",)),
        ("reset", ("closed",)),
    ],
)
def test_each_fault_of_tls_is_told_by_its_own_name(site: Site, name: str, expected: tuple[str, ...]) -> None:
    observation = site.by_name[name]
    assert faults(observation) == {"name": OK, "connection": OK, "tls": expected}
    assert [stage.ok for stage in observation.stages] == [True, True, False]


def test_what_the_certificate_shows_is_told_beside_what_openssl_stopped_at(python: str, site: Site) -> None:
    found = faults(site.by_name["expired without ca-file"])["tls"]
    if python == sys.executable:
        assert found == ("unknown-ca", "expired")
    else:
        assert found == ("expired",)
        assert "can't tell whether its issuer is trusted" in said(
            site.by_name["expired without ca-file"], "tls"
        )


def test_the_report_names_issuer_dates_names_and_the_hosts_clock(site: Site) -> None:
    text = said(site.by_name["expired"], "tls")
    today = time.strftime("%Y-%m-%d", time.gmtime())
    expired = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 10 * 86400))
    assert "issuer CN=Test Authority" in text
    assert f" to {expired}" in text
    assert f"the host's clock says {today}" in text
    assert "made for elsewhere.example" in said(site.by_name["wrong-host"], "tls")
    assert site.by_name["unknown-issuer"].stages[-1].issuer == "CN=Nobody's Authority"


def test_nothing_is_sent_over_a_connection_that_can_not_be_trusted(site: Site) -> None:
    assert {kind: server.received for kind, server in site.unread.items()} == dict.fromkeys(site.unread, b"")
    assert all(server.handshakes >= 1 for server in site.unread.values())


def test_a_certificate_that_only_the_ca_file_vouches_for_is_trusted_and_told(site: Site) -> None:
    observation = site.by_name["https /ok"]
    assert faults(observation) == {"name": OK, "connection": OK, "tls": ("ca-file-only",), "http": OK}
    assert all(stage.ok for stage in observation.stages)
    assert "trusted by the spec's ca-file; issuer CN=Test Authority" in said(observation, "tls")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/ok", ()),
        ("/only-get", ()),
        ("/endless", ()),
        ("/login", ("login",)),
        ("/forbidden", ("forbidden",)),
        ("/none", ("missing",)),
        ("/broken", ("server-error",)),
        ("/silent", ("timeout",)),
        ("/reset", ("closed",)),
        ("/no-http", ("not-http",)),
        ("/long-head", ("not-http",)),
        ("/to-ftp", ("bad-redirect",)),
    ],
)
def test_what_http_answers_is_told(site: Site, path: str, expected: tuple[str, ...]) -> None:
    observation = site.by_name[f"http {path}"]
    assert faults(observation) == {"name": OK, "connection": OK, "http": expected}
    assert observation.redirects == ()


def test_get_follows_where_head_is_refused(site: Site) -> None:
    assert said(site.by_name["http /ok"], "http") == "200 to HEAD"
    assert said(site.by_name["http /only-get"], "http") == "200 to GET"
    assert said(site.by_name["http /broken"], "http") == "503 to GET"


def test_a_redirect_to_a_name_that_does_not_resolve_is_told_beside_the_certificate(site: Site) -> None:
    first = site.by_name["https /to-nowhere"]
    assert faults(first) == {"name": OK, "connection": OK, "tls": ("ca-file-only",), "http": OK}
    assert said(first, "http") == "302 to https://nx.example/signed"
    [second] = first.redirects
    assert second.url == "https://nx.example/signed"
    assert faults(second) == {"name": ("not-known",)}


def test_both_of_them_stand_in_one_finding_with_who_can_mend_each(site: Site) -> None:
    observation = site.by_name["https /to-nowhere"]
    locked = lock(target={"endpoints": [{"url": observation.url, "ca-file": "site-ca.pem"}]})
    facts = HostFacts(source="evidence", endpoints=known((observation,), "call:endpoints"))
    [finding] = check(Needs(locked, "ocr"), facts)
    assert finding.status == "fail"
    assert finding.why.startswith(
        "trusted with the spec's ca-file alone, not by the host's own store; no name"
    )
    assert "update-ca-trust" in finding.fix
    assert "DNS administrator: add nx.example to the zone" in finding.fix


def test_a_redirect_from_https_to_http_is_told(site: Site) -> None:
    first = site.by_name["https /to-plain"]
    assert faults(first)["http"] == ("downgrade",)
    assert [faults(hop) for hop in first.redirects] == [{"name": OK, "connection": OK, "http": OK}]


def test_a_circle_of_redirects_ends(site: Site) -> None:
    first = site.by_name["http /loop"]
    assert [faults(hop)["http"] for hop in (first, *first.redirects)] == [(), ("redirect-loop",)]


def test_the_sixth_redirect_is_not_followed(site: Site) -> None:
    first = site.by_name["http /onward"]
    assert len(first.redirects) == 5
    assert faults(first.redirects[-1])["http"] == ("too-many-redirects",)


def test_no_login_signature_or_address_of_a_name_server_is_printed(site: Site) -> None:
    assert site.by_name["login in URL"].url.endswith("/ok?me")
    for word in ("secret", "signature", "127.0.0.2", "127.0.0.3", "127.0.0.9"):
        assert word not in site.seen.text


@pytest.mark.parametrize(
    ("label", "fault", "words"),
    [
        (
            "nx",
            "not-known",
            "EAI_NONAME; resolver 1 of 2: NXDOMAIN, it doesn't know the name; resolver 2 of 2: NX",
        ),
        (
            "servfail",
            "resolver-failed",
            "EAI_AGAIN; resolver 1 of 2: SERVFAIL, it failed to look the name up",
        ),
        ("refused", "resolver-failed", "resolver 1 of 2: REFUSED, it doesn't answer this host"),
        ("silent", "no-answer", "resolver 2 of 2: no answer in 2 s"),
        ("garbage", "no-answer", "resolver 1 of 2: no answer that can be read in 2 s"),
        ("loop", "no-answer", "resolver 1 of 2: no answer that can be read in 2 s"),
        ("stranger", "no-answer", "resolver 1 of 2: no answer that can be read in 2 s"),
        ("short", "no-answer", "resolver 1 of 2: no answer that can be read in 2 s"),
        ("empty", "no-address", "resolver 1 of 2: knows the name, without an address"),
    ],
)
def test_each_name_server_is_asked_and_what_it_says_is_told(
    site: Site, label: str, fault: str, words: str
) -> None:
    observation = site.by_name[f"name {label}"]
    assert faults(observation) == {"name": (fault,)}
    assert words in said(observation, "name")


def test_one_name_server_that_knows_and_one_that_does_not_are_told(site: Site) -> None:
    observation = site.by_name["name one"]
    assert faults(observation) == {"name": ("system-look-up", "resolvers-differ")}
    assert said(observation, "name") == (
        "EAI_NONAME; resolver 1 of 2: 1 address; resolver 2 of 2: NXDOMAIN, it doesn't know the name"
    )


def test_an_answer_too_long_for_a_datagram_is_asked_for_over_tcp(site: Site) -> None:
    observation = site.by_name["name cut"]
    assert faults(observation) == {"name": ("resolvers-differ",), "connection": OK, "http": OK}
    assert said(observation, "name").startswith(
        "1 address; resolver 1 of 2: 1 address; resolver 2 of 2: NXDOMAIN"
    )


def test_a_name_server_that_never_answers_for_aaaa_is_told(site: Site) -> None:
    assert "resolver 1 of 2: 1 address, AAAA: no answer in 2 s" in said(site.by_name["name v6silent"], "name")


def test_a_search_domain_completes_a_short_name(site: Site) -> None:
    observation = site.by_name["short name"]
    assert faults(observation)["name"] == ("resolvers-differ",)
    assert "resolver 2 of 2: 1 address" in said(observation, "name")
    assert "nas.inside.example" in site.name_servers[1].asked


def test_a_name_from_etc_hosts_has_its_source_named(site: Site) -> None:
    observation = site.by_name["in /etc/hosts"]
    assert faults(observation) == {"name": ("only-hosts-file",), "connection": OK, "http": OK}
    assert said(observation, "name").endswith("; /etc/hosts names it")


def test_a_name_too_long_to_be_one_is_told(site: Site) -> None:
    assert faults(site.by_name["no name"]) == {"name": ("bad-name",)}


def test_every_address_is_tried_and_the_first_that_connects_is_used(site: Site) -> None:
    observation = site.by_name["two addresses"]
    assert said(observation, "connection") == "1 address connected, 1 address refused"
    assert faults(observation) == {"name": OK, "connection": OK, "http": OK}
    assert faults(site.by_name["refused"]) == {"name": OK, "connection": ("refused",)}


def test_a_port_that_swallows_packets_is_a_timeout_and_all_ends_soon(python: str) -> None:
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(contextlib.closing(socket.create_server(("127.0.0.1", 0), backlog=0)))
        port = full.getsockname()[1]
        for _ in range(3):
            waiting = stack.enter_context(contextlib.closing(socket.socket()))
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
        seen = observe(python, [(f"https://127.0.0.1:{port}/", None)], timeout_s=0.3)
    assert faults(seen.observations[0]) == {"name": OK, "connection": ("timeout",)}
    assert seen.took_s < 3


def test_a_host_without_any_name_server_is_told(python: str) -> None:
    seen = observe(python, [("https://nas.example/", None)], timeout_s=0.3)
    assert faults(seen.observations[0]) == {"name": ("no-resolver",)}
    seen = observe(python, [("https://nas.example/", None)], resolv_conf="/nonexistent", timeout_s=0.3)
    assert faults(seen.observations[0]) == {"name": ("no-answer",)}
    assert "/etc/resolv.conf: ENOENT" in said(seen.observations[0], "name")


def test_a_host_without_a_network_says_unreachable(python: str) -> None:
    if not _may_unshare():
        pytest.skip("no network namespace can be made here")
    prefix = ("unshare", "-r", "-n")
    seen = observe(python, [("https://192.0.2.1/", None)], prefix=prefix, timeout_s=0.3)
    assert faults(seen.observations[0]) == {"name": OK, "connection": ("unreachable",)}


def _may_unshare() -> bool:
    tool = shutil.which("unshare")
    return bool(tool) and subprocess.run([str(tool), "-r", "-n", "true"], capture_output=True).returncode == 0


def test_a_proxy_is_used_and_named_and_no_proxy_goes_straight(python: str) -> None:
    with Loopback(tls="good") as server, LoopbackProxy(auth=("user", "secret")) as proxy:
        server.always("/ok", Answer())
        seen = observe(
            python,
            [(f"{server.url}/ok", server.ca_file), (f"https://localhost:{server.port}/ok", server.ca_file)],
            names={"localhost": ["127.0.0.1"]},
            environ={"HTTPS_PROXY": proxy.with_credentials("user", "secret"), "no_proxy": ".localhost"},
        )
    through, straight = seen.observations
    assert proxy.log == [f"CONNECT 127.0.0.1:{server.port} HTTP/1.1"] * 2
    assert faults(through) == {"name": OK, "connection": OK, "tls": ("ca-file-only",), "http": OK}
    assert said(through, "connection") == "to the proxy in HTTPS_PROXY: 1 address connected"
    assert said(straight, "connection") == "straight, as NO_PROXY says: 1 address connected"
    assert "secret" not in seen.text


@pytest.mark.parametrize(
    ("proxy", "fault"),
    [("refusing", "proxy-refused"), ("locked", "proxy-login"), ("socks5://127.0.0.1:1", "proxy-kind")],
)
def test_a_proxy_that_opens_no_tunnel_is_told(proxy: str, fault: str) -> None:
    with LoopbackProxy(refuse=403) as refusing, LoopbackProxy(auth=("user", "secret")) as locked:
        url = {"refusing": refusing.url, "locked": locked.url}.get(proxy, proxy)
        seen = observe(
            sys.executable, [("https://192.0.2.1/", None)], environ={"https_proxy": url}, timeout_s=0.3
        )
    assert faults(seen.observations[0])["connection"] == (fault,)


def test_a_proxy_that_is_not_there_is_told_and_not_laid_on_the_endpoint() -> None:
    url = [("https://192.0.2.1/", None)]
    gone = observe(
        sys.executable, url, environ={"ALL_PROXY": f"http://127.0.0.1:{free_port()}"}, timeout_s=0.3
    )
    assert faults(gone.observations[0]) == {"name": OK, "connection": ("proxy-unreachable",)}
    nameless = observe(
        sys.executable, url, environ={"ALL_PROXY": "http://proxy.internal:3128"}, timeout_s=0.3
    )
    assert faults(nameless.observations[0]) == {"name": ("proxy-unknown",)}
    assert said(nameless.observations[0], "name") == "of the proxy in ALL_PROXY: EAI_NONAME"


def test_an_endpoint_that_is_slow_at_every_step_still_ends() -> None:
    def slowly(asked: Asked) -> Answer:
        if asked.method == "HEAD":
            return Answer(405, silent_s=0.3)
        onward = int(asked.path.removeprefix("/")) + 1
        return Answer(302, headers={"location": f"/{onward}"}, silent_s=0.3)

    with Loopback() as server:
        for number in range(6):
            server.always(f"/{number}", slowly)
        seen = observe(sys.executable, [(f"{server.url}/0", None)], timeout_s=0.4)
    hops = (seen.observations[0], *seen.observations[0].redirects)
    assert seen.took_s < 5
    assert 2 < len(hops) < 6
    assert hops[-1].stages[-1].faults == ("out-of-time",)
    assert not hops[-1].stages[-1].ok
