# mypy: ignore-errors
"""The system: release, C library, processors, memory, limits, clock, protection.

A part of probe.py: Python 3.6, standard library alone.
"""

import glob
import os
import resource
import sys
import time

from envspec.probe.script.reading import errno_name, file_item, read_bytes, read_text

LIMITS = ("nofile", "memlock", "nproc", "stack", "as", "fsize")
BOOT_WORDS = (
    "nouveau",
    "nvidia",
    "rd.driver",
    "modprobe",
    "fips",
    "lockdown",
    "selinux",
    "enforcing",
    "module_blacklist",
)
CONTAINER_FILES = ("/.dockerenv", "/run/.containerenv", "/.singularity.d")
CONTAINER_VARIABLES = (
    "container",
    "NVIDIA_VISIBLE_DEVICES",
    "NVIDIA_DRIVER_CAPABILITIES",
    "KUBERNETES_SERVICE_HOST",
    "SLURM_JOB_ID",
)
SECURE_BOOT = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
CGROUP_FILES = {
    2: ("memory.max", "cpu.max"),
    1: ("memory.limit_in_bytes", "cpu.cfs_quota_us", "cpu.cfs_period_us"),
}


def system_items(items, identify):
    os_release = file_item("/etc/os-release")
    items["file:/etc/os-release"] = file_item("/usr/lib/os-release") if "error" in os_release else os_release
    name = os.uname()
    items["call:uname"] = value({"system": name.sysname, "release": name.release, "machine": name.machine})
    if identify:
        items["call:uname"]["value"]["node"] = name.nodename
    items["call:libc"] = libc_item()
    items["file:/proc/cpuinfo"] = first_processor()
    items["call:cpu"] = value({"count": os.cpu_count(), "usable": len(os.sched_getaffinity(0))})
    items["file:/proc/meminfo"] = file_item("/proc/meminfo")
    items["call:cgroup"] = cgroup_item()
    items["call:limits"] = limits_item()
    items["call:user"] = value({"root": os.geteuid() == 0})
    items["call:clock"] = clock_item()
    items["call:locale"] = locale_item()
    items["call:container"] = value(
        {
            "files": [path for path in CONTAINER_FILES if os.path.exists(path)],
            "variables": [name for name in CONTAINER_VARIABLES if name in os.environ],
        }
    )
    items["file:/sys/fs/selinux/enforce"] = file_item("/sys/fs/selinux/enforce")
    items["file:/etc/selinux/config"] = file_item(
        "/etc/selinux/config", lambda line: line.startswith(("SELINUX=", "SELINUXTYPE="))
    )
    items["file:/proc/sys/crypto/fips_enabled"] = file_item("/proc/sys/crypto/fips_enabled")
    items["file:/sys/kernel/security/lockdown"] = file_item("/sys/kernel/security/lockdown")
    items["file:/proc/cmdline"] = boot_words()
    items["call:secure-boot"] = secure_boot_item()


def value(what):
    return {"value": what}


def libc_item():
    found = {"musl": True} if glob.glob("/lib/ld-musl-*") else {}
    try:
        found["confstr"] = os.confstr("CS_GNU_LIBC_VERSION")
    except OSError as error:
        found["error"] = errno_name(error)
    except ValueError:
        found["error"] = "EINVAL"
    return value(found)


def first_processor():
    item = file_item("/proc/cpuinfo")
    if "text" in item:
        item = {"text": item["text"].partition("\n\n")[0] + "\n"}
    return item


def cgroup_item():
    """The limits of the own group and of those above it, as texts; their names stay here."""
    try:
        lines = read_bytes("/proc/self/cgroup")[0].decode("utf-8", "replace").splitlines()
    except OSError as error:
        return {"error": errno_name(error)}
    groups = [line.split(":", 2) for line in lines if line.count(":") >= 2]
    version = 2 if os.path.exists("/sys/fs/cgroup/cgroup.controllers") else 1
    found = {"version": version}
    for name in CGROUP_FILES[version]:
        if version == 2:
            paths, root = [path for _, controllers, path in groups if not controllers], "/sys/fs/cgroup"
        else:
            controller = name.partition(".")[0]
            paths = [path for _, controllers, path in groups if controller in controllers.split(",")]
            root = "/sys/fs/cgroup/" + controller
        found[name] = texts_up_to(root, paths[0] if paths else "/", name)
    return value(found)


def texts_up_to(root, path, name):
    parts = [part for part in path.split("/") if part and part != ".."][:16]
    texts = []
    for depth in range(len(parts), -1, -1):
        text = read_text("/".join([root] + parts[:depth] + [name]))
        if text is not None:
            texts.append(text.strip()[:100])
    return texts


def limits_item():
    found = {}
    for name in LIMITS:
        number = getattr(resource, "RLIMIT_" + name.upper(), None)
        if number is not None:
            pair = resource.getrlimit(number)
            found[name] = [-1 if limit == resource.RLIM_INFINITY else limit for limit in pair]
    return value(found)


def clock_item():
    now = time.time()
    found = {"epoch-s": int(now), "utc-offset-s": time.localtime(now).tm_gmtoff}
    uptime = (read_text("/proc/uptime") or "").split(".")[0]
    if uptime.isdigit():
        found["uptime-s"] = int(uptime)
    return value(found)


def locale_item():
    found = {name: text[:100] for name, text in os.environ.items() if name in ("LANG", "LANGUAGE")}
    found.update((name, text[:100]) for name, text in os.environ.items() if name.startswith("LC_"))
    found["encoding"] = sys.getfilesystemencoding()
    return value(found)


def boot_words():
    item = file_item("/proc/cmdline")
    if "text" in item:
        item["text"] = " ".join(word for word in item["text"].split() if word.startswith(BOOT_WORDS)) + "\n"
    return item


def secure_boot_item():
    if not os.path.isdir("/sys/firmware/efi"):
        return value({"efi": False})
    try:
        data = read_bytes(SECURE_BOOT)[0]
    except OSError as error:
        return value({"efi": True, "error": errno_name(error)})
    return value({"efi": True, "value": data[-1]} if data else {"efi": True, "error": "EINVAL"})
