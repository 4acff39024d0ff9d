# mypy: ignore-errors
"""Names: a small DNS client (RFC 1035), so that each name server is asked; and the system's own look-up.

A part of probe.py: Python 3.6, standard library alone.
"""

import random
import socket
import struct
import threading
import time

from envspec.probe.script.addresses import errno_word

MAX_RESOLVERS = 8
MAX_ADDRESSES = 8
DNS_CODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
DNS_A, DNS_AAAA, DNS_CUT = 1, 28, 0x0200
DNS_LENGTHS = {DNS_A: 4, DNS_AAAA: 16}


def ask_resolvers(around, host, end):
    """What each name server of resolv.conf says of ``host``; and why there may be none."""
    try:
        with open(around.resolv_conf, "r", encoding="utf-8", errors="replace") as file:
            servers, candidates = resolver_settings(file.read(65536), host)
    except OSError as error:
        return [], errno_word(error)
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
        answers = {
            "a": ask_for(server, port, name, DNS_A, end),
            "aaaa": ask_for(server, port, name, DNS_AAAA, end),
        }
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
                        answer = dns_answer(udp.recv(4096), query, kind)
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
        said = errno_word(error)
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
    answer = dns_answer(data[2:], query, kind)
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


def dns_answer(data, query, kind):
    """What an answer says; None where it isn't one to this query. A pointer in a name is never followed."""
    question = query[12:]
    if len(data) < 12 or data[:2] != query[:2] or not data[2] & 0x80:
        return None
    flags, questions, answers = struct.unpack("!3H", data[2:8])
    same = questions == 1 and data[12 : 12 + len(question)].lower() == question.lower()
    if not same and (questions or not flags & 15):
        return None
    code, count, at = flags & 15, 0, 12 + len(question)
    if flags & DNS_CUT or not same:
        return {"said": DNS_CODES.get(code, "RCODE%d" % code), "count": 0, "cut": bool(flags & DNS_CUT)}
    try:
        for _ in range(min(answers, 256)):
            at = dns_after_name(data, at)
            found, _, _, length = struct.unpack("!2HIH", data[at : at + 10])
            at += 10 + length
            if at > len(data):
                return None
            count += found == kind and length == DNS_LENGTHS[kind]
    except (struct.error, IndexError, ValueError):
        return None
    return {"said": DNS_CODES.get(code, "RCODE%d" % code), "count": int(count), "cut": False}


def dns_after_name(data, at):
    while data[at]:
        if data[at] & 0xC0 == 0xC0:
            return at + 2
        if data[at] & 0xC0:
            raise ValueError("label")
        at += 1 + data[at]
    return at + 1


def system_look_up(around, host, port, box):
    """What the system's own look-up says, with /etc/hosts and all that nsswitch.conf names."""
    try:
        infos = around.look_up(host, port, 0, socket.SOCK_STREAM)
        unique = {info[4]: info for info in reversed(infos[:MAX_ADDRESSES])}
        box.append(("", [info for info in infos[:MAX_ADDRESSES] if unique[info[4]] is info]))
    except socket.gaierror as error:
        names = {getattr(socket, name): name for name in dir(socket) if name.startswith("EAI_")}
        box.append((names.get(error.errno, "EAI_FAIL"), []))
    except OSError as error:
        box.append((errno_word(error), []))
    except UnicodeError:
        box.append(("EINVAL", []))


def in_hosts_file(path, host):
    try:
        with open(path, "r", encoding="utf-8", errors="replace") as file:
            lines = file.read(1 << 20).splitlines()
    except OSError:
        return False
    return any(host.lower() in line.split("#")[0].lower().split()[1:] for line in lines)
