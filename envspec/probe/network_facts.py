"""The network as it shows without sending anything, and what a question agreed on site brought."""

from __future__ import annotations

import re

import msgspec

from envspec.probe.facts import Fact, NetworkFacts, absent, known, unknown
from envspec.probe.items import Items
from envspec.probe.numbers import whole_number
from envspec.probe.shown import plain
from envspec.probe.unverified import unverified_settings

_PROXY = re.compile(r"(?:https?|all|ftp)_proxy", re.IGNORECASE)
_SETTINGS = (
    "/etc/pip.conf", "~/.config/pip/pip.conf", "~/.pip/pip.conf", "~/.curlrc", "~/.gitconfig",
    "/etc/gitconfig", "~/.condarc", "/etc/yum.conf", "/etc/dnf/dnf.conf",
)  # fmt: skip
_NO_FILE = {"ENOENT", "absent"}


class _Network(msgspec.Struct, frozen=True, rename="kebab"):
    default_route: bool | None = None
    default_route_6: bool | None = msgspec.field(default=None, name="default-route-6")
    resolvers: int | None = None
    errors: dict[str, str] = {}


class _Tried(msgspec.Struct, frozen=True):
    connected: bool = False


class _Egress(msgspec.Struct, frozen=True):
    tried: tuple[_Tried, ...] = ()


class _Store(msgspec.Struct, frozen=True):
    path: str = ""
    certificates: int | None = None


def read_network(items: Items) -> Fact[NetworkFacts]:
    """Routes, name servers, proxies, what switches verification off; unknown where nothing looked."""
    network = items.value("call:network", _Network)
    environment = items.value("call:environment", dict[str, str])
    egress = items.value("call:egress", _Egress)
    if not network.is_known and not environment.is_known and not egress.is_known:
        return unknown(network.how, network.why)
    said = network.value or _Network()
    variables = environment.value or {}
    files = {path: items.text(f"file:{path}").value or "" for path in _SETTINGS}
    return known(
        NetworkFacts(
            default_route=_route(said),
            resolvers=whole_number(said.resolvers, high=64),
            proxies=tuple(name for name, value in variables.items() if value and _PROXY.fullmatch(name)),
            egress=any(each.connected for each in egress.need().tried) if _asked(egress) else None,
            unverified=unverified_settings(variables, files),
        ),
        "/proc/net, /etc/resolv.conf and the environment",
    )


def read_ca_stores(items: Items) -> Fact[tuple[str, ...]]:
    """Bundles of authorities that hold at least one; absent where the host has none."""
    value = items.value("call:ca-stores", tuple[_Store, ...])
    if not value.is_known:
        return Fact(value.state, None, value.how, value.why)
    stores = tuple(plain(store.path, 200) for store in value.need()[:64] if store.certificates != 0)
    return known(stores, "the known places") if stores else absent("the known places", "no bundle is there")


def _route(said: _Network) -> bool | None:
    """Whether there is any; False only where both tables were read, or the kernel has no IPv6."""
    if said.default_route or said.default_route_6:
        return True
    six = said.default_route_6
    if six is None and said.errors.get("default-route-6") in _NO_FILE:
        six = False
    return False if said.default_route is False and six is False else None


def _asked(egress: Fact[_Egress]) -> bool:
    return egress.is_known and bool(egress.need().tried)
