"""The policy of every request, written once: redirects, retries, logins, bounds, statuses.

A Transport only carries one request to one server and brings the bytes back; whether
it's the lean one or httpx, what happens around it is decided here.
"""

from __future__ import annotations

import hashlib
import io
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO, NoReturn, Protocol, TypeVar

import envspec
from envspec.adapters.web_address import Address, printable
from envspec.adapters.web_errors import (
    BadFrameError,
    ProxyRefusedError,
    ProxyTlsError,
    TooSlowError,
    Visit,
    failure,
    status_failure,
)
from envspec.adapters.web_login import Logins
from envspec.adapters.web_proxy import Proxies
from envspec.adapters.web_tls import UNKNOWN_ISSUER_CODES, Trust
from envspec.errors import (
    BrokenBodyError,
    ConnectionFailedError,
    DiskError,
    NetworkError,
    RedirectError,
    TooLargeError,
)
from envspec.named_tuple import NamedTuple
from envspec.ports import Listen, Progress, Request, Response

if TYPE_CHECKING:
    from pathlib import Path

MAX_REDIRECTS = 10
MAX_TRIES = 4
MAX_RETRY_AFTER_S = 60.0
BACKOFF_S = 0.5
"""Before the first retry, on average; doubled before each further one."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_WORTH_RETRYING = frozenset({429, 500, 502, 503, 504})
_HEARTENING_BYTES = 1024 * 1024
"""A download that got on by so much starts counting its tries anew."""
_SMALL_BODY_BYTES = 64 * 1024

T = TypeVar("T")


class Hop(NamedTuple):
    """One request to one server, with everything decided."""

    address: Address
    headers: Mapping[str, str]
    """Names in lower case; Host is among them."""
    proxy: Address | None
    ca_file: str | None


class Answer(Protocol):
    """What came back: its head is read, its body isn't yet."""

    @property
    def status(self) -> int:
        """Of the status line."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Names in lower case; what came several times is joined by commas."""
        ...

    def parts(self) -> Iterator[bytes]:
        """The body as it travels, once. Raises OSError where it ends too early."""
        ...

    def close(self) -> None:
        """Give the connection back, or close it where the body wasn't read to its end."""
        ...


class Transport(Protocol):
    """Carries one request; follows nothing and repeats nothing. Safe to use from several threads.

    Raises OSError: gaierror for a name, SSLError for TLS, TimeoutError for silence,
    the classes of ``web_errors`` for what isn't HTTP.
    """

    def send(self, hop: Hop) -> Answer:
        """Send and read the head of the answer."""
        ...

    def close(self) -> None:
        """Close every connection, also those in use."""
        ...


class _WorthRetrying(Exception):  # noqa: N818 - never leaves this module
    """What would be raised, unless another try helps."""

    def __init__(self, error: NetworkError, *, tries: int = MAX_TRIES, wait_s: float | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.tries = tries
        self.wait_s = wait_s


class _Partial:
    """A download under way."""

    def __init__(self, file: BinaryIO, progress: Progress | None) -> None:
        self.file = file
        self.progress = progress
        self.size = 0
        self.digest = hashlib.sha256()
        self.validator = ""
        """Strong ETag under which the rest may be asked for; empty where it may not."""
        self.whole: tuple[Mapping[str, str], str] = ({}, "")
        """Headers of the answer that began the file, and the URL it came from."""

    def restart(self) -> None:
        """Drop what came so far."""
        if not self.size:
            return
        if self.progress is not None:
            self.progress.advance(-self.size)
        self.file.seek(0)
        self.file.truncate()
        self.size, self.digest = 0, hashlib.sha256()

    def add(self, part: bytes) -> None:
        """Write, hash and tell one part."""
        self.file.write(part)
        self.digest.update(part)
        self.size += len(part)
        if self.progress is not None:
            self.progress.advance(len(part))


class PoliteHttp:
    """``ports.Http`` over a Transport. ``timeout_s``: a request may be silent that long."""

    def __init__(
        self,
        transport: Transport,
        *,
        trust: Trust,
        logins: Logins,
        proxies: Proxies,
        timeout_s: float,
        backoff_s: float = BACKOFF_S,
    ) -> None:
        self._transport = transport
        self._trust = trust
        self._logins = logins
        self._proxies = proxies
        self._timeout_s = timeout_s
        self._backoff_s = backoff_s
        self._closed = threading.Event()

    def get(self, request: Request) -> Response:
        """As ``ports.Http.get``. Asks for gzip unless the request says otherwise or wants a range."""
        return self._persist(lambda: self._get_once(request))

    def download(
        self, request: Request, to: Path, progress: Progress | None = None, listen: Listen | None = None
    ) -> str:
        """As ``ports.Http.download``: what was cut off is resumed where the server allows it."""
        temporary = to.with_name(f".{to.name}.{os.urandom(6).hex()}.part")
        try:
            with temporary.open("xb") as file:
                partial = _Partial(file, progress)
                self._persist(lambda: self._download_once(request, partial), size=lambda: partial.size)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, to)
        except BaseException as error:
            with suppress(OSError):
                temporary.unlink()
            if isinstance(error, OSError):
                raise DiskError(
                    what=f"{to}: can't be written",
                    why=error.strerror or str(error),
                    fix="make room or choose another folder; what was there before is untouched",
                ) from error
            raise
        if listen is not None:
            listen(*partial.whole)
        return partial.digest.hexdigest()

    def close(self) -> None:
        """End waiting and running requests, which fail, and close every connection."""
        self._closed.set()
        self._transport.close()

    # -- tries

    def _persist(self, once: Callable[[], T], size: Callable[[], int] = int) -> T:
        """Try ``once`` until it works, is past mending, or was tried often enough."""
        tried = 0
        size_before = 0
        while True:
            try:
                return once()
            except _WorthRetrying as failed:  # noqa: PERF203 - the loop is the retrying
                if size() - size_before >= _HEARTENING_BYTES:
                    tried = 0
                size_before = size()
                tried += 1
                if tried >= failed.tries or self._closed.is_set():
                    raise failed.error from failed.__cause__
                wait_s = failed.wait_s
                if wait_s is None:
                    wait_s = self._backoff_s * 2 ** (tried - 1) * _jitter()
                self._closed.wait(wait_s)

    # -- once

    def _get_once(self, request: Request) -> Response:
        with self._arrival(request, request.headers) as (visit, answer):
            status = answer.status
            answers = 200 <= status < 300 or status in (304, 404, 410)
            if not answers and not (status in (416, 501) and "range" in _lower(request.headers)):
                self._refuse(visit, answer)
            if status != 304:  # its Content-Length is of the body that isn't sent
                _check_length(visit, answer, request.max_bytes)
            body = io.BytesIO()  # a list of parts would take many times their bytes where they're tiny
            for part in self._parts(visit, answer):
                if body.tell() + len(part) > request.max_bytes:
                    raise _too_large(visit, request.max_bytes)
                body.write(part)
            return Response(status, answer.headers, body.getvalue(), visit.here.url)

    def _download_once(self, request: Request, partial: _Partial) -> None:
        headers = {**request.headers, "accept-encoding": "identity"}
        resuming = bool(partial.size and partial.validator)
        if resuming:
            headers |= {"range": f"bytes={partial.size}-", "if-range": partial.validator}
        with self._arrival(request, headers) as (visit, answer):
            if resuming and answer.status in (206, 416):
                self._check_resumption(visit, answer, partial)
            elif answer.status == 200:
                partial.restart()
                partial.validator = _strong_etag(answer)
                partial.whole = answer.headers, visit.here.url
            else:
                self._refuse(visit, answer)
            _check_length(visit, answer, request.max_bytes - partial.size)
            for part in self._parts(visit, answer):
                if partial.size + len(part) > request.max_bytes:
                    raise _too_large(visit, request.max_bytes)
                partial.add(part)
            if resuming and answer.status == 206 and partial.size != _total(answer):
                self._start_anew(visit, answer, partial)

    def _check_resumption(self, visit: Visit, answer: Answer, partial: _Partial) -> None:
        """Bytes from another place, or of another file, are never put behind what we have."""
        total = _total(answer)
        expected = f"bytes {partial.size}-{total - 1}/{total}"
        same = answer.headers.get("etag", partial.validator) == partial.validator
        if answer.status != 206 or not same or answer.headers.get("content-range") != expected:
            self._start_anew(visit, answer, partial)

    def _start_anew(self, visit: Visit, answer: Answer, partial: _Partial) -> NoReturn:
        place = answer.headers.get("content-range", "")
        partial.validator = ""
        raise _WorthRetrying(
            BrokenBodyError(
                what=f"{visit.label}: the rest of the file can't be had",
                why=f"the server answered {answer.status} with {printable(place) or 'no Content-Range'},"
                " and its bytes aren't those that are missing",
                fix="try again; it's then fetched from its beginning",
            ),
            wait_s=0.0,
        )

    # -- on the way

    @contextmanager
    def _arrival(self, request: Request, headers: Mapping[str, str]) -> Iterator[tuple[Visit, Answer]]:
        """The answer where redirects end; its connection is given back afterwards."""
        start = Address.parse(request.url)
        self._logins.learn(start)
        here, been = start, {start.url}
        while True:
            visit = Visit(start, here, self._proxies.route(here), request.named)
            answer = self._send(visit, headers, request.ca_file)
            try:
                if answer.status not in _REDIRECTS:
                    yield visit, answer
                    return
                here = _next_address(visit, answer, been)
                self._drain(visit, answer)
            finally:
                answer.close()

    def _send(self, visit: Visit, headers: Mapping[str, str], ca_file: str | None) -> Answer:
        hop = Hop(visit.here, self._headers(visit, headers), visit.proxy, ca_file)
        widened: set[str | None] = set()
        while True:
            if self._closed.is_set():
                raise ConnectionFailedError(what=f"{visit.label}: not asked any more, as we stop")
            try:
                return self._transport.send(hop)
            except OSError as error:
                trusted = None if isinstance(error, ProxyTlsError) else ca_file
                if _knows_no_issuer(error) and trusted not in widened and self._trust.widen(trusted):
                    widened.add(trusted)
                    continue
                self._fail(visit, error)

    def _headers(self, visit: Visit, wanted: Mapping[str, str]) -> dict[str, str]:
        wanted = _lower(wanted)
        headers = {
            "host": visit.here.netloc,
            "user-agent": f"envspec/{envspec.__version__}",
            "accept": "*/*",
            "accept-encoding": "identity" if "range" in wanted else "gzip",
        }
        headers |= wanted
        if visit.here.origin != visit.start.origin:
            headers.pop("authorization", None)
            headers.pop("cookie", None)
        if "authorization" not in headers:
            named = visit.named and visit.here.origin == visit.start.origin
            login = self._logins.header(visit.here, named=named)
            if login:
                headers["authorization"] = login
        return headers

    def _parts(self, visit: Visit, answer: Answer) -> Iterator[bytes]:
        parts = answer.parts()
        while True:
            try:
                part = next(parts, None)
            except OSError as error:
                self._fail(visit, error, in_body=True)
            if part is None:
                return
            yield part

    def _drain(self, visit: Visit, answer: Answer) -> None:
        """Read a small body that nobody wants, so that its connection can serve on."""
        size = 0
        for part in self._parts(visit, answer):
            size += len(part)
            if size > _SMALL_BODY_BYTES:
                return

    # -- what went wrong

    def _fail(self, visit: Visit, error: OSError, *, in_body: bool = False) -> NoReturn:
        if isinstance(error, ssl.SSLError) and "malloc failure" in str(error):
            raise MemoryError from error
        told = failure(
            visit, error, timeout_s=self._timeout_s, in_body=in_body, troubles=self._trust.troubles
        )
        tries = _tries_for(error, in_body=in_body)
        if tries > 1:
            raise _WorthRetrying(told, tries=tries) from error
        raise told from error

    def _refuse(self, visit: Visit, answer: Answer) -> NoReturn:
        """Raise what a status means that is no answer."""
        status = answer.status
        wait_s = _retry_after(answer.headers.get("retry-after", ""))
        reason = "" if wait_s is None else f"it asks to wait {wait_s:.0f} s"
        if wait_s is not None and wait_s > MAX_RETRY_AFTER_S:
            reason += f", we wait {MAX_RETRY_AFTER_S:.0f} s at most"
        error = status_failure(
            visit,
            status,
            reason,
            had_login="authorization" in self._headers(visit, {}),
            netrc_trouble=self._logins.netrc_trouble,
        )
        error.headers = dict(answer.headers)
        if status in _WORTH_RETRYING and (wait_s is None or wait_s <= MAX_RETRY_AFTER_S):
            raise _WorthRetrying(error, wait_s=wait_s)
        raise error


def _knows_no_issuer(error: OSError) -> bool:
    error = error.reason if isinstance(error, ProxyTlsError) else error
    return isinstance(error, ssl.SSLCertVerificationError) and error.verify_code in UNKNOWN_ISSUER_CODES


def _tries_for(error: OSError, *, in_body: bool) -> int:
    """How often a request may be made that ends in ``error``."""
    error = error.reason if isinstance(error, ProxyTlsError) else error
    if isinstance(error, socket.gaierror):
        return 2 if error.errno == socket.EAI_AGAIN else 1
    if isinstance(error, ssl.SSLError) and not in_body:
        return MAX_TRIES if isinstance(error, ssl.SSLEOFError) else 1
    if isinstance(error, TimeoutError):
        return 2
    return 1 if isinstance(error, (BadFrameError, ProxyRefusedError, TooSlowError)) else MAX_TRIES


def _next_address(visit: Visit, answer: Answer, been: set[str]) -> Address:
    """Where a redirect leads; raises RedirectError where we don't go."""
    location = answer.headers.get("location", "").strip()
    start = f"{visit.start.shown}: redirected" if visit.redirected else visit.here.shown
    fix = "check the URL, and ask whoever runs the server where it moved"
    if not location:
        raise RedirectError(what=f"{visit.label}: the server answered {answer.status} and no place", fix=fix)
    try:
        there = Address.parse(_joined(visit.here, location))
    except (NetworkError, ValueError) as error:
        scheme = printable(location.partition(":")[0]).lower() if ":" in location else "http"
        known = scheme in ("http", "https")
        raise RedirectError(
            what=f"{visit.label}: redirected to where we don't go",
            why="it's no URL" if known else f"the place is of kind {scheme!r}, and we follow http and https",
            fix=fix,
        ) from error
    if visit.here.scheme == "https" and there.scheme == "http":
        raise RedirectError(
            what=f"{visit.label}: redirected from https to {there.shown}",
            why="what comes unencrypted may come from anyone",
            fix=fix,
        )
    if there.url in been:
        raise RedirectError(what=f"{start} in a loop", why=f"{there.shown} was asked before", fix=fix)
    been.add(there.url)
    if len(been) > MAX_REDIRECTS + 1:
        raise RedirectError(
            what=f"{start} more than {MAX_REDIRECTS} times", why=f"the last one was to {there.shown}", fix=fix
        )
    return there


def _joined(here: Address, location: str) -> str:
    from urllib.parse import urljoin, urlsplit, urlunsplit

    parts = urlsplit(urljoin(here.url, location))
    # A login that a server writes into its redirect isn't the user's.
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))


def _jitter() -> float:
    """0.5 to 1.5, so that threads that failed together don't come back together."""
    return 0.5 + os.urandom(1)[0] / 255


def _retry_after(text: str) -> float | None:
    """Seconds of a Retry-After header, RFC 9110 section 10.2.3; None if it says nothing."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    if not text:
        return None
    from email.utils import parsedate_to_datetime

    try:
        return max(parsedate_to_datetime(text).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return None


def _total(answer: Answer) -> int:
    """The size of the whole file by Content-Range; 0 if it says none."""
    total = answer.headers.get("content-range", "").rpartition("/")[2]
    return int(total) if total.isascii() and total.isdigit() and len(total) < 19 else 0


def _strong_etag(answer: Answer) -> str:
    tag = answer.headers.get("etag", "")
    resumable = answer.headers.get("accept-ranges", "").strip().lower() == "bytes"
    return tag if resumable and tag.startswith('"') and "content-encoding" not in answer.headers else ""


def _check_length(visit: Visit, answer: Answer, max_bytes: int) -> None:
    length = answer.headers.get("content-length", "")
    if length.isdigit() and len(length) < 20 and int(length) <= max_bytes:
        return
    if length:
        raise _too_large(visit, max_bytes, f"{printable(length)} bytes are announced")


def _too_large(visit: Visit, max_bytes: int, why: str = "") -> TooLargeError:
    return TooLargeError(
        what=f"{visit.label}: the body is longer than {max_bytes} bytes",
        why=why or "it was cut off there",
        fix="check the URL; nothing that belongs here is that long",
    )


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
