"""The doubles, all of them: what stands in for the world behind our ports."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from envspec.errors import HttpStatusError
from envspec.ports import Listen, Progress, Request, Response


class FakeHttp:
    """Answers from a dict of URL to Response, body or exception; an unknown URL is 404."""

    def __init__(self, answers: Mapping[str, Response | bytes | Exception] | None = None) -> None:
        self.answers = dict(answers or {})
        self.log: list[Request] = []
        self.closed = False

    @property
    def urls(self) -> list[str]:
        """The URLs asked for, in the order they came."""
        return [request.url for request in self.log]

    def get(self, request: Request) -> Response:
        self.log.append(request)
        answer = self.answers.get(request.url)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, bytes):
            return Response(200, {}, answer, request.url)
        return answer or Response(404, {}, b"", request.url)

    def download(
        self, request: Request, to: Path, progress: Progress | None = None, listen: Listen | None = None
    ) -> str:
        response = self.get(request)
        if response.status != 200:
            raise HttpStatusError(status=response.status, what=f"{request.url}: status {response.status}")
        to.write_bytes(response.body)
        if progress is not None:
            progress.advance(len(response.body))
        if listen is not None:
            listen({"content-length": str(len(response.body)), **response.headers}, response.url)
        return hashlib.sha256(response.body).hexdigest()

    def close(self) -> None:
        self.closed = True


class FakeProgress:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.started: list[tuple[str, int | None]] = []
        self.advanced = 0
        self.finished = 0

    def start(self, label: str, total: int | None = None) -> None:
        self.started.append((label, total))

    def advance(self, amount: int = 1) -> None:
        self.advanced += amount

    def finish(self) -> None:
        self.finished += 1

    def say(self, text: str) -> None:
        self.said.append(text)
