"""Connections under httpx: they give up an answer that drips, and tell a proxy's TLS from the server's."""

from __future__ import annotations

import math
import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore

from envspec.adapters.web_errors import ProxyTlsError, TooSlowError
from envspec.adapters.web_pace import Pace

HEAD_TIMEOUTS = 8
"""From sending to the end of the head: a connection, TLS and an answer each, of a proxy and of the server."""


class WatchedNetwork(httpcore.SyncBackend):
    """httpcore's own backend; watches the one answer that its client reads at a time.

    ``tls_to_proxy``: the first TLS on each connection is with a proxy.
    """

    def __init__(self, timeout_s: float, *, tls_to_proxy: bool) -> None:
        self._tls_to_proxy = tls_to_proxy
        self._pace = Pace(timeout_s)
        self._head_s = HEAD_TIMEOUTS * timeout_s
        self._head_until_s = math.inf

    def begin(self) -> None:
        """A request is about to be sent: what comes is the head of its answer."""
        self._pace.restart()
        self._head_until_s = time.monotonic() + self._head_s

    def end_head(self) -> None:
        """What comes from now on is the body."""
        self._head_until_s = math.inf

    def came(self, size: int) -> None:
        """So many bytes came. Raises TooSlowError."""
        self._pace.came(size)
        if time.monotonic() > self._head_until_s:
            raise TooSlowError(f"no whole head in {self._head_s:.0f} s")

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """See httpcore.NetworkBackend."""
        stream = super().connect_tcp(host, port, timeout, local_address, socket_options)
        return _Watched(stream, self, to_proxy=self._tls_to_proxy)


class _Watched(httpcore.NetworkStream):
    """A stream that tells its network what came."""

    def __init__(
        self, stream: httpcore.NetworkStream, network: WatchedNetwork, *, to_proxy: bool = False
    ) -> None:
        self._stream = stream
        self._network = network
        self._to_proxy = to_proxy

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._stream.read(max_bytes, timeout)
        self._network.came(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            return _Watched(self._stream.start_tls(ssl_context, server_hostname, timeout), self._network)
        except httpcore.ConnectError as error:
            if self._to_proxy and isinstance(error.__cause__, ssl.SSLError):
                raise ProxyTlsError(error.__cause__) from error
            raise

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
