"""Which system it is: /etc/os-release, and where that lacks, what lsb_release or torch call it.

Source: freedesktop.org, os-release(5): shell assignments, of which the first of /etc and /usr/lib counts.
"""

from __future__ import annotations

import re

from envspec.probe.facts import OsRelease
from envspec.probe.shown import plain

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._~-]{0,39}")
_NAMED = re.compile(r"(?P<name>[A-Za-z/]+(?: [A-Za-z/]+)*?)(?: release)? (?P<version>[0-9]+(?:\.[0-9]+)*)\b")
_NAMES: dict[str, tuple[str, int]] = {
    "red hat enterprise linux": ("rhel", 2),
    "red hat enterprise linux server": ("rhel", 2),
    "centos linux": ("centos", 1),
    "centos stream": ("centos", 1),
    "rocky linux": ("rocky", 2),
    "almalinux": ("almalinux", 2),
    "oracle linux": ("ol", 2),
    "oracle linux server": ("ol", 2),
    "amazon linux": ("amzn", 1),
    "fedora linux": ("fedora", 1),
    "ubuntu": ("ubuntu", 2),
    "debian gnu/linux": ("debian", 1),
    "opensuse leap": ("opensuse-leap", 2),
    "suse linux enterprise server": ("sles", 2),
}
"""How a system calls itself, the ID of its os-release, and how many numbers its VERSION_ID has."""


def read_os_release(text: str) -> OsRelease | None:
    """ID, VERSION_ID, ID_LIKE and PRETTY_NAME; None without an ID that can be one."""
    pairs = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    values = {name.strip(): _unquoted(value.strip()) for name, equals, value in pairs if equals}
    name = values.get("ID", "").lower()
    if _ID.fullmatch(name) is None:
        return None
    version = values.get("VERSION_ID", "")
    like = tuple(word for word in values.get("ID_LIKE", "").lower().split() if _ID.fullmatch(word))
    return OsRelease(
        name,
        version if _VERSION.fullmatch(version) else "",
        like[:16],
        plain(values.get("PRETTY_NAME", ""), 120),
    )


def read_os_name(text: str) -> OsRelease | None:
    """Of ``Red Hat Enterprise Linux release 8.7 (Ootpa)``; None for one that isn't known."""
    match = _NAMED.match(text.strip()[:120])
    if match is None or match["name"].lower() not in _NAMES:
        return None
    name, count = _NAMES[match["name"].lower()]
    return OsRelease(name, ".".join(match["version"].split(".")[:count]), (), plain(text.strip(), 120))


def read_lsb_release(text: str) -> OsRelease | None:
    """Of ``lsb_release -a``: its Description, which holds name and version."""
    match = re.search(r"^Description:(.*)$", text, re.MULTILINE)
    return read_os_name(match[1].strip().strip('"')) if match is not None else None


def _unquoted(value: str) -> str:
    """As a shell reads it, for what such files hold: one quoted word, or one bare word."""
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
        return re.sub(r"\\([\"'$`\\])", r"\1", value)
    return value
