"""Logins: who we say we are, and to whom: from a URL, else from netrc, per origin.

Source: RFC 7617 (Basic), the GNU inetutils manual (.netrc).
"""

from __future__ import annotations

import os
import re
import threading
from binascii import b2a_base64
from collections.abc import Iterable, Mapping
from contextlib import suppress

from envspec.adapters.web_address import Address
from envspec.errors import NetworkError


class Logins:
    """Finds the Authorization header of an origin; safe to use from several threads.

    ``urls``: their user names and passwords serve their whole origin, since an index names
    its files without. netrc is read when first needed: the file of NETRC, else ~/.netrc.
    """

    def __init__(self, environ: Mapping[str, str], urls: Iterable[str] = ()) -> None:
        self._environ = environ
        self._of_origin: dict[tuple[str, str, int], str] = {}
        self._lock = threading.Lock()
        self._netrc: dict[str, tuple[str, str]] | None = None
        self.netrc_trouble = ""
        """Why netrc could not be read, for the message of a 401."""
        for url in urls:
            with suppress(NetworkError):  # said where the URL is asked for
                self.learn(Address.parse(url))

    def learn(self, address: Address) -> None:
        """Keep a URL's credentials for its origin, unless there are some: the first ones stay."""
        if address.userinfo and address.origin not in self._of_origin:
            self._of_origin[address.origin] = _basic(*_decoded(address.userinfo))

    def header(self, address: Address, *, named: bool) -> str:
        """The value of Authorization for this origin; empty if there's none.

        netrc's ``default`` entry is for hosts that the user named, not for where a
        redirect or the page of an index leads.
        """
        if address.userinfo:
            return _basic(*_decoded(address.userinfo))
        known = self._of_origin.get(address.origin)
        if known is not None:
            return known
        entries = self._netrc_entries()
        entry = entries.get(address.host) or (entries.get("") if named else None)
        return _basic(*entry) if entry else ""

    def _netrc_entries(self) -> dict[str, tuple[str, str]]:
        """User and password by host; the default's host is empty."""
        with self._lock:
            if self._netrc is None:
                self._netrc = self._read_netrc()
            return self._netrc

    def _read_netrc(self) -> dict[str, tuple[str, str]]:
        named = self._environ.get("NETRC", "")
        home = self._environ.get("HOME") or os.path.expanduser("~")
        path = named or os.path.join(home, ".netrc")
        if not os.path.isfile(path):
            self.netrc_trouble = f"NETRC names {named}, which isn't there" if named else ""
            return {}
        from netrc import NetrcParseError, netrc

        try:
            hosts = netrc(path).hosts
        except NetrcParseError as error:
            self.netrc_trouble = f"{path}: line {error.lineno} can't be read, so nothing in it was used"
            return {}
        except (OSError, UnicodeDecodeError) as error:
            self.netrc_trouble = f"{path}: can't be read: {getattr(error, 'strerror', None) or error}"
            return {}
        return {
            "" if host == "default" else host.lower(): (login or account or "", password or "")
            for host, (login, account, password) in hosts.items()
        }


def proxy_authorization(userinfo: str) -> str:
    """The value of Proxy-Authorization for the credentials in a proxy's URL."""
    return _basic(*_decoded(userinfo)) if userinfo else ""


def _basic(user: str, password: str) -> str:
    return "Basic " + b2a_base64(f"{user}:{password}".encode(), newline=False).decode("ascii")


def _decoded(userinfo: str) -> tuple[str, str]:
    user, _, password = userinfo.partition(":")
    return _unquoted(user), _unquoted(password)


def _unquoted(text: str) -> str:
    encoded = re.sub(rb"%([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]), text.encode())
    return encoded.decode("utf-8", "replace")
