# mypy: ignore-errors
"""Redaction: names, addresses, serials and UUIDs go before anything is written.

Most of a host's names never get here, since the items carry numbers and chosen lines; this is for the rest.
A part of probe.py: Python 3.6, standard library alone.
"""

import json
import os
import re

from envspec.probe.script.reading import read_text

PROXIES = [a for b in ("http", "https", "all", "ftp") for a in (b + "_proxy", b.upper() + "_PROXY")]
COMMON_NAMES = frozenset(
    (
        "admin administrator alma almalinux amazon amzn anaconda app bin boot build centos cloud conda "
        "cuda data debian default dev disk docker driver etc export fedora gpu guest home host lib "
        "lib64 linux local localdomain localhost login master media mnt model models mount nfs nobody "
        "node nvidia nvme ol opensuse opt oracle prefix proc project projects python python3 raid rhel "
        "rocky root run runner sbin scratch server service share shared shm sles software srv ssd "
        "storage suse sys system test tmp ubuntu user users usr var vm work worker workspace"
    ).split()
)
"""Words that name nobody, and that evidence is full of."""
LITERAL = (
    "call:nvml", "call:proc-gpus", "call:pci", "call:libstdcxx", "call:libraries", "call:libc",
    "call:executables", "call:environment", "call:locale", "call:cgroup", "call:traces",
    "command:nvidia-smi", "command:rpm", "command:dpkg", "command:modinfo", "command:systemctl",
    "file:/proc/modules", "file:/lib/modules", "file:/proc/cpuinfo", "file:/proc/meminfo", "file:/sys",
)  # fmt: skip
"""How keys begin of items whose words are NVIDIA's, the system's or ours: a host a100 hides no A100."""
VERSIONED = (
    "call:nvml", "call:libraries", "call:uname", "command:rpm", "command:dpkg", "command:nv",
    "command:/", "command:modinfo", "file:/usr/local/cuda", "file:/opt/cuda", "file:/usr/lib/cuda",
    "file:/proc/driver/nvidia", "file:/etc/os-release", "file:/lib/modules", "list:/",
)  # fmt: skip
"""How keys begin of items in which four numbers with dots are a version: 8.9.7.29."""
SITES_OWN = ("file:/usr/local/", "command:/usr/local/", "file:/opt/", "command:/opt/")
"""How keys begin in which a folder stands that the site may have named."""
UNTOUCHED = ("call:endpoints",)
"""It has rules of its own: the spec's endpoints stay."""

UUID = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Za-z])")
LONG_HEX = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{32,}(?![0-9A-Za-z])")
MAC = re.compile(
    r"(?<![0-9A-Fa-f:-])[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4,18}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:-])"
)
IPV4 = re.compile(
    r"(?<![0-9A-Za-z_.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![0-9A-Za-z_]|\.\d)"
)
SURE_IPV4 = re.compile(
    r"(?:(?<=//)|(?<=@))(?:\d{1,3}\.){3}\d{1,3}|(?<![0-9A-Za-z_.])(?:192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}(?!\d)"
)
IPV6 = re.compile(
    r"(?<![0-9A-Za-z_:.])(?:[0-9A-Fa-f]{1,4})?"
    r"(?:(?::[0-9A-Fa-f]{0,4}){1,6}:(?:\d{1,3}\.){3}\d{1,3}|(?::[0-9A-Fa-f]{0,4}){2,7})(?![0-9A-Za-z_:])"
)
SERIAL = re.compile(r"(?i)(serial(?:[ _-]?(?:number|no|nr))?\.?\s*[:=#]\s*)(?!N/A)[^\s,;|\"]+")
URL_HOST = re.compile(r"(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]*://)(?:[^\s/@\"']*@)?[^\s/:\"'\[\]]+")
AT_HOST = re.compile(r"(?<![A-Za-z0-9_.+-])[A-Za-z0-9_.+-]+@[A-Za-z0-9][A-Za-z0-9_.-]*")
WORD = re.compile("[0-9a-z]+")
HOME = re.compile(r"(/(?:home|Users|homes|users)/)[^/\s\"':,;|]+")


class Redactor:
    """What is known of this host's names, and the shapes of the others."""

    def __init__(self, environ):
        self.home = (environ.get("HOME") or "").rstrip("/")
        if not self.home.startswith("/"):
            self.home = ""
        users = local_users() | {environ.get(name, "") for name in ("USER", "LOGNAME", "SUDO_USER")}
        if self.home:
            users.add(os.path.basename(self.home))
        if (self.home.count("/") == 1 and self.home != "/root") or self.home == "/var/tmp":
            self.home = ""  # a service's: /data is a place that rules ask for by its name
        hosts, domains = host_names(environ)
        self.names = ((hosts, "[host]"), (domains, "[domain]"), (users, "[user]"))
        self.home_pattern = re.compile(r"(?<![\w.-])" + re.escape(self.home) + r"(?![\w.-])")
        self.words = []

    def items(self, items):
        """Each item without names. Only names that are here make the patterns: big sites have thousands."""
        worded = {key: item for key, item in items.items() if not key.startswith(LITERAL)}
        here = frozenset(WORD.findall(json.dumps(worded, ensure_ascii=False).lower()))
        self.words = [
            (words_pattern([name for name in names if here.issuperset(WORD.findall(name.lower()))]), word)
            for names, word in self.names
        ]
        return {self.key(key): self.item(key, items[key]) for key in sorted(items)}

    def key(self, key):
        return self.text(key, "list:/") if key.startswith(SITES_OWN) else key

    def item(self, key, item):
        return item if key.startswith(UNTOUCHED) else self.value(item, key)

    def value(self, value, key):
        if isinstance(value, str):
            return self.text(value, key)
        if isinstance(value, list):
            return [self.value(one, key) for one in value]
        if isinstance(value, dict):
            return {name: self.value(one, key) for name, one in value.items()}
        return value

    def text(self, text, key):
        if self.home:
            text = self.home_pattern.sub("~", text)
        for pattern, word in SHAPES:
            text = pattern.sub(word, text)
        if ":" in text:
            text = IPV6.sub(ip_or_not, text)
        text = (SURE_IPV4 if key.startswith(VERSIONED) else IPV4).sub("[ip]", text)
        for pattern, word in () if key.startswith(LITERAL) else self.words:
            if pattern is not None:
                text = pattern.sub(word, text)
        return text


SHAPES = (
    (UUID, "[uuid]"),
    (LONG_HEX, "[uuid]"),
    (MAC, "[mac]"),
    (SERIAL, r"\1[serial]"),
    (URL_HOST, r"\1[host]"),
    (AT_HOST, "[user]@[host]"),
    (HOME, r"\1[user]"),
)


def ip_or_not(match):
    """An address, and neither a time of day nor ``std::``."""
    text = match.group()
    groups = text.split(":")
    full = len(groups) == 8 or ("." in groups[-1] and len(groups) == 7)
    if "::" in text:
        return "[ip]" if text.count("::") == 1 and ":::" not in text and len(text) > 2 else text
    return "[ip]" if full and all(groups) else text


def words_pattern(names):
    """One pattern for whole words; longer names first, so that none hides a part of another."""
    kept = {
        name for name in names if len(name) > 1 and name.lower() not in COMMON_NAMES and not name.isdigit()
    }
    if not kept:
        return None
    words = "|".join(re.escape(name) for name in sorted(kept, key=lambda name: (-len(name), name)))
    return re.compile(r"(?<![0-9A-Za-z])(?:" + words + r")(?![0-9A-Za-z])", re.IGNORECASE)


def local_users():
    """People of /etc/passwd; those of a directory service would have to be asked for."""
    users = set()
    for line in (read_text("/etc/passwd", 1 << 20) or "").splitlines()[:5000]:
        fields = line.split(":")
        if len(fields) > 5 and fields[2].isdigit() and 1000 <= int(fields[2]) < 65000:
            users.add(fields[0])
    return users


def host_names(environ):
    """(names of this host and of proxies, search domains)."""
    node = os.uname().nodename
    hosts, domains = {node, node.partition(".")[0], environ.get("HOSTNAME", "")}, {node.partition(".")[2]}
    for name in PROXIES:
        place = re.match(r"(?:[A-Za-z0-9+.-]+://)?(?:[^/@]*@)?([^/:\s]+)", environ.get(name, ""))
        if place:
            hosts.add(place.group(1))
    for line in (read_text("/etc/resolv.conf") or "").splitlines():
        words = line.split()
        if words[:1] in (["search"], ["domain"]):
            domains.update(word.strip(".") for word in words[1:])
    return hosts, domains
