# mypy: ignore-errors
"""The brief's lines on the host itself: system, memory, programs, mounts, protection, network.

A part of probe.py: Python 3.6, standard library alone.
"""

import re

from envspec.probe.script.brief_line import flag, listed, number, unit_is_active

BRIEF_FLAGS = "sse4_2 avx avx2 fma f16c bmi2 avx512f avx512_vnni amx_tile asimd sve".split()
BRIEF_PROGRAMS = (
    "ffmpeg gcc g++ make cmake nvcc git tesseract sox dkms tar gzip xz zstd unzip sha256sum curl unshare"
).split()
BRIEF_LIBRARIES = (
    "libGL.so.1 libglib-2.0.so.0 libgthread-2.0.so.0 libX11.so.6 libXext.so.6 libSM.so.6 libICE.so.6 "
    "libxcb.so.1 libXrender.so.1 libgomp.so.1 libsndfile.so.1 libportaudio.so.2 libmagic.so.1 "
    "libodbc.so.2 libnuma.so.1 libcuda.so.1 libcudart.so.11.0 libcudart.so.12 libstdc++.so.6"
).split()
BRIEF_MOUNTS = 6
MOUNT_ORDER = ("root", "tmp", "prefix", "scratch", "TMPDIR", "home", "shm")
NO_LIMIT = 1 << 60
"""cgroup version 1 says so: the greatest multiple of a page."""
WORD_FLAGS = {"x86_64": "x86-64", "aarch64": "AArch64"}


def host_lines(shown):
    """OS, LIBC, CPU and MEMORY."""
    pairs = [line.partition("=") for line in shown.text("file:/etc/os-release").splitlines()]
    os_release = {name: value.strip("\"'") for name, _, value in pairs}
    name = shown.value("call:uname", {})
    system = os_release.get("ID") or "?"
    version = os_release.get("VERSION_ID") or ("none" if os_release else "?")
    words = [system, version, name.get("machine", "?"), "KERNEL", name.get("release", "?")]
    return ["OS " + " ".join(words), libc_line(shown), cpu_line(shown), memory_line(shown)]


def libc_line(shown):
    """The C library, and the newest GLIBCXX."""
    libc = shown.value("call:libc", {})
    said = "musl ?" if libc.get("musl") and "confstr" not in libc else libc.get("confstr") or "? ?"
    names = (shown.value("call:libstdcxx") or {}).get("versions", [])
    versions = [tuple(map(int, name[8:].split("."))) for name in names if re.match(r"GLIBCXX_\d", name)]
    newest = ".".join(map(str, max(versions))) if versions else "?"
    return "LIBC %s GLIBCXX %s" % (said, "none" if shown.is_absent("call:libstdcxx") else newest)


def cpu_line(shown):
    """Processors, and the flags that builds ask for."""
    match = re.search(r"^(?:flags|Features)\s*:(.*)$", shown.text("file:/proc/cpuinfo"), re.MULTILINE)
    flags = match and [one for one in BRIEF_FLAGS if one in match.group(1).split()]
    cpu = shown.value("call:cpu", {})
    return "CPU %s FLAGS %s" % (number(cpu.get("usable", cpu.get("count"))), listed(flags))


def memory_line(shown):
    """In MiB; limits of the cgroup and of the shell."""
    sizes = dict(re.findall(r"^(\w+):\s+(\d+) kB$", shown.text("file:/proc/meminfo"), re.MULTILINE))
    total, available = (
        int(sizes[key]) // 1024 if key in sizes else None for key in ("MemTotal", "MemAvailable")
    )
    group = shown.value("call:cgroup")
    texts = None if group is None else group.get("memory.max", []) + group.get("memory.limit_in_bytes", [])
    numbers = [int(text) for text in texts or () if text.isdigit() and int(text) < NO_LIMIT]
    limit = "?" if texts is None else number(min(numbers) >> 20) if numbers else "none"
    limits = shown.value("call:limits", {})
    words = ("MEMORY", number(total), "AVAILABLE", number(available), "LIMIT", limit)
    shell = ["%s %s" % (key.upper(), number(limits.get(key, [None])[0])) for key in ("nofile", "memlock")]
    return " ".join(words + tuple(shell))


def site_lines(shown):
    """CUDA, PYTHON, HAS, LIBS, GUARD, NET and SITE."""
    programs = shown.value("call:executables")
    has = programs and [name for name in BRIEF_PROGRAMS if programs.get(name)]
    return [
        "CUDA %s CUDNN %s" % (listed(toolkits(shown)), listed(cudnns(shown))),
        "PYTHON " + listed(pythons(shown)),
        "HAS " + listed(has),
        "LIBS " + listed(libraries(shown)),
        guard_line(shown),
        net_line(shown),
        place_line(shown),
    ]


def toolkits(shown):
    """Their versions, major and minor; None where the folders could not be listed."""
    if not shown.was_seen("list:/usr/local"):
        return None
    found = set(re.findall(r"^cuda-(\d+\.\d+)$", shown.text("list:/usr/local"), re.MULTILINE))
    for text in shown.texts("file:", "/version.json"):
        found.update(re.findall(r'"cuda"\s*:\s*\{[^}]*"version"\s*:\s*"(\d+\.\d+)', text))
    for text in shown.texts("file:", "/version.txt"):
        found.update(re.findall(r"CUDA Version (\d+\.\d+)", text))
    for text in shown.texts("command:/", "/nvcc --version"):
        found.update(re.findall(r"release (\d+\.\d+)", text))
    return sorted(found, key=lambda text: tuple(map(int, text.split("."))))


def cudnns(shown):
    """By their headers, else by the names that the loader knows."""
    found = set()
    for text in shown.texts("file:", "/cudnn_version.h") + shown.texts("file:", "/cudnn.h"):
        parts = dict(re.findall(r"^#define CUDNN_(MAJOR|MINOR|PATCHLEVEL)\s+(\d+)", text, re.MULTILINE))
        if len(parts) == 3:
            found.add("%(MAJOR)s.%(MINOR)s.%(PATCHLEVEL)s" % parts)
    paths = shown.value("call:libraries", {}).get("paths", {})
    majors = {match.group(1) for match in map(re.compile(r"libcudnn\.so\.(\d+)").match, paths) if match}
    found.update(major for major in majors if not any(one.startswith(major + ".") for one in found))
    return sorted(found) if found or shown.value("call:libraries") else None


def pythons(shown):
    """Versions, with a + where venv and ensurepip are there."""
    found = shown.value("call:pythons")
    if found is None:
        return None
    texts = {
        one["version"] + ("+" if one.get("venv") and one.get("ensurepip") else "")
        for one in found
        if "version" in one
    }
    return sorted(texts, key=lambda text: tuple(map(int, text.rstrip("+").split("."))))


def libraries(shown):
    """Those of the list that the loader knows, of the host's own word size."""
    sonames = shown.value("call:libraries", {}).get("sonames")
    if not sonames:
        return None
    word = WORD_FLAGS.get(shown.value("call:uname", {}).get("machine"), "")
    known = {
        name
        for flags, names in sonames.items()
        if flags.startswith("/") or not word or word in flags
        for name in names
    }
    return [name for name in BRIEF_LIBRARIES if name in known]


def guard_line(shown):
    """What may keep a program or a module from running."""
    enforce, key = shown.text("file:/sys/fs/selinux/enforce").strip(), "file:/sys/fs/selinux/enforce"
    selinux = {"1": "enforcing", "0": "permissive"}.get(enforce, "disabled" if shown.is_absent(key) else "?")
    fips = shown.text("file:/proc/sys/crypto/fips_enabled").strip()
    fips = (
        "0" if shown.is_absent("file:/proc/sys/crypto/fips_enabled") else fips if fips in ("0", "1") else "?"
    )
    trace = shown.value("call:traces", {}).get("/run/fapolicyd")
    guarded = unit_is_active(shown, 0)
    guarded = {"folder": True, "absent": False}.get(trace) if guarded is None else guarded
    secure = shown.value("call:secure-boot", {})
    boot = False if secure.get("efi") is False else {0: False, 1: True}.get(secure.get("value"))
    modules = "file:/proc/modules"
    loaded = re.search(r"^nouveau ", shown.text(modules), re.MULTILINE) is not None
    nouveau = loaded if shown.was_seen(modules) else None
    build = shown.value("call:kernel-headers", {}).get("build")
    headers = {"folder": True, "absent": False, "broken-link": False}.get(build)
    pairs = (
        ("SELINUX", selinux),
        ("FIPS", fips),
        ("FAPOLICYD", flag(guarded)),
    )
    pairs += (("SECUREBOOT", flag(boot)), ("NOUVEAU", flag(nouveau)), ("HEADERS", flag(headers)))
    return "GUARD " + " ".join("%s %s" % pair for pair in pairs)


def net_line(shown):
    """What can be seen of the network; which settings switch verification off."""
    net, variables = shown.value("call:network", {}), shown.value("call:environment")
    routes = [net[key] for key in ("default-route", "default-route-6") if key in net]
    route = True if any(routes) else False if len(routes) == 2 else None
    proxies = variables and [
        name for name, text in variables.items() if text and re.match("(?i)(https?|all|ftp)_proxy", name)
    ]
    tried = (shown.value("call:egress") or {}).get("tried")
    egress = any(one["connected"] for one in tried) if tried else None
    words = (
        "NET ROUTE",
        flag(route),
        "RESOLVERS",
        number(net.get("resolvers")),
        "PROXIES",
        listed(proxies and sorted(proxies)),
    )
    return " ".join(words + ("OFF", listed(switched_off(shown, variables)), "EGRESS", flag(egress)))


def switched_off(shown, variables):
    """Names of settings: as envspec/probe/unverified.py knows them."""
    if variables is None:
        return None
    off = {
        "PYTHONHTTPSVERIFY": ("0",),
        "GIT_SSL_NO_VERIFY": ("1", "true", "yes", "on"),
        "NODE_TLS_REJECT_UNAUTHORIZED": ("0",),
        "REQUESTS_CA_BUNDLE": ("",),
        "CURL_CA_BUNDLE": ("",),
    }
    found = [name for name, values in off.items() if name in variables and variables[name].lower() in values]
    found += [
        name for name in ("CURL_INSECURE", "PIP_TRUSTED_HOST", "UV_INSECURE_HOST") if variables.get(name)
    ]
    settings = "".join(shown.texts("file:/etc/") + shown.texts("file:~/"))
    for name, pattern in (
        ("trusted-host", r"^\s*trusted-host\s*="),
        ("insecure", r"^\s*(?:--insecure|insecure|-k)\s*$"),
        ("sslVerify", r"^\s*ssl_?verify\s*[=:]\s*(?:false|0|no|off)\b"),
    ):
        if re.search(pattern, settings, re.MULTILINE | re.IGNORECASE):
            found.append(name)
    return sorted(found)


def place_line(shown):
    """Repositories, media, locale."""
    repositories = shown.value("call:repositories")
    count = repositories and sum(bool(one.get("enabled")) for one in repositories)
    mounts = shown.value("call:mounts")
    media = mounts and [
        one.get("mount-point", one["path"]) for one in mounts if one.get("type") in ("iso9660", "udf")
    ]
    variables = shown.value("call:locale")
    names = ("LC_ALL", "LC_CTYPE", "LANG")
    locale = "?" if variables is None else next(filter(None, map(variables.get, names)), "none")
    return "SITE REPOSITORIES %s MEDIA %s LOCALE %s" % (
        number(count),
        listed(media),
        locale.replace(" ", "%20"),
    )


def mount_lines(shown):
    """The places that matter most, then the largest."""

    def rank(mount):
        places = [MOUNT_ORDER.index(reason) for reason in mount["for"] if reason in MOUNT_ORDER]
        size = mount.get("blocks", 0) * mount.get("block-bytes", 0)
        return min(places) if places else len(MOUNT_ORDER), -size, mount["path"]

    return [mount_line(mount) for mount in sorted(shown.value("call:mounts", []), key=rank)[:BRIEF_MOUNTS]]


def mount_line(mount):
    """One place; what its server didn't say is ``?``."""
    names = [mount["path"], mount.get("mount-point", "?"), mount.get("type", "?")]
    unit, flags = mount.get("block-bytes", 0), mount.get("flags")
    mib = [mount[key] * unit >> 20 if key in mount else None for key in ("blocks", "available-blocks")]
    words = [name.replace(" ", "%20") for name in names]
    words += ["MIB", number(mib[0]), "FREE", number(mib[1]), "INODES", number(mount.get("available-inodes"))]
    for name, bit in (("EXEC", 8), ("WRITE", 1)):
        words += [name, flag(None if flags is None else not flags & bit)]
    return "MOUNT " + " ".join(words)
