# mypy: ignore-errors
"""HTTP: HEAD, and GET where that is refused. A part of probe.py: Python 3.6, standard library alone."""

import socket

from envspec.probe.script.addresses import bracketed
from envspec.probe.script.connection import NotHttpError

HEAD_ANSWERS = frozenset(range(200, 400)) | {401}
"""To HEAD; some servers know only GET, and refuse HEAD with all kinds of statuses."""


def ask_http(way, channel, target):
    """HEAD, and GET where that brings no good answer; the record, and where it redirects to."""
    record, location = ask_http_once(way, channel, "HEAD", target)
    if record.get("error") in ("closed", "not-http") or record.get("status", 401) not in HEAD_ANSWERS:
        try:
            again = way.open()
            if way.scheme == "https":
                again.start_tls(way.context, way.host, way.visit.deadline())
        except (OSError, ValueError):
            return record, location
        return ask_http_once(way, again, "GET", target)
    return record, location


def ask_http_once(way, channel, method, target):
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
    except NotHttpError:
        record["error"] = "not-http"
    except OSError:
        record["error"] = "closed"
    finally:
        channel.close()
    return record, location if record.get("status") in (301, 302, 303, 307, 308) else None
