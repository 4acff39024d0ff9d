"""Faults of endpoints: how grave each one is, and who can mend it."""

from __future__ import annotations

from collections.abc import Mapping

from envspec.named_tuple import NamedTuple
from envspec.verify.finding import Status


class Remedy(NamedTuple):
    """What a fault of ``probe.endpoint_stage.FAULTS`` does to the finding."""

    status: Status
    fix: str
    """With ``{host}`` and ``{port}``; empty where an authority has to be made known, or all is well."""


_DNS = "DNS administrator"
_NETWORK = "network administrator"
_SERVER = "whoever runs {host}"
_CLOCK = "check this host's clock (`date -u`)"

REMEDIES: Mapping[str, Remedy] = {
    "bad-name": Remedy("fail", "correct the URL in the spec"),
    "no-resolver": Remedy(
        "fail", f"{_DNS}: which name servers should this host ask? nmcli or resolvectl sets them (root)"
    ),
    "not-known": Remedy(
        "fail",
        f"{_DNS}: add {{host}} to the zone, or give its right name; /etc/hosts may name it until then (root)",
    ),
    "no-answer": Remedy(
        "fail", f"{_DNS}, or firewall: the name servers of /etc/resolv.conf don't answer on port 53"
    ),
    "resolver-failed": Remedy(
        "fail", f"{_DNS}: the look-up of {{host}} fails; its zone, or what the name servers ask, is broken"
    ),
    "no-address": Remedy("fail", f"{_DNS}: {{host}} exists without an address; add one"),
    "resolvers-differ": Remedy(
        "warn",
        f"{_DNS}: let all name servers of this host know {{host}}; a program believes the first answer",
    ),
    "resolver-silent": Remedy(
        "warn", f"{_DNS}: mend the name server that doesn't answer, or take it out of /etc/resolv.conf"
    ),
    "system-look-up": Remedy(
        "fail",
        "look at `hosts:` in /etc/nsswitch.conf and at /etc/resolv.conf, by which programs look names up",
    ),
    "only-hosts-file": Remedy("pass", ""),
    "refused": Remedy("fail", f"{_SERVER}: does the service run on port {{port}}? or a firewall rejects it"),
    "unreachable": Remedy("fail", f"{_NETWORK}: no route leads from this host to {{host}}"),
    "timeout": Remedy(
        "fail",
        f"firewall, or {_SERVER}: nothing comes back from port {{port}}; packets are dropped on the way",
    ),
    "some-silent": Remedy(
        "warn", f"{_NETWORK}: mend the address of {{host}} that doesn't answer, or take it out of DNS"
    ),
    "not-connected": Remedy("fail", f"{_NETWORK}: no connection to port {{port}} of {{host}} came about"),
    "proxy-unknown": Remedy(
        "fail",
        f"correct the proxy's variable, or {_DNS}: add the proxy's name; NO_PROXY goes straight to {{host}}",
    ),
    "proxy-unreachable": Remedy(
        "fail", "whoever runs the proxy: does it run on this port? or name {host} in NO_PROXY to go straight"
    ),
    "proxy-refused": Remedy(
        "fail", "whoever runs the proxy: let it reach {host}; or name {host} in NO_PROXY to go straight"
    ),
    "proxy-login": Remedy(
        "fail", "put user and password into the proxy's variable, as the program will have them"
    ),
    "proxy-kind": Remedy("unknown", "name an http proxy, or name {host} in NO_PROXY to go straight"),
    "unknown-ca": Remedy("fail", ""),
    "self-signed": Remedy("fail", ""),
    "ca-file-only": Remedy("warn", ""),
    "expired": Remedy("fail", f"{_CLOCK}; if it's right, {_SERVER}: renew the certificate"),
    "not-yet-valid": Remedy("fail", f"{_CLOCK}, it is most likely behind; chrony or `date` sets it (root)"),
    "chain-dates": Remedy("fail", f"{_CLOCK}; if it's right, {_SERVER}: renew the authority's certificate"),
    "wrong-host": Remedy(
        "fail", f"use a name that the certificate was made for, or {_SERVER}: get one that names {{host}}"
    ),
    "unverified": Remedy("fail", f"{_SERVER}: the certificate breaks a rule that clients insist on"),
    "ca-file-unreadable": Remedy("warn", "lay the spec's ca-file, in PEM form, where the host can read it"),
    "plain-http": Remedy("fail", "write http:// if that is meant, or the port that speaks TLS"),
    "not-tls": Remedy("fail", f"write the port that speaks TLS; {_SERVER} knows"),
    "too-old": Remedy("fail", f"{_SERVER}: enable TLS 1.2 or later"),
    "handshake": Remedy(
        "fail",
        f"{_SERVER}, or a proxy between: why is the handshake broken off? a client's certificate wanted?",
    ),
    "closed": Remedy("fail", f"{_SERVER}, or a firewall between: why is the connection closed?"),
    "no-tls-here": Remedy("unknown", "run the probe with a Python that has the ssl module"),
    "login": Remedy("pass", ""),
    "forbidden": Remedy("warn", f"{_SERVER}: may this host, or only a user with a login, read this?"),
    "missing": Remedy("warn", "check the path of the URL"),
    "too-often": Remedy("warn", "ask again later"),
    "bad-status": Remedy("warn", "check the URL; the server may want another method, or a login"),
    "server-error": Remedy("fail", f"{_SERVER}: it answers with an error of its own"),
    "not-http": Remedy("fail", f"check the port; {_SERVER} knows what speaks there"),
    "downgrade": Remedy("warn", f"{_SERVER}: redirect to https; over http nobody vouches for what comes"),
    "redirect-loop": Remedy(
        "fail", f"{_SERVER}: the redirects go in a circle; is a login or a cookie wanted?"
    ),
    "too-many-redirects": Remedy("fail", "put the last URL into the spec, or ask for fewer redirects"),
    "bad-redirect": Remedy("fail", f"{_SERVER}: the redirect names no http URL"),
    "out-of-time": Remedy("unknown", "try again with a longer timeout"),
}
"""By fault."""
