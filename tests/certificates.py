"""Certificates made at run time: one authority that tests trust, and what can be wrong with its work."""

from __future__ import annotations

import atexit
import datetime
import functools
import ipaddress
import shutil
import ssl
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

KINDS = ("good", "expired", "not-yet-valid", "wrong-host", "unknown-issuer", "self-signed")


@functools.cache
def ca_file() -> Path:
    """PEM file of the authority that signed all but ``unknown-issuer`` and ``self-signed``."""
    return _authority().write("ca.pem")


@functools.cache
def server_context(kind: str = "good") -> ssl.SSLContext:
    """A server's context for 127.0.0.1 and localhost, sound or with the one fault that ``kind`` names."""
    path = _folder() / f"{kind}.pem"
    issuer = _authority() if kind != "unknown-issuer" else _Authority("Nobody's Authority")
    path.write_bytes(issuer.certificate(kind))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@functools.cache
def _folder() -> Path:
    folder = tempfile.mkdtemp(prefix="envspec-test-certificates-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@functools.cache
def _authority() -> _Authority:
    return _Authority("Test Authority")


class _Authority:
    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = _name(name)
        self.certificate_of_itself = (
            _unsigned(self.name, self.name, self.key.public_key(), _days(-1), _days(2))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def write(self, file_name: str) -> Path:
        path = _folder() / file_name
        path.write_bytes(self.certificate_of_itself.public_bytes(serialization.Encoding.PEM))
        return path

    def certificate(self, kind: str) -> bytes:
        """A server's key and certificate in PEM."""
        assert kind in KINDS
        key = ec.generate_private_key(ec.SECP256R1())
        first, last = _days(-1), _days(1)
        if kind == "expired":
            first, last = _days(-30), _days(-10)
        elif kind == "not-yet-valid":
            first, last = _days(10), _days(30)
        subject = _name("loopback")
        alone = kind == "self-signed"
        names: list[x509.GeneralName] = [
            x509.DNSName("localhost"),
            x509.IPAddress(ipaddress.IPv4Address("127.0.0.1")),
        ]
        if kind == "wrong-host":
            names = [x509.DNSName("elsewhere.example")]
        signer = key if alone else self.key
        certificate = (
            _unsigned(subject, subject if alone else self.name, key.public_key(), first, last)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
            )
            .sign(signer, hashes.SHA256())
        )
        plain_key = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return plain_key + certificate.public_bytes(serialization.Encoding.PEM)


def _unsigned(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    first: datetime.datetime,
    last: datetime.datetime,
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(first).not_valid_after(last)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _days(count: int) -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=count)
