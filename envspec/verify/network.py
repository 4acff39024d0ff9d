"""Network: whether the host is as closed, or as open, as the spec says (``target.network``).

Nothing is sent to prove a network closed: without ``--probe-egress``, agreed on site, a missing route is all
that can be known, and a route that exists proves nothing either way. If something outside did answer, a
promise of ``closed`` or ``internal`` is broken, and that fails: what works only because it reaches out would
pass the tests of this host and stop on the day the door is shut.
"""

from __future__ import annotations

from envspec.probe.facts import HostFacts, NetworkFacts
from envspec.verify.finding import Finding, Status
from envspec.verify.needs import Needs

RULE = "network"

_EXPECTED = {
    "closed": "closed: nothing outside this host's own networks can be reached",
    "internal": "internal: the site can be reached, and nothing outside it",
    "open": "open: hosts outside the site can be reached",
}
_ASK = "with the site's consent: run the probe with --probe-egress, which tries to reach out and settles it"


def check(needs: Needs, facts: HostFacts) -> list[Finding]:
    """The promise against what was seen; nothing where none is made, or the facts are the spec's own."""
    if needs.network not in _EXPECTED or facts.source == "spec":
        return []
    if not facts.network.is_known:
        return [
            _finding(
                needs,
                "unknown",
                f"not known: {facts.network.why or 'routes and resolvers were not read'}",
                fix="run the probe on the host itself; it reads all this and sends nothing",
            )
        ]
    network = facts.network.need()
    judged = {"closed": _closed, "internal": _internal, "open": _open}[needs.network](needs, network)
    return [judged, *_name_servers(needs, network)]


def _closed(needs: Needs, network: NetworkFacts) -> Finding:
    seen = in_words(network)
    if network.egress is not None:
        return _egress_against_promise(needs, network)
    if network.default_route:
        why = "a default route exists; whether anything outside answers is not known"
        return _finding(needs, "warn", seen, why=why, fix=_ASK)
    if network.proxies:
        why = "a proxy may lead outside where no route does"
        return _finding(needs, "warn", seen, why=why, fix=_ASK)
    if network.default_route is None:
        return _finding(needs, "unknown", seen, why="the routes could not be read", fix=_ASK)
    return _finding(needs, "pass", seen)


def _internal(needs: Needs, network: NetworkFacts) -> Finding:
    seen = in_words(network)
    if network.egress is not None:
        return _egress_against_promise(needs, network)
    if network.default_route is None:
        return _finding(needs, "unknown", seen, why="the routes could not be read", fix=_ASK)
    if not network.default_route and not network.proxies:
        return _finding(
            needs,
            "warn",
            seen,
            why="only hosts on this host's own networks can be reached",
            fix="if a service of the site stands elsewhere, ask the network's administrator for a route",
        )
    return _finding(needs, "pass", seen, why="whether the way ends inside the site is not known")


def _open(needs: Needs, network: NetworkFacts) -> Finding:
    seen = in_words(network)
    mend = (
        "ask the network's administrator for a route or a proxy\n"
        'or plan for network = "closed" and carry a bundle'
    )
    if network.egress:
        return _finding(needs, "pass", seen)
    if network.egress is False:
        why = "nothing outside answered"
        return _finding(needs, "fail", seen, why=why, fix=mend)
    if network.default_route is False and not network.proxies:
        return _finding(needs, "fail", seen, why="without a route nothing outside can be reached", fix=mend)
    why = "a route or a proxy is no proof; whether anything outside answers is not known"
    return _finding(needs, "unknown", seen, why=why, fix=_ASK)


def _egress_against_promise(needs: Needs, network: NetworkFacts) -> Finding:
    if not network.egress:
        return _finding(needs, "pass", in_words(network))
    return _finding(
        needs,
        "fail",
        in_words(network),
        why=f"something outside answered, against the promise of {needs.network}: what only works "
        "because it reaches out would go unnoticed here",
        fix='tell the site\'s network officer\nor say network = "open" in the spec, if it is meant to be so',
    )


def _name_servers(needs: Needs, network: NetworkFacts) -> list[Finding]:
    if needs.network == "closed" or network.resolvers is None:
        return []
    if network.resolvers:
        return []
    return [
        Finding(
            rule=RULE,
            subject="name servers",
            status="fail" if needs.network == "open" and not network.proxies else "warn",
            expected=f"a name server, since the spec promises an {needs.network} network",
            actual="none is configured in /etc/resolv.conf",
            why="only names in /etc/hosts can be looked up",
            fix="ask the DNS administrator for the name servers; nmcli or resolvectl sets them (root)",
            source=_SOURCE,
        )
    ]


def in_words(network: NetworkFacts) -> str:
    """What was seen, on one line."""
    routes = {True: "a default route", False: "no default route", None: "routes not known"}
    parts = [routes[network.default_route]]
    if network.resolvers is not None:
        parts.append("1 name server" if network.resolvers == 1 else f"{network.resolvers} name servers")
    if network.proxies:
        parts.append(f"proxies set: {', '.join(network.proxies)}")
    if network.egress is not None:
        parts.append("something outside answered" if network.egress else "nothing outside answered")
    return ", ".join(parts)


_SOURCE = "target.network of the spec; the host's routes, /etc/resolv.conf and proxy variables"


def _finding(needs: Needs, status: Status, actual: str, *, why: str = "", fix: str = "") -> Finding:
    expected = _EXPECTED[needs.network]
    return Finding(RULE, needs.network, status, expected, actual, why, fix, _SOURCE)
