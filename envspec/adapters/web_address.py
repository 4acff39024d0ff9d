"""Address: an http or https URL read strictly, and URLs made fit to be shown.

Source: RFC 3986, RFC 9110 (section 4.2). Read by hand, since the strict form is short
and a URL that Python's own parser bends into shape may name another host than a server sees.
"""

from __future__ import annotations

import re

from envspec.errors import NetworkError
from envspec.named_tuple import NamedTuple

DEFAULT_PORTS = {"http": 80, "https": 443}

_URL = re.compile(
    r"(https?)://(?:([^/?#]*)@)?(\[[0-9A-Fa-f:.]+\]|[^:/?#\[\]@\\]+)(?::(\d{0,5}))?([/?][^#]*)?(?:#.*)?",
    re.IGNORECASE,
)
_HOST = re.compile(r"\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+")
_AUTHORITY = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^/?#]*@")
_UNSAFE = re.compile(r"[^!-~]")
_MAX_SHOWN = 300
_MAX_HOST = 253
"""Characters of a name, RFC 1035."""


class Address(NamedTuple):
    """What is asked of whom. ``host`` is lower case and ASCII, an IPv6 address without brackets."""

    scheme: str
    host: str
    port: int
    target: str
    """Path and query, as the request line wants them."""
    userinfo: str = ""
    """``user:password`` still percent-encoded; never shown."""

    @classmethod
    def parse(cls, url: str) -> Address:
        """Read an http or https URL; raises NetworkError for any other text."""
        match = _URL.fullmatch(url.strip())
        host = "" if match is None else _ascii_host(match[3])
        port = 0 if match is None else int(match[4] or DEFAULT_PORTS[match[1].lower()])
        if match is None or not host or not 0 < port < 65536:
            raise NetworkError(
                what=f"{printable(_scrubbed_hard(url))}: isn't a URL that can be asked for",
                why="it must be https://HOST[:PORT]/PATH or http://HOST[:PORT]/PATH",
                fix="correct it; in a user name or password write / as %2F, @ as %40 and : as %3A",
            )
        target = match[5] or "/"
        target = target if target.startswith("/") else f"/{target}"
        target = _UNSAFE.sub(_percent_encoded, target) if _UNSAFE.search(target) else target
        return cls(match[1].lower(), host, port, target, match[2] or "")

    @property
    def origin(self) -> tuple[str, str, int]:
        """What credentials are bound to."""
        return self.scheme, self.host, self.port

    @property
    def netloc(self) -> str:
        """Host, and the port where it isn't the scheme's own, as the Host header wants them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL without credentials and fragment."""
        return f"{self.scheme}://{self.netloc}{self.target}"

    @property
    def shown(self) -> str:
        """The URL for messages: without query, which may be a signature."""
        path, mark, _ = self.target.partition("?")
        return printable(f"{self.scheme}://{self.netloc}{path}{'?...' if mark else ''}")


def without_credentials(url: str) -> str:
    """``url`` without user name and password; all else stays as it is.

    A URL that can't be read loses everything up to its last ``@``, as a password may
    hold a slash.
    """
    if "@" not in url:
        return url
    if url.lower().startswith(("http://", "https://")):
        try:
            Address.parse(url)
        except NetworkError:
            return _scrubbed_hard(url)
    return _AUTHORITY.sub(r"\1", url, count=1)


def printable(text: str) -> str:
    """Text of others, without control characters and not too long to read."""
    text = "".join(character if character.isprintable() else "?" for character in text[: _MAX_SHOWN + 1])
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


def _scrubbed_hard(url: str) -> str:
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}" if mark else url.rpartition("@")[2]


def _ascii_host(text: str) -> str:
    """The host as DNS and TLS know it, or an empty text if it can't be one."""
    if not text.isascii():
        try:
            text = text.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    host = text.strip("[]").rstrip(".").lower() if _HOST.fullmatch(text) else ""
    return host if len(host) <= _MAX_HOST else ""


def _percent_encoded(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "replace"))
