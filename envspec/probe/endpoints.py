"""Endpoints: what trying the spec's URLs from the host brought, stage by stage.

Reads the item ``call:endpoints`` that ``script/endpoints.py`` makes. What isn't in the evidence was not
tried: after a name that does not resolve there is no TLS stage, so nobody can take one for the other.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from envspec.probe.facts import EndpointObservation, Fact, Stage, known, unknown

if TYPE_CHECKING:
    from envspec.probe.evidence import Item

FAULTS: Mapping[str, str] = {
    "bad-name": "it is no host name",
    "no-resolver": "no name server is configured",
    "not-known": "no name server knows the name",
    "no-answer": "no name server answered",
    "resolver-failed": "the name servers failed to look it up",
    "no-address": "the name has no address",
    "resolvers-differ": "not every name server knows the name",
    "resolver-silent": "a name server does not answer, which slows every look-up",
    "system-look-up": "the name servers know the name, and the system's own look-up fails",
    "only-hosts-file": "only /etc/hosts knows the name",
    "refused": "the host refuses connections on this port",
    "unreachable": "there is no route to it",
    "timeout": "nothing came back in time",
    "some-silent": "one of its addresses does not answer, which slows every client",
    "not-connected": "no connection came about",
    "proxy-refused": "the proxy opened no tunnel",
    "proxy-login": "the proxy wants a user name and password",
    "proxy-kind": "the probe speaks to http proxies only",
    "unknown-ca": "the certificate's issuer is not trusted here",
    "self-signed": "the certificate is self-signed, and not trusted here",
    "expired": "the certificate has expired by the host's clock",
    "not-yet-valid": "the certificate is not valid yet by the host's clock",
    "chain-dates": "an authority above the certificate is out of its dates by the host's clock",
    "wrong-host": "the certificate is for another name",
    "unverified": "the certificate could not be verified",
    "ca-file-only": "trusted with the spec's ca-file alone, not by the host's own store",
    "ca-file-unreadable": "the spec's ca-file could not be read on the host",
    "plain-http": "plain HTTP is spoken on this port, no TLS",
    "not-tls": "what answers on this port does not speak TLS",
    "too-old": "no common TLS version: 1.2 at least is wanted",
    "handshake": "the server broke the TLS handshake off",
    "closed": "the connection was closed without an answer",
    "no-tls-here": "the Python of the probe has no TLS",
    "login": "the server wants a login; the probe sent none",
    "forbidden": "the server does not allow it",
    "missing": "the server has nothing under this path",
    "too-often": "the server was asked too often",
    "bad-status": "the server did not accept the request",
    "server-error": "the server failed",
    "not-http": "the answer is not HTTP",
    "downgrade": "it redirects from https to http, where no certificate is checked",
    "redirect-loop": "it redirects in a circle",
    "too-many-redirects": "it redirects more than 5 times",
    "bad-redirect": "it redirects to where no HTTP client goes",
    "out-of-time": "the time for this endpoint was over",
}
"""Every fault a stage may name, and what it says."""

_UNKNOWN_ISSUER_CODES = frozenset({2, 19, 20, 21, 27})
_CODE_FAULTS = {18: "self-signed", 62: "wrong-host", 63: "wrong-host", 64: "wrong-host"}
"""X509_V_ERR_*, as OpenSSL's x509_vfy.h numbers them; 9 and 10 are dates."""
_TOO_OLD = (
    "UNSUPPORTED_PROTOCOL",
    "TLSV1_ALERT_PROTOCOL_VERSION",
    "NO_PROTOCOLS_AVAILABLE",
    "WRONG_SSL_VERSION",
    "UNSUPPORTED_SSL_VERSION",
)
_NOT_TLS = ("WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG")
_CONNECT_FAULTS = {
    "ECONNREFUSED": "refused",
    "ENETUNREACH": "unreachable",
    "EHOSTUNREACH": "unreachable",
    "timeout": "timeout",
}
_STATUS_FAULTS = {401: "login", 403: "forbidden", 404: "missing", 410: "missing", 429: "too-often"}
_TRUSTED_BY = {
    "ca-file": "the spec's ca-file",
    "SSL_CERT_FILE": "the bundle that SSL_CERT_FILE names",
    "SSL_CERT_DIR": "the folder that SSL_CERT_DIR names",
}
_MAX_ENDPOINTS = 64
_MAX_HOPS = 6


class _Part(msgspec.Struct, frozen=True, rename="kebab"):
    """What the script writes; it may have more keys than this reader knows."""


class _Answer(_Part, frozen=True):
    """Of one name server to one question; ``said`` is a code of RFC 1035, an errno, or ``timeout``."""

    said: str = ""
    count: int = 0


class _Resolver(_Part, frozen=True):
    a: _Answer = _Answer()
    aaaa: _Answer = _Answer()


class _Name(_Part, frozen=True):
    literal: bool = False
    count: int = 0
    error: str = ""
    hosts_file: bool = False
    resolvers: tuple[_Resolver, ...] = ()
    trouble: str = ""
    """Why resolv.conf couldn't be read."""


class _Connection(_Part, frozen=True):
    error: str = ""


class _Tls(_Part, frozen=True):
    ok: bool = False
    trusted_by: str = ""
    version: str = ""
    error: str = ""
    verify_code: int | None = None
    verify_message: str = ""
    reason: str = ""
    began_as_http: bool = False
    ca_file_error: str = ""


class _Certificate(_Part, frozen=True):
    issuer: str = ""
    subject: str = ""
    not_before: str = ""
    not_after: str = ""
    names: tuple[str, ...] = ()
    self_issued: bool = False
    names_host: bool | None = None


class _Http(_Part, frozen=True):
    method: str = ""
    status: int | None = None
    location: str = ""
    error: str = ""
    redirect_trouble: str = ""
    """``loop``, ``too-many`` or ``bad``."""


class _Hop(_Part, frozen=True):
    url: str = ""
    proxy: str = ""
    """Name of the variable that sends this URL through a proxy."""
    no_proxy: bool = False
    name: _Name | None = None
    connections: tuple[_Connection, ...] | None = None
    tunnel: int | str | None = None
    """Status that the proxy answered to CONNECT, or why there is none."""
    tls: _Tls | None = None
    certificate: _Certificate | None = None
    http: _Http | None = None
    out_of_time: bool = False


class _Tried(_Part, frozen=True):
    hops: tuple[_Hop, ...] = ()


class _Value(_Part, frozen=True):
    clock: str = ""
    timeout_s: float = 0.0
    endpoints: tuple[_Tried, ...] = ()


def read_endpoints(item: Item | None) -> Fact[tuple[EndpointObservation, ...]]:
    """The observations of ``call:endpoints``; unknown where none was tried, or the value can't be read."""
    how = "call:endpoints"
    if item is None:
        return unknown(how, "no endpoint was tried from this host")
    if item.error or item.value is None:
        return unknown(how, _plain(item.error) or "the evidence doesn't say")
    try:
        value = msgspec.convert(item.value, _Value)
    except (msgspec.ValidationError, RecursionError) as error:
        return unknown(how, f"the evidence can't be read: {_plain(str(error))}")
    tried = [each for each in value.endpoints[:_MAX_ENDPOINTS] if each.hops]
    return known(tuple(_observation(each, value) for each in tried), how)


def _observation(tried: _Tried, value: _Value) -> EndpointObservation:
    first, *others = [
        EndpointObservation(_plain(hop.url, 2000), tuple(_stages(hop, value)))
        for hop in tried.hops[:_MAX_HOPS]
    ]
    return first._replace(redirects=tuple(others))


def _stages(hop: _Hop, value: _Value) -> Iterator[Stage]:
    last = "name"
    for name, part, read in _PARTS:
        if getattr(hop, part) is not None:
            last = name
            yield read(hop, value)
    if hop.out_of_time:
        order = ["name", "connection", "tls", "http"]
        place = order[min(order.index(last) + 1, 3)] if hop.name is not None else "name"
        yield _stage(place, False, FAULTS["out-of-time"], ["out-of-time"])


def _stage(name: str, ok: bool, said: str, faults: Iterable[str], issuer: str = "") -> Stage:
    known_faults = tuple(dict.fromkeys(fault for fault in faults if fault))
    return Stage(name, ok, _plain(said, 1000), known_faults, _plain(issuer))  # type: ignore[arg-type]


def _read_name(hop: _Hop, value: _Value) -> Stage:
    name = hop.name or _Name()
    whose = f"of the proxy in {hop.proxy}: " if hop.proxy else ""
    if name.literal:
        return _stage("name", True, f"{whose}an address, so there is no name to look up", [])
    answers = [_resolver_said(resolver, value) for resolver in name.resolvers]
    total = len(answers)
    details = [f"resolver {number} of {total}: {said}" for number, said in enumerate(answers, 1)]
    if name.hosts_file:
        details.append("/etc/hosts names it")
    if name.trouble:
        details.append(f"/etc/resolv.conf: {name.trouble}")
    knows = [bool(resolver.a.count or resolver.aaaa.count) for resolver in name.resolvers]
    faults = []
    if any(knows) and not all(knows):
        faults.append("resolvers-differ")
    if any(_is_silent(resolver) for resolver in name.resolvers) and any(knows):
        faults.append("resolver-silent")
    if name.count and name.hosts_file and total and not any(knows):
        faults.append("only-hosts-file")
    if not name.count:
        faults.insert(
            0, "system-look-up" if any(knows) and all(knows) else "" if any(knows) else _name_fault(name)
        )
    said = _count(name.count, "address") if name.count else name.error
    return _stage("name", name.count > 0, whose + "; ".join([said, *details]), faults)


def _name_fault(name: _Name) -> str:
    said = {answer for resolver in name.resolvers for answer in (resolver.a.said, resolver.aaaa.said)}
    if name.error == "EINVAL":
        return "bad-name"
    if not name.resolvers:
        return "no-resolver" if not name.trouble else "no-answer"
    if "NXDOMAIN" in said:
        return "not-known"
    if said & {"SERVFAIL", "REFUSED"}:
        return "resolver-failed"
    return "no-address" if "NOERROR" in said else "no-answer"


def _is_silent(resolver: _Resolver) -> bool:
    return resolver.a.said not in _ANSWERS and resolver.aaaa.said not in _ANSWERS


def _resolver_said(resolver: _Resolver, value: _Value) -> str:
    a, aaaa = resolver.a, resolver.aaaa
    if a.count or aaaa.count:
        said = _count(a.count + aaaa.count, "address")
        odd = [
            f"{kind}: {_answer(each, value)}"
            for kind, each in (("A", a), ("AAAA", aaaa))
            if each.said != "NOERROR"
        ]
        return ", ".join([said, *odd])
    if "NXDOMAIN" in (a.said, aaaa.said):
        return "NXDOMAIN, it doesn't know the name"
    if a.said == aaaa.said == "NOERROR":
        return "knows the name, without an address"
    return _answer(a if a.said != "NOERROR" else aaaa, value)


_ANSWERS = {
    "NOERROR": "no address",
    "NXDOMAIN": "NXDOMAIN",
    "SERVFAIL": "SERVFAIL, it failed to look the name up",
    "REFUSED": "REFUSED, it doesn't answer this host",
    "FORMERR": "FORMERR",
    "NOTIMP": "NOTIMP",
}


def _answer(answer: _Answer, value: _Value) -> str:
    if answer.said == "timeout":
        return f"no answer in {value.timeout_s:g} s"
    if answer.said == "garbage":
        return f"no answer that can be read in {value.timeout_s:g} s"
    if answer.said == "ECONNREFUSED":
        return "nothing listens there"
    return _ANSWERS.get(answer.said, answer.said or "not asked")


def _read_connection(hop: _Hop, _value: _Value) -> Stage:
    tried = hop.connections or ()
    words = [_CONNECT_FAULTS.get(each.error, each.error or "connected") for each in tried]
    ways = itertools.groupby(sorted(words))
    said = ", ".join(f"{_count(len(list(group)), 'address')} {word}" for word, group in ways)
    if hop.proxy:
        said = f"to the proxy in {hop.proxy}: {said}"
    elif hop.no_proxy:
        said = f"straight, as NO_PROXY says: {said}"
    ok = "connected" in words
    if not ok:
        told = [word for word in ("refused", "timeout", "unreachable") if word in words]
        return _stage("connection", False, said, told or ["not-connected"])
    faults = ["some-silent"] if "timeout" in words else []
    if hop.tunnel is not None and hop.tunnel != 200:
        why = (
            f"the proxy answered {hop.tunnel}" if isinstance(hop.tunnel, int) else f"the proxy: {hop.tunnel}"
        )
        fault = {"407": "proxy-login", "kind": "proxy-kind"}.get(str(hop.tunnel), "proxy-refused")
        return _stage("connection", False, f"{said}; {why}", [fault])
    return _stage("connection", True, said, faults)


def _read_tls(hop: _Hop, value: _Value) -> Stage:
    tls, certificate = hop.tls or _Tls(), hop.certificate
    seen = _seen(certificate)
    issuer = certificate.issuer if certificate else ""
    unreadable = ["ca-file-unreadable"] if tls.ca_file_error else []
    if tls.ca_file_error:
        seen = [*seen, f"ca-file: {tls.ca_file_error}"]
    if tls.ok:
        by = _TRUSTED_BY.get(tls.trusted_by, "the host's store")
        only = ["ca-file-only"] if tls.trusted_by == "ca-file" else []
        said = "; ".join([f"{tls.version} trusted by {by}", *seen])
        return _stage("tls", True, said, only + unreadable, issuer)
    if tls.error == "verify":
        faults = _verify_faults(tls, certificate, value.clock)
        details = [*seen, *_clock_said(faults, value.clock)]
        if tls.verify_message and faults[0] in ("unverified", "chain-dates"):
            details.append(f"OpenSSL: {tls.verify_message}")
        if tls.verify_code is None and {"expired", "not-yet-valid"} & set(faults):
            details.append("this Python can't tell whether its issuer is trusted, too")
        said = "; ".join([*(FAULTS[fault] for fault in faults), *details])
        return _stage("tls", False, said, faults + unreadable, issuer)
    fault = _handshake_fault(tls)
    said = FAULTS[fault] + (f" ({tls.reason})" if tls.reason else "")
    return _stage("tls", False, "; ".join([said, *seen]), [fault, *unreadable], issuer)


def _verify_faults(tls: _Tls, certificate: _Certificate | None, clock: str) -> list[str]:
    """OpenSSL stops at the first; what the certificate itself shows is told beside it."""
    code = tls.verify_code
    faults = []
    dates = _dates_fault(certificate, clock)
    if code in _UNKNOWN_ISSUER_CODES:
        faults.append("unknown-ca")
    elif code in _CODE_FAULTS:
        faults.append(_CODE_FAULTS[code])
    elif code in (9, 10):
        faults.append(dates or "chain-dates")
    elif code is None:
        alone = certificate is not None and certificate.self_issued
        faults.append("self-signed" if alone else dates or "unknown-ca")
    else:
        faults.append("unverified")
    faults.append(dates)
    if certificate is not None and certificate.names_host is False:
        faults.append("wrong-host")
    return list(dict.fromkeys(fault for fault in faults if fault))


def _dates_fault(certificate: _Certificate | None, clock: str) -> str:
    """By the host's clock; both are RFC 3339 in UTC, so text compares as time does."""
    if certificate is None or not clock:
        return ""
    if certificate.not_after and clock > certificate.not_after:
        return "expired"
    return "not-yet-valid" if certificate.not_before and clock < certificate.not_before else ""


def _clock_said(faults: Iterable[str], clock: str) -> list[str]:
    dated = {"expired", "not-yet-valid", "chain-dates"} & set(faults)
    return [f"the host's clock says {clock}"] if dated and clock else []


def _seen(certificate: _Certificate | None) -> list[str]:
    if certificate is None:
        return []
    seen = [
        f"issuer {certificate.issuer or 'without a name'}",
        f"from {certificate.not_before[:10]} to {certificate.not_after[:10]}",
    ]
    if certificate.names_host is False:
        seen.append(f"made for {', '.join(certificate.names[:5]) or certificate.subject or 'no name'}")
    return seen


def _handshake_fault(tls: _Tls) -> str:
    if tls.error in ("timeout", "closed", "no-tls-here"):
        return tls.error
    if tls.began_as_http:
        return "plain-http"
    if tls.reason in _TOO_OLD:
        return "too-old"
    return "not-tls" if tls.reason in _NOT_TLS else "handshake"


def _read_http(hop: _Hop, value: _Value) -> Stage:
    http = hop.http or _Http()
    if http.status is None:
        fault = http.error if http.error in ("timeout", "closed", "not-http") else "closed"
        said = f"no answer in {value.timeout_s:g} s" if fault == "timeout" else FAULTS[fault]
        return _stage("http", False, said, [fault])
    status = http.status
    if http.location or http.redirect_trouble:
        trouble = {"loop": "redirect-loop", "too-many": "too-many-redirects", "bad": "bad-redirect"}
        fault = trouble.get(http.redirect_trouble, "")
        lowered = hop.url.startswith("https:") and http.location.startswith("http:")
        faults = [fault, "downgrade" if lowered else ""]
        return _stage("http", not fault, f"{status} to {http.location or 'nowhere'}", faults)
    fault = _STATUS_FAULTS.get(status, "")
    if status >= 500:
        fault = "server-error"
    elif status >= 300 and status != 405 and not fault:
        fault = "bad-status"
    ok = fault in ("", "login")
    return _stage("http", ok, f"{status} to {http.method or 'GET'}", [fault])


_Read = Callable[[_Hop, _Value], Stage]
_PARTS: tuple[tuple[str, str, _Read], ...] = (
    ("name", "name", _read_name),
    ("connection", "connections", _read_connection),
    ("tls", "tls", _read_tls),
    ("http", "http", _read_http),
)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}es"


def _plain(text: str, limit: int = 300) -> str:
    """One line that a terminal can show, whatever the evidence says."""
    line = "".join(char if char.isprintable() else "?" for char in text[: limit + 1])
    return line if len(line) <= limit else line[: limit - 3] + "..."
