"""The shape of ``call:endpoints``, as ``script/endpoints.py`` writes it.

A key that is absent was not tried. There may be more keys than this reader knows, of a later probe.
"""

from __future__ import annotations

import msgspec


class Part(msgspec.Struct, frozen=True, rename="kebab"):
    """Frozen, with keys in kebab-case."""


class Answer(Part, frozen=True):
    """Of one name server to one question; ``said`` is a code of RFC 1035, an errno, or ``timeout``."""

    said: str = ""
    count: int = 0


class Resolver(Part, frozen=True):
    """What one name server says."""

    a: Answer = Answer()
    aaaa: Answer = Answer()


class Name(Part, frozen=True):
    """What the resolvers and the system say of a name."""

    literal: bool = False
    count: int = 0
    error: str = ""
    hosts_file: bool = False
    resolvers: tuple[Resolver, ...] = ()
    trouble: str = ""
    """Why resolv.conf couldn't be read."""


class Connection(Part, frozen=True):
    """One address that was tried; no error where it connected."""

    error: str = ""


class Tls(Part, frozen=True):
    """The handshake, verified."""

    ok: bool = False
    trusted_by: str = ""
    version: str = ""
    error: str = ""
    verify_code: int | None = None
    verify_message: str = ""
    reason: str = ""
    began_as_http: bool = False
    ca_file_error: str = ""


class Certificate(Part, frozen=True):
    """What the server's certificate shows."""

    issuer: str = ""
    subject: str = ""
    not_before: str = ""
    not_after: str = ""
    names: tuple[str, ...] = ()
    self_issued: bool = False
    names_host: bool | None = None


class Http(Part, frozen=True):
    """What was answered."""

    method: str = ""
    status: int | None = None
    location: str = ""
    error: str = ""
    redirect_trouble: str = ""
    """``loop``, ``too-many`` or ``bad``."""


class Hop(Part, frozen=True):
    """One URL, as far as it got."""

    url: str = ""
    proxy: str = ""
    """Name of the variable that sends this URL through a proxy."""
    no_proxy: bool = False
    name: Name | None = None
    connections: tuple[Connection, ...] | None = None
    tunnel: int | str | None = None
    """Status that the proxy answered to CONNECT, or why there is none."""
    tls: Tls | None = None
    certificate: Certificate | None = None
    http: Http | None = None
    out_of_time: bool = False


class Tried(Part, frozen=True):
    """One endpoint: its own URL first, then those it redirects to."""

    hops: tuple[Hop, ...] = ()


class Value(Part, frozen=True):
    """The whole of ``call:endpoints``."""

    clock: str = ""
    timeout_s: float = 0.0
    endpoints: tuple[Tried, ...] = ()
