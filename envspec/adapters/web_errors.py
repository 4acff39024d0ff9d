"""What went wrong on the way, told by its stage: name, connection, TLS, HTTP, body.

The stages are never mixed up: a name that doesn't resolve says nothing about certificates,
and a certificate that isn't trusted says nothing about the name.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Sequence

from envspec.adapters.web_address import Address, printable
from envspec.adapters.web_tls import UNKNOWN_ISSUER_CODES
from envspec.errors import (
    BrokenBodyError,
    ConnectionFailedError,
    HttpStatusError,
    NameResolutionError,
    NetworkError,
    SilentServerError,
    TlsError,
)
from envspec.named_tuple import NamedTuple


class CutShortError(ConnectionError):
    """The answer ended before its end."""


class BadFrameError(ConnectionError):
    """What came isn't HTTP as it should be."""


class TooSlowError(ConnectionError):
    """The answer drips: its bytes come, and never so many that it would end."""


class ProxyRefusedError(ConnectionError):
    """The proxy opened no tunnel; it said ``status``."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


class ProxyTlsError(ConnectionError):
    """No TLS with the proxy itself came about; ``reason`` is what the ssl module said."""

    def __init__(self, reason: ssl.SSLError) -> None:
        super().__init__(str(reason))
        self.reason = reason


class Visit(NamedTuple):
    """Where a request stands: where it set out, where redirects led it, by which proxy."""

    start: Address
    here: Address
    proxy: Address | None = None
    named: bool = True
    """See ``ports.Request``."""

    @property
    def redirected(self) -> bool:
        """Whether we stand elsewhere than we set out."""
        return self.here is not self.start

    @property
    def label(self) -> str:
        """For the head of a message: the URL, and where it led."""
        if self.redirected:
            return f"{self.start.shown}: redirected to {self.here.shown}"
        return self.here.shown

    @property
    def peer(self) -> str:
        """Who a connection is made to."""
        if self.proxy is not None:
            return f"the proxy {self.proxy.host}:{self.proxy.port}"
        return f"{self.here.host}:{self.here.port}"


def failure(
    visit: Visit, error: OSError, *, timeout_s: float, in_body: bool, troubles: Sequence[str] = ()
) -> NetworkError:
    """The NetworkError that tells what ``error`` means on this visit."""
    if isinstance(error, socket.gaierror):
        return _name_failure(visit, error)
    if isinstance(error, ProxyTlsError):
        return _tls_failure(visit, error.reason, troubles, visit.proxy)
    if isinstance(error, ssl.SSLCertVerificationError) or (isinstance(error, ssl.SSLError) and not in_body):
        return _tls_failure(visit, error, troubles, None)
    if isinstance(error, TimeoutError):
        return SilentServerError(
            what=f"{visit.label}: silent for {timeout_s:g} s",
            why=f"{visit.peer} took the request and sent nothing more"
            if error.errno is None
            else f"no connection to {visit.peer} came about",
            fix="try again, allow more with --timeout SECONDS, or check the way there (firewall, proxy)",
        )
    if isinstance(error, TooSlowError):
        return SilentServerError(
            what=f"{visit.label}: its answer comes too slowly",
            why=f"{visit.peer} sent {error}",
            fix="try again, allow more with --timeout SECONDS, or check the way there (firewall, proxy)",
        )
    if isinstance(error, ProxyRefusedError):
        return _proxy_wants_login(visit) if error.status == 407 else _tunnel_failure(visit, error.status)
    if in_body:
        return BrokenBodyError(
            what=f"{visit.label}: the answer broke off",
            why=_reason(error),
            fix="try again; if it stays so, the server or a proxy between cuts answers short",
        )
    return ConnectionFailedError(
        what=f"{visit.label}: no connection to {visit.peer}"
        if not isinstance(error, (CutShortError, BadFrameError))
        else f"{visit.label}: no answer that can be read",
        why=_reason(error),
        fix=_connection_fix(visit, error),
    )


def status_failure(
    visit: Visit, status: int, reason: str, *, had_login: bool, netrc_trouble: str = ""
) -> HttpStatusError:
    """The error for a status that is neither success nor absence."""
    host = visit.here.host
    what = f"{visit.label}: the server answered {status}"
    give = f"put `machine {host} login USER password PASSWORD` in ~/.netrc, or USER:PASSWORD@ in the URL"
    why, fix = reason, "try again later; if it stays so, ask whoever runs the server"
    if status == 401:
        why = (
            "it refused the user name and password it was given"
            if had_login
            else "it wants a user name and password"
        )
        why = f"{why}; {netrc_trouble}" if netrc_trouble else why
        fix = give
    elif status == 403:
        why = "it doesn't allow this" + (", also not with the user name given" if had_login else "")
        why = f"{why}; {netrc_trouble}" if netrc_trouble else why
        fix = f"check that the URL is right and may be read from here; if it needs an account: {give}"
    elif status == 407:
        return _proxy_wants_login(visit)
    elif status == 404:
        why, fix = "there's no such file", "check the URL"
    elif status == 429:
        why = reason or "it was asked too often"
        fix = "wait, then try again; what was fetched is kept"
    elif 400 <= status < 500:
        fix = "check the URL"
    return HttpStatusError(status=status, what=what, why=why, fix=fix)


def _name_failure(visit: Visit, error: socket.gaierror) -> NameResolutionError:
    host = visit.proxy.host if visit.proxy is not None else visit.here.host
    whose = "the proxy's name" if visit.proxy is not None else "the name"
    temporary = error.errno == socket.EAI_AGAIN
    said = error.strerror or "not known"
    return NameResolutionError(
        what=f"{visit.label}: {whose} {host!r} does not resolve",
        why=f"the resolver said: {said}" + ("; it could not ask, or got no answer" if temporary else ""),
        fix="check the name, and this machine's DNS (/etc/resolv.conf); no certificate was looked at yet",
    )


def _tls_failure(
    visit: Visit, error: ssl.SSLError, troubles: Sequence[str], proxy: Address | None
) -> TlsError:
    """``proxy``: whose TLS it was, None where it was the server's."""
    whose = f"the proxy {proxy.host!r}" if proxy is not None else repr(visit.here.host)
    if isinstance(error, ssl.SSLCertVerificationError):
        what = f"{visit.label}: the certificate of {whose} can't be trusted"
        why, fix = _certificate_trouble(visit, error, troubles, proxy)
    else:
        what = f"{visit.label}: no TLS with {whose} came about"
        why, fix = _handshake_trouble(visit, error, proxy)
    return TlsError(what=what, why=why, fix=fix)


def _certificate_trouble(
    visit: Visit, error: ssl.SSLCertVerificationError, troubles: Sequence[str], proxy: Address | None
) -> tuple[str, str]:
    """Why, and what to do about it."""
    host, code = (proxy or visit.here).host, error.verify_code
    why = printable(error.verify_message or "it can't be verified")
    fix = f"ask whoever runs {host}"
    if code in (9, 10):
        from datetime import datetime, timezone

        now = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
        fix = f"check this machine's clock (it says {now}); if it's right, {host} needs a new certificate"
    elif code in (62, 63, 64):
        fix = f"use the name that the certificate was made for, or {host} needs one with this name"
    elif code in UNKNOWN_ISSUER_CODES:
        why = f"nobody we trust vouches for it: {why}"
        why = "; ".join([why, *troubles])
        fix = (
            f"if {host}, or a proxy on the way, has an authority of its own, name its PEM file:"
            " `ca-file` of the [[index]], or SSL_CERT_FILE"
        )
        if proxy is not None:
            fix = f"if {host} has an authority of its own, name its PEM file in SSL_CERT_FILE"
    return why, fix


def _handshake_trouble(visit: Visit, error: ssl.SSLError, proxy: Address | None) -> tuple[str, str]:
    """Why, and what to do about it."""
    peer = proxy or visit.here
    reason = error.reason or ""
    fix = f"ask whoever runs {peer.host}" + ("" if proxy is not None else ", or the proxy on the way")
    why = f"OpenSSL said: {reason or error}"
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"):
        why = f"what answers on port {peer.port} doesn't speak TLS"
        fix = "use http:// if the server has no TLS, or the port on which it has"
        if proxy is not None:
            fix = "write the proxy's URL with http:// if it has no TLS itself, as most have none"
    elif reason in ("UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE"):
        why = "no common TLS version: we speak 1.2 and 1.3"
    elif isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        why = "the connection was closed while TLS was being agreed on"
    return why, fix


def _proxy_wants_login(visit: Visit) -> HttpStatusError:
    return HttpStatusError(
        status=407,
        what=f"{visit.label}: {_proxy_name(visit)} answered 407",
        why="it wants a user name and password",
        fix="put them in the proxy's URL: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT (and HTTP_PROXY)",
    )


def _tunnel_failure(visit: Visit, status: int) -> ConnectionFailedError:
    return ConnectionFailedError(
        what=f"{visit.label}: {_proxy_name(visit)} answered {status}",
        why=f"it opened no tunnel to {visit.here.host}:{visit.here.port}",
        fix=f"ask whoever runs the proxy, or name {visit.here.host} in NO_PROXY to go straight",
    )


def _proxy_name(visit: Visit) -> str:
    return "a proxy" if visit.proxy is None else f"the proxy {visit.proxy.host}"


def _reason(error: OSError) -> str:
    return printable(error.strerror or str(error) or type(error).__name__)


def _connection_fix(visit: Visit, error: OSError) -> str:
    if error.errno == errno.ECONNREFUSED:
        return f"check the port, and that a server runs on {visit.peer}"
    if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):
        return "check this machine's network and routes; where there's a proxy, set HTTPS_PROXY"
    return "try again; if it stays so, check the way there (firewall, proxy)"
