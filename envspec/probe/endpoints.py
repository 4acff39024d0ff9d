"""Endpoints: what trying the spec's URLs from the host brought, stage by stage.

Reads the item ``call:endpoints`` that ``script/endpoints.py`` makes. What isn't in the evidence was not
tried: after a name that does not resolve there is no TLS stage, so nobody can take one for the other.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from envspec.probe.endpoint_evidence import Answer, Hop, Http, Name, Resolver, Tried, Value
from envspec.probe.endpoint_stage import FAULTS, make_stage
from envspec.probe.endpoint_tls import read_tls
from envspec.probe.facts import EndpointObservation, Fact, Stage, known, unknown
from envspec.probe.shown import plain

if TYPE_CHECKING:
    from envspec.probe.evidence import Item

_CONNECT_FAULTS = {
    "ECONNREFUSED": "refused",
    "ENETUNREACH": "unreachable",
    "EHOSTUNREACH": "unreachable",
    "timeout": "timeout",
}
_STATUS_FAULTS = {
    401: "login",
    403: "forbidden",
    404: "missing",
    407: "proxy-login",
    410: "missing",
    429: "too-often",
}
_MAX_ENDPOINTS = 64
_MAX_HOPS = 6


def read_endpoints(item: Item | None) -> Fact[tuple[EndpointObservation, ...]]:
    """The observations of ``call:endpoints``; unknown where none was tried, or the value can't be read."""
    how = "call:endpoints"
    if item is None:
        return unknown(how, "no endpoint was tried from this host")
    if item.error or item.value is None:
        return unknown(how, plain(item.error) or "the evidence doesn't say")
    try:
        value = msgspec.convert(item.value, Value)
    except (msgspec.ValidationError, RecursionError) as error:
        return unknown(how, f"the evidence can't be read: {plain(str(error))}")
    tried = [each for each in value.endpoints[:_MAX_ENDPOINTS] if each.hops]
    return known(tuple(_observation(each, value) for each in tried), how)


def _observation(tried: Tried, value: Value) -> EndpointObservation:
    first, *others = [
        EndpointObservation(plain(hop.url, 2000), tuple(_stages(hop, value)))
        for hop in tried.hops[:_MAX_HOPS]
    ]
    return first._replace(redirects=tuple(others))


def _stages(hop: Hop, value: Value) -> Iterator[Stage]:
    last = "name"
    for name, part, read in _PARTS:
        if getattr(hop, part) is not None:
            last = name
            yield read(hop, value)
    if hop.out_of_time:
        order = ["name", "connection", "tls", "http"]
        place = order[min(order.index(last) + 1, 3)] if hop.name is not None else "name"
        yield make_stage(place, False, FAULTS["out-of-time"], ["out-of-time"])


def _read_name(hop: Hop, value: Value) -> Stage:
    name = hop.name or Name()
    whose = f"of the proxy in {hop.proxy}: " if hop.proxy else ""
    if name.literal:
        return make_stage("name", True, f"{whose}an address, so there is no name to look up", [])
    answers = [_resolver_said(resolver, value) for resolver in name.resolvers]
    total = len(answers)
    details = [f"resolver {number} of {total}: {said}" for number, said in enumerate(answers, 1)]
    if name.hosts_file:
        details.append("/etc/hosts names it")
    if name.trouble:
        details.append(f"/etc/resolv.conf: {name.trouble}")
    said = _count(name.count, "address") if name.count else name.error
    faults = ["proxy-unknown"] if hop.proxy and not name.count else _name_faults(name)
    return make_stage("name", name.count > 0, whose + "; ".join([said, *details]), faults)


def _name_faults(name: Name) -> list[str]:
    knows = [bool(resolver.a.count or resolver.aaaa.count) for resolver in name.resolvers]
    faults = []
    if not name.count:
        faults.append("system-look-up" if any(knows) else _name_fault(name))
    if any(knows) and not all(knows):
        faults.append("resolvers-differ")
    if any(knows) and any(_is_silent(resolver) for resolver in name.resolvers):
        faults.append("resolver-silent")
    if name.count and name.hosts_file and name.resolvers and not any(knows):
        faults.append("only-hosts-file")
    return faults


def _name_fault(name: Name) -> str:
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


def _is_silent(resolver: Resolver) -> bool:
    return resolver.a.said not in _ANSWERS and resolver.aaaa.said not in _ANSWERS


def _resolver_said(resolver: Resolver, value: Value) -> str:
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


def _answer(answer: Answer, value: Value) -> str:
    if answer.said == "timeout":
        return f"no answer in {value.timeout_s:g} s"
    if answer.said == "garbage":
        return f"no answer that can be read in {value.timeout_s:g} s"
    if answer.said == "cut":
        return "an answer too long for UDP, and none over TCP"
    if answer.said == "ECONNREFUSED":
        return "nothing listens there"
    return _ANSWERS.get(answer.said, answer.said or "not asked")


def _read_connection(hop: Hop, _value: Value) -> Stage:
    tried = hop.connections or ()
    words = [_CONNECT_FAULTS.get(each.error, each.error or "connected") for each in tried]
    ways = itertools.groupby(sorted(words))
    said = ", ".join(f"{_count(len(list(group)), 'address')} {word}" for word, group in ways)
    if hop.proxy:
        said = f"to the proxy in {hop.proxy}: {said}"
    elif hop.no_proxy:
        said = f"straight, as NO_PROXY says: {said}"
    if hop.tunnel == "kind":
        return make_stage("connection", False, FAULTS["proxy-kind"], ["proxy-kind"])
    if "connected" not in words:
        told: list[str] = [word for word in ("refused", "timeout", "unreachable") if word in words]
        told = ["proxy-unreachable"] if hop.proxy else told
        return make_stage("connection", False, said, told or ["not-connected"])
    faults = ["some-silent"] if "timeout" in words else []
    if hop.tunnel is not None and hop.tunnel != 200:
        why = (
            f"the proxy answered {hop.tunnel}" if isinstance(hop.tunnel, int) else f"the proxy: {hop.tunnel}"
        )
        fault = "proxy-login" if hop.tunnel == 407 else "proxy-refused"
        return make_stage("connection", False, f"{said}; {why}", [fault])
    return make_stage("connection", True, said, faults)


def _read_http(hop: Hop, value: Value) -> Stage:
    http = hop.http or Http()
    if http.status is None:
        fault = http.error if http.error in ("timeout", "closed", "not-http") else "closed"
        said = f"no answer in {value.timeout_s:g} s" if fault == "timeout" else FAULTS[fault]
        return make_stage("http", False, said, [fault])
    status = http.status
    if http.location or http.redirect_trouble:
        trouble = {"loop": "redirect-loop", "too-many": "too-many-redirects", "bad": "bad-redirect"}
        fault = trouble.get(http.redirect_trouble, "")
        lowered = hop.url.startswith("https:") and http.location.startswith("http:")
        faults = [fault, "downgrade" if lowered else ""]
        return make_stage("http", not fault, f"{status} to {http.location or 'nowhere'}", faults)
    fault = _STATUS_FAULTS.get(status, "")
    if status >= 500:
        fault = "server-error"
    elif status >= 300 and status != 405 and not fault:
        fault = "bad-status"
    ok = fault in ("", "login")
    return make_stage("http", ok, f"{status} to {http.method or 'GET'}", [fault])


_Read = Callable[[Hop, Value], Stage]
_PARTS: tuple[tuple[str, str, _Read], ...] = (
    ("name", "name", _read_name),
    ("connection", "connections", _read_connection),
    ("tls", "tls", read_tls),
    ("http", "http", _read_http),
)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}es"
