"""Endpoints: whether what the program will have to reach inside can be reached, told by stage.

A name that does not resolve says nothing about certificates, and a certificate that isn't trusted nothing
about names; where a stage could not be judged, that is said. No way out switches verification off: the
site's authority is made known to each client that stands in the lock.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from envspec.compat.tls_clients import CaStore, TlsClient, ca_store, ca_stores, clients_among
from envspec.probe.endpoint_stage import FAULTS
from envspec.probe.facts import EndpointObservation, HostFacts, Stage
from envspec.verify.endpoint_faults import REMEDIES
from envspec.verify.finding import RANK, Finding, Status
from envspec.verify.needs import Needs

RULE = "endpoints"

_EXPECTED = "the name resolves, a connection comes about, its certificate is trusted, and HTTP answers"
_SOURCE = "tried from the host itself; docs/tls.md"
_TRUST = frozenset({"unknown-ca", "self-signed", "ca-file-only"})


def check(needs: Needs, facts: HostFacts) -> list[Finding]:
    """A finding for each endpoint of the lock's target, and one for each setting that stops verification."""
    if facts.source == "spec":
        return []
    tables = needs.lock.target.get("endpoints", ())
    wanted = [each for each in tables if isinstance(each, Mapping)] if isinstance(tables, Sequence) else []
    return [*(_judged(each, needs, facts) for each in wanted), *switched_off(facts)]


def switched_off(facts: HostFacts) -> list[Finding]:
    """A warning for each setting of the host that switches the checking of certificates off."""
    if not facts.network.is_known:
        return []
    return [
        Finding(
            rule=RULE,
            subject=setting,
            status="warn",
            expected="certificates are checked",
            actual=f"{setting} switches that off",
            why="anyone on the way can then give the program other bytes; a wrong name or a broken DNS "
            "is not mended by it",
            fix=f"unset {setting}, and make the site's authority known instead: docs/tls.md",
            source=_SOURCE,
        )
        for setting in facts.network.need().unverified
    ]


def _judged(wanted: Mapping[str, Any], needs: Needs, facts: HostFacts) -> Finding:
    url = str(wanted.get("url", ""))
    observation = _observed(url, facts)
    if observation is None:
        why = facts.endpoints.why if not facts.endpoints.is_known else "this endpoint was not tried"
        fix = f"run on the host itself: probe.py --endpoint {shlex.quote(url)}"
        return Finding(RULE, url, "unknown", _EXPECTED, "not tried", why, fix, _SOURCE)
    ca_file = str(wanted.get("ca-file", ""))
    clients = clients_among({each.name: each.version for each in needs.lock.distributions})
    hops = (observation, *observation.redirects)
    status = _status(hops)
    why, ways_out = _why(hops), _ways_out(hops, ca_file, clients, facts)
    blind = [client.name for client in clients if not client.system_store]
    if status == "pass" and blind and any(stage.name == "tls" for hop in hops for stage in hop.stages):
        why = f"{', '.join(blind)}: of themselves they trust public authorities only, not the host's store"
        ways_out = [_launcher(clients, facts)] if ca_file else []
        status = "warn" if ca_file else "pass"
    actual = "; then ".join(_told(hop) for hop in hops)
    return Finding(RULE, url, status, _EXPECTED, actual, why, "\n".join(ways_out), _SOURCE)


def _observed(url: str, facts: HostFacts) -> EndpointObservation | None:
    for observation in facts.endpoints.value or ():
        if observation.url == url.partition("#")[0] and observation.stages:
            return observation
    return None


def _stage_status(stage: Stage) -> Status:
    """The worst of its faults; a stage that went wrong without naming one fails."""
    found: list[Status] = ["pass" if stage.ok else "fail"] if not stage.faults else []
    found += [REMEDIES[fault].status if fault in REMEDIES else "fail" for fault in stage.faults]
    return min(found, key=RANK.__getitem__)


def _status(hops: Iterable[EndpointObservation]) -> Status:
    return min((_stage_status(stage) for hop in hops for stage in hop.stages), key=RANK.__getitem__)


def _told(hop: EndpointObservation) -> str:
    """The stages that went wrong, or else the last, and what they said."""
    wrong = [stage for stage in hop.stages if _stage_status(stage) != "pass"] or list(hop.stages[-1:])
    told = "; ".join(f"{stage.name}: {stage.said}" for stage in wrong)
    return f"{_place(hop)[0]}: {told}"


def _why(hops: tuple[EndpointObservation, ...]) -> str:
    faults = [fault for hop in hops for stage in hop.stages for fault in stage.faults]
    said = [FAULTS[fault] for fault in dict.fromkeys(faults) if fault in FAULTS]
    last = hops[-1]
    host, stage = _place(last)[0], last.stages[-1] if last.stages else None
    if stage is None or stage.ok:
        return "; ".join(said)
    if stage.name in ("name", "connection") and last.url.startswith("https:"):
        said.append(f"the certificate of {host} could not be judged, since nothing got that far")
    elif stage.name == "tls":
        said.append(f"what {host} would answer could not be judged: nothing is sent before it can be trusted")
    return "; ".join(said)


def _ways_out(
    hops: Iterable[EndpointObservation], ca_file: str, clients: Iterable[TlsClient], facts: HostFacts
) -> list[str]:
    """Each line mends all that went wrong; the second, where there is one, does so without root."""
    remedies: list[tuple[str, ...]] = []
    for hop in hops:
        host, port = _place(hop)
        for stage in hop.stages:
            trust = [fault for fault in stage.faults if fault in _TRUST]
            if trust:
                remedies.append(_make_known(host, stage, trust[0], ca_file, clients, facts))
            fixes = [REMEDIES[fault].fix for fault in stage.faults if fault in REMEDIES]
            remedies += [(fix.format(host=host, port=port),) for fix in fixes if fix]
    if not remedies:
        return []
    first, last = ("; and ".join(dict.fromkeys(ways[place] for ways in remedies)) for place in (0, -1))
    return list(dict.fromkeys((first, last)))


def _make_known(
    host: str, stage: Stage, fault: str, ca_file: str, clients: Iterable[TlsClient], facts: HostFacts
) -> tuple[str, str]:
    """How the site's authority comes to the host and to each client of the lock; and how without root."""
    file = shlex.quote(ca_file.rpartition("/")[2] or "site-ca.pem")
    first = ""
    if fault != "ca-file-only":
        thing = "that certificate" if fault == "self-signed" else "the authority's certificate"
        issuer = f" ({stage.issuer})" if stage.issuer else ""
        first = f"get {thing}{issuer} as {file} from whoever runs {host}, by a way you trust; then "
    stores = "; ".join(
        f"on {store.name}, root: cp {file} {store.anchors}site-ca{store.suffix} && {store.command}"
        for store in _stores(facts)
    )
    bundle = _stores(facts)[0].bundle
    return (
        f"{first}{stores}; then {_launcher(clients, facts)}",
        f"without root: {first}cat {bundle} {file} > PREFIX/ca-bundle.pem; then in the launcher "
        f"set {' and '.join(_readers(clients))} to that file",
    )


def _launcher(clients: Iterable[TlsClient], facts: HostFacts) -> str:
    """The variables that the environment's launcher has to set, and for which clients each."""
    bundle = _stores(facts)[0].bundle
    exports = [f"export {name}={bundle} (for {', '.join(them)})" for name, them in _readers(clients).items()]
    return "in the environment's launcher: " + ", ".join(exports)


def _readers(clients: Iterable[TlsClient]) -> dict[str, list[str]]:
    """The clients that read each variable."""
    readers: dict[str, list[str]] = {}
    for client in clients:
        readers.setdefault(client.variables[0], []).append(client.name)
    return readers


def _stores(facts: HostFacts) -> tuple[CaStore, ...]:
    """The host's own, or those of RHEL and Debian where the OS isn't known."""
    os = facts.os.value
    store = ca_store(os.id, os.like) if os is not None else None
    return (store,) if store is not None else ca_stores()[:2]


def _place(hop: EndpointObservation) -> tuple[str, int]:
    try:
        parts = urlsplit(hop.url)
        return parts.hostname or hop.url, parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return hop.url, 443
