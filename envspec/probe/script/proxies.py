# mypy: ignore-errors
"""Proxies: by which variable a URL goes through one.

A part of probe.py: Python 3.6, standard library alone.
"""

import ipaddress


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
    if any(no_proxy_exempts(entry.strip().lower(), host, port) for entry in entries):
        return None, None, True
    return variable, value, False


def no_proxy_exempts(entry, host, port):
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
