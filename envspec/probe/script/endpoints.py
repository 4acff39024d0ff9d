# mypy: ignore-errors
# ruff: noqa: B905, D102, D103, FURB188, N818, PERF203, RUF005, UP015, UP031, UP041
"""Endpoints, tried from the host stage by stage. A part of probe.py: Python 3.6, standard library alone.

Only what a client would send is sent: look-ups, a handshake, HEAD and GET without a login. A certificate that
can't be verified ends the trying; one handshake without verification reads it, and nothing is said over that.
"""

import base64
import errno
import functools
import ipaddress
import os
import random
import re
import selectors
import socket
import struct
import threading
import time
from urllib.parse import quote, unquote, urljoin, urlsplit

try:
    import ssl
except ImportError:
    ssl = None

MAX_ENDPOINTS = 64
MAX_REDIRECTS = 5
TIMEOUTS_IN_ALL = 6
MAX_RESOLVERS = 8
MAX_ADDRESSES = 8
MAX_HEAD_BYTES = 65536
MAX_CERTIFICATE_BYTES = 65536
MAX_CA_FILE_BYTES = 16 * 1024 * 1024
KNOWN_BUNDLES = (
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""For a Python that was built elsewhere and looks for its store in the wrong place."""


def observe_endpoints(endpoints, timeout_s, identify=False, around=None):
    """Try each (URL, CA file or None), all at once, and return what was seen as a JSON value.

    No single wait is longer than ``timeout_s``, and no endpoint takes more than six of them.
    """
    around = around or Around()
    if ssl is not None and endpoints:
        system_context()
    visits = [Visit(url, ca_file, timeout_s, identify, around) for url, ca_file in endpoints[:MAX_ENDPOINTS]]
    threads = [threading.Thread(target=visit.run, daemon=True) for visit in visits]
    end = time.monotonic() + TIMEOUTS_IN_ALL * timeout_s + 0.5
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    clock = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {"clock": clock, "timeout-s": timeout_s, "endpoints": [{"hops": visit.seen} for visit in visits]}


class Around:
    """What lies around the endpoints: where the host's own settings are read."""

    resolv_conf = "/etc/resolv.conf"
    hosts = "/etc/hosts"
    dns_port = 53
    environ = os.environ
    look_up = staticmethod(socket.getaddrinfo)


class OutOfTime(Exception):
    """The endpoint's time is over."""


class Stop(Exception):
    """A stage failed, and what it says stands in the hop already."""


class Visit:
    """One endpoint and where it redirects to; ``seen`` is what there is to tell, at any time."""

    def __init__(self, url, ca_file, timeout_s, identify, around):
        self.url, self.ca_file, self.timeout_s = url, ca_file, timeout_s
        self.identify, self.around = identify, around
        self.end = time.monotonic() + TIMEOUTS_IN_ALL * timeout_s
        self.seen = [{"url": shown(url, True, identify), "out-of-time": True}]

    def deadline(self):
        """Until when the next step may take; OutOfTime if no time is left for it."""
        now = time.monotonic()
        if now >= self.end:
            raise OutOfTime
        return min(now + self.timeout_s, self.end)

    def timed_out(self):
        """What a step that got no answer says; OutOfTime where it was cut short."""
        if time.monotonic() >= self.end:
            raise OutOfTime
        return "timeout"

    def run(self):
        """Go from hop to hop."""
        url, hops, known = self.url, [], set()
        while url:
            known.add(url)
            hop = {"url": shown(url, not hops, self.identify)}
            hops.append(hop)
            try:
                location = self.try_one(url, hop)
                url = self.next_url(url, location, hop["http"], known, len(hops))
            except Stop:
                url = None
            except OutOfTime:
                hop["out-of-time"] = True
                url = None
        self.seen = hops

    def next_url(self, url, location, http, known, hops):
        """The URL that a redirect names, None where none does or it must not be followed."""
        if location is None:
            return None
        try:
            target = urljoin(url, location).partition("#")[0]
            good = address(target) is not None
        except ValueError:
            target, good = "", False
        http["location"] = shown(target, False, self.identify)
        if not good:
            http["redirect-trouble"] = "bad"
        elif target in known:
            http["redirect-trouble"] = "loop"
        elif hops > MAX_REDIRECTS:
            http["redirect-trouble"] = "too-many"
        return None if "redirect-trouble" in http else target

    def try_one(self, url, hop):
        """Fill in the stages of one URL; return where it redirects to."""
        place = address(url)
        if place is None:
            hop["name"] = {"error": "EINVAL"}
            raise Stop
        scheme, host, port, target = place
        variable, proxy, exempt = proxy_for(scheme, host, port, self.around.environ)
        login = ""
        if exempt:
            hop["no-proxy"] = True
        asked_host, asked_port = host, port
        if proxy:
            hop["proxy"] = variable
            asked_host, asked_port, login = self.proxy_place(proxy, hop)
        hop["name"], infos = self.names(asked_host, asked_port)
        if not infos:
            raise Stop
        hop["connections"], channel, info = connect_each(infos, self.deadline())
        if channel is None:
            raise Stop
        way = Way(self, info, host, port, scheme, proxy is not None, login)
        if scheme == "https":
            if proxy:
                channel = self.tunnelled(way, channel, hop)
            hop["tls"], hop["certificate"], channel = try_tls(way, channel, self.ca_file)
            if hop["certificate"] is None:
                del hop["certificate"]
            if channel is None:
                raise Stop
        hop["http"], location = ask(way, channel, target)
        return location

    def proxy_place(self, proxy, hop):
        parts = urlsplit(proxy if "://" in proxy else "http://" + proxy)
        try:
            host, port = parts.hostname, parts.port or 80
        except ValueError:
            host, port = None, 0
        if parts.scheme.lower() != "http" or not host:
            hop["connections"], hop["tunnel"] = [{"error": "EPROTO"}], "kind"
            raise Stop
        if parts.username is None:
            return host, port, ""
        pair = unquote(parts.username) + ":" + unquote(parts.password or "")
        return host, port, "Basic " + base64.b64encode(pair.encode()).decode()

    def tunnelled(self, way, channel, hop):
        try:
            return way.tunnel(channel)
        except Refused as error:
            hop["tunnel"] = error.status
        except socket.timeout:
            hop["tunnel"] = "timeout"
        except OSError as error:
            hop["tunnel"] = errno_name(error)
        raise Stop

    def names(self, host, port):
        """What each resolver says of ``host`` and what the system does; and the system's addresses."""
        if is_address(host):
            infos = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)
            return {"literal": True, "count": 1}, infos[:1]
        end = self.deadline()
        box = []
        system = threading.Thread(target=look_up, args=(self.around, host, port, box), daemon=True)
        system.start()
        record = {"hosts-file": in_hosts_file(self.around.hosts, host)}
        record["resolvers"], record["trouble"] = ask_resolvers(self.around, host, end)
        system.join(max(0.0, end - time.monotonic()))
        error, infos = box[0] if box else ("timeout", [])
        record.update(count=len(infos), error=error)
        if self.identify:
            record["addresses"] = [info[4][0] for info in infos]
        return record, infos


class Way:
    """How to reach one URL's server again: its address, perhaps through a proxy."""

    def __init__(self, visit, info, host, port, scheme, proxied, login):
        self.visit, self.info, self.host, self.port = visit, info, host, port
        self.scheme, self.proxied, self.login, self.context = scheme, proxied, login, None

    def open(self):
        """A new connection, through the proxy's tunnel where there is one; OSError otherwise."""
        end = self.visit.deadline()
        plain = socket.socket(self.info[0], self.info[1], self.info[2])
        try:
            plain.settimeout(max(0.001, end - time.monotonic()))
            plain.connect(self.info[4])
        except OSError:
            plain.close()
            raise
        channel = Channel(plain)
        return self.tunnel(channel) if self.proxied and self.scheme == "https" else channel

    def tunnel(self, channel):
        """The same connection after the proxy has opened it; Refused or OSError otherwise."""
        channel.end = self.visit.deadline()
        place = "%s:%d" % (bracketed(self.host), self.port)
        lines = ["CONNECT %s HTTP/1.1" % place, "Host: " + place] + self.proxy_lines()
        status, _ = channel.ask(lines)
        if status != 200:
            channel.close()
            raise Refused(status)
        return channel

    def proxy_lines(self):
        return ["Proxy-Authorization: " + self.login] if self.login else []


class Refused(OSError):
    """The proxy answered CONNECT with ``status``."""

    def __init__(self, status):
        OSError.__init__(self, "refused")
        self.status = status


class NotHttp(OSError):
    """What came isn't HTTP."""


class Channel:
    """A connection, plain or with TLS, whose every wait ends at ``end``."""

    def __init__(self, plain):
        self.plain, self.tls, self.end, self.began = plain, None, 0.0, b""
        self.incoming = self.outgoing = None

    def close(self):
        self.plain.close()

    def start_tls(self, context, host, end):
        """Shake hands; ssl.SSLError, ssl.CertificateError or OSError if it fails."""
        self.end = end
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=host)
        self._pump(self.tls.do_handshake)

    def ask(self, lines):
        """Send a request's head and return the answer's status and Location, bounded."""
        self._send("\r\n".join(lines + ["", ""]).encode("latin-1", "replace"))
        head = b""
        for _ in range(5):
            while b"\r\n\r\n" not in head:
                data = self._pump(self.tls.read, 4096) if self.tls else self._receive()
                head += data
                if head[:5] != b"HTTP/"[: len(head)] or len(head) > MAX_HEAD_BYTES:
                    raise NotHttp
                if not data:
                    raise ConnectionResetError(errno.ECONNRESET, "closed")
            first, head = head.split(b"\r\n\r\n", 1)
            match = re.match(rb"HTTP/1\.[01] (\d{3})(?: |\r\n|$)", first)
            if match is None:
                raise NotHttp
            if not match.group(1).startswith(b"1"):
                location = re.search(rb"(?i)\r\nlocation:[ \t]*([^\r\n]*)", first)
                return int(match.group(1)), location and location.group(1).strip().decode("utf-8", "replace")
        raise NotHttp

    def _send(self, data):
        if self.tls is None:
            self.plain.settimeout(self._left())
            self.plain.sendall(data)
        else:
            self._pump(self.tls.write, data)

    def _pump(self, action, *args):
        while True:
            try:
                return action(*args)
            except ssl.SSLWantReadError:
                self._flush()
                data = self._receive()
                self.incoming.write(data) if data else self.incoming.write_eof()
            except ssl.SSLZeroReturnError:
                return b""
            finally:
                self._flush()

    def _flush(self):
        data = self.outgoing.read()
        if data:
            try:
                self.plain.settimeout(self._left())
                self.plain.sendall(data)
            except OSError:
                pass  # what it answered tells more

    def _receive(self):
        self.plain.settimeout(self._left())
        data = self.plain.recv(16384)
        self.began = self.began or data[:8]
        return data

    def _left(self):
        left = self.end - time.monotonic()
        if left <= 0:
            raise socket.timeout("timed out")
        return left


# -- connection


def connect_each(infos, end):
    """Try every address at once; what each brought, and the first that connected with its address."""
    selector = selectors.DefaultSelector()
    errors, sockets = ["timeout"] * len(infos), []
    for number, info in enumerate(infos):
        try:
            plain = socket.socket(info[0], info[1], info[2])
        except OSError as error:
            errors[number] = errno_name(error)
            sockets.append(None)
            continue
        sockets.append(plain)
        plain.setblocking(False)
        code = plain.connect_ex(info[4])
        if code == errno.EINPROGRESS:
            selector.register(plain, selectors.EVENT_WRITE, number)
        else:
            errors[number] = errno.errorcode.get(code, "EIO") if code else ""
    while selector.get_map() and time.monotonic() < end:
        for key, _ in selector.select(max(0.0, end - time.monotonic())):
            code = key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            errors[key.data] = errno.errorcode.get(code, "EIO") if code else ""
            selector.unregister(key.fileobj)
    selector.close()
    first = errors.index("") if "" in errors else None
    for number, plain in enumerate(sockets):
        if plain is not None and number != first:
            plain.close()
    records = [{"error": error} for error in errors]
    return (records, None, None) if first is None else (records, Channel(sockets[first]), infos[first])


def proxy_for(scheme, host, port, environ):
    """(variable, its value, whether NO_PROXY exempts): as curl and urllib read them, lower case first."""
    variable = value = None
    for name in (scheme + "_proxy", "all_proxy"):
        for spelled in (name, name.upper()):
            if value is None and environ.get(spelled, "").strip():
                variable, value = spelled, environ[spelled].strip()
    if value is None:
        return None, None, False
    entries = environ.get("no_proxy", environ.get("NO_PROXY", "")).split(",")
    if any(exempts(entry.strip().lower(), host, port) for entry in entries):
        return None, None, True
    return variable, value, False


def exempts(entry, host, port):
    if entry == "*":
        return True
    if "/" in entry:
        try:
            return ipaddress.ip_address(host) in ipaddress.ip_network(entry, False)
        except ValueError:
            return False
    entry = (entry[1:] if entry.startswith("*") else entry).lstrip(".")
    name, _, number = entry.rpartition(":")
    if number.isdigit() and name and (":" not in name or name.endswith("]")):
        if int(number) != port:
            return False
        entry = name
    entry = entry.strip("[]")
    return bool(entry) and (host == entry or host.endswith("." + entry))


# -- HTTP


PLAIN_ANSWERS = frozenset(range(200, 400)) | {401}
"""To HEAD; some servers know only GET, and refuse HEAD with all kinds of statuses."""


def ask(way, channel, target):
    """HEAD, and GET where that brings no good answer; the record, and where it redirects to."""
    record, location = ask_once(way, channel, "HEAD", target)
    if record.get("error") in ("closed", "not-http") or record.get("status", 401) not in PLAIN_ANSWERS:
        try:
            again = way.open()
            if way.scheme == "https":
                again.start_tls(way.context, way.host, way.visit.deadline())
        except (OSError, ValueError):
            return record, location
        return ask_once(way, again, "GET", target)
    return record, location


def ask_once(way, channel, method, target):
    record = {"method": method}
    standard = way.port == (443 if way.scheme == "https" else 80)
    host = bracketed(way.host) + ("" if standard else ":%d" % way.port)
    lines = ["Host: " + host, "User-Agent: envspec-probe", "Accept: */*", "Connection: close"]
    if way.proxied and way.scheme == "http":
        target = "http://" + host + target
        lines += way.proxy_lines()
    location = None
    try:
        channel.end = way.visit.deadline()
        record["status"], location = channel.ask(["%s %s HTTP/1.1" % (method, target)] + lines)
    except socket.timeout:
        record["error"] = way.visit.timed_out()
    except NotHttp:
        record["error"] = "not-http"
    except OSError:
        record["error"] = "closed"
    finally:
        channel.close()
    return record, location if record.get("status") in (301, 302, 303, 307, 308) else None


# -- TLS


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
        return record, read_certificate(channel.tls.getpeercert(True), way), channel
    der = peer_certificate(way) if record["error"] == "verify" else None
    return record, der and read_certificate(der, way), None


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
    except (OSError, ValueError, OutOfTime):
        return None
    finally:
        channel.close()


@functools.lru_cache(maxsize=1)
def system_context():
    """What every endpoint shares: reading a bundle of authorities takes its time."""
    return new_context()


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
        return errno_name(error)
    return ""


# -- certificate: X.509 in DER, as far as a report needs it (RFC 5280)

ATTRIBUTES = {
    b"\x55\x04\x03": "CN",
    b"\x55\x04\x0a": "O",
    b"\x55\x04\x0b": "OU",
    b"\x55\x04\x06": "C",
    b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19": "DC",
}
ENCODINGS = {30: "utf-16-be", 28: "utf-32-be", 20: "latin-1"}
SUBJECT_ALT_NAME = b"\x55\x1d\x11"


def read_certificate(der, way):
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
    if is_address(way.host):
        named = ipaddress.ip_address(way.host).packed in addresses or (not addresses and way.host in common)
    else:
        named = any(name_matches(name, way.host) for name in (names if names or addresses else common))
    record["names-host"] = named
    told = [str(ipaddress.ip_address(each)) if way.visit.identify else "an address" for each in addresses]
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
            label = ATTRIBUTES.get(data[kind[1] : kind[2]])
            if label:
                text = data[value[1] : value[2]].decode(ENCODINGS.get(value[0], "utf-8"), "replace")
                parts.append(label + "=" + printable(text, 100))
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
            if data[parts[0][1] : parts[0][2]] != SUBJECT_ALT_NAME:
                continue
            for tag, start, stop in der_children(data, der_element(data, parts[-1][1], parts[-1][2])):
                if tag == 0x82:
                    names.append(printable(data[start:stop].decode("ascii", "replace"), 253))
                elif tag == 0x87 and stop - start in (4, 16):
                    addresses.append(data[start:stop])
    return names, addresses


def name_matches(pattern, host):
    """RFC 6125: a star stands for the whole of the first label."""
    pattern, host = pattern.lower().rstrip("."), host.rstrip(".")
    if pattern.startswith("*."):
        return "." in pattern[2:] and host.partition(".")[2] == pattern[2:]
    return pattern == host


# -- names: a small DNS client (RFC 1035), so that each resolver is asked

CODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
A, AAAA, CUT = 1, 28, 0x0200
LENGTHS = {A: 4, AAAA: 16}


def ask_resolvers(around, host, end):
    """What each name server of resolv.conf says of ``host``; and why there may be none."""
    try:
        with open(around.resolv_conf, "r", encoding="utf-8", errors="replace") as file:
            servers, candidates = resolver_settings(file.read(65536), host)
    except OSError as error:
        return [], errno_name(error)
    records = [
        {"a": {"said": "timeout", "count": 0}, "aaaa": {"said": "timeout", "count": 0}} for _ in servers
    ]
    threads = [
        threading.Thread(
            target=ask_resolver, args=(server, around.dns_port, candidates, host, end, record), daemon=True
        )
        for server, record in zip(servers, records)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()) + 0.05)
    return [dict(record) for record in records], ""


def resolver_settings(text, host):
    """The name servers, and the names that a look-up tries in turn (resolv.conf(5))."""
    servers, search, dots = [], [], 1
    for line in text.splitlines():
        words = line.split("#")[0].split(";")[0].split()
        if len(words) < 2:
            continue
        if words[0] == "nameserver" and len(servers) < MAX_RESOLVERS:
            servers.append(words[1])
        elif words[0] in ("search", "domain"):
            search = [word.strip(".") for word in words[1:7]]
        elif words[0] == "options":
            given = [word[6:] for word in words if word.startswith("ndots:")]
            dots = int(given[-1]) if given and given[-1].isdigit() else dots
    longer = [] if host.endswith(".") else [host + "." + domain for domain in search if domain]
    name = host.rstrip(".")
    return servers, [name] + longer if host.count(".") >= dots else longer + [name]


def ask_resolver(server, port, candidates, host, end, record):
    """Ask for each candidate until one has an address; otherwise the name as it stands speaks."""
    for name in candidates:
        answers = {"a": ask_for(server, port, name, A, end), "aaaa": ask_for(server, port, name, AAAA, end)}
        if name == host.rstrip(".") or answers["a"]["count"] or answers["aaaa"]["count"]:
            record.update(answers)
        if answers["a"]["count"] or answers["aaaa"]["count"] or time.monotonic() >= end:
            return


def ask_for(server, port, name, kind, end):
    """Over UDP, sent twice, and over TCP where the answer is cut."""
    said = "timeout"
    try:
        info = socket.getaddrinfo(server, port, 0, socket.SOCK_DGRAM, 0, socket.AI_NUMERICHOST)[0]
        query = dns_query(name, kind)
        with socket.socket(info[0], socket.SOCK_DGRAM) as udp:
            udp.connect(info[4])
            for until in ((time.monotonic() + end) / 2, end):
                udp.send(query)
                while time.monotonic() < until:
                    udp.settimeout(max(0.001, until - time.monotonic()))
                    try:
                        answer = read_answer(udp.recv(4096), query, kind)
                    except socket.timeout:
                        break
                    if answer is None:
                        said = "garbage"
                    elif answer.pop("cut"):
                        return ask_over_tcp(info, query, kind, end) or {"said": "cut", "count": 0}
                    else:
                        return answer
    except socket.gaierror:
        said = "EINVAL"
    except (UnicodeError, ValueError):
        said = "FORMERR"
    except OSError as error:
        said = errno_name(error)
    return {"said": said, "count": 0}


def ask_over_tcp(info, query, kind, end):
    try:
        with socket.socket(info[0], socket.SOCK_STREAM) as tcp:
            tcp.settimeout(max(0.001, end - time.monotonic()))
            tcp.connect(info[4])
            tcp.sendall(struct.pack("!H", len(query)) + query)
            data = b""
            while len(data) < 2 or len(data) < 2 + struct.unpack("!H", data[:2])[0]:
                tcp.settimeout(max(0.001, end - time.monotonic()))
                more = tcp.recv(65536)
                if not more or time.monotonic() >= end:
                    return None
                data += more
    except OSError:
        return None
    answer = read_answer(data[2:], query, kind)
    if answer is not None:
        del answer["cut"]
    return answer


def dns_query(name, kind):
    labels = [label.encode("idna") for label in name.split(".")]
    if not all(0 < len(label) < 64 for label in labels) or sum(map(len, labels)) + len(labels) > 254:
        raise ValueError("name")
    ident = random.SystemRandom().randrange(65536)
    packed = b"".join(bytes([len(label)]) + label for label in labels)
    return struct.pack("!6H", ident, 0x0100, 1, 0, 0, 0) + packed + b"\0" + struct.pack("!2H", kind, 1)


def read_answer(data, query, kind):
    """What an answer says; None where it isn't one to this query. A pointer in a name is never followed."""
    question = query[12:]
    if len(data) < 12 or data[:2] != query[:2] or not data[2] & 0x80:
        return None
    flags, questions, answers = struct.unpack("!3H", data[2:8])
    same = questions == 1 and data[12 : 12 + len(question)].lower() == question.lower()
    if not same and (questions or not flags & 15):
        return None
    code, count, at = flags & 15, 0, 12 + len(question)
    if flags & CUT or not same:
        return {"said": CODES.get(code, "RCODE%d" % code), "count": 0, "cut": bool(flags & CUT)}
    try:
        for _ in range(min(answers, 256)):
            at = after_name(data, at)
            found, _, _, length = struct.unpack("!2HIH", data[at : at + 10])
            at += 10 + length
            if at > len(data):
                return None
            count += found == kind and length == LENGTHS[kind]
    except (struct.error, IndexError, ValueError):
        return None
    return {"said": CODES.get(code, "RCODE%d" % code), "count": int(count), "cut": False}


def after_name(data, at):
    while data[at]:
        if data[at] & 0xC0 == 0xC0:
            return at + 2
        if data[at] & 0xC0:
            raise ValueError("label")
        at += 1 + data[at]
    return at + 1


def look_up(around, host, port, box):
    """What the system's own look-up says, with /etc/hosts and all that nsswitch.conf names."""
    try:
        infos = around.look_up(host, port, 0, socket.SOCK_STREAM)
        unique = {info[4]: info for info in reversed(infos[:MAX_ADDRESSES])}
        box.append(("", [info for info in infos[:MAX_ADDRESSES] if unique[info[4]] is info]))
    except socket.gaierror as error:
        names = {getattr(socket, name): name for name in dir(socket) if name.startswith("EAI_")}
        box.append((names.get(error.errno, "EAI_FAIL"), []))
    except OSError as error:
        box.append((errno_name(error), []))
    except UnicodeError:
        box.append(("EINVAL", []))


def in_hosts_file(path, host):
    try:
        with open(path, "r", encoding="utf-8", errors="replace") as file:
            lines = file.read(1 << 20).splitlines()
    except OSError:
        return False
    return any(host.lower() in line.split("#")[0].lower().split()[1:] for line in lines)


# -- addresses and texts


def address(url):
    """(scheme, host, port, what to ask for) of an http or https URL, None for any other text."""
    try:
        parts = urlsplit(url)
        scheme, port = parts.scheme.lower(), parts.port
        host = (
            (parts.hostname or "").encode("idna").decode()
            if not is_address(parts.hostname)
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


def shown(url, first, identify):
    """The URL without login and fragment; a redirect's also without its query, which may hold a signature."""
    place = address(url)
    if place is None:
        return "not an http URL"
    parts = urlsplit(url)
    host = "an-address" if is_address(place[1]) and not (first or identify) else bracketed(place[1])
    port = ":%d" % parts.port if parts.port else ""
    query = "?" + parts.query if first and parts.query else ""
    return printable(place[0] + "://" + host + port + parts.path + query, 2000)


def bracketed(host):
    return "[" + host + "]" if ":" in host else host


def is_address(host):
    try:
        return bool(ipaddress.ip_address(host or ""))
    except ValueError:
        return False


def printable(text, limit):
    return "".join(char if char.isprintable() else "?" for char in text[:limit])


def errno_name(error):
    if isinstance(error, socket.timeout):
        return "timeout"
    return errno.errorcode.get(error.errno, "EIO")
