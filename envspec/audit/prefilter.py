"""What a source file's bytes tell before it's parsed: which tokens it holds, which URLs, what is hidden.

Comments and texts in triple quotes are blanked first, so that documentation which shows
a call costs nothing and its URLs don't count.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from urllib.parse import urlsplit

from envspec.audit.reading import AssetUrls
from envspec.audit.tables import Urls

_LITERAL = re.compile(
    rb"#[^\n]*"
    rb'|"""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"""'
    rb"|'''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'''"
    rb'|"[^"\\\n]*(?:\\.[^"\\\n]*)*"'
    rb"|'[^'\\\n]*(?:\\.[^'\\\n]*)*'",
    re.DOTALL,
)
_BLANKED = (b"#", b'"""', b"'''")
_URL = re.compile(rb"https?://[^\s\"'<>\\`|]{4,2048}")
_HIDDEN = re.compile(rb"(?<![\w.])(?:exec|eval)\(")
_IMPORTING = re.compile(rb"(?<!def )\b(?:__import__|import_module)\(")
_MAX_URLS_A_HOST = 256
_MAX_HOSTS_A_FILE = 256


def blanked(data: bytes) -> bytes:
    """The code without comments and triple-quoted texts; its lines keep their numbers."""
    return _LITERAL.sub(_blank, data)


def _blank(match: re.Match[bytes]) -> bytes:
    text = match[0]
    return b"\n" * text.count(b"\n") if text.startswith(_BLANKED) else text


def tokens_in(data: bytes, tokens: Collection[bytes]) -> tuple[bytes, ...]:
    """Those of the tokens that stand in it."""
    return tuple(token for token in tokens if token in data)


def hidden_code(data: bytes) -> int:
    """Calls of exec and eval: what they run isn't seen."""
    return len(_HIDDEN.findall(data)) if b"exec(" in data or b"eval(" in data else 0


def hidden_imports(data: bytes) -> int:
    """Modules that are imported by a text: what is called of them isn't followed."""
    return len(_IMPORTING.findall(data)) if b"import_module(" in data or b"__import__(" in data else 0


def holds_asset_url(data: bytes, table: Urls) -> bool:
    """Whether any URL in it, documentation too, looks as if it led to weights."""
    return b"://" in data and any(_asset_host(_url(match), table) for match in _URL.finditer(data))


def asset_urls(file: str, code: bytes, table: Urls) -> Iterator[AssetUrls]:
    """The model-like URLs of one file, host by host; a hole of an f-string reads as ``{}``."""
    found: dict[str, list[str]] = {}
    lines: dict[str, int] = {}
    for match in _URL.finditer(code):
        url = _url(match)
        host = _asset_host(url, table)
        if host and host not in found and len(found) == _MAX_HOSTS_A_FILE:
            break
        if host and host not in found:
            lines[host] = code.count(b"\n", 0, match.start()) + 1
        if host and len(found.setdefault(host, [])) < _MAX_URLS_A_HOST and url not in found[host]:
            found[host].append(url)
    for host, urls in found.items():
        yield AssetUrls(file, lines[host], host, tuple(urls))


def _url(match: re.Match[bytes]) -> str:
    url = re.sub(r"\{[^{}]*\}", "{}", match[0].decode("utf-8", "replace")).rstrip(").,;")
    return url if url.isprintable() else ""


def _asset_host(url: str, table: Urls) -> str:
    """The host, if the URL looks as if it led to weights; else nothing."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return ""
    path = parts.path.lower()
    if not re.fullmatch(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+", host) or len(path) < 2:
        return ""
    if path.endswith(table.not_endings):
        return ""
    marked = any(mark in url.lower() for mark in table.paths)
    is_asset = marked or host in table.hosts or path.endswith(table.endings)
    return host if is_asset and not host.replace(".", "").isdigit() else ""
