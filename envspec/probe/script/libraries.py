# mypy: ignore-errors
"""Shared libraries: what the loader knows, and the symbol versions of libstdc++.

A part of probe.py: Python 3.6, standard library alone.
"""

import os
import re

from envspec.probe.script.reading import as_text, errno_name, find_program, names_in, read_bytes

LIBRARY_FOLDERS = (
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/local/lib",
    "/usr/local/lib64",
)
SHOWN_PATHS = ("libcuda.so", "libnvidia-ml.so", "libcudnn", "libcudart.so", "libstdc++.so.6")
LDCONFIG_LINE = re.compile(r"\t(\S+) \(([^)]*)\) => (\S+)$")
MAX_SONAMES = 20000


def library_items(crew, items, timeout_s):
    def look_in_folders(error):
        def done(ended):
            said = ended.said()
            found = {"value": dict(said[0], error=error)} if said else {"error": ended.error or "crashed"}
            items["call:libraries"] = found

        crew.call(lambda say: say(in_folders()), done, timeout_s)

    def read(ended):
        value = known_to_ldconfig(as_text(ended.out))
        if ended.error or not value["sonames"]:
            look_in_folders(ended.error or "EINVAL")
        else:
            items["call:libraries"] = dict({"value": value}, **({"cut": True} if ended.cut else {}))

    ldconfig = find_program("ldconfig")
    if ldconfig is None:
        look_in_folders("ENOENT")
    else:
        crew.command([ldconfig, "-p"], read, timeout_s)
    crew.call(lambda say: say(libstdcxx_item()), lambda ended: put_stdcxx(items, ended), timeout_s)


def put_stdcxx(items, ended):
    said = ended.said()
    items["call:libstdcxx"] = said[0] if said else {"error": ended.error or "crashed"}


def known_to_ldconfig(text):
    sonames, paths, count = {}, {}, 0
    for line in text.splitlines():
        match = LDCONFIG_LINE.match(line)
        if match is None or count >= MAX_SONAMES:
            continue
        count += 1
        name, flags, path = match.groups()
        # "libc6,x86-64, OS ABI: Linux 3.2.0": what follows the word size says nothing here.
        sonames.setdefault(flags.split(", ")[0], set()).add(name)
        if name.startswith(SHOWN_PATHS):
            paths.setdefault(name, path)
    return {
        "how": "ldconfig -p",
        "sonames": {k: sorted(names) for k, names in sonames.items()},
        "paths": paths,
    }


def in_folders():
    sonames, paths = {}, {}
    for folder in LIBRARY_FOLDERS:
        if not os.path.isdir(folder):
            continue
        names = [as_text(os.fsencode(name)) for name in names_in(folder) if ".so" in name][:MAX_SONAMES]
        sonames[folder] = names
        for name in names:
            if name.startswith(SHOWN_PATHS):
                paths.setdefault(name, folder + "/" + name)
    return {"how": "folders", "sonames": sonames, "paths": paths}


def libstdcxx_item():
    """Every name of a symbol version in the first libstdc++ of the host's own folders."""
    error = "ENOENT"
    for folder in LIBRARY_FOLDERS:
        path = folder + "/libstdc++.so.6"
        try:
            data = read_bytes(path, 32 << 20)[0]
        except OSError as trouble:
            if errno_name(trouble) not in ("ENOENT", "ENOTDIR"):
                error = errno_name(trouble)
            continue
        names = sorted(set(re.findall(rb"\0((?:GLIBCXX|CXXABI)_\d+(?:\.\d+)*)(?=\0)", data)))
        return {"value": {"path": path, "versions": [name.decode("ascii") for name in names]}}
    return {"error": error}
