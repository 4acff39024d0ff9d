# mypy: ignore-errors
"""Mounts that matter: each asked in a child of its own, for a server that is gone answers nobody.

A part of probe.py: Python 3.6, standard library alone.
"""

import os
import re

from envspec.probe.script.reading import errno_name, read_text

MAX_MOUNTS = 64
FIXED_PATHS = (
    ("root", "/"),
    ("tmp", "/tmp"),
    ("var-tmp", "/var/tmp"),
    ("shm", "/dev/shm"),
    ("usr-local", "/usr/local"),
    ("opt", "/opt"),
)
MEDIA_TYPES = ("iso9660", "udf")
PSEUDO_TYPES = frozenset(
    "autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fuse.gvfsd-fuse "
    "fuse.lxcfs fuse.portal fusectl hugetlbfs mqueue nsfs overlay proc pstore ramfs rootfs rpc_pipefs "
    "securityfs selinuxfs squashfs sysfs tmpfs tracefs".split()
)
SYSTEM_PLACES = ("/proc", "/sys", "/dev", "/run", "/snap", "/boot", "/var/lib/docker", "/var/lib/kubelet")


def mount_items(crew, items, options, environ, timeout_s):
    """Begin asking; ``items["call:mounts"]`` fills up."""
    text = read_text("/proc/self/mountinfo", 4 << 20)
    table = mount_table(text or "")
    found = []
    items["call:mounts"] = {"value": found}
    if text is None:
        items["call:mounts"]["error"] = "EIO"
    paths = paths_that_matter(table, options, environ)
    if len(paths) > MAX_MOUNTS:
        items["call:mounts"]["cut"] = True
    for path, reasons in paths[:MAX_MOUNTS]:
        record = {"path": path, "for": reasons}
        found.append(record)
        crew.call(asker(path, table), filler(record, table), timeout_s)


def asker(path, table):
    return lambda say: say(ask_mount(path, table))


def filler(record, table):
    def done(ended):
        for said in ended.said():
            record.update(said)
        if ended.error:
            record.update(mount_of(record["path"], table), error=ended.error)

    return done


def paths_that_matter(table, options, environ):
    """(path, why), each path once."""
    asked = list(FIXED_PATHS)
    for reason, path in (
        ("TMPDIR", environ.get("TMPDIR")),
        ("home", environ.get("HOME")),
        ("prefix", options.get("prefix")),
        ("scratch", options.get("scratch")),
    ):
        if path:
            asked.append((reason, os.path.normpath(os.path.abspath(path))))
    seen = set()
    for mount in table:
        point, kind = mount["mount-point"], mount["type"]
        medium = kind in MEDIA_TYPES
        inside = any(point == place or point.startswith(place + "/") for place in SYSTEM_PLACES)
        if medium or not (kind in PSEUDO_TYPES or inside or mount["device"] in seen):
            seen.add(mount["device"])
            asked.append(("mount", point))
    reasons = {}
    for reason, path in asked:
        reasons.setdefault(path, []).append(reason)
    # What was asked for comes before what is merely mounted.
    return sorted(reasons.items(), key=lambda pair: pair[1] == ["mount"])


def mount_table(text):
    """The mounts of /proc/self/mountinfo (proc(5)), those that hide others last."""
    table = []
    for line in text.splitlines():
        words = line.split(" ")
        if "-" not in words or len(words) < 10:
            continue
        dash = words.index("-")
        if dash + 1 >= len(words):
            continue
        options, last = words[5], words[-1]
        if "ro" in last.split(",") and "ro" not in options.split(","):
            options += ",ro"
        mount = {"device": words[2], "mount-point": unescaped(words[4]), "type": words[dash + 1]}
        mount["options"] = options
        table.append(mount)
    return table


def unescaped(text):
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), text)


def mount_of(path, table):
    """The mount under a path, told from the table alone."""
    best = None
    for mount in table:
        point = mount["mount-point"].rstrip("/")
        if (path == point or path.startswith(point + "/")) and (
            best is None or len(point) >= len(best["mount-point"].rstrip("/"))
        ):
            best = mount
    return {key: best[key] for key in ("mount-point", "type", "options")} if best else {}


def ask_mount(path, table):
    """In a child: the nearest folder that exists, its mount, and what statvfs says."""
    at = path
    while True:
        try:
            os.stat(at)
            break
        except OSError as error:
            if errno_name(error) not in ("ENOENT", "ENOTDIR") or at == "/":
                return dict(mount_of(at, table), error=errno_name(error))
        at = os.path.dirname(at)
    record = mount_of(os.path.realpath(at), table)
    if at != path:
        record["at"] = at
    try:
        numbers = os.statvfs(at)
    except OSError as error:
        record["error"] = errno_name(error)
        return record
    record.update(
        {
            "block-bytes": numbers.f_frsize,
            "blocks": numbers.f_blocks,
            "free-blocks": numbers.f_bfree,
            "available-blocks": numbers.f_bavail,
            "inodes": numbers.f_files,
            "available-inodes": numbers.f_favail,
            "flags": numbers.f_flag,
        }
    )
    return record
