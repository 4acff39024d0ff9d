"""Unverified: settings of a host that switch the checking of certificates off."""

from __future__ import annotations

import re
from collections.abc import Mapping

_OFF: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("PYTHONHTTPSVERIFY", re.compile(r"0")),
    ("GIT_SSL_NO_VERIFY", re.compile(r"1|true|yes|on", re.IGNORECASE)),
    ("NODE_TLS_REJECT_UNAUTHORIZED", re.compile(r"0")),
    ("CURL_INSECURE", re.compile(r".+")),
    ("PIP_TRUSTED_HOST", re.compile(r".+")),
    ("UV_INSECURE_HOST", re.compile(r".+")),
    ("REQUESTS_CA_BUNDLE", re.compile(r"")),
    ("CURL_CA_BUNDLE", re.compile(r"")),
)
"""Variable, and its values that switch verification off; requests before 2.28 took an empty one so."""
_OFF_IN_FILES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("trusted-host", re.compile(r"^[ \t]*trusted-host[ \t]*=[ \t]*\S", re.MULTILINE | re.IGNORECASE)),
    ("insecure", re.compile(r"^[ \t]*(?:--insecure|insecure|-k)[ \t]*$", re.MULTILINE)),
    (
        "ssl_verify",
        re.compile(r"^[ \t]*ssl_verify[ \t]*:[ \t]*(?:false|no|off)\b", re.MULTILINE | re.IGNORECASE),
    ),
    (
        "sslVerify",
        re.compile(r"^[ \t]*sslverify[ \t]*=[ \t]*(?:false|0|no|off)\b", re.MULTILINE | re.IGNORECASE),
    ),
)


def unverified_settings(environment: Mapping[str, str], files: Mapping[str, str]) -> tuple[str, ...]:
    """What switches the checking of certificates off: variables, and lines in (path, text) of settings."""
    variables = [
        name for name, off in _OFF if name in environment and off.fullmatch(environment[name].strip())
    ]
    lines = [
        f"{name} in {path}" for path, text in files.items() for name, off in _OFF_IN_FILES if off.search(text)
    ]
    return (*variables, *lines)
