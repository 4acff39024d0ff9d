"""Texts as we may show them: URLs without the user and password they may hold."""

from __future__ import annotations

import re

_USERINFO = re.compile(r"//[^/?#\s]*@")


def without_credentials(text: str) -> str:
    """``text`` with ``//user:password@`` cut down to ``//`` in every URL of it."""
    return _USERINFO.sub("//", text) if "@" in text else text
