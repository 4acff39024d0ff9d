# mypy: ignore-errors
"""Endpoints, tried from the host stage by stage. A part of probe.py: Python 3.6, standard library alone.

Only what a client would send is sent: look-ups, a handshake, HEAD and GET without a login. A certificate that
can't be verified ends the trying; one handshake without verification reads it, and nothing is said over that.
"""

import base64
import os
import socket
import threading
import time
from urllib.parse import unquote, urljoin, urlsplit

from envspec.probe.script.addresses import errno_word, is_ip_address, shown_url, url_place
from envspec.probe.script.connection import EndpointWay, OutOfTimeError, TunnelRefusedError, connect_each
from envspec.probe.script.handshake import system_context, try_tls
from envspec.probe.script.proxies import proxy_for
from envspec.probe.script.request import ask_http
from envspec.probe.script.resolvers import ask_resolvers, in_hosts_file, system_look_up

MAX_ENDPOINTS = 64
MAX_REDIRECTS = 5
TIMEOUTS_IN_ALL = 6


def observe_endpoints(endpoints, timeout_s, identify=False, around=None):
    """Try each (URL, CA file or None), all at once, and return what was seen as a JSON value.

    No single wait is longer than ``timeout_s``, and no endpoint takes more than six of them.
    """
    around = around or EndpointHost()
    if endpoints:
        system_context()
    visits = [
        EndpointVisit(url, ca_file, timeout_s, identify, around) for url, ca_file in endpoints[:MAX_ENDPOINTS]
    ]
    threads = [threading.Thread(target=visit.run, daemon=True) for visit in visits]
    end = time.monotonic() + TIMEOUTS_IN_ALL * timeout_s + 0.5
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    clock = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {"clock": clock, "timeout-s": timeout_s, "endpoints": [{"hops": visit.seen} for visit in visits]}


class EndpointHost:
    """What lies around the endpoints: where the host's own settings are read."""

    resolv_conf = "/etc/resolv.conf"
    hosts = "/etc/hosts"
    dns_port = 53
    environ = os.environ
    look_up = staticmethod(socket.getaddrinfo)


class StageFailedError(Exception):
    """A stage failed, and what it says stands in the hop already."""


class EndpointVisit:
    """One endpoint and where it redirects to; ``seen`` is what there is to tell, at any time."""

    def __init__(self, url, ca_file, timeout_s, identify, around):
        self.url, self.ca_file, self.timeout_s = url, ca_file, timeout_s
        self.identify, self.around = identify, around
        self.end = time.monotonic() + TIMEOUTS_IN_ALL * timeout_s
        self.seen = [{"url": shown_url(url, True, identify), "out-of-time": True}]

    def deadline(self):
        """Until when the next step may take; OutOfTime if no time is left for it."""
        now = time.monotonic()
        if now >= self.end:
            raise OutOfTimeError
        return min(now + self.timeout_s, self.end)

    def timed_out(self):
        """What a step that got no answer says; OutOfTime where it was cut short."""
        if time.monotonic() >= self.end:
            raise OutOfTimeError
        return "timeout"

    def run(self):
        """Go from hop to hop."""
        url, hops, known = self.url, [], set()
        while url:
            known.add(url)
            hop = {"url": shown_url(url, not hops, self.identify)}
            hops.append(hop)
            try:
                location = self.try_one(url, hop)
                url = self.next_url(url, location, hop["http"], known, len(hops))
            except StageFailedError:
                url = None
            except OutOfTimeError:
                hop["out-of-time"] = True
                url = None
        self.seen = hops

    def next_url(self, url, location, http, known, hops):
        """The URL that a redirect names, None where none does or it must not be followed."""
        if location is None:
            return None
        try:
            target = urljoin(url, location).partition("#")[0]
            good = url_place(target) is not None
        except ValueError:
            target, good = "", False
        http["location"] = shown_url(target, False, self.identify)
        if not good:
            http["redirect-trouble"] = "bad"
        elif target in known:
            http["redirect-trouble"] = "loop"
        elif hops > MAX_REDIRECTS:
            http["redirect-trouble"] = "too-many"
        return None if "redirect-trouble" in http else target

    def try_one(self, url, hop):
        """Fill in the stages of one URL; return where it redirects to."""
        place = url_place(url)
        if place is None:
            hop["name"] = {"error": "EINVAL"}
            raise StageFailedError
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
            raise StageFailedError
        hop["connections"], channel, info = connect_each(infos, self.deadline())
        if channel is None:
            raise StageFailedError
        way = EndpointWay(self, info, host, port, scheme, proxy is not None, login)
        if scheme == "https":
            if proxy:
                channel = self.tunnelled(way, channel, hop)
            hop["tls"], hop["certificate"], channel = try_tls(way, channel, self.ca_file)
            if hop["certificate"] is None:
                del hop["certificate"]
            if channel is None:
                raise StageFailedError
        hop["http"], location = ask_http(way, channel, target)
        return location

    def proxy_place(self, proxy, hop):
        parts = urlsplit(proxy if "://" in proxy else "http://" + proxy)
        try:
            host, port = parts.hostname, parts.port or 80
        except ValueError:
            host, port = None, 0
        if parts.scheme.lower() != "http" or not host:
            hop["connections"], hop["tunnel"] = [{"error": "EPROTO"}], "kind"
            raise StageFailedError
        if parts.username is None:
            return host, port, ""
        pair = unquote(parts.username) + ":" + unquote(parts.password or "")
        return host, port, "Basic " + base64.b64encode(pair.encode()).decode()

    def tunnelled(self, way, channel, hop):
        try:
            return way.tunnel(channel)
        except TunnelRefusedError as error:
            hop["tunnel"] = error.status
        except socket.timeout:
            hop["tunnel"] = "timeout"
        except OSError as error:
            hop["tunnel"] = errno_word(error)
        raise StageFailedError

    def names(self, host, port):
        """What each resolver says of ``host`` and what the system does; and the system's addresses."""
        if is_ip_address(host):
            infos = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)
            return {"literal": True, "count": 1}, infos[:1]
        end = self.deadline()
        box = []
        system = threading.Thread(target=system_look_up, args=(self.around, host, port, box), daemon=True)
        system.start()
        record = {"hosts-file": in_hosts_file(self.around.hosts, host)}
        record["resolvers"], record["trouble"] = ask_resolvers(self.around, host, end)
        system.join(max(0.0, end - time.monotonic()))
        error, infos = box[0] if box else ("timeout", [])
        record.update(count=len(infos), error=error)
        if self.identify:
            record["addresses"] = [info[4][0] for info in infos]
        return record, infos
