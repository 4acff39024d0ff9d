# mypy: ignore-errors
"""The network as it can be seen without sending anything, and the settings that clients follow.

A part of probe.py: Python 3.6, standard library alone.
"""

import os
import re

from envspec.probe.script.reading import as_text, errno_name, file_item, read_bytes

VARIABLES = (
    "http_proxy https_proxy all_proxy ftp_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY FTP_PROXY "
    "NO_PROXY SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE PIP_CERT PIP_TRUSTED_HOST "
    "UV_INSECURE_HOST NODE_EXTRA_CA_CERTS PIP_INDEX_URL PIP_CONFIG_FILE HF_ENDPOINT HF_HOME "
    "LD_LIBRARY_PATH LD_PRELOAD PYTHONPATH PYTHONHOME CUDA_HOME CUDA_VISIBLE_DEVICES TMPDIR"
).split()
SWITCHES = (
    "PYTHONHTTPSVERIFY GIT_SSL_NO_VERIFY NODE_TLS_REJECT_UNAUTHORIZED CURL_INSECURE HF_HUB_OFFLINE".split()
)
SETTINGS = ("/etc/pip.conf", "/etc/gitconfig", "/etc/yum.conf", "/etc/dnf/dnf.conf")
HOME_SETTINGS = (".config/pip/pip.conf", ".pip/pip.conf", ".curlrc", ".gitconfig", ".condarc")
TRUSTED_HOST = re.compile(r"^\s*trusted-host\s*=", re.IGNORECASE)
SWITCHED_OFF = re.compile(
    r"^\s*(?:--insecure|insecure|-k)\s*$|^\s*ssl_?verify\s*[=:]\s*(?:false|0|no|off)\b", re.IGNORECASE
)
CA_STORES = (
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
UP = 1


def surrounding_items(crew, items, environ, timeout_s):
    items["call:network"] = network_item()
    items["call:environment"] = {"value": environment(environ)}
    items["call:ca-stores"] = {"value": [store for store in map(ca_store, CA_STORES) if store]}
    for path in SETTINGS:
        put_settings(items, path, path)
    home = environ.get("HOME", "")
    if home.startswith("/"):

        def done(ended):
            for said in ended.said():
                items.update(said)
            for name in HOME_SETTINGS if ended.error else ():
                items.setdefault("file:~/" + name, {"error": ended.error})

        crew.call(lambda say: say(home_settings(home)), done, timeout_s)


def home_settings(home):
    """In a child: homes lie on servers."""
    found = {}
    for name in HOME_SETTINGS:
        put_settings(found, home.rstrip("/") + "/" + name, "~/" + name)
    return found


def put_settings(items, path, shown):
    """The lines alone that switch the checking of certificates off; hosts stay here."""
    item = file_item(path)
    if item.get("error") in ("ENOENT", "ENOTDIR"):
        return
    if "text" in item:
        lines = []
        for line in item.pop("text").splitlines():
            if TRUSTED_HOST.match(line):
                lines.append("trusted-host = [host]\n")
            elif SWITCHED_OFF.match(line):
                lines.append(line.strip() + "\n")
        if lines:
            item["text"] = "".join(lines[:100])
    items["file:" + shown] = item


def environment(environ):
    found = {}
    for name in VARIABLES:
        if name in environ:
            found[name] = "set" if environ[name] else ""
    for name in SWITCHES:
        if name in environ:
            plain = re.match(r"[0-9A-Za-z]{0,8}\Z", environ[name].strip())
            found[name] = environ[name].strip() if plain else "set"
    return found


def ca_store(path):
    try:
        data, _ = read_bytes(path, 32 << 20)
    except OSError as error:
        return None if errno_name(error) == "ENOENT" else {"path": path, "error": errno_name(error)}
    return {"path": path, "bytes": len(data), "certificates": data.count(b"-----BEGIN ")}


def network_item():
    """Numbers alone: how many, and whether; no address is kept."""
    found, errors = {}, {}
    for key, count in (
        ("default-route", default_route),
        ("default-route-6", default_route_6),
        ("interfaces", interfaces),
    ):
        try:
            found[key] = count()
        except OSError as error:
            errors[key] = errno_name(error)
    try:
        words = [line.split() for line in as_text(read_bytes("/etc/resolv.conf")[0]).splitlines()]
        servers = [line[1] for line in words if line[:1] == ["nameserver"] and len(line) > 1]
        found["resolvers"] = len(servers)
        found["loopback-resolvers"] = sum(one.startswith("127.") or one == "::1" for one in servers)
        domains = [line[1:] for line in words if line[:1] in (["search"], ["domain"])]
        found["search-domains"] = len(domains[-1]) if domains else 0
    except OSError as error:
        errors["resolvers"] = errno_name(error)
    if errors:
        found["errors"] = errors
    return {"value": found}


def default_route():
    lines = as_text(read_bytes("/proc/net/route", 1 << 20)[0]).splitlines()[1:]
    rows = [line.split() for line in lines]
    return any(len(row) > 7 and row[1] == row[7] == "00000000" and int(row[3], 16) & UP for row in rows)


def default_route_6():
    if not os.path.exists("/proc/net/if_inet6"):
        return False
    rows = [line.split() for line in as_text(read_bytes("/proc/net/ipv6_route", 1 << 20)[0]).splitlines()]
    return any(len(row) > 9 and row[0] == "0" * 32 and row[1] == "00" and row[9] != "lo" for row in rows)


def interfaces():
    """Those but loopback; /sys would show another network namespace's."""
    lines = as_text(read_bytes("/proc/net/dev", 1 << 20)[0]).splitlines()[2:]
    return sum(line.partition(":")[0].strip() != "lo" for line in lines)
