# mypy: ignore-errors
"""The run: everything that may hang begins first, then what is read at once; then names go, and it's written.

A part of probe.py: Python 3.6, standard library alone.
"""

import json
import os
import re
import signal
import sys
import time

from envspec.probe.script.children import Crew
from envspec.probe.script.disk import disk_items
from envspec.probe.script.driver import driver_items
from envspec.probe.script.gpu import gpu_items
from envspec.probe.script.interpreters import interpreter_items
from envspec.probe.script.libraries import library_items
from envspec.probe.script.mounts import mount_items
from envspec.probe.script.options import USAGE, UsageError, read_options
from envspec.probe.script.reading import errno_name, shown_name
from envspec.probe.script.redaction import Redactor
from envspec.probe.script.repositories import repository_items
from envspec.probe.script.surroundings import surrounding_items
from envspec.probe.script.system import system_items

BEGIN, END = "----- BEGIN ENVSPEC EVIDENCE -----", "----- END ENVSPEC EVIDENCE -----"
COMMAND_TIMEOUT_S = 3.0
GPU_TIMEOUT_S = 20.0
"""A driver that nothing keeps awake takes a second or two for each GPU to wake up."""
HALF = re.compile("[\udc80-\udcff]")
ALL_IN_ALL = 8
"""So many times the longest single wait may it all take, and then it's written as far as it got."""


def main(words, version, late):
    """Run the probe; return its exit code. ``late`` brings parts that few runs need."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    try:
        options = read_options(words)
        if "help" in options:
            sys.stdout.write(USAGE)
            return 0
        document = observe(options, version, late)
        if "brief" in options:
            text = late("brief")["brief_text"](document)
        else:
            text = "%s\n%s\n%s\n" % (BEGIN, json.dumps(document, sort_keys=True), END)
        return write(text.encode("ascii", "replace"), options.get("output", "-"))
    except UsageError as error:
        sys.stderr.write("probe.py: %s\n\n%s" % (error, USAGE))
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("probe.py: interrupted; nothing was left behind\n")
        return 130


def interrupted(number, frame):
    raise KeyboardInterrupt


def observe(options, version, late):
    taken = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    quick = options.get("timeout", COMMAND_TIMEOUT_S)
    slow = options.get("timeout", GPU_TIMEOUT_S)
    identify = "identify" in options
    items = {}
    crew = Crew(time.monotonic() + ALL_IN_ALL * slow + 3)
    path = os.environ.get("PATH", "")
    attempt(crew, gpu_items, crew, items, slow, identify)
    attempt(crew, library_items, crew, items, quick)
    attempt(crew, interpreter_items, crew, items, quick)
    attempt(crew, driver_items, crew, items, quick)
    attempt(crew, disk_items, crew, items, path, quick)
    attempt(crew, mount_items, crew, items, options, os.environ, quick)
    attempt(crew, surrounding_items, crew, items, os.environ, quick)
    attempt(crew, outside_items, crew, items, options, quick, slow, late)
    attempt(crew, system_items, items, identify)
    attempt(crew, repository_items, items)
    crew.run()
    if crew.troubles:
        items["call:probe"] = {"value": {"troubles": crew.troubles}}
    items = without_halves(items)
    if not identify:
        items = Redactor(os.environ).items(items)
    return {
        "envspec-evidence": 1,
        "by": "python %d.%d.%d" % sys.version_info[:3],
        "probe": version,
        "identified": identify,
        "label": options.get("label", ""),
        "taken": taken,
        "items": items,
    }


def without_halves(value):
    """The same, and no half characters: what Python makes of file names that are no text."""
    if isinstance(value, str):
        return shown_name(value) if HALF.search(value) else value
    if isinstance(value, list):
        return [without_halves(one) for one in value]
    if isinstance(value, dict):
        return {without_halves(key): without_halves(one) for key, one in value.items()}
    return value


def attempt(crew, begin, *arguments):
    """What nobody foresaw costs the items of one group, and is said; not the whole document."""
    try:
        begin(*arguments)
    except Exception as error:
        crew.troubles.append("%s: %s" % (begin.__name__, type(error).__name__))


def outside_items(crew, items, options, quick, slow, late):
    """What is tried outside, where the user asked for it."""
    identify = "identify" in options

    def endpoints(say):
        say(late("endpoints")["observe_endpoints"](options["endpoint"], slow, identify))

    def egress(say):
        say(late("endpoints")["observe_egress"](options["probe-egress"], quick, identify))

    for key, asked, call, timeout_s in (
        ("call:endpoints", options["endpoint"], endpoints, 6 * slow + 2),
        ("call:egress", options["probe-egress"], egress, 6 * quick + 2),
    ):
        if asked:
            crew.call(call, into(items, key), timeout_s)


def into(items, key):
    def done(ended):
        said = ended.said()
        items[key] = {"value": said[0]} if said else {"error": ended.error or "crashed"}

    return done


def write(data, path):
    """To standard output, or to a file that is there whole or not at all; the exit code."""
    if path == "-":
        try:
            while data:
                data = data[os.write(1, data) :]
        except OSError as error:
            sys.stderr.write("probe.py: standard output: %s\n" % errno_name(error))
            return 3
        return 0
    partial = "%s.%d.part" % (path, os.getpid())
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        try:
            while data:
                data = data[os.write(descriptor, data) :]
        finally:
            os.close(descriptor)
        os.rename(partial, path)
    except BaseException as error:
        try:
            os.unlink(partial)
        except OSError:
            pass
        if not isinstance(error, OSError):
            raise
        sys.stderr.write("probe.py: %s can't be written: %s\n" % (path, errno_name(error)))
        return 3
    return 0
