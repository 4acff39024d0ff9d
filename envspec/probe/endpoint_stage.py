"""Stages of reaching an endpoint, and every fault that one may name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from envspec.probe.facts import Stage
from envspec.probe.shown import plain

FAULTS: Mapping[str, str] = {
    "bad-name": "it is no host name",
    "no-resolver": "no name server is configured",
    "not-known": "no name server knows the name",
    "no-answer": "no name server answered",
    "resolver-failed": "the name servers failed to look it up",
    "no-address": "the name has no address",
    "resolvers-differ": "not every name server knows the name",
    "resolver-silent": "a name server does not answer, which slows every look-up",
    "system-look-up": "a name server knows the name, and yet the system's own look-up fails",
    "only-hosts-file": "only /etc/hosts knows the name",
    "refused": "the host refuses connections on this port",
    "unreachable": "there is no route to it",
    "timeout": "nothing came back in time",
    "some-silent": "one of its addresses does not answer, which slows every client",
    "not-connected": "no connection came about",
    "proxy-unknown": "the proxy's name does not resolve",
    "proxy-unreachable": "no connection to the proxy came about",
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


def make_stage(name: str, ok: bool, said: str, faults: Iterable[str], issuer: str = "") -> Stage:
    """A stage with its faults, each once, and texts that a terminal can show."""
    known_faults = tuple(dict.fromkeys(fault for fault in faults if fault))
    return Stage(name, ok, plain(said, 1000), known_faults, plain(issuer))  # type: ignore[arg-type]
