# mypy: ignore-errors
"""Connections: every address tried, and a channel whose waits all end.

A part of probe.py: Python 3.6, standard library alone.
"""

import errno
import re
import selectors
import socket
import time

try:
    import ssl
except ImportError:
    ssl = None

from envspec.probe.script.addresses import bracketed, errno_word

MAX_HEAD_BYTES = 65536


class OutOfTimeError(Exception):
    """The endpoint's time is over."""


class EndpointWay:
    """How to reach one URL's server again: its address, perhaps through a proxy."""

    def __init__(self, visit, info, host, port, scheme, proxied, login):
        self.visit, self.info, self.host, self.port = visit, info, host, port
        self.scheme, self.proxied, self.login, self.context = scheme, proxied, login, None

    def open(self):
        """A new connection, through the proxy's tunnel where there is one; OSError otherwise."""
        end = self.visit.deadline()
        plain = socket.socket(self.info[0], self.info[1], self.info[2])
        try:
            plain.settimeout(max(0.001, end - time.monotonic()))
            plain.connect(self.info[4])
        except OSError:
            plain.close()
            raise
        channel = EndpointChannel(plain)
        return self.tunnel(channel) if self.proxied and self.scheme == "https" else channel

    def tunnel(self, channel):
        """The same connection after the proxy has opened it; Refused or OSError otherwise."""
        channel.end = self.visit.deadline()
        place = "%s:%d" % (bracketed(self.host), self.port)
        lines = ["CONNECT %s HTTP/1.1" % place, "Host: " + place] + self.proxy_lines()
        status, _ = channel.ask(lines)
        if status != 200:
            channel.close()
            raise TunnelRefusedError(status)
        return channel

    def proxy_lines(self):
        return ["Proxy-Authorization: " + self.login] if self.login else []


class TunnelRefusedError(OSError):
    """The proxy answered CONNECT with ``status``."""

    def __init__(self, status):
        OSError.__init__(self, "refused")
        self.status = status


class NotHttpError(OSError):
    """What came isn't HTTP."""


class EndpointChannel:
    """A connection, plain or with TLS, whose every wait ends at ``end``."""

    def __init__(self, plain):
        self.plain, self.tls, self.end, self.began = plain, None, 0.0, b""
        self.incoming = self.outgoing = None

    def close(self):
        self.plain.close()

    def start_tls(self, context, host, end):
        """Shake hands; ssl.SSLError, ssl.CertificateError or OSError if it fails."""
        self.end = end
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=host)
        self._pump(self.tls.do_handshake)

    def ask(self, lines):
        """Send a request's head and return the answer's status and Location, bounded."""
        self._send("\r\n".join(lines + ["", ""]).encode("latin-1", "replace"))
        head = b""
        for _ in range(5):
            while b"\r\n\r\n" not in head:
                data = self._pump(self.tls.read, 4096) if self.tls else self._receive()
                head += data
                if head[:5] != b"HTTP/"[: len(head)] or len(head) > MAX_HEAD_BYTES:
                    raise NotHttpError
                if not data:
                    raise ConnectionResetError(errno.ECONNRESET, "closed")
            first, head = head.split(b"\r\n\r\n", 1)
            match = re.match(rb"HTTP/1\.[01] (\d{3})(?: |\r\n|$)", first)
            if match is None:
                raise NotHttpError
            if not match.group(1).startswith(b"1"):
                location = re.search(rb"(?i)\r\nlocation:[ \t]*([^\r\n]*)", first)
                return int(match.group(1)), location and location.group(1).strip().decode("utf-8", "replace")
        raise NotHttpError

    def _send(self, data):
        if self.tls is None:
            self.plain.settimeout(self._left())
            self.plain.sendall(data)
        else:
            self._pump(self.tls.write, data)

    def _pump(self, action, *args):
        while True:
            try:
                return action(*args)
            except ssl.SSLWantReadError:
                self._flush()
                data = self._receive()
                self.incoming.write(data) if data else self.incoming.write_eof()
            except ssl.SSLZeroReturnError:
                return b""
            finally:
                self._flush()

    def _flush(self):
        data = self.outgoing.read()
        if data:
            try:
                self.plain.settimeout(self._left())
                self.plain.sendall(data)
            except OSError:
                pass  # what it answered tells more

    def _receive(self):
        self.plain.settimeout(self._left())
        data = self.plain.recv(16384)
        self.began = self.began or data[:8]
        return data

    def _left(self):
        left = self.end - time.monotonic()
        if left <= 0:
            raise socket.timeout("timed out")
        return left


def connect_each(infos, end):
    """Try every address at once; what each brought, and the first that connected with its address."""
    selector = selectors.DefaultSelector()
    errors, sockets = ["timeout"] * len(infos), []
    for number, info in enumerate(infos):
        try:
            plain = socket.socket(info[0], info[1], info[2])
        except OSError as error:
            errors[number] = errno_word(error)
            sockets.append(None)
            continue
        sockets.append(plain)
        plain.setblocking(False)
        code = plain.connect_ex(info[4])
        if code == errno.EINPROGRESS:
            selector.register(plain, selectors.EVENT_WRITE, number)
        else:
            errors[number] = errno.errorcode.get(code, "EIO") if code else ""
    while selector.get_map() and time.monotonic() < end:
        for key, _ in selector.select(max(0.0, end - time.monotonic())):
            code = key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            errors[key.data] = errno.errorcode.get(code, "EIO") if code else ""
            selector.unregister(key.fileobj)
    selector.close()
    first = errors.index("") if "" in errors else None
    for number, plain in enumerate(sockets):
        if plain is not None and number != first:
            plain.close()
    records = [{"error": error} for error in errors]
    return (
        (records, None, None) if first is None else (records, EndpointChannel(sockets[first]), infos[first])
    )
