"""The lean transport: HTTP/1.1 over sockets kept open, for the many small answers of an index.

Source: RFC 9112. Written on ``socket`` and ``ssl`` alone: ``http.client`` would cost 60 ms of
import and an e-mail parser per answer. Heads are read strictly and within bounds.
"""

from __future__ import annotations

import re
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from errno import ECONNABORTED, ETIMEDOUT
from functools import lru_cache
from typing import Protocol

from envspec.adapters.web_address import Address
from envspec.adapters.web_errors import BadFrameError, CutShortError, ProxyRefusedError, ProxyTlsError
from envspec.adapters.web_login import proxy_authorization
from envspec.adapters.web_pace import Pace
from envspec.adapters.web_policy import Answer, Hop
from envspec.adapters.web_tls import Trust

MAX_HEAD_BYTES = 64 * 1024
MAX_HEAD_LINES = 200
MAX_IDLE_PER_SERVER = 64

_READ_BYTES = 256 * 1024
_MAX_CHUNK_LINE_BYTES = 4096
_MAX_INTERIM_ANSWERS = 10
_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-9]\d\d)(?: [^\0\r\n]*)?")
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\0\r\n]*)")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")

_Key = tuple[str, str, int, "Address | None", "str | None"]


class _Stream(Protocol):
    def recv(self, size: int, /) -> bytes: ...

    def sendall(self, data: bytes, /) -> None: ...

    def close(self) -> None: ...


class LeanTransport:
    """``web_policy.Transport``; keeps connections open per server, proxy and trust."""

    def __init__(self, trust: Trust, *, timeout_s: float) -> None:
        self._trust = trust
        self._timeout_s = timeout_s
        self._idle: dict[_Key, list[_Connection]] = {}
        self._sessions: dict[_Key, ssl.SSLSession] = {}
        self._open: set[_Connection] = set()
        self._lock = threading.Lock()
        self._closed = False

    def send(self, hop: Hop) -> Answer:
        """As ``Transport.send``. A kept connection that the server gave up costs no try."""
        key: _Key = (*hop.address.origin, hop.proxy, hop.ca_file)
        head = _request_head(hop)
        while (connection := self._kept(key)) is not None:
            with suppress(_GivenUpError):
                return self._ask(connection, head, key, kept=True)
        return self._ask(self._connect(hop, key), head, key)

    def close(self) -> None:
        """As ``Transport.close``."""
        with self._lock:
            self._closed = True
            connections, self._idle = list(self._open), {}
            self._open.clear()
        for connection in connections:
            connection.hang_up()

    def keep(self, connection: _Connection, key: _Key) -> None:
        """Take back a connection whose answer was read to its end."""
        with self._lock:
            idle = self._idle.setdefault(key, [])
            if not self._closed and len(idle) < MAX_IDLE_PER_SERVER:
                idle.append(connection)
                return
        self.forget(connection)

    def forget(self, connection: _Connection) -> None:
        """Close a connection that can't serve on."""
        with self._lock:
            self._open.discard(connection)
        connection.close()

    def _ask(self, connection: _Connection, head: bytes, key: _Key, *, kept: bool = False) -> _LeanAnswer:
        """Raises _GivenUpError where the server had left a kept connection before it was asked."""
        try:
            return _LeanAnswer(connection, connection.ask(head), self, key)
        except BaseException as error:
            self.forget(connection)
            given_up = isinstance(error, OSError) and not isinstance(error, TimeoutError)
            if kept and given_up and not connection.answered:
                raise _GivenUpError from error
            raise

    def _kept(self, key: _Key) -> _Connection | None:
        while True:
            with self._lock:
                idle = self._idle.get(key)
                if not idle:
                    return None
                connection = idle.pop()
            if connection.is_quiet():
                return connection
            self.forget(connection)

    def _connect(self, hop: Hop, key: _Key) -> _Connection:
        if self._closed:  # whose requests fail now, and must not look like ones that a server left
            raise ConnectionAbortedError(ECONNABORTED, "we stop")
        peer = hop.proxy or hop.address
        plain = _connected(peer, self._timeout_s)
        connection = _Connection(plain)
        with self._lock:
            self._open.add(connection)
        try:
            stream: _Stream = plain
            stream = _SilenceIsTimeout(plain, self._timeout_s)
            if hop.proxy is not None and hop.proxy.scheme == "https":
                try:
                    stream = _TlsStream(stream, self._trust.context(None), hop.proxy.host, None)
                except ssl.SSLError as error:
                    raise ProxyTlsError(error) from error
            if hop.address.scheme == "https":
                if hop.proxy is not None:
                    _open_tunnel(stream, hop, hop.proxy)
                tls = _TlsStream(
                    stream, self._trust.context(hop.ca_file), hop.address.host, self._sessions.get(key)
                )
                connection.on_first_answer = lambda: self._remember(key, tls)
                stream = tls
            connection.stream = stream
        except BaseException:
            self.forget(connection)
            raise
        return connection

    def _remember(self, key: _Key, tls: _TlsStream) -> None:
        session = tls.session
        if session is not None:
            self._sessions[key] = session


class _GivenUpError(Exception):
    """The server closed a connection between two requests, as it may."""


class _Connection:
    """One open connection and what was read ahead from it."""

    def __init__(self, plain: socket.socket) -> None:
        self._plain = plain
        self.stream: _Stream = plain
        self._ahead = b""
        self._at = 0
        """So much of what was read ahead was taken: to cut it off each time would copy it for every chunk."""
        self.answered = False
        """Whether a byte of the present answer came."""
        self.on_first_answer = _nothing
        self._news = select.poll()
        self._news.register(plain, select.POLLIN | select.POLLERR | select.POLLHUP)

    def is_quiet(self) -> bool:
        """False if the server hung up, or says what nobody asked for."""
        return self._at == len(self._ahead) and not self._news.poll(0)

    def ask(self, head: bytes) -> tuple[int, Mapping[str, str], bool]:
        """Send a request; return status, headers, and whether the connection outlives the answer."""
        self.answered = False
        self.stream.sendall(head)
        for _ in range(_MAX_INTERIM_ANSWERS):
            answer = self._read_head()
            if answer[0] >= 200:
                self.on_first_answer()
                self.on_first_answer = _nothing
                return answer
        raise BadFrameError(f"more than {_MAX_INTERIM_ANSWERS} interim answers")

    def more(self, most: int = _READ_BYTES) -> bytes:
        """Up to ``most`` bytes, of those read ahead or of the next; raises CutShortError where none come."""
        if self._at == len(self._ahead):
            self._ahead, self._at = self.stream.recv(_READ_BYTES), 0
            if not self._ahead:
                raise CutShortError("the connection was closed before the answer's end")
            self.answered = True
        data = self._ahead[self._at : self._at + most]
        self._at += len(data)
        if self._at == len(self._ahead):
            self._ahead, self._at = b"", 0
        return data

    def line(self, limit: int) -> bytes:
        """One line without its end."""
        end = self._ahead.find(b"\r\n", self._at)
        if end >= 0:
            line = self._ahead[self._at : end]
            self._at = end + 2
            return line
        data = self.more()
        while (end := data.find(b"\r\n")) < 0:
            if len(data) > limit:
                raise BadFrameError(f"a line of more than {limit} bytes")
            data += self.more()
        self._ahead, self._at = data, end + 2
        return data[:end]

    def _read_head(self) -> tuple[int, Mapping[str, str], bool]:
        data = self.more()
        while (end := data.find(b"\r\n\r\n")) < 0:
            if len(data) > MAX_HEAD_BYTES:
                raise BadFrameError(f"a head of more than {MAX_HEAD_BYTES} bytes")
            if not b"HTTP/1.".startswith(data[:7]):
                break
            data += self.more()
        self._ahead, self._at = (data, end + 4) if end >= 0 else (b"", 0)
        return _read_head(data[: end if end >= 0 else 100])

    def hang_up(self) -> None:
        """Wake whoever waits for bytes; they see the end of the connection."""
        try:
            self._plain.shutdown(socket.SHUT_RDWR)
        except OSError:
            self._plain.close()

    def close(self) -> None:
        """Close for good."""
        self._plain.close()


class _LeanAnswer:
    """``web_policy.Answer``."""

    def __init__(
        self,
        connection: _Connection,
        head: tuple[int, Mapping[str, str], bool],
        transport: LeanTransport,
        key: _Key,
    ) -> None:
        self.status, self.headers, self._lasts = head
        self._connection = connection
        self._transport = transport
        self._key = key
        self._ended = self.status in (204, 304)

    def parts(self) -> Iterator[bytes]:
        if self._ended:
            return
        if "transfer-encoding" in self.headers:
            yield from self._chunks()
        elif "content-length" in self.headers:
            yield from self._exactly(int(self.headers["content-length"]))
        else:
            yield from self._until_closed()
        self._ended = True

    def close(self) -> None:
        if self._ended and self._lasts:
            self._transport.keep(self._connection, self._key)
        else:
            self._transport.forget(self._connection)

    def _exactly(self, size: int) -> Iterator[bytes]:
        while size:
            part = self._connection.more(size)
            size -= len(part)
            yield part

    def _chunks(self) -> Iterator[bytes]:
        while True:
            match = _CHUNK_SIZE.fullmatch(self._connection.line(_MAX_CHUNK_LINE_BYTES))
            if match is None:
                raise CutShortError("a chunk without its size")
            size = int(match[1], 16)
            if size == 0:
                break
            yield from self._exactly(size)
            if self._connection.line(2):
                raise CutShortError("a chunk that's longer than its size")
        for _ in range(MAX_HEAD_LINES):
            if not self._connection.line(_MAX_CHUNK_LINE_BYTES):
                return
        raise CutShortError("a trailer without end")

    def _until_closed(self) -> Iterator[bytes]:
        self._lasts = False
        with suppress(CutShortError):
            while True:
                yield self._connection.more()


class _SilenceIsTimeout:
    """A socket that blocks, whose kernel gives up waiting after the time set: no poll per read."""

    def __init__(self, plain: socket.socket, timeout_s: float) -> None:
        self._plain = plain
        self._pace = Pace(timeout_s)

    def recv(self, size: int, /) -> bytes:
        try:
            data = self._plain.recv(size)
        except BlockingIOError as error:
            raise TimeoutError("silent") from error
        self._pace.came(len(data))
        return data

    def sendall(self, data: bytes, /) -> None:
        self._pace.restart()
        try:
            self._plain.sendall(data)
        except BlockingIOError as error:
            raise TimeoutError("takes nothing") from error

    def close(self) -> None:
        self._plain.close()


class _TlsStream:
    """TLS over any stream: large reads, a record each, and TLS inside TLS for https proxies."""

    def __init__(
        self, inner: _Stream, context: ssl.SSLContext, host: str, session: ssl.SSLSession | None
    ) -> None:
        self._inner = inner
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=_plain(host), session=session
        )
        self._shake_hands()

    @property
    def session(self) -> ssl.SSLSession | None:
        """To open the next connection to the same server with."""
        return self._tls.session

    def recv(self, size: int, /) -> bytes:
        if not self._incoming.pending and not self._tls.pending():
            self._fill()  # to be told so by an exception takes as long as all the rest
        while (data := self._decrypted(size)) is None:
            self._flush()
            self._fill()
        return data

    def sendall(self, data: bytes, /) -> None:
        self._tls.write(data)
        self._flush()

    def close(self) -> None:
        self._inner.close()

    def _shake_hands(self) -> None:
        while not self._agreed():
            self._fill()

    def _agreed(self) -> bool:
        """Go on with the handshake; False where more of the server is needed."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        finally:
            self._flush()  # also the alert that says why it failed
        return True

    def _decrypted(self, size: int) -> bytes | None:
        """Up to ``size`` bytes of one record, none at the end; None where more is needed."""
        try:
            return self._tls.read(size)
        except ssl.SSLWantReadError:
            return None
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""

    def _flush(self) -> None:
        data = self._outgoing.read()
        if data:
            self._inner.sendall(data)

    def _fill(self) -> None:
        data = self._inner.recv(_READ_BYTES)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()


def _plain(host: str) -> str | bytes:
    """As bytes where that's the same: for a text the codec of international names is loaded, 2 ms."""
    return host.encode() if host.isascii() else host


def _connected(peer: Address, timeout_s: float) -> socket.socket:
    """A socket to the first address of the name that answers; all together have ``timeout_s``."""
    try:
        found = socket.getaddrinfo(_plain(peer.host), peer.port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise socket.gaierror(socket.EAI_NONAME, "no name can look like this") from error
    deadline = time.monotonic() + timeout_s
    last: OSError = ConnectionError("the name has no address")
    for at, (family, kind, protocol, _, where) in enumerate(found):
        plain = socket.socket(family, kind, protocol)
        try:
            plain.settimeout(max((deadline - time.monotonic()) / (len(found) - at), 0.1))
            plain.connect(where)
            _set_options(plain, timeout_s)
        except TimeoutError as error:
            plain.close()
            last = TimeoutError(ETIMEDOUT, "no connection came about in time")
            last.__cause__ = error
        except OSError as error:
            plain.close()
            last = error
        else:
            return plain
    raise last


def _set_options(plain: socket.socket, timeout_s: float) -> None:
    plain.settimeout(None)
    timeout_s = max(timeout_s, 0.001)  # 0 would be for ever
    span = struct.pack("@ll", int(timeout_s), int(timeout_s % 1 * 1_000_000))
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, span)
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, span)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _open_tunnel(stream: _Stream, hop: Hop, proxy: Address) -> None:
    host = f"[{hop.address.host}]" if ":" in hop.address.host else hop.address.host
    where = f"{host}:{hop.address.port}"
    lines = [f"CONNECT {where} HTTP/1.1", f"Host: {where}", f"User-Agent: {hop.headers['user-agent']}"]
    if proxy.userinfo:
        lines.append(f"Proxy-Authorization: {proxy_authorization(proxy.userinfo)}")
    stream.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
    data = b""
    while b"\r\n\r\n" not in data:
        more = stream.recv(4096)
        if not more or len(data) > MAX_HEAD_BYTES:
            raise CutShortError("the proxy closed the connection before it opened a tunnel")
        data += more
    status = _read_head(data.partition(b"\r\n\r\n")[0])[0]
    if status != 200:
        raise ProxyRefusedError(status)


def _request_head(hop: Hop) -> bytes:
    target, headers = hop.address.target, hop.headers
    if hop.proxy is not None and hop.address.scheme == "http":
        target = hop.address.url
        if hop.proxy.userinfo:
            headers = {**headers, "proxy-authorization": proxy_authorization(hop.proxy.userinfo)}
    lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if any("\r" in line or "\n" in line or "\0" in line for line in lines):
        raise BadFrameError("a header with a line break in it was to be sent")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def _read_head(data: bytes) -> tuple[int, Mapping[str, str], bool]:
    """Status, headers, and whether the connection outlives the answer; raises BadFrameError."""
    lines = data.decode("latin-1").split("\r\n")
    first = _STATUS_LINE.fullmatch(lines[0])
    if first is None:
        raise BadFrameError(f"it begins with {lines[0][:40]!r}")
    if len(lines) > MAX_HEAD_LINES:
        raise BadFrameError(f"a head of more than {MAX_HEAD_LINES} lines")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, value = _field(line)
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    _check_framing(headers)
    connection = headers.get("connection", "").lower()
    lasts = "close" not in connection if first[1] == "1" else "keep-alive" in connection
    return int(first[2]), headers, lasts


@lru_cache(maxsize=256)
def _field(line: str) -> tuple[str, str]:
    """Name in lower case, and value, of a header line; most lines come with each answer of a server."""
    field = _FIELD.fullmatch(line)
    if field is None:
        raise BadFrameError(f"the header line {line[:40]!r} can't be read")
    return field[1].lower(), field[2].rstrip(" \t")


def _check_framing(headers: dict[str, str]) -> None:
    """One way to tell the body's end, or none; never two that may differ."""
    coding = headers.get("transfer-encoding")
    if coding is not None:
        if coding.lower() != "chunked":
            raise BadFrameError(f"the transfer coding {coding[:40]!r}, where only chunked is known")
        headers.pop("content-length", None)
    length = headers.get("content-length")
    if length is None or (length.isascii() and length.isdigit() and len(length) < 19):
        return
    lengths = {part.strip() for part in length.split(",")}
    [length] = lengths if len(lengths) == 1 else [""]
    if not (length.isascii() and length.isdigit() and len(length) < 19):
        raise BadFrameError(f"a Content-Length of {headers['content-length'][:40]!r}")
    headers["content-length"] = length


def _nothing() -> None:
    """Do nothing."""
