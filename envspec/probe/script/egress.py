# mypy: ignore-errors
"""Egress: whether something outside answers, tried only where whoever runs the probe named it.

A part of probe.py: Python 3.6, standard library alone.
"""

import socket

from envspec.probe.script.addresses import errno_word


def observe_egress(places, timeout_s, identify, look_up=socket.getaddrinfo):
    """A connection to each (host, port), closed at once."""
    return {
        "asked": len(places),
        "tried": [try_egress(place, timeout_s, identify, look_up) for place in places],
    }


def try_egress(place, timeout_s, identify, look_up):
    record = {"place": "%s:%d" % place} if identify else {}
    record["connected"] = False
    try:
        infos = look_up(place[0], place[1], 0, socket.SOCK_STREAM)
    except socket.gaierror as error:
        names = {getattr(socket, name): name for name in dir(socket) if name.startswith("EAI_")}
        record["error"] = names.get(error.errno, "EAI_FAIL")
        return record
    except (OSError, UnicodeError):
        record["error"] = "EINVAL"
        return record
    for info in infos[:4]:
        try:
            with socket.socket(info[0], info[1], info[2]) as plain:
                plain.settimeout(timeout_s)
                plain.connect(info[4])
                record["connected"] = True
                record.pop("error", None)
                return record
        except OSError as error:
            record["error"] = errno_word(error)
    return record
