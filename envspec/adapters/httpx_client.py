"""The transport over httpx: for downloads and hubs.

HTTP/2 where ``h2`` is installed, else HTTP/1.1. Importing httpx costs 260 ms, so this module
is imported only where it's used.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from errno import ETIMEDOUT
from importlib.util import find_spec
from typing import NoReturn

import httpx

from envspec.adapters.web_address import Address
from envspec.adapters.web_errors import BadFrameError, CutShortError, ProxyRefusedError
from envspec.adapters.web_login import proxy_authorization
from envspec.adapters.web_policy import Answer, Hop
from envspec.adapters.web_tls import Trust


PROTOCOLS = ("http/1.1", "h2") if find_spec("h2") is not None else ("http/1.1",)
"""What is offered to servers, in httpcore's order."""

_CONNECTIONS = 32


class HttpxTransport:
    """``web_policy.Transport``; one httpx.Client per proxy and trust, none with a policy of its own."""

    def __init__(self, trust: Trust, *, timeout_s: float) -> None:
        self._trust = trust
        self._timeout_s = timeout_s
        self._clients: dict[tuple[Address | None, str | None], httpx.Client] = {}
        self._lock = threading.Lock()

    def send(self, hop: Hop) -> Answer:
        """As ``Transport.send``."""
        client = self._client(hop)
        request = httpx.Request("GET", hop.address.url, headers=dict(hop.headers))
        # A Request built by hand bears no timeouts of its client.
        request.extensions["timeout"] = client.timeout.as_dict()
        try:
            return _HttpxAnswer(client.send(request, stream=True))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            _translate(error)

    def close(self) -> None:
        """As ``Transport.close``."""
        with self._lock:
            clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            client.close()

    def _client(self, hop: Hop) -> httpx.Client:
        with self._lock:
            key = (hop.proxy, hop.ca_file)
            if key not in self._clients:
                self._clients[key] = self._made(hop)
            return self._clients[key]

    def _made(self, hop: Hop) -> httpx.Client:
        proxy = None
        if hop.proxy is not None:
            login = proxy_authorization(hop.proxy.userinfo)
            proxy = httpx.Proxy(
                f"{hop.proxy.scheme}://{hop.proxy.netloc}",
                headers={"proxy-authorization": login} if login else None,
                ssl_context=self._trust.context(None) if hop.proxy.scheme == "https" else None,
            )
        return httpx.Client(
            verify=self._trust.context(hop.ca_file),
            proxy=proxy,
            trust_env=False,
            follow_redirects=False,
            http2="h2" in PROTOCOLS,
            limits=httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
            timeout=httpx.Timeout(self._timeout_s, pool=None),
        )


class _HttpxAnswer:
    """``web_policy.Answer``."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = dict(response.headers)

    def parts(self) -> Iterator[bytes]:
        try:
            yield from self._response.iter_raw()
        except httpx.HTTPError as error:
            _translate(error)

    def close(self) -> None:
        self._response.close()


def _translate(error: Exception) -> NoReturn:
    """Raise the OSError that stands behind ``error``, or the one that says the same."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, (socket.gaierror, ssl.SSLError)):
            raise cause
        cause = cause.__cause__ or cause.__context__
    text = str(error) or type(error).__name__
    if isinstance(error, httpx.ConnectTimeout):
        raise TimeoutError(ETIMEDOUT, "no connection came about in time") from error
    if isinstance(error, httpx.TimeoutException):
        raise TimeoutError("silent") from error
    if isinstance(error, httpx.ProxyError) and text[:3].isdigit():
        raise ProxyRefusedError(int(text[:3])) from error
    if isinstance(error, httpx.RemoteProtocolError):
        if "peer closed" in text or "disconnected" in text or "Server closed" in text:
            raise CutShortError("the connection was closed before the answer's end") from error
        raise BadFrameError(text) from error
    cause = error
    while cause is not None:
        if isinstance(cause, OSError):
            raise cause
        cause = cause.__cause__ or cause.__context__
    raise ConnectionError(text) from error
