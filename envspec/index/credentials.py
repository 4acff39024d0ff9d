"""Texts as we may show them: URLs without the user and password they may hold."""

from __future__ import annotations

import re

_HOST = re.compile(r"//(\[[^\]/?#]*\]|[^:/?#]*)")
_USERINFO = re.compile(r"//[^/?#\s]*@")


def without_credentials(text: str) -> str:
    """``text`` with ``//user:password@`` cut down to ``//`` in every URL of it."""
    return _USERINFO.sub("//", text) if "@" in text else text


def is_host_of(root: str, url: str) -> bool:
    """Whether ``url`` leads to the host that ``root`` names, on whichever port."""
    return _host(root) == _host(url)


def _host(url: str) -> str:
    found = _HOST.search(without_credentials(url))
    return found[1].lower() if found else ""


def with_credentials_of(root: str, url: str) -> str:
    """``url`` with the user and password of ``root`` where both are of one origin, else as it is."""
    found = _USERINFO.search(root)
    if found is None or _USERINFO.search(url):
        return url
    scheme, rest = root[: found.start()], root[found.end() :]
    origin = f"{scheme}//{rest.split('/', 1)[0]}".lower()
    if not f"{url}/".lower().startswith(f"{origin}/"):
        return url
    return url.replace("//", found[0], 1)
