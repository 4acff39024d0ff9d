"""Servers on loopback that do one thing wrong: name servers, and ports that speak no sound TLS."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from types import TracebackType

from tests import certificates

A, AAAA = 1, 28
CODES = {"NOERROR": 0, "SERVFAIL": 2, "NXDOMAIN": 3, "REFUSED": 5}


class NameServer:
    """A DNS server whose answer hangs on the first label asked for; what it knows has one A record.

    nx, servfail, refused: that code. silent: nothing. garbage, loop (a name that points to itself), stranger
    (another id), short (a record that runs over the end): no sound answer. cut: only over TCP. v6silent: no
    answer to AAAA. empty: known, without an address. Anything in ``knows`` is known, all else is NXDOMAIN.
    """

    def __init__(self, address: str, port: int = 0, knows: tuple[str, ...] = ()) -> None:
        self.knows = knows
        self.asked: list[str] = []
        self._tcp = socket.create_server((address, port))
        self.port: int = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind((address, self.port))
        for serve in (self._serve_udp, self._serve_tcp):
            threading.Thread(target=serve, daemon=True).start()

    def __enter__(self) -> NameServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in (self._udp, self._tcp):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _serve_udp(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                query, peer = self._udp.recvfrom(4096)
                if not query:  # shut down
                    return
                answer = self._answer(query, over_tcp=False)
                if answer is not None:
                    self._udp.sendto(answer, peer)

    def _serve_tcp(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._tcp.accept()
                with client:
                    (length,) = struct.unpack("!H", client.recv(2))
                    answer = self._answer(client.recv(length), over_tcp=True) or b""
                    client.sendall(struct.pack("!H", len(answer)) + answer)

    def _answer(self, query: bytes, *, over_tcp: bool) -> bytes | None:
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode())
            at += 1 + query[at]
        (kind,) = struct.unpack("!H", query[at + 1 : at + 3])
        name, question = ".".join(labels), query[12 : at + 5]
        self.asked.append(name)
        record = b"\xc0\x0c" + struct.pack("!2HIH", A, 1, 60, 4) + b"\x7f\0\0\1"
        if labels[0] == "silent" or (labels[0] == "v6silent" and kind == AAAA):
            return None
        if labels[0] in ("nx", "servfail", "refused"):
            code = {"nx": "NXDOMAIN"}.get(labels[0], labels[0].upper())
            return _head(query, CODES[code]) + question
        if labels[0] == "garbage":
            return b"\xff" * 7
        if labels[0] == "stranger":
            return _head(b"\0\0" if query[:2] != b"\0\0" else b"\1\1", 0, 1) + question + record
        if labels[0] == "loop":
            return _head(query, 0, 1) + b"\xc0\x0c" + question[-4:] + record
        if labels[0] == "short":
            return _head(query, 0, 1) + question + record[:-2]
        if labels[0] == "cut" and not over_tcp:
            return _head(query, 0, flags=0x8380) + question
        if labels[0] == "empty":
            return _head(query, 0) + question
        if name not in self.knows:
            return _head(query, CODES["NXDOMAIN"]) + question
        alias = b"\xc0\x0c" + struct.pack("!2HIH", 5, 1, 60, 2) + b"\xc0\x0c"
        if kind != A:
            return _head(query, 0) + question
        return _head(query, 0, 2) + question + alias + record


def _head(query: bytes, code: int, answers: int = 0, flags: int = 0x8180) -> bytes:
    return query[:2] + struct.pack("!5H", flags | code, 1, answers, 0, 0)


class Port:
    """A listening port of 127.0.0.1; ``serve`` gets each connection, and nobody does without it."""

    def __init__(self, serve: Callable[[socket.socket], None] | None = None) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.number: int = self._listener.getsockname()[1]
        self.received = b""
        if serve is not None:
            threading.Thread(target=self._accept, args=(serve,), daemon=True).start()

    def __enter__(self) -> Port:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self, serve: Callable[[socket.socket], None]) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client, contextlib.suppress(OSError):
                serve(client)


def resets(client: socket.socket) -> None:
    """Answers with a reset."""
    client.recv(1)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def greets(client: socket.socket) -> None:
    """Speaks first, as an SSH server does."""
    client.sendall(b"SSH-2.0-demo\r\n")
    client.recv(4096)


def speaks_only_tls_1_1(client: socket.socket) -> None:
    """Nothing newer than TLS 1.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    certificates.server_context("good")
    context.load_cert_chain(certificates.ca_file().with_name("good.pem"))
    context.wrap_socket(client, server_side=True).close()


class OnlyHandshakes:
    """A TLS server with a certificate of ``kind`` that counts the bytes it gets after the handshake."""

    def __init__(self, kind: str) -> None:
        self.context = certificates.server_context(kind)
        self.handshakes = 0
        self.received = b""

    def __call__(self, client: socket.socket) -> None:
        """Serve one connection."""
        client.settimeout(2)
        with self.context.wrap_socket(client, server_side=True) as secure:
            self.handshakes += 1
            self.received += secure.recv(4096)
