"""What we ask of the world outside; ``adapters/`` answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from envspec.named_tuple import NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class Request(NamedTuple):
    """One GET. ``url`` may hold credentials; messages never do."""

    url: str
    headers: Mapping[str, str] = {}
    max_bytes: int = 256 * 1024 * 1024
    """The body, as it travels, may not be longer."""
    ca_file: str | None = None
    """PEM file trusted for this request besides the usual authorities."""
    named: bool = True
    """Whether the user named this host, and no page of an index: netrc's ``default`` is for such alone."""


class Response(NamedTuple):
    """The final answer, redirects followed. The body is as it travelled.

    Header names are in lower case. ``url`` is where the body came from, without
    credentials. A ``content-encoding`` of the body is left to the caller, see
    ``index.encoding``.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


Listen = Callable[[Mapping[str, str], str], None]
"""Is told headers, names in lower case, and the URL where redirects ended."""


class Http(Protocol):
    """Answers GET requests; safe to call from several threads at once."""

    def get(self, request: Request) -> Response:
        """Answer with any status of 200..299, 304, 404, 410, 416, or 501 to a Range.

        Every other status raises HttpStatusError, after the retries that its
        kind allows; everything else that fails raises another NetworkError.
        """
        ...

    def download(
        self, request: Request, to: Path, progress: Progress | None = None, listen: Listen | None = None
    ) -> str:
        """Stream the body to the file ``to``; return its sha256 in hex. 404 raises too.

        ``listen`` is told the headers that the whole body came with.
        """
        ...

    def close(self) -> None:
        """Give back connections and threads."""
        ...


class Progress(Protocol):
    """Watches long work. A terminal shows a bar; a pipe gets plain lines."""

    def start(self, label: str, total: int | None = None) -> None:
        """Begin a piece of work of ``total`` steps or bytes, None if not known."""
        ...

    def advance(self, amount: int = 1) -> None:
        """Say that ``amount`` more is done. May be called from any thread."""
        ...

    def finish(self) -> None:
        """End the piece of work and take its bar away."""
        ...

    def say(self, text: str) -> None:
        """A line that stays: a warning, or what is about to happen."""
        ...


class Silent:
    """A Progress that shows nothing."""

    def start(self, label: str, total: int | None = None) -> None:
        """Show nothing."""

    def advance(self, amount: int = 1) -> None:
        """Show nothing."""

    def finish(self) -> None:
        """Show nothing."""

    def say(self, text: str) -> None:
        """Show nothing."""
