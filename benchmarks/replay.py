"""The replay server: a recording, or the made index, as an ordinary fast index would serve it.

    /simple/NAME/    project pages, fresh for ten minutes
    /stale/NAME/     the same pages, stale at once
    /files/...       metadata files and whole files, fresh for ever
    /made-N/...      the made index of N projects
    /-/stats         what was asked since the last time, and the server's CPU seconds

Run by granian (Rust does TLS, HTTP/1.1 and 2), so that the server takes little of the two cores that the
measured tool needs. Every other answer is held back for DELAY_S, however many are asked for at a time.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import made
from benchmarks.recording import JSON_TYPE, Recording

if TYPE_CHECKING:
    from collections.abc import Callable

DELAY_S = 0.020

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the client."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""


class Replay:
    """Answers from a recording; with ``fetch`` it first records what is missing."""

    def __init__(self, recording: Recording, fetch: Callable[[str], None] | None = None) -> None:
        self._recording = recording
        self._fetch = fetch
        self._pool = ThreadPoolExecutor(16)
        self._bodies: dict[str, tuple[bytes, str]] = {}
        self._asked: Counter[str] = Counter()
        self._missed: list[str] = []

    async def answer(self, method: str, path: str, headers: dict[str, str]) -> Answer:
        """The answer to one request; ``headers`` are by lower-case name."""
        if path == "/-/stats":
            return self._stats()
        stored = "/simple/" + path.removeprefix("/stale/") if path.startswith("/stale/") else path
        found = self._find(stored)
        if found is None and self._fetch and not self._recording.is_absent(stored):
            await self._record(stored)
            found = self._find(stored)
        if found is None:
            return self._absent(stored)
        return self._found(method, path, headers, *found)

    def _find(self, path: str) -> tuple[bytes, str] | None:
        """Body and ETag; what was read once stays in memory."""
        if path in self._bodies:
            return self._bodies[path]
        body = made.answer(path) if path.startswith("/made-") else self._recording.read(path)
        if body is None:
            return None
        self._bodies[path] = (body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
        return self._bodies[path]

    async def _record(self, path: str) -> None:
        assert self._fetch is not None
        try:
            await asyncio.get_running_loop().run_in_executor(self._pool, self._fetch, path)
        except Exception as error:  # noqa: BLE001 - whatever it is, the recording goes on and tells it
            self._missed.append(f"{path} ({error})")

    def _absent(self, path: str) -> Answer:
        self._asked["404"] += 1
        if not self._recording.is_absent(path):
            self._asked["missed"] += 1
            self._missed.append(path)
        return Answer(404, [("content-type", "text/plain"), ("cache-control", "max-age=600")], b"not found")

    def _found(self, method: str, path: str, asked: dict[str, str], body: bytes, etag: str) -> Answer:
        headers = [("etag", etag), ("cache-control", _freshness(path))]
        if path.endswith("/"):
            headers.append(("vary", "Accept, Accept-Encoding"))
        if asked.get("if-none-match") == etag:
            self._asked["304"] += 1
            return Answer(304, headers)
        status = 200
        if path.endswith("/"):
            headers += [("content-type", JSON_TYPE), ("content-encoding", "gzip")]
        else:
            headers += [("content-type", "application/octet-stream"), ("accept-ranges", "bytes")]
            if span := _span(asked.get("range", ""), len(body)):
                status = 206
                headers.append(("content-range", f"bytes {span[0]}-{span[1] - 1}/{len(body)}"))
                body = body[span[0] : span[1]]
        self._asked[str(status)] += 1
        headers.append(("content-length", str(len(body))))
        return Answer(status, headers, b"" if method == "HEAD" else body)

    def _stats(self) -> Answer:
        stats = {"asked": self._asked, "missed": self._missed, "cpu_s": time.process_time()}
        body = json.dumps(stats).encode()
        self._asked, self._missed = Counter(), []
        return Answer(200, [("content-type", "application/json"), ("cache-control", "no-store")], body)

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Serve one request as granian hands it over."""
        if scope.path != "/-/stats":
            await asyncio.sleep(DELAY_S)
        answer = await self.answer(scope.method, scope.path, dict(scope.headers.items()))
        protocol.response_bytes(answer.status, answer.headers, answer.body)


def _freshness(path: str) -> str:
    if path.startswith("/stale/"):
        return "max-age=0, public"
    return "max-age=600, public" if path.endswith("/") else "max-age=365000000, immutable, public"


def _span(header: str, size: int) -> tuple[int, int] | None:
    """The one byte range that is asked for, as start and end; None means all of it."""
    match = _RANGE.fullmatch(header)
    if match is None or header == "bytes=-":
        return None
    if not match[1]:
        return max(0, size - int(match[2])), size
    start, end = int(match[1]), int(match[2]) + 1 if match[2] else size
    return (start, min(end, size)) if start < min(end, size) else None


def app() -> Replay:
    """What granian serves; the folder and the mode stand in the environment."""
    recording = Recording(Path(os.environ["REPLAY_FOLDER"]))
    if os.environ.get("REPLAY_RECORD") != "1":
        return Replay(recording)
    from benchmarks.upstream import Upstream

    return Replay(recording, Upstream(recording).fetch)
