# mypy: ignore-errors
"""Pythons of the host: each asked by itself. A part of probe.py: Python 3.6, standard library alone."""

import glob
import os
import re
import sys

from envspec.probe.script.reading import as_text, is_ours, shown_name

MAX_INTERPRETERS = 16
ASK = (
    "import sys,os\n"
    "d=os.path.dirname(os.__file__)\n"
    "v='%d.%d'%sys.version_info[:2]\n"
    "h=lambda *p:int(any(os.path.isdir(x) for x in p))\n"
    "print('%d.%d.%d'%sys.version_info[:3],64 if sys.maxsize>2**32 else 32,h(d+'/venv'),h(d+'/ensurepip'),"
    "h(d+'/site-packages/pip',d+'/dist-packages/pip',sys.prefix+'/lib/python3/dist-packages/pip',"
    "'/usr/local/lib/python'+v+'/site-packages/pip','/usr/local/lib/python'+v+'/dist-packages/pip'))\n"
)
NAME = re.compile(r"(?:python(?:3(?:\.\d+)?)?|platform-python(?:3\.\d+)?)\Z")


def interpreter_items(crew, items, timeout_s):
    found = []
    items["call:pythons"] = {"value": found}

    def done(ended):
        paths = [path for said in ended.said() for path in said]
        if ended.error:
            items["call:pythons"]["error"] = ended.error
        if len(paths) > MAX_INTERPRETERS:
            items["call:pythons"]["cut"] = True
        for path, runs in paths[:MAX_INTERPRETERS]:
            record = {"path": shown_name(path)}
            found.append(record)
            if runs:
                crew.command([path, "-I", "-S", "-B", "-c", ASK], told(record), timeout_s)
            else:
                record["error"] = "not-run"

    crew.call(lambda say: say(list_interpreters()), done, timeout_s)


def list_interpreters():
    """In a child, for /opt may lie on a server: (path, whether it may be run), each file once."""
    paths, seen = [], set()
    for path in [sys.executable] + candidate_interpreters():
        real = os.path.realpath(path) if path else ""
        if real and real not in seen and os.access(real, os.X_OK):
            seen.add(real)
            paths.append((path, path == sys.executable or is_ours(real)))
    return paths


def candidate_interpreters():
    folders = ["/usr/bin", "/usr/local/bin", "/usr/libexec"] + sorted(glob.glob("/opt/*/bin"))[:50]
    paths = []
    for folder in folders:
        # The versioned names come first, so that they are what an interpreter is called by.
        names = [os.path.basename(path) for path in glob.glob(folder + "/*python*")]
        paths += [folder + "/" + name for name in sorted(names, key=len, reverse=True) if NAME.match(name)]
    return paths


def told(record):
    def done(ended):
        words = as_text(ended.out).split()
        if ended.error or len(words) != 5:
            record["error"] = ended.error or "crashed"
            return
        record.update({"version": words[0], "bits": int(words[1]), "venv": words[2] == "1"})
        record.update({"ensurepip": words[3] == "1", "pip": words[4] == "1"})

    return done
