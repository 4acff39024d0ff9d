from __future__ import annotations

from pathlib import Path

import pytest

from envspec.adapters.web_address import Address
from envspec.adapters.web_proxy import Proxies
from envspec.errors import ConnectionFailedError, HttpStatusError, InputError, NameResolutionError, TlsError
from envspec.ports import Request
from tests import certificates
from tests.adapters.web_doors import Open
from tests.adapters.web_doors import web as web
from tests.loopback import Answer, Loopback
from tests.proxy import LoopbackProxy


def test_https_goes_through_a_tunnel(web: Open) -> None:
    with Loopback(tls="good") as server, LoopbackProxy(auth=("ann", "s@same")) as proxy:
        server.always("/x", Answer(body=b"x"))
        http = web({"HTTPS_PROXY": proxy.with_credentials("ann", "s%40same")})
        for _ in range(2):
            assert http.get(Request(f"{server.url}/x", ca_file=server.ca_file)).body == b"x"
        assert proxy.log == [f"CONNECT 127.0.0.1:{server.port} HTTP/1.1"]
        assert "proxy-authorization" not in server.log[0].headers


def test_http_is_asked_by_its_whole_url(web: Open) -> None:
    with Loopback() as server, LoopbackProxy(auth=("ann", "sesame")) as proxy:
        server.always("/x", Answer(body=b"x"))
        http = web({"http_proxy": proxy.with_credentials("ann", "sesame")})
        assert http.get(Request(f"{server.url}/x")).body == b"x"
        assert proxy.log == [f"GET {server.url}/x HTTP/1.1"]


@pytest.mark.parametrize("tls", ["good", ""], ids=["https", "http"])
def test_a_proxy_that_wants_a_login_says_how_to_give_one(web: Open, tls: str) -> None:
    with Loopback(tls=tls) as server, LoopbackProxy(auth=("ann", "sesame")) as proxy:
        with pytest.raises(HttpStatusError) as raised:
            web({"ALL_PROXY": proxy.url}).get(Request(f"{server.url}/x", ca_file=server.ca_file))
        assert raised.value.status == 407
        assert raised.value.what == f"{server.url}/x: the proxy 127.0.0.1 answered 407"
        assert raised.value.fix == (
            "put them in the proxy's URL: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT (and HTTP_PROXY)"
        )


def test_a_tunnel_refused_is_told(web: Open) -> None:
    with Loopback(tls="good") as server, LoopbackProxy(refuse=403) as proxy:
        with pytest.raises(ConnectionFailedError) as raised:
            web({"https_proxy": proxy.url}).get(Request(f"{server.url}/x", ca_file=server.ca_file))
        assert raised.value.what == f"{server.url}/x: the proxy 127.0.0.1 answered 403"
        assert raised.value.why == f"it opened no tunnel to 127.0.0.1:{server.port}"


@pytest.mark.parametrize(
    ("kind", "why", "fix"),
    [
        pytest.param(
            "expired", "certificate has expired", "check this machine's clock (it says", id="expired"
        ),
        pytest.param(
            "unknown-issuer",
            "nobody we trust vouches for it: unable to get local issuer certificate",
            "if 127.0.0.1 has an authority of its own, name its PEM file in SSL_CERT_FILE",
            id="of an unknown issuer",
        ),
    ],
)
@pytest.mark.parametrize("tls", ["good", ""], ids=["https", "http"])
def test_a_bad_certificate_of_a_proxy_names_the_proxy(
    web: Open, tls: str, kind: str, why: str, fix: str
) -> None:
    with Loopback(tls=tls) as server, LoopbackProxy(tls=kind) as proxy:
        http = web({"ALL_PROXY": proxy.url, "SSL_CERT_FILE": str(certificates.ca_file())})
        with pytest.raises(TlsError) as raised:
            http.get(Request(f"{server.url}/x"))
    assert raised.value.what == f"{server.url}/x: the certificate of the proxy '127.0.0.1' can't be trusted"
    assert raised.value.why == why
    assert raised.value.fix.startswith(fix)


def test_a_bad_certificate_behind_a_proxy_names_the_server(web: Open) -> None:
    with Loopback(tls="expired") as server, LoopbackProxy(tls="good") as proxy:
        http = web({"ALL_PROXY": proxy.url, "SSL_CERT_FILE": str(certificates.ca_file())})
        with pytest.raises(TlsError) as raised:
            http.get(Request(f"{server.url}/x"))
    assert raised.value.what == f"{server.url}/x: the certificate of '127.0.0.1' can't be trusted"


def test_a_proxy_without_tls_under_an_https_url_is_told(web: Open) -> None:
    with Loopback() as proxy, pytest.raises(TlsError) as raised:
        web({"ALL_PROXY": f"https://127.0.0.1:{proxy.port}"}).get(Request("https://index.example/x"))
    assert raised.value.what == "https://index.example/x: no TLS with the proxy '127.0.0.1' came about"
    assert raised.value.fix == "write the proxy's URL with http:// if it has no TLS itself, as most have none"


def test_a_large_bundle_vouches_for_a_proxy_too(web: Open, tmp_path: Path) -> None:
    pem = certificates.ca_file().read_bytes()
    folder = tmp_path / "certs"
    folder.mkdir()
    (folder / "00000000.0").write_bytes(pem)
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(pem + b"# padding\n" * 10_000)
    with Loopback(tls="good") as server, LoopbackProxy(tls="good") as proxy:
        server.always("/x", Answer(body=b"x"))
        http = web({"ALL_PROXY": proxy.url, "SSL_CERT_DIR": str(folder), "SSL_CERT_FILE": str(bundle)})
        assert http.get(Request(f"{server.url}/x", ca_file=server.ca_file)).body == b"x"


def test_a_proxy_whose_name_does_not_resolve_is_told_from_the_server(web: Open) -> None:
    with pytest.raises(NameResolutionError) as raised:
        web({"HTTPS_PROXY": "http://user:secret@proxy.invalid:3128"}).get(Request("https://index.example/x"))
    assert raised.value.what == "https://index.example/x: the proxy's name 'proxy.invalid' does not resolve"
    assert "secret" not in str(raised.value)


def test_a_proxy_that_is_not_there_is_told(web: Open) -> None:
    with LoopbackProxy() as proxy:
        url, port = proxy.url, proxy.port
    with pytest.raises(ConnectionFailedError) as raised:
        web({"HTTPS_PROXY": url}).get(Request("https://index.example/x"))
    assert raised.value.what == f"https://index.example/x: no connection to the proxy 127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("proxy", "what"),
    [
        pytest.param("socks5://u:secret@host:1080", "the proxy socks5://host:1080 can't be used", id="socks"),
        pytest.param("http://", "the proxy http:// can't be read", id="no host"),
    ],
)
def test_a_proxy_we_can_not_use_is_the_users_to_mend(web: Open, proxy: str, what: str) -> None:
    with pytest.raises(InputError) as raised:
        web({"ALL_PROXY": proxy}).get(Request("https://index.example/x"))
    assert raised.value.what == what


@pytest.mark.parametrize(
    ("url", "no_proxy", "straight"),
    [
        pytest.param("https://index.example/", "", False, id="nothing excluded"),
        pytest.param("https://index.example/", "*", True, id="everything"),
        pytest.param("https://index.example/", "index.example", True, id="the host"),
        pytest.param("https://a.index.example/", "index.example", True, id="below the host"),
        pytest.param("https://a.index.example/", ".index.example", True, id="with a leading dot"),
        pytest.param("https://a.index.example/", "*.index.example", True, id="with a star"),
        pytest.param("https://anindex.example/", "index.example", False, id="another that ends so"),
        pytest.param("https://index.example/", "other.example, INDEX.example", True, id="one of several"),
        pytest.param("https://index.example/", "other.example index.example", True, id="between blanks"),
        pytest.param("https://index.example:8443/", "index.example:8443", True, id="host and port"),
        pytest.param("https://index.example/", "index.example:8443", False, id="another port"),
        pytest.param("https://10.1.2.3/", "10.0.0.0/8", True, id="a network"),
        pytest.param("https://11.1.2.3/", "10.0.0.0/8", False, id="outside the network"),
        pytest.param("https://[::1]:8443/", "::1", True, id="an IPv6 address"),
        pytest.param("https://[::1]:8443/", "[::1]:8443", True, id="an IPv6 address and port"),
    ],
)
def test_no_proxy_excludes(url: str, no_proxy: str, straight: bool) -> None:
    proxies = Proxies({"https_proxy": "http://proxy.example:3128", "NO_PROXY": no_proxy})
    assert (proxies.route(Address.parse(url)) is None) is straight


def test_lower_case_wins_and_a_bare_host_is_http() -> None:
    proxies = Proxies({"HTTPS_PROXY": "http://upper.example", "https_proxy": "lower.example:3128"})
    assert proxies.route(Address.parse("https://index.example")) == Address(
        "http", "lower.example", 3128, "/"
    )
    assert proxies.route(Address.parse("http://index.example")) is None
