"""TLS of an endpoint: which of all faults it was, from OpenSSL's code and from the certificate itself.

Python 3.6 says only that verification failed, so the certificate's dates and issuer decide.
"""

from __future__ import annotations

from collections.abc import Iterable

from envspec.probe.endpoint_evidence import Certificate, Hop, Tls, Value
from envspec.probe.endpoint_stage import FAULTS, make_stage
from envspec.probe.facts import Stage

_UNKNOWN_ISSUER_CODES = frozenset({2, 19, 20, 21, 27})
_CODE_FAULTS = {18: "self-signed", 62: "wrong-host", 63: "wrong-host", 64: "wrong-host"}
"""X509_V_ERR_*, as OpenSSL's x509_vfy.h numbers them; 9 and 10 are dates."""
_TOO_OLD = (
    "UNSUPPORTED_PROTOCOL",
    "TLSV1_ALERT_PROTOCOL_VERSION",
    "NO_PROTOCOLS_AVAILABLE",
    "WRONG_SSL_VERSION",
    "UNSUPPORTED_SSL_VERSION",
)
_NOT_TLS = ("WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG")
_TRUSTED_BY = {
    "ca-file": "the spec's ca-file",
    "SSL_CERT_FILE": "the bundle that SSL_CERT_FILE names",
    "SSL_CERT_DIR": "the folder that SSL_CERT_DIR names",
}


def read_tls(hop: Hop, value: Value) -> Stage:
    """The stage of a handshake that was tried."""
    tls, certificate = hop.tls or Tls(), hop.certificate
    seen = _seen(certificate)
    issuer = certificate.issuer if certificate else ""
    unreadable = ["ca-file-unreadable"] if tls.ca_file_error else []
    if tls.ca_file_error:
        seen = [*seen, f"ca-file: {tls.ca_file_error}"]
    if tls.ok:
        by = _TRUSTED_BY.get(tls.trusted_by, "the host's store")
        only = ["ca-file-only"] if tls.trusted_by == "ca-file" else []
        said = "; ".join([f"{tls.version} trusted by {by}", *seen])
        return make_stage("tls", True, said, only + unreadable, issuer)
    if tls.error == "verify":
        faults = _verify_faults(tls, certificate, value.clock)
        details = [*seen, *_clock_said(faults, value.clock)]
        if tls.verify_message and faults[0] in ("unverified", "chain-dates"):
            details.append(f"OpenSSL: {tls.verify_message}")
        if tls.verify_code is None and {"expired", "not-yet-valid"} & set(faults):
            details.append("this Python can't tell whether its issuer is trusted, too")
        said = "; ".join([*(FAULTS[fault] for fault in faults), *details])
        return make_stage("tls", False, said, faults + unreadable, issuer)
    fault = _handshake_fault(tls)
    said = FAULTS[fault] + (f" ({tls.reason})" if tls.reason else "")
    return make_stage("tls", False, "; ".join([said, *seen]), [fault, *unreadable], issuer)


def _verify_faults(tls: Tls, certificate: Certificate | None, clock: str) -> list[str]:
    """OpenSSL stops at the first; what the certificate itself shows is told beside it."""
    code = tls.verify_code
    faults = []
    dates = _dates_fault(certificate, clock)
    if code in _UNKNOWN_ISSUER_CODES:
        faults.append("unknown-ca")
    elif code in _CODE_FAULTS:
        faults.append(_CODE_FAULTS[code])
    elif code in (9, 10):
        faults.append(dates or "chain-dates")
    elif code is None:
        alone = certificate is not None and certificate.self_issued
        faults.append("self-signed" if alone else dates or "unknown-ca")
    else:
        faults.append("unverified")
    faults.append(dates)
    if certificate is not None and certificate.names_host is False:
        faults.append("wrong-host")
    return list(dict.fromkeys(fault for fault in faults if fault))


def _dates_fault(certificate: Certificate | None, clock: str) -> str:
    """By the host's clock; both are RFC 3339 in UTC, so text compares as time does."""
    if certificate is None or not clock:
        return ""
    if certificate.not_after and clock > certificate.not_after:
        return "expired"
    return "not-yet-valid" if certificate.not_before and clock < certificate.not_before else ""


def _clock_said(faults: Iterable[str], clock: str) -> list[str]:
    dated = {"expired", "not-yet-valid", "chain-dates"} & set(faults)
    return [f"the host's clock says {clock}"] if dated and clock else []


def _seen(certificate: Certificate | None) -> list[str]:
    if certificate is None:
        return []
    seen = [
        f"issuer {certificate.issuer or 'without a name'}",
        f"from {certificate.not_before[:10]} to {certificate.not_after[:10]}",
    ]
    if certificate.names_host is False:
        seen.append(f"made for {', '.join(certificate.names[:5]) or certificate.subject or 'no name'}")
    return seen


def _handshake_fault(tls: Tls) -> str:
    if tls.error in ("timeout", "closed", "no-tls-here"):
        return tls.error
    if tls.began_as_http:
        return "plain-http"
    if tls.reason in _TOO_OLD:
        return "too-old"
    return "not-tls" if tls.reason in _NOT_TLS else "handshake"
