"""A forward proxy on loopback: tunnels by CONNECT, and passes on what is asked by a whole URL."""

from __future__ import annotations

import base64
import contextlib
import re
import select
import socket
import threading
from types import TracebackType

from tests import certificates


class LoopbackProxy:
    """Serves on 127.0.0.1 until closed.

    ``auth``: user and password it wants; ``refuse``: its status; ``tls``: a kind of ``certificates``.
    """

    def __init__(self, *, auth: tuple[str, str] | None = None, refuse: int = 0, tls: str = "") -> None:
        self._context = certificates.server_context(tls) if tls else None
        self.auth = auth
        self.refuse = refuse
        self.log: list[str] = []
        """The first line of each request."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"{'https' if self._context is not None else 'http'}://127.0.0.1:{self.port}"

    def with_credentials(self, user: str, password: str) -> str:
        return f"http://{user}:{password}@127.0.0.1:{self.port}"

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def __enter__(self) -> LoopbackProxy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            if self._context is not None:
                client = self._context.wrap_socket(client, server_side=True)
            head = b""
            while b"\r\n\r\n" not in head:
                more = client.recv(65536)
                if not more:
                    return
                head += more
            first = head.split(b"\r\n", 1)[0].decode()
            self.log.append(first)
            status = self._status(head)
            if status != 200:
                client.sendall(b"HTTP/1.1 %d No\r\ncontent-length: 0\r\n\r\n" % status)
            elif first.startswith("CONNECT "):
                self._tunnel(client, first.split(" ")[1])
            else:
                self._pass_on(client, head)

    def _status(self, head: bytes) -> int:
        if self.auth is not None:
            wanted = base64.b64encode(":".join(self.auth).encode())
            if b"proxy-authorization: basic " + wanted.lower() not in head.lower():
                return 407
        return self.refuse or 200

    def _tunnel(self, client: socket.socket, where: str) -> None:
        host, port = where.rsplit(":", 1)
        with socket.create_connection((host, int(port))) as server:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _shovel(client, server)

    def _pass_on(self, client: socket.socket, head: bytes) -> None:
        match = re.match(rb"GET http://([^:/]+):(\d+)(\S*) ", head)
        assert match is not None
        with socket.create_connection((match[1].decode(), int(match[2]))) as server:
            server.sendall(b"GET " + match[3] + b" " + head[match.end() :])
            _shovel(client, server)


def _shovel(one: socket.socket, other: socket.socket) -> None:
    """Bytes both ways, until one of them ends."""
    ways = {one: other, other: one}
    while True:
        for ready in select.select(list(ways), [], [])[0]:
            data = ready.recv(65536)
            if not data:
                return
            ways[ready].sendall(data)
