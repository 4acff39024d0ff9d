"""The transport over httpx: for downloads and hubs.

Importing httpx costs 260 ms, so this module is imported only where it's used. HTTP/1.1 and a
client per thread: threads that share a client (httpx 0.28) with HTTP/2 offered close each other's
connections, in one run of three over 16 threads.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from errno import ETIMEDOUT
from typing import NoReturn

import httpx

from envspec.adapters.httpx_network import WatchedNetwork
from envspec.adapters.web_address import Address
from envspec.adapters.web_errors import BadFrameError, CutShortError, ProxyRefusedError
from envspec.adapters.web_login import proxy_authorization
from envspec.adapters.web_policy import Answer, Hop
from envspec.adapters.web_tls import Trust


class HttpxTransport:
    """``web_policy.Transport``; a client per thread, proxy and trust, none with a policy of its own."""

    def __init__(self, trust: Trust, *, timeout_s: float) -> None:
        self._trust = trust
        self._timeout_s = timeout_s
        self._of_thread = threading.local()
        self._clients: list[httpx.Client] = []
        self._lock = threading.Lock()

    def send(self, hop: Hop) -> Answer:
        """As ``Transport.send``."""
        client, network = self._client(hop)
        request = httpx.Request("GET", hop.address.url, headers=dict(hop.headers))
        # A Request built by hand bears no timeouts of its client.
        request.extensions["timeout"] = client.timeout.as_dict()
        network.begin()
        try:
            answer = _HttpxAnswer(client.send(request, stream=True))
        except UnicodeError as error:
            raise socket.gaierror(socket.EAI_NONAME, "no name can look like this") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            _translate(error)
        network.end_head()
        return answer

    def close(self) -> None:
        """As ``Transport.close``."""
        with self._lock:
            clients, self._clients = self._clients, []
        for client in clients:
            client.close()

    def _client(self, hop: Hop) -> tuple[httpx.Client, WatchedNetwork]:
        clients: dict[tuple[Address | None, str | None], tuple[httpx.Client, WatchedNetwork]]
        clients = vars(self._of_thread).setdefault("clients", {})
        key = (hop.proxy, hop.ca_file)
        made = clients.get(key)
        if made is None or made[0].is_closed:
            made = clients[key] = self._made(hop)
            with self._lock:
                self._clients.append(made[0])
        return made

    def _made(self, hop: Hop) -> tuple[httpx.Client, WatchedNetwork]:
        proxy, tls_to_proxy = None, False
        if hop.proxy is not None:
            login = proxy_authorization(hop.proxy.userinfo)
            tls_to_proxy = hop.proxy.scheme == "https"
            proxy = httpx.Proxy(
                f"{hop.proxy.scheme}://{hop.proxy.netloc}",
                headers={"proxy-authorization": login} if login else None,
                ssl_context=self._trust.context(None) if tls_to_proxy else None,
            )
        network = WatchedNetwork(self._timeout_s, tls_to_proxy=tls_to_proxy)
        transport = httpx.HTTPTransport(verify=self._trust.context(hop.ca_file), trust_env=False, proxy=proxy)
        transport._pool._network_backend = network  # httpcore takes one, and httpx hands none on
        client = httpx.Client(
            transport=transport,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(self._timeout_s, pool=None),
        )
        return client, network


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
