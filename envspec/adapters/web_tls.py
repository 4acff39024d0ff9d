"""Trust: whose certificates we believe. Checking is never off.

The usual authorities are OpenSSL's (SSL_CERT_FILE and SSL_CERT_DIR, else the system's) and pip's
``cert``; a ``ca-file`` comes on top and replaces none of them. Parsing a bundle of 145 authorities
costs 50 ms, a folder that OpenSSL looks into by name costs nothing: so where there's such a folder,
a large bundle is read only once a certificate turns up that the folder doesn't vouch for.
"""

from __future__ import annotations

import os
import re
import ssl
import stat
import threading
from collections.abc import Callable, Iterable, Mapping

from envspec.errors import InputError

UNKNOWN_ISSUER_CODES = frozenset({2, 18, 19, 20, 21, 27})
"""X509_V_ERR_*: no, another, or a self-made issuer."""

_SMALL_BYTES = 32 * 1024
_MAX_CA_FILE_BYTES = 16 * 1024 * 1024
_KNOWN_BUNDLES = (
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""For Pythons that were built elsewhere and look in the wrong place."""
_HASHED_NAME = re.compile(r"[0-9a-f]{8}\.\d+")


class Trust:
    """Makes one SSLContext per ``ca_file`` when first needed; safe to use from several threads."""

    def __init__(self, environ: Mapping[str, str], *, pip_cert: Callable[[], str] = str) -> None:
        self._environ = environ
        self._pip_cert = pip_cert
        self._contexts: dict[str | None, ssl.SSLContext] = {}
        self._held_back: dict[str | None, list[str]] = {}
        self._narrow: set[str | None] = set()
        self._lock = threading.Lock()
        self.troubles: list[str] = []
        """Settings that name files which can't be read, for the message of an unknown issuer."""

    def context(self, ca_file: str | None) -> ssl.SSLContext:
        """The context to use; raises InputError where ``ca_file`` holds no certificate."""
        context = self._contexts.get(ca_file)
        if context is not None:
            return context
        with self._lock:
            if ca_file not in self._contexts:
                self._contexts[ca_file] = self._made(ca_file)
            return self._contexts[ca_file]

    def widen(self, ca_file: str | None) -> bool:
        """Read the bundles held back; False if none ever was, so that trying again is in vain."""
        with self._lock:
            for path in self._held_back.pop(ca_file, []):
                self._load(self._contexts[ca_file], path)
            return ca_file in self._narrow

    def _made(self, ca_file: str | None) -> ssl.SSLContext:
        context = _SharedContext(ssl.PROTOCOL_TLS_CLIENT)
        context.set_alpn_protocols(["http/1.1"])
        if ca_file is not None:
            _load_ca_file(context, ca_file)
        folders = [folder for folder in self._folders() if _is_hashed(folder)]
        for folder in folders:
            context.load_verify_locations(capath=folder)
        bundles = self._bundles()
        if not bundles and not folders:
            bundles = _last_resort()
        for path in bundles:
            if folders and _size(path) > _SMALL_BYTES:
                self._held_back.setdefault(ca_file, []).append(path)
                self._narrow.add(ca_file)
            else:
                self._load(context, path)
        return context

    def _folders(self) -> list[str]:
        named = self._environ.get("SSL_CERT_DIR", "")
        return [
            folder for folder in (named or ssl.get_default_verify_paths().openssl_capath).split(":") if folder
        ]

    def _bundles(self) -> list[str]:
        """Every bundle that's named or usual, each once."""
        named = [
            ("SSL_CERT_FILE", self._environ.get("SSL_CERT_FILE", "")),
            ("pip's cert", self._pip_cert()),
        ]
        found: dict[str, str] = {}
        for setting, path in named:
            if path and os.path.isdir(path):
                found.setdefault(os.path.realpath(path), path)
            elif path and not os.path.isfile(path):
                self.troubles.append(f"{setting} names {path}, which isn't there")
            elif path:
                found.setdefault(os.path.realpath(path), path)
        if not self._environ.get("SSL_CERT_FILE"):
            usual = ssl.get_default_verify_paths().openssl_cafile
            if os.path.isfile(usual):
                found.setdefault(os.path.realpath(usual), usual)
        return list(found.values())

    def _load(self, context: ssl.SSLContext, path: str) -> None:
        try:
            if os.path.isdir(path):
                context.load_verify_locations(capath=path)
            else:
                context.load_verify_locations(cafile=path)
        except (OSError, ssl.SSLError) as error:
            self.troubles.append(f"{path} can't be read as certificates: {error.strerror or error}")


class _SharedContext(ssl.SSLContext):
    """A context whose ALPN is set once.

    httpcore sets it anew for every connection, and OpenSSL then frees what another thread may be
    copying just then (SSL_new runs without the GIL).
    """

    _protocols: tuple[str, ...] = ()

    def set_alpn_protocols(self, alpn_protocols: Iterable[str]) -> None:
        if self._protocols != tuple(alpn_protocols):
            self._protocols = tuple(alpn_protocols)
            super().set_alpn_protocols(alpn_protocols)


def _load_ca_file(context: ssl.SSLContext, path: str) -> None:
    reason = ""
    try:
        state = os.stat(path)
        if not stat.S_ISREG(state.st_mode):  # a pipe would be waited for, a device may have no end
            reason = "it's a folder" if stat.S_ISDIR(state.st_mode) else "it's no regular file"
        elif state.st_size > _MAX_CA_FILE_BYTES:
            reason = f"it's longer than {_MAX_CA_FILE_BYTES} bytes"
        else:
            context.load_verify_locations(cafile=path)
    except ssl.SSLError:
        reason = "it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)"
    except OSError as error:
        reason = error.strerror or str(error)
    if reason:
        raise InputError(
            what=f"ca-file {path}: can't be read as certificates",
            why=reason,
            fix="name a PEM file that holds the authority which signed the server's certificate",
        )


def _is_hashed(folder: str) -> bool:
    """Whether OpenSSL can look into it: names such as ``5ed36f99.0``."""
    try:
        with os.scandir(folder) as entries:
            return any(_HASHED_NAME.fullmatch(entry.name) for entry in entries)
    except OSError:
        return False


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _last_resort() -> list[str]:
    for path in _KNOWN_BUNDLES:
        if os.path.isfile(path):
            return [path]
    try:
        import certifi
    except ImportError:
        return []
    return [certifi.where()]
