"""PageProcess: a second process that reads project pages, so that the resolver's keeps its own core.

Inflating, decoding and reducing pages is most of what a first lock computes, and one
interpreter does one thing at a time. The process is a fork: it needs no start-up, holds
no secret that we don't, and ends with us. Whatever goes wrong with it, pages are read here.
"""

from __future__ import annotations

import marshal
import os
import signal
import socket
import struct
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from envspec.errors import BrokenBodyError, BrokenPageError, EnvspecError, TooLargeError
from envspec.index.reading import read_record
from envspec.index.store import StoredBody

if TYPE_CHECKING:
    from envspec.index.view import ProjectRecord, View

_LENGTH = struct.Struct("<QQ")
_BUFFER_BYTES = 1 << 20
_PACKED = 7
"""Values of a packed record; an error has fewer."""
_ERRORS: dict[str, type[EnvspecError]] = {
    kind.__name__: kind for kind in (BrokenPageError, BrokenBodyError, TooLargeError)
}


def open_page_process(*, at_once: bool = False) -> PageProcess | None:
    """Start one; None where it would be no gain (one core), or can't be (no fork, threads already run).

    ``at_once``: pages are sure to come, so it loads what reading takes while the first is asked for.
    """
    if sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2 or threading.active_count() > 1:
        return None
    try:
        return PageProcess(at_once=at_once)
    except OSError:  # no process or memory left for it
        return None


class PageProcess:
    """A PageReader. To be made before any thread is started."""

    def __init__(self, *, at_once: bool = False) -> None:
        self._channel, theirs = socket.socketpair()
        self._life, seen = socket.socketpair()
        """Never written to; that it's closed ends the second process, however busy it is."""
        for end in (self._channel, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
        self._turn = threading.Lock()
        self._works = True
        self._process = os.fork()
        if self._process == 0:
            self._channel.close()
            self._life.close()
            _serve(theirs, seen, at_once)
        theirs.close()
        seen.close()

    def __call__(self, body: StoredBody, project: str, view: View) -> ProjectRecord:
        """See PageReader."""
        with self._turn:
            answer = self._ask(body, project, view) if self._works else None
        if answer is None:
            return read_record(body, project, view)
        if len(answer) < _PACKED:
            kind, what, why, fix = answer
            raise _ERRORS[kind](what=what, why=why, fix=fix)
        from envspec.index.view import ProjectRecord

        return ProjectRecord.unpack(project, body.url, answer)

    def _ask(self, body: StoredBody, project: str, view: View) -> Any:
        target = (*view.target, view.cutoff, view.need_hash, view.sdists)
        try:
            _send(self._channel, marshal.dumps((project, body[1:], target)), body.body)
            head, rest = _receive(self._channel)
            plain = marshal.loads(head)  # noqa: S302 - what our own fork wrote
            return (*plain, rest.decode()) if len(plain) == _PACKED - 1 else plain
        except (OSError, EOFError, ValueError):  # it was killed
            self._works = False
            return None
        except BaseException:  # interrupted between question and answer
            self._works = False
            raise

    def close(self) -> None:
        """End it; what it was reading is lost."""
        self._channel.close()
        self._life.close()
        with suppress(OSError):
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)


def _send(channel: socket.socket, head: bytes, body: bytes) -> None:
    channel.sendall(_LENGTH.pack(len(head), len(body)) + head)
    channel.sendall(body)


def _receive(channel: socket.socket) -> tuple[bytes, bytes]:
    head, body = _LENGTH.unpack(_exactly(channel, _LENGTH.size))
    return bytes(_exactly(channel, head)), bytes(_exactly(channel, body))


def _exactly(channel: socket.socket, size: int) -> bytearray:
    data = bytearray(size)
    view = memoryview(data)
    while view:
        got = channel.recv_into(view, min(len(view), _BUFFER_BYTES))
        if not got:
            raise EOFError
        view = view[got:]
    return data


def _serve(channel: socket.socket, life: socket.socket, at_once: bool) -> NoReturn:
    """What the second process does until the first one hangs up."""
    import gc

    gc.disable()
    _end_with(life)
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)  # ours is the end of the channel
    try:
        if at_once:
            _answer(marshal.dumps(_SMALLEST), _SMALLEST_PAGE)
        while True:
            head, body = _receive(channel)
            _send(channel, *_answer(head, body))
    finally:
        os._exit(0)  # without the files, caches and exit functions of the first process


def _end_with(life: socket.socket) -> None:
    """Have the kernel end this process when the other end is closed, also by a SIGKILL."""
    from fcntl import F_SETFL, F_SETOWN, fcntl

    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl(life, F_SETOWN, os.getpid())
    fcntl(life, F_SETFL, os.O_ASYNC)


def _answer(head: bytes, body: bytes) -> tuple[bytes, bytes]:
    from envspec.index.view import View
    from envspec.target.host import Target

    project, about, seen = marshal.loads(head)  # noqa: S302
    *target, cutoff, need_hash, sdists = seen
    view = _VIEWS.get(seen) or _VIEWS.setdefault(seen, View(Target(*target), cutoff, need_hash, sdists))
    try:
        packed = read_record(StoredBody(body, *about), project, view).pack()
    except tuple(_ERRORS.values()) as error:
        return marshal.dumps((type(error).__name__, error.what, error.why, error.fix)), b""
    plain: Any = packed[:-1]
    return marshal.dumps(plain), packed[-1].encode()


_SMALLEST_PAGE = b'{"files": [{"filename": "a-1-py3-none-any.whl", "url": "a", "requires-python": ">=3"}]}'
_SMALLEST = ("a", ("", "", ""), ("x86_64", (2, 17), "3.10.0", "", False, False))

_VIEWS: dict[Any, View] = {}
