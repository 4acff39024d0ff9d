# mypy: ignore-errors
"""Certificate: X.509 in DER, as far as a report needs it (RFC 5280), since ssl shows none it can't verify.

A part of probe.py: Python 3.6, standard library alone.
"""

import ipaddress
import re

from envspec.probe.script.addresses import is_ip_address, one_line

MAX_CERTIFICATE_BYTES = 65536
DER_ATTRIBUTES = {
    b"\x55\x04\x03": "CN",
    b"\x55\x04\x0a": "O",
    b"\x55\x04\x0b": "OU",
    b"\x55\x04\x06": "C",
    b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19": "DC",
}
DER_ENCODINGS = {30: "utf-16-be", 28: "utf-32-be", 20: "latin-1"}
DER_SUBJECT_ALT_NAME = b"\x55\x1d\x11"


def read_certificate(der, host, identify):
    """Issuer, subject, dates and names of a certificate; None where it can't be read."""
    try:
        if not der or len(der) > MAX_CERTIFICATE_BYTES:
            return None
        outer = der_element(der, 0, len(der))
        body = der_children(der, der_element(der, outer[1], outer[2]))
        if body[0][0] == 0xA0:
            body = body[1:]
        issuer, validity, subject = body[2], der_children(der, body[3]), body[4]
        names, addresses = alternative_names(der, body[5:])
        record = {
            "issuer": der_name(der, issuer),
            "subject": der_name(der, subject),
            "not-before": der_time(der, validity[0]),
            "not-after": der_time(der, validity[1]),
            "self-issued": der[issuer[1] : issuer[2]] == der[subject[1] : subject[2]],
        }
    except (ValueError, IndexError):
        return None
    common = [part[3:] for part in record["subject"].split(", ") if part.startswith("CN=")]
    if is_ip_address(host):
        named = ipaddress.ip_address(host).packed in addresses or (not addresses and host in common)
    else:
        named = any(certificate_names(name, host) for name in (names if names or addresses else common))
    record["names-host"] = named
    told = [str(ipaddress.ip_address(each)) if identify else "an address" for each in addresses]
    record["names"] = names[:5] + told[:5]
    return record


def der_element(data, at, end):
    """(tag, start, stop) of the content at ``at``; ValueError where it runs over ``end``."""
    tag, length = data[at], data[at + 1]
    at += 2
    if length & 0x80:
        size = length & 0x7F
        if not 1 <= size <= 3:
            raise ValueError("length")
        length = int.from_bytes(data[at : at + size], "big")
        at += size
    if tag & 0x1F == 0x1F or at + length > end:
        raise ValueError("element")
    return tag, at, at + length


def der_children(data, element):
    found, at = [], element[1]
    while at < element[2] and len(found) < 1000:
        found.append(der_element(data, at, element[2]))
        at = found[-1][2]
    return found


def der_name(data, element):
    """``CN=Site CA, O=Site``, the most particular part first."""
    parts = []
    for group in der_children(data, element):
        for pair in der_children(data, group):
            kind, value = der_children(data, pair)[:2]
            label = DER_ATTRIBUTES.get(data[kind[1] : kind[2]])
            if label:
                text = data[value[1] : value[2]].decode(DER_ENCODINGS.get(value[0], "utf-8"), "replace")
                parts.append(label + "=" + one_line(text, 100))
    return ", ".join(reversed(parts[:8]))


def der_time(data, element):
    text = data[element[1] : element[2]].decode("ascii", "replace")
    if element[0] == 23:
        text = ("20" if text[:2] < "50" else "19") + text
    match = re.match(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z\Z", text)
    if match is None:
        raise ValueError("time")
    return "%s-%s-%sT%s:%s:%sZ" % match.groups()


def alternative_names(data, rest):
    names, addresses = [], []
    for block in rest:
        if block[0] != 0xA3:
            continue
        for extension in der_children(data, der_element(data, block[1], block[2])):
            parts = der_children(data, extension)
            if data[parts[0][1] : parts[0][2]] != DER_SUBJECT_ALT_NAME:
                continue
            for tag, start, stop in der_children(data, der_element(data, parts[-1][1], parts[-1][2])):
                if tag == 0x82:
                    names.append(one_line(data[start:stop].decode("ascii", "replace"), 253))
                elif tag == 0x87 and stop - start in (4, 16):
                    addresses.append(data[start:stop])
    return names, addresses


def certificate_names(pattern, host):
    """RFC 6125: a star stands for the whole of the first label."""
    pattern, host = pattern.lower().rstrip("."), host.rstrip(".")
    if pattern.startswith("*."):
        return "." in pattern[2:] and host.partition(".")[2] == pattern[2:]
    return pattern == host
