"""A loopback server for tests: a simple index told as Python values, and every way to fail.

::

    with Loopback(projects={"demo": [wheel("demo", "1.0", ["dep>=2"])]}, tls="good") as server:
        server.index_url            # https://127.0.0.1:PORT/simple
        server.ca_file              # PEM file that a client must trust
        server.first("/simple/demo/", Answer(503, headers={"retry-after": "0"}), times=2)
        server.always("/files/x.whl", truncated(b"..."))
        server.log                  # what was asked: path and headers
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import gzip
import hashlib
import io
import json
import re
import socket
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from types import TracebackType
from typing import Any, BinaryIO

from tests import certificates
from tests.distributions import make_sdist as make_sdist
from tests.distributions import make_wheel as make_wheel
from tests.distributions import sdist_name as sdist_name
from tests.distributions import wheel_name as wheel_name

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
HTML_TYPE = "application/vnd.pypi.simple.v1+html"

RANGE_MODES = (
    "proper",
    "ignored",  # 200 and the whole file
    "refused-416",
    "refused-501",
    "no-suffix",  # bytes=0-9 is served, bytes=-10 is answered 416
    "wrong-content-range",  # says another place than the one asked for
    "no-content-range",
    "multipart",
    "short",  # half of what Content-Range promises
    "wrong-bytes",  # right length and headers, other bytes
)


@dataclasses.dataclass(frozen=True)
class File:
    """One file of a project, and what its index says of it."""

    filename: str
    data: bytes
    hashes: Mapping[str, str] | bool = True
    """True: the right sha256. False: none. A mapping stands as it is."""
    metadata: str = "none"
    """hashed, unhashed, wrong-hash, missing (promised, but 404), or none."""
    yanked: bool | str = False
    requires_python: str | None = None
    upload_time: str | None = "2024-01-01T00:00:00Z"
    size: int | bool = True
    """True: the right size. False: not said. A number stands as it is."""
    url: str = ""
    """Instead of this server's own."""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def stated_hashes(self) -> dict[str, str]:
        if self.hashes is True:
            return {"sha256": self.sha256}
        return dict(self.hashes) if self.hashes else {}

    @property
    def stated_metadata(self) -> bool | dict[str, str] | None:
        if self.metadata == "none":
            return None
        if self.metadata == "hashed":
            return {"sha256": hashlib.sha256(self.metadata_bytes).hexdigest()}
        return {"sha256": "0" * 64} if self.metadata == "wrong-hash" else True

    @property
    def metadata_bytes(self) -> bytes:
        """The METADATA inside the wheel."""
        with zipfile.ZipFile(io.BytesIO(self.data)) as archive:
            [name] = [n for n in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", n)]
            return archive.read(name)


def wheel(
    name: str,
    version: str,
    requires: Sequence[str] = (),
    *,
    tag: str = "py3-none-any",
    build: str = "",
    requires_python: str | None = None,
    extras: Sequence[str] = (),
    wheel_metadata: str | bytes | None = None,
    files: Mapping[str, bytes] | None = None,
    **stated: Any,
) -> File:
    """A wheel and its entry; ``stated`` is what else File knows (yanked, hashes, ...)."""
    data = make_wheel(
        name,
        version,
        requires,
        tag=tag,
        requires_python=requires_python,
        extras=extras,
        metadata=wheel_metadata,
        files=files,
    )
    stated = {"metadata": "hashed", **stated}
    return File(wheel_name(name, version, tag, build), data, requires_python=requires_python, **stated)


def sdist(
    name: str,
    version: str,
    requires: Sequence[str] = (),
    *,
    requires_python: str | None = None,
    build: Mapping[str, Any] | None = None,
    **stated: Any,
) -> File:
    """An sdist and its entry; ``build`` goes on to make_sdist, ``stated`` to File."""
    data = make_sdist(name, version, requires, requires_python=requires_python, **(build or {}))
    return File(sdist_name(name, version), data, requires_python=requires_python, **stated)


@dataclasses.dataclass(frozen=True)
class Asked:
    """One request that came."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    connection: int
    """Number of the connection it came on, from 1."""


@dataclasses.dataclass(frozen=True)
class Answer:
    """What goes back, sound or not."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    silent_s: float = 0.0
    """Say nothing for so long first; closing the server ends it."""
    cut_at: int | None = None
    """Hang up after so many bytes of a body whose whole length was promised."""
    stall_at: int | None = None
    """Go silent after so many bytes of the body."""
    chunked: bool = False
    endless: bool = False
    """The body again and again, in chunks, for ever."""
    raw: bytes | None = None
    """Sent as it is in place of everything, then the connection is closed."""
    reset: bool = False
    """Close the connection with a reset and no answer."""
    close: bool = False
    """Close the connection afterwards without having said so."""


Answering = Callable[[Asked], Answer]


def redirect(to: str, status: int = 302) -> Answer:
    """To ``to``, which may be relative."""
    return Answer(status, headers={"location": to})


def truncated(body: bytes, at: int | None = None) -> Answer:
    """Promises the whole ``body`` and hangs up after ``at`` bytes (half of it)."""
    return Answer(body=body, cut_at=len(body) // 2 if at is None else at)


def endless(body: bytes = b"x" * 65536) -> Answer:
    """A body that never ends."""
    return Answer(body=body, endless=True)


def silent(seconds: float = 60.0) -> Answer:
    """Takes the request and says nothing."""
    return Answer(silent_s=seconds)


def html_instead_of_json() -> Answer:
    """A login page, as a captive proxy sends it, that claims to be JSON."""
    return Answer(body=b"<!doctype html><title>Please log in</title>", headers={"content-type": JSON_TYPE})


def broken_json() -> Answer:
    """JSON that stops in the middle, whole as a body."""
    return Answer(body=b'{"meta": {"api-version": "1.1"}, "files": [', headers={"content-type": JSON_TYPE})


def deep_json(depth: int = 100_000) -> Answer:
    """JSON nested so deep that a recursive reader falls over."""
    body = b'{"meta":{"api-version":"1.1"},"name":"deep","files":' + b"[" * depth + b"]" * depth + b"}"
    return Answer(body=body, headers={"content-type": JSON_TYPE})


class Loopback:
    """Serves on 127.0.0.1 until closed, a thread per connection.

    ``form``: what pages are: ``json``, ``html``, or ``accept`` (what the client prefers).
    ``ranges``: one of RANGE_MODES. ``tls``: a kind of ``certificates``, empty for plain.
    ``auth``: user and password that every path asks for. ``max_age`` and ``etag`` are of
    pages and files. ``requests_per_connection``: it closes after so many, without saying so.
    """

    def __init__(
        self,
        *,
        projects: Mapping[str, Sequence[File]] | None = None,
        tls: str = "",
        form: str = "accept",
        compress: bool = True,
        etag: bool = True,
        max_age: int | None = None,
        ranges: str = "proper",
        auth: tuple[str, str] | None = None,
        relative_urls: bool = False,
        delay_s: float = 0.0,
        requests_per_connection: int = 0,
    ) -> None:
        assert ranges in RANGE_MODES
        self.projects = {_normalized(name): list(files) for name, files in (projects or {}).items()}
        self.tls = tls
        self.form = form
        self.compress = compress
        self.etag = etag
        self.max_age = max_age
        self.ranges = ranges
        self.auth = auth
        self.relative_urls = relative_urls
        self.delay_s = delay_s
        self.requests_per_connection = requests_per_connection
        self.log: list[Asked] = []
        self.connections = 0
        self._first: dict[str, list[Answer]] = {}
        self._always: dict[str, Answer | Answering] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._live: set[socket.socket] = set()
        self._context = certificates.server_context(tls) if tls else None
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def index_url(self) -> str:
        """Root of the simple API, without a slash at the end."""
        return f"{self.url}/simple"

    @property
    def ca_file(self) -> str | None:
        """The authority to trust; None where there's no TLS."""
        return str(certificates.ca_file()) if self.tls else None

    def with_credentials(self, user: str, password: str) -> str:
        """``index_url`` with these in it."""
        return self.index_url.replace("://", f"://{user}:{password}@", 1)

    def file_url(self, filename: str) -> str:
        return f"{self.url}/files/{filename.replace('+', '%2B')}"

    def add(self, name: str, *files: File) -> None:
        """More files of a project."""
        self.projects.setdefault(_normalized(name), []).extend(files)

    def first(self, path: str, *answers: Answer, times: int = 1) -> None:
        """Give these answers to the next requests for ``path``, then what it gives otherwise."""
        with self._lock:
            self._first.setdefault(path, []).extend(list(answers) * times)

    def always(self, path: str, answer: Answer | Answering) -> None:
        """Give this answer to every request for ``path``."""
        self._always[path] = answer

    def asked(self, path: str) -> list[Asked]:
        """The requests that came for ``path``."""
        return [asked for asked in self.log if asked.path == path]

    @property
    def paths(self) -> list[str]:
        """The paths asked for, in the order they came."""
        return [asked.path for asked in self.log]

    def close(self) -> None:
        """Hang up on everyone."""
        self._closed.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._live:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)

    def __enter__(self) -> Loopback:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- connections

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                number = self.connections
                self._live.add(connection)
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, plain: socket.socket, number: int) -> None:
        connection = plain
        try:
            plain.settimeout(30)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is not None:
                connection = self._context.wrap_socket(plain, server_side=True)
                with self._lock:
                    self._live.discard(plain)
                    self._live.add(connection)
            with connection.makefile("rb") as reader:
                if reader.peek(1)[:1] == b"\x16":  # TLS, which isn't spoken here
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")
                    return
                self._converse(connection, reader, number)
        except (OSError, ValueError):
            pass
        finally:
            with self._lock:
                self._live.discard(connection)
            connection.close()

    def _converse(self, connection: socket.socket, reader: BinaryIO, number: int) -> None:
        served = 0
        while not self._closed.is_set():
            asked = _read_request(reader, number)
            if asked is None:
                return
            with self._lock:
                self.log.append(asked)
            answer = self._choose(asked)
            keep = self._send(connection, answer, asked)
            served += 1
            if not keep or served == self.requests_per_connection:
                return

    def _send(self, connection: socket.socket, answer: Answer, asked: Asked) -> bool:
        """Say whether the connection may serve on."""
        self._closed.wait(answer.silent_s or self.delay_s) if answer.silent_s or self.delay_s else None
        if answer.reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            return False
        if answer.raw is not None:
            connection.sendall(answer.raw)
            return False
        bare = asked.method == "HEAD" or answer.status in (204, 304)
        head = f"HTTP/1.1 {answer.status} {'OK' if answer.status < 400 else 'Sorry'}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
        if answer.chunked or answer.endless:
            head += "transfer-encoding: chunked\r\n"
        elif answer.status not in (204, 304) and "content-length" not in answer.headers:
            head += f"content-length: {len(answer.body)}\r\n"
        body = b"" if bare else answer.body
        if answer.endless:
            connection.sendall(f"{head}\r\n".encode("latin-1"))
            chunk = b"%x\r\n%s\r\n" % (len(body), body)
            while not self._closed.is_set():
                connection.sendall(chunk)
            return False
        if answer.chunked and not bare:
            body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in _parts(body)) + b"0\r\n\r\n"
        stop = answer.cut_at if answer.cut_at is not None else answer.stall_at
        connection.sendall(f"{head}\r\n".encode("latin-1") + body[:stop])
        if answer.stall_at is not None:
            self._closed.wait(60)
        return stop is None and not answer.close

    # -- what to answer

    def _choose(self, asked: Asked) -> Answer:
        with self._lock:
            waiting = self._first.get(asked.path)
            if waiting:
                return waiting.pop(0)
        always = self._always.get(asked.path) or self._always.get(asked.path.partition("?")[0])
        if isinstance(always, Answer):
            return always
        if self.auth is not None and asked.headers.get("authorization") != _basic(*self.auth):
            return Answer(401, b"who are you?", {"www-authenticate": 'Basic realm="loopback"'})
        return always(asked) if always is not None else self._site(asked)

    def _site(self, asked: Asked) -> Answer:
        path = asked.path.partition("?")[0]
        if match := re.fullmatch(r"/simple/([^/]+)(/?)", path):
            name = _normalized(match[1])
            if name not in self.projects:
                return Answer(404, b"no such project")
            if not match[2] or name != match[1]:
                return redirect(f"/simple/{name}/", 301)
            return self._page(name, asked)
        if path.startswith("/files/"):
            return self._file(path.removeprefix("/files/"), asked)
        return Answer(404, b"nothing here")

    def _page(self, name: str, asked: Asked) -> Answer:
        accept = asked.headers.get("accept", "")
        as_json = self.form == "json" or (self.form == "accept" and "+json" in accept)
        body = self.page_json(name) if as_json else self.page_html(name)
        headers = {"content-type": JSON_TYPE if as_json else HTML_TYPE, "vary": "Accept, Accept-Encoding"}
        return self._with_validators(body, headers, asked)

    def _file(self, filename: str, asked: Asked) -> Answer:
        for file in (file for files in self.projects.values() for file in files):
            if filename == file.filename:
                return self._ranged(file.data, asked)
            if filename == f"{file.filename}.metadata" and file.metadata not in ("none", "missing"):
                return self._with_validators(file.metadata_bytes, {"content-type": "text/plain"}, asked)
        return Answer(404, b"no such file")

    def _with_validators(self, body: bytes, headers: dict[str, str], asked: Asked) -> Answer:
        if self.max_age is not None:
            headers["cache-control"] = f"max-age={self.max_age}, public"
        if self.etag:
            headers["etag"] = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            if asked.headers.get("if-none-match") == headers["etag"]:
                return Answer(304, b"", headers)
        if self.compress and "gzip" in asked.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
            body = gzip.compress(body, 1, mtime=0)
        return Answer(200, body, headers)

    def _ranged(self, data: bytes, asked: Asked) -> Answer:
        headers = {"content-type": "application/octet-stream"}
        if self.etag:
            headers["etag"] = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
        if self.ranges != "ignored":
            headers["accept-ranges"] = "bytes"
        wanted = asked.headers.get("range")
        condition = asked.headers.get("if-range")
        if wanted is None or self.ranges == "ignored" or (condition and condition != headers.get("etag")):
            return Answer(200, data, headers)
        if self.ranges in ("refused-416", "refused-501"):
            return Answer(int(self.ranges[-3:]), b"no ranges here", headers)
        span = _span(wanted, len(data))
        if span is None or (self.ranges == "no-suffix" and wanted.startswith("bytes=-")):
            return Answer(416, b"", {**headers, "content-range": f"bytes */{len(data)}"})
        start, stop = span
        return self._botched(Answer(206, data[start:stop], headers), start, len(data))

    def _botched(self, answer: Answer, start: int, total: int) -> Answer:
        """The partial answer as ``ranges`` wants it, sound if that is ``proper``."""
        body = answer.body
        place = f"bytes {start}-{start + len(body) - 1}/{total}"
        if self.ranges == "wrong-content-range":
            place = f"bytes {start + 1}-{start + len(body)}/{total + 1}"
        if self.ranges == "multipart":
            part = f"--cut\r\ncontent-range: {place}\r\n\r\n".encode() + body + b"\r\n--cut--\r\n"
            return Answer(206, part, {**answer.headers, "content-type": "multipart/byteranges; boundary=cut"})
        if self.ranges == "short":
            body = body[: len(body) // 2]
        if self.ranges == "wrong-bytes":
            body = bytes(byte ^ 0xFF for byte in body)
        headers = (
            dict(answer.headers)
            if self.ranges == "no-content-range"
            else {**answer.headers, "content-range": place}
        )
        return Answer(206, body, headers)

    # -- pages

    def page_json(self, name: str) -> bytes:
        """The project's page, PEP 691."""
        entries = []
        for file in self.projects[name]:
            entry: dict[str, object] = {
                "filename": file.filename,
                "url": self._url_of(file),
                "hashes": file.stated_hashes,
            }
            if file.requires_python is not None:
                entry["requires-python"] = file.requires_python
            if file.size is not False:
                entry["size"] = len(file.data) if file.size is True else file.size
            if file.upload_time is not None:
                entry["upload-time"] = file.upload_time
            if file.yanked is not False:
                entry["yanked"] = file.yanked
            if file.stated_metadata is not None:
                entry["core-metadata"] = file.stated_metadata
            entries.append(entry)
        page = {"meta": {"api-version": "1.1"}, "name": name, "files": entries}
        return json.dumps(page).encode()

    def page_html(self, name: str) -> bytes:
        """The project's page, PEP 503."""
        lines = ['<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.1">']
        lines += [f"<title>Links for {name}</title></head><body><h1>Links for {name}</h1>"]
        for file in self.projects[name]:
            fragment = "".join(f"#{kind}={value}" for kind, value in list(file.stated_hashes.items())[:1])
            attributes = f'href="{escape(self._url_of(file) + fragment)}"'
            if file.requires_python is not None:
                attributes += f' data-requires-python="{escape(file.requires_python)}"'
            if file.yanked is not False:
                attributes += f' data-yanked="{escape("" if file.yanked is True else file.yanked)}"'
            stated = file.stated_metadata
            if stated is not None:
                value = "true" if not isinstance(stated, dict) else f"sha256={stated['sha256']}"
                attributes += f' data-core-metadata="{value}"'
            lines.append(f"<a {attributes}>{escape(file.filename)}</a><br>")
        return "\n".join([*lines, "</body></html>"]).encode()

    def _url_of(self, file: File) -> str:
        root = "../.." if self.relative_urls else self.url
        return file.url or f"{root}/files/{file.filename.replace('+', '%2B')}"


def _read_request(reader: BinaryIO, number: int) -> Asked | None:
    line = reader.readline(65536)
    if not line:
        return None
    method, target, _ = line.decode("latin-1").split(" ", 2)
    headers: dict[str, str] = {}
    while (line := reader.readline(65536)) not in (b"\r\n", b"\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return Asked(method, target.replace("%2B", "+"), headers, number)


def _span(text: str, total: int) -> tuple[int, int] | None:
    """Where ``bytes=0-9``, ``bytes=10-`` or ``bytes=-10`` begins and ends."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", text)
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        start, stop = max(total - int(match[2]), 0), total
    else:
        start, stop = int(match[1]), min(int(match[2]) + 1, total) if match[2] else total
    return (start, stop) if start < stop else None


def _parts(body: bytes, size: int = 1000) -> Iterator[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
