# mypy: ignore-errors
"""URLs, host names and errors as texts. A part of probe.py: Python 3.6, standard library alone."""

import errno
import ipaddress
import re
import socket
from urllib.parse import quote, urlsplit


def url_place(url):
    """(scheme, host, port, what to ask for) of an http or https URL, None for any other text."""
    try:
        parts = urlsplit(url)
        scheme, port = parts.scheme.lower(), parts.port
        host = (
            (parts.hostname or "").encode("idna").decode()
            if not is_ip_address(parts.hostname)
            else parts.hostname
        )
    except (ValueError, UnicodeError):
        return None
    if scheme not in ("http", "https") or not re.match(r"[0-9a-z_.:-]{1,253}\Z", host):
        return None
    target = quote(parts.path or "/", "/%:=&~+!$,;'@()*") + (
        "?" + quote(parts.query, "/%:=&?~+!$,;'@()*[]") if parts.query else ""
    )
    return scheme, host, port or (443 if scheme == "https" else 80), target


def shown_url(url, first, identify):
    """The URL without login and fragment; a redirect's also without its query, which may hold a signature."""
    place = url_place(url)
    if place is None:
        return "not an http URL"
    parts = urlsplit(url)
    netloc = parts.netloc.rpartition("@")[2]
    if first:
        return one_line(url.replace(parts.netloc, netloc, 1).partition("#")[0], 2000)
    if is_ip_address(place[1]) and not identify:
        netloc = "an-address" + (":%d" % parts.port if parts.port else "")
    return one_line(place[0] + "://" + netloc + parts.path, 2000)


def bracketed(host):
    return "[" + host + "]" if ":" in host else host


def is_ip_address(host):
    try:
        return bool(ipaddress.ip_address(host or ""))
    except ValueError:
        return False


def one_line(text, limit):
    return "".join(char if char.isprintable() else "?" for char in text[:limit])


def errno_word(error):
    if isinstance(error, socket.timeout):
        return "timeout"
    return errno.errorcode.get(error.errno, "EIO")
