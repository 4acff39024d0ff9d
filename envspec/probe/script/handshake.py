# mypy: ignore-errors
"""TLS: verified by the host's store and by a given file; and one look at a certificate otherwise.

A part of probe.py: Python 3.6, standard library alone.
"""

import functools
import os
import socket

try:
    import ssl
except ImportError:
    ssl = None

from envspec.probe.script.addresses import errno_word
from envspec.probe.script.certificate import read_certificate
from envspec.probe.script.connection import OutOfTimeError

MAX_CA_FILE_BYTES = 16 * 1024 * 1024
KNOWN_BUNDLES = (
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""For a Python that was built elsewhere and looks for its store in the wrong place."""


def try_tls(way, channel, ca_file):
    """Verify by the host's store, then with ``ca_file`` too; the record, the certificate, and the channel."""
    if ssl is None:
        channel.close()
        return {"ok": False, "error": "no-tls-here"}, None, None
    way.context = system_context()
    by = next((name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name)), "system")
    record = shake_hands(way, channel, way.context, by)
    if record.get("error") == "verify" and ca_file:
        context = new_context()
        trouble = load_ca_file(context, ca_file)
        if trouble:
            record["ca-file-error"] = trouble
        else:
            way.context = context
            record, channel = shake_hands_anew(way, context, "ca-file")
    if record["ok"]:
        return record, read_certificate(channel.tls.getpeercert(True), way.host, way.visit.identify), channel
    der = peer_certificate(way) if record["error"] == "verify" else None
    return record, der and read_certificate(der, way.host, way.visit.identify), None


def shake_hands_anew(way, context, by):
    try:
        channel = way.open()
    except socket.timeout:
        return {"ok": False, "error": way.visit.timed_out()}, None
    except OSError:
        return {"ok": False, "error": "closed"}, None
    return shake_hands(way, channel, context, by), channel


def shake_hands(way, channel, context, by):
    """One verified handshake as a record; the channel is closed if it fails."""
    try:
        channel.start_tls(context, way.host, way.visit.deadline())
        return {"ok": True, "trusted-by": by, "version": channel.tls.version() or ""}
    except (OSError, ValueError) as error:
        channel.close()
        record = {"ok": False, "error": "handshake", "reason": getattr(error, "reason", None) or ""}
        record["began-as-http"] = channel.began.startswith(b"HTTP/")
        if isinstance(error, ssl.CertificateError) or record["reason"] == "CERTIFICATE_VERIFY_FAILED":
            code = getattr(error, "verify_code", None)
            if not isinstance(error, ssl.SSLError):
                code = 62  # Python 3.6 compares names itself, after the chain was found good
            record.update({"error": "verify", "verify-code": code, "reason": ""})
            if code not in (62, 64) or way.visit.identify:
                record["verify-message"] = getattr(error, "verify_message", "")
        elif isinstance(error, socket.timeout):
            record["error"] = way.visit.timed_out()
        elif not isinstance(error, ssl.SSLError) or isinstance(
            error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)
        ):
            record["error"] = "closed"
        return record


def peer_certificate(way):
    """The server's certificate, by the one handshake that verifies nothing; not a byte is sent over it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        channel = way.open()
    except OSError:
        return None
    try:
        channel.start_tls(context, way.host, way.visit.deadline())
        return channel.tls.getpeercert(True)
    except (OSError, ValueError, OutOfTimeError):
        return None
    finally:
        channel.close()


@functools.lru_cache(maxsize=1)
def system_context():
    """What every endpoint shares: reading a bundle of authorities takes its time."""
    return new_context() if ssl is not None else None


def new_context():
    """Verification on, by the host's own store."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if hasattr(ssl, "TLSVersion"):
        context.minimum_version = ssl.TLSVersion.TLSv1_2
    else:
        context.options |= ssl.OP_NO_SSLv3 | ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1
    context.load_default_certs()
    paths = ssl.get_default_verify_paths()
    if not paths.cafile and not paths.capath:
        for bundle in KNOWN_BUNDLES:
            if os.path.isfile(bundle):
                context.load_verify_locations(bundle)
                break
    return context


def load_ca_file(context, path):
    """Trust the authorities of a PEM file besides; why that's not possible, or nothing."""
    try:
        if not os.path.isfile(path):
            return "ENOENT"
        if os.path.getsize(path) > MAX_CA_FILE_BYTES:
            return "EFBIG"
        context.load_verify_locations(path)
    except ssl.SSLError:
        return "no certificate in PEM form"
    except OSError as error:
        return errno_word(error)
    return ""
