"""Who the user is to the Hub, and which endpoint stands in its place: from where its own client takes both.

Source: huggingface_hub 2.4.0, constants.py and utils/_auth.py: HF_ENDPOINT; HF_TOKEN, HUGGING_FACE_HUB_TOKEN,
then the file at HF_TOKEN_PATH, else ``token`` in HF_HOME, else in ~/.cache/huggingface.
"""

from __future__ import annotations

import os

_MAX_TOKEN = 4096


def hub_token() -> str:
    """The token, empty where there's none. It's sent to the Hub and written nowhere."""
    for variable in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        token = _clean(os.environ.get(variable, ""))
        if token:
            return token
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    home = os.environ.get("HF_HOME") or os.path.join(cache, "huggingface")
    try:
        with open(os.environ.get("HF_TOKEN_PATH") or os.path.join(home, "token"), encoding="utf-8") as file:
            return _clean(file.read(_MAX_TOKEN))
    except (OSError, UnicodeDecodeError):
        return ""


def hub_endpoint() -> str:
    """The address of a mirror of the Hub, empty where none is set."""
    return os.environ.get("HF_ENDPOINT", "").strip().rstrip("/")


def _clean(text: str) -> str:
    """One line of printable characters, or nothing: anything else can't stand in a header."""
    token = text.strip()
    return token if token.isascii() and token.isprintable() and " " not in token else ""
