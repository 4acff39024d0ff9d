"""The door to the network: ``open_http`` gives the Http that the user's settings ask for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from envspec.adapters.web_address import without_credentials as without_credentials
from envspec.adapters.web_login import Logins
from envspec.adapters.web_policy import BACKOFF_S, PoliteHttp, Transport
from envspec.adapters.web_proxy import Proxies
from envspec.adapters.web_tls import Trust
from envspec.ports import Http

TIMEOUT_S = 30.0
"""A request may be silent that long, unless ``--timeout`` says otherwise."""


def open_http(
    *,
    timeout_s: float = TIMEOUT_S,
    lean: bool,
    login_urls: Iterable[str] = (),
    backoff_s: float = BACKOFF_S,
    environ: Mapping[str, str] | None = None,
) -> Http:
    """An Http over the lean transport, or over httpx; close it after use.

    Both keep the same policy. ``login_urls``: indexes whose user name and password serve
    their origin, as their files' URLs come without. ``backoff_s``: the wait before a first retry.
    """
    environ = os.environ if environ is None else environ

    def pip_cert() -> str:
        from envspec.adapters.settings import pip_settings

        return pip_settings(environ).cert

    trust = Trust(environ, pip_cert=pip_cert)
    transport: Transport
    if lean:
        from envspec.adapters.lean_client import LeanTransport

        transport = LeanTransport(trust, timeout_s=timeout_s)
    else:
        from envspec.adapters.httpx_client import HttpxTransport

        transport = HttpxTransport(trust, timeout_s=timeout_s)
    return PoliteHttp(
        transport,
        trust=trust,
        logins=Logins(environ, login_urls),
        proxies=Proxies(environ),
        timeout_s=timeout_s,
        backoff_s=backoff_s,
    )
