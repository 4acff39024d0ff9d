from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from envspec.errors import InputError, TlsError
from envspec.ports import Request
from tests.adapters.web_doors import Open
from tests.adapters.web_doors import web as web
from tests.loopback import Answer, Loopback, redirect

NO_FIX_SWITCHES_IT_OFF = ("verify", "insecure", "disable", "trusted-host")


@pytest.mark.parametrize(
    ("kind", "why", "fix"),
    [
        pytest.param(
            "expired", "certificate has expired", "check this machine's clock (it says", id="expired"
        ),
        pytest.param(
            "not-yet-valid",
            "certificate is not yet valid",
            "check this machine's clock (it says",
            id="not yet valid",
        ),
        pytest.param(
            "wrong-host",
            "IP address mismatch, certificate is not valid for '127.0.0.1'.",
            "use the name that the certificate was made for, or 127.0.0.1 needs one with this name",
            id="of another host",
        ),
        pytest.param(
            "unknown-issuer",
            "nobody we trust vouches for it: unable to get local issuer certificate",
            "if 127.0.0.1, or a proxy on the way, has an authority of its own, name its PEM file:"
            " `ca-file` of the [[index]], or SSL_CERT_FILE",
            id="of an unknown issuer",
        ),
        pytest.param(
            "self-signed",
            "nobody we trust vouches for it: self-signed certificate",
            "if 127.0.0.1, or a proxy on the way, has an authority of its own, name its PEM file:"
            " `ca-file` of the [[index]], or SSL_CERT_FILE",
            id="self-signed",
        ),
    ],
)
def test_a_bad_certificate_is_refused_with_its_reason(web: Open, kind: str, why: str, fix: str) -> None:
    with Loopback(tls=kind) as server:
        with pytest.raises(TlsError) as raised:
            web().get(Request(f"{server.url}/x", ca_file=server.ca_file))
        assert raised.value.what == f"{server.url}/x: the certificate of '127.0.0.1' can't be trusted"
        assert raised.value.why.replace("self signed", "self-signed") == why
        assert raised.value.fix.startswith(fix)
        assert not any(word in str(raised.value) for word in NO_FIX_SWITCHES_IT_OFF)
        assert server.log == []
        assert server.connections == 1


def test_a_ca_file_is_trusted_for_its_requests_only(web: Open) -> None:
    with Loopback(tls="good") as server:
        server.always("/x", Answer(body=b"x"))
        http = web()
        assert http.get(Request(f"{server.url}/x", ca_file=server.ca_file)).body == b"x"
        with pytest.raises(TlsError, match="can't be trusted"):
            http.get(Request(f"{server.url}/x"))


def test_ssl_cert_file_is_trusted(web: Open) -> None:
    with Loopback(tls="good") as server:
        server.always("/x", Answer(body=b"x"))
        http = web({"SSL_CERT_FILE": str(server.ca_file)})
        assert http.get(Request(f"{server.url}/x")).body == b"x"


def test_pips_cert_is_trusted_too(web: Open) -> None:
    with Loopback(tls="good") as server:
        server.always("/x", Answer(body=b"x"))
        assert web({"PIP_CERT": str(server.ca_file)}).get(Request(f"{server.url}/x")).body == b"x"


def hashed_folder(tmp_path: Path, pem: Path) -> Path:
    """A folder that OpenSSL can look into, which knows nobody's certificate of interest."""
    folder = tmp_path / "certs"
    folder.mkdir()
    (folder / "00000000.0").write_bytes(pem.read_bytes())
    return folder


def test_a_large_bundle_is_read_once_the_folder_does_not_know_an_issuer(web: Open, tmp_path: Path) -> None:
    with Loopback(tls="good") as server:
        server.always("/x", Answer(body=b"x"))
        pem = Path(str(server.ca_file))
        folder = hashed_folder(tmp_path, pem)
        bundle = tmp_path / "bundle.pem"
        bundle.write_bytes(pem.read_bytes() + b"# padding\n" * 10_000)
        http = web({"SSL_CERT_DIR": str(folder), "SSL_CERT_FILE": str(bundle)})
        assert http.get(Request(f"{server.url}/x")).body == b"x"
        assert http.get(Request(f"{server.url}/x")).body == b"x"
        assert server.connections == 2


def test_a_setting_that_names_no_file_is_told_with_an_unknown_issuer(web: Open) -> None:
    with Loopback(tls="good") as server:
        with pytest.raises(TlsError) as raised:
            web({"SSL_CERT_FILE": "/nonexistent/ca.pem"}).get(Request(f"{server.url}/x"))
        assert raised.value.why == (
            "nobody we trust vouches for it: unable to get local issuer certificate; "
            "SSL_CERT_FILE names /nonexistent/ca.pem, which isn't there"
        )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(None, "No such file or directory", id="absent"),
        pytest.param(
            "no certificate", "it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)", id="text"
        ),
    ],
)
def test_a_ca_file_without_a_certificate_is_the_users_to_mend(
    web: Open, tmp_path: Path, content: str | None, why: str
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with Loopback(tls="good") as server, pytest.raises(InputError) as raised:
        web().get(Request(f"{server.url}/x", ca_file=str(path)))
    assert raised.value.what == f"ca-file {path}: can't be read as certificates"
    assert raised.value.why == why


@pytest.mark.parametrize(
    ("make", "why"),
    [
        pytest.param(os.mkfifo, "it's no regular file", id="a pipe that nobody writes into"),
        pytest.param(os.mkdir, "it's a folder", id="a folder"),
        pytest.param(partial(os.symlink, "/dev/zero"), "it's no regular file", id="a device without an end"),
    ],
)
def test_a_ca_file_that_is_no_file_is_told_at_once(
    web: Open, tmp_path: Path, make: Callable[[Path], None], why: str
) -> None:
    path = tmp_path / "ca.pem"
    make(path)
    with Loopback(tls="good") as server, pytest.raises(InputError) as raised:
        web().get(Request(f"{server.url}/x", ca_file=str(path)))
    assert raised.value.what == f"ca-file {path}: can't be read as certificates"
    assert raised.value.why == why


def test_a_redirect_to_a_bad_certificate_names_both(web: Open) -> None:
    with Loopback() as plain, Loopback(tls="expired") as server:
        plain.always("/a", redirect(f"{server.url}/x"))
        with pytest.raises(TlsError) as raised:
            web().get(Request(f"{plain.url}/a", ca_file=server.ca_file))
        assert raised.value.what == (
            f"{plain.url}/a: redirected to {server.url}/x: the certificate of '127.0.0.1' can't be trusted"
        )


def test_a_server_without_tls_is_told_from_a_bad_certificate(web: Open) -> None:
    with Loopback() as server:
        with pytest.raises(TlsError) as raised:
            web().get(Request(f"https://127.0.0.1:{server.port}/x"))
        assert raised.value.what == f"https://127.0.0.1:{server.port}/x: no TLS with '127.0.0.1' came about"
        assert raised.value.fix == "use http:// if the server has no TLS, or the port on which it has"
