"""Proxies: which way a request goes, by the environment variables everyone uses.

Source: the manuals of curl and of Python's urllib.request. ``lower_case`` wins over
``UPPER_CASE``; ALL_PROXY serves where the scheme has none; NO_PROXY holds, between commas or
blanks, host names and what ends in them, hosts with ports, addresses, networks as 10.0.0.0/8, or ``*``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from envspec.adapters.web_address import Address, printable, without_credentials
from envspec.errors import InputError, NetworkError


class Proxies:
    """Finds the proxy for an address; read once from the environment."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        everything = _variable(environ, "all_proxy")
        self._by_scheme = {
            scheme: _variable(environ, f"{scheme}_proxy") or everything for scheme in ("http", "https")
        }
        self._excluded = tuple(
            entry.lower() for entry in _variable(environ, "no_proxy").replace(",", " ").split()
        )

    def route(self, address: Address) -> Address | None:
        """The proxy to ask, None to go straight; raises InputError for one we can't use."""
        url = self._by_scheme[address.scheme]
        if not url or self._goes_straight(address):
            return None
        return _proxy(url)

    def _goes_straight(self, address: Address) -> bool:
        return any(_covers(entry, address) for entry in self._excluded)


def _variable(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name)
    return (environ.get(name.upper(), "") if value is None else value).strip()


@lru_cache(maxsize=16)
def _proxy(url: str) -> Address:
    shown = printable(without_credentials(url))
    scheme = url.partition("://")[0].lower() if "://" in url else "http"
    if scheme not in ("http", "https"):
        raise InputError(
            what=f"the proxy {shown} can't be used",
            why=f"it speaks {scheme}; envspec speaks to http and https proxies",
            fix="name an http proxy in HTTPS_PROXY and HTTP_PROXY, or in NO_PROXY what to reach straight",
        )
    try:
        return Address.parse(url if "://" in url else f"http://{url}")
    except NetworkError as error:
        raise InputError(
            what=f"the proxy {shown} can't be read",
            why="it must be http://[USER:PASSWORD@]HOST:PORT",
            fix="correct HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, whichever holds it",
        ) from error


def _covers(entry: str, address: Address) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        return _in_network(address.host, entry)
    entry = entry.removeprefix("*").lstrip(".")
    host, _, port = entry.rpartition(":")
    if port.isdigit() and host and (":" not in host or host.endswith("]")):
        return int(port) == address.port and _within(host.strip("[]"), address.host)
    return _within(entry.strip("[]"), address.host)


def _within(domain: str, host: str) -> bool:
    return bool(domain) and (host == domain or host.endswith(f".{domain}"))


def _in_network(host: str, network: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
