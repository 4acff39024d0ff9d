from __future__ import annotations

import datetime
import importlib
import ipaddress
import random
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CERTIFICATE: Any = importlib.import_module("envspec.probe.script.certificate")


def read(der: bytes, host: str, *, identify: bool = False) -> Any:
    return CERTIFICATE.read_certificate(der, host, identify)


def made(*names: x509.GeneralName, last: int = 2051, common: str = "nas") -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "KR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Werk Süd"),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, "4711"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Site\x1b CA"),
        ]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.datetime(1999, 12, 31, 23, 59, 59))
        .not_valid_after(datetime.datetime(last, 1, 2, 3, 4, 5))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


NAMES = (
    x509.DNSName("nas.internal"),
    x509.DNSName("*.files.internal"),
    x509.IPAddress(ipaddress.ip_address("192.0.2.7")),
    x509.IPAddress(ipaddress.ip_address("2001:db8::7")),
)


def test_issuer_subject_dates_and_names_are_read() -> None:
    assert read(made(*NAMES), "nas.internal") == {
        "issuer": "CN=Site? CA, O=Werk Süd, C=KR",
        "subject": "CN=nas",
        "not-before": "1999-12-31T23:59:59Z",
        "not-after": "2051-01-02T03:04:05Z",
        "self-issued": False,
        "names-host": True,
        "names": ["nas.internal", "*.files.internal", "an address", "an address"],
    }


def test_addresses_are_told_only_where_the_user_asks() -> None:
    assert read(made(*NAMES), "nas.internal", identify=True)["names"][2:] == ["192.0.2.7", "2001:db8::7"]


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("nas.internal", True),
        ("nas.internal.", True),
        ("a.files.internal", True),
        ("files.internal", False),
        ("a.b.files.internal", False),
        ("nas", False),
        ("other.internal", False),
        ("192.0.2.7", True),
        ("192.0.2.8", False),
        ("2001:db8::7", True),
    ],
)
def test_a_star_stands_for_one_label_and_the_common_name_counts_no_more(host: str, named: bool) -> None:
    assert read(made(*NAMES), host)["names-host"] is named


def test_the_common_name_counts_where_there_is_nothing_else() -> None:
    assert read(made(common="nas.internal"), "nas.internal")["names-host"] is True


def test_a_certificate_cut_or_altered_anywhere_is_read_or_refused_and_nothing_else() -> None:
    der = made(*NAMES)
    chance = random.Random(1)
    for at in range(len(der)):
        read(der[:at], "nas.internal")
    for _ in range(3000):
        altered = bytearray(der)
        for _ in range(chance.randint(1, 4)):
            altered[chance.randrange(len(altered))] = chance.randrange(256)
        found = read(bytes(altered), "nas.internal")
        assert found is None or found["not-after"].endswith("Z")
    assert read(b"\x30\x83\xff\xff\xff" + der, "nas.internal") is None
    assert read(b"\x30" * 70_000, "nas.internal") is None
