# mypy: ignore-errors
"""Repositories of the host's package manager: their names, and over what they come; never where from.

A part of probe.py: Python 3.6, standard library alone.
"""

import os

from envspec.probe.script.reading import as_text, errno_name, names_in, read_bytes

MAX_REPOSITORIES = 200
MAX_FILES = 500
OFF = ("0", "no", "false", "off")


def repository_items(items):
    found = []
    for manager, folder in (("yum", "/etc/yum.repos.d"), ("zypper", "/etc/zypp/repos.d")):
        for text in texts_of(found, manager, folder, ".repo"):
            found += ini_repositories(manager, text)
    apt = "/etc/apt/sources.list"
    if os.path.exists(apt):
        for text in texts_at(found, "apt", [apt]):
            found += line_repositories(text)
    for text in texts_of(found, "apt", apt + ".d", ".list"):
        found += line_repositories(text)
    for text in texts_of(found, "apt", apt + ".d", ".sources"):
        found += paragraph_repositories(text)
    found.sort(key=lambda one: not one.get("enabled", True))
    item = items["call:repositories"] = {"value": found[:MAX_REPOSITORIES]}
    if len(found) > MAX_REPOSITORIES:
        item["cut"] = True


def texts_of(found, manager, folder, ending):
    if os.path.isdir(folder) and not os.access(folder, os.R_OK):
        found.append({"manager": manager, "error": "EACCES"})
        return []
    names = [name for name in names_in(folder) if name.endswith(ending)][:MAX_FILES]
    return texts_at(found, manager, [folder + "/" + name for name in names])


def texts_at(found, manager, paths):
    texts = []
    for path in paths:
        try:
            texts.append(as_text(read_bytes(path, 4 << 20)[0]))
        except OSError as error:
            found.append({"manager": manager, "error": errno_name(error)})
    return texts


def ini_repositories(manager, text):
    """Files of yum, dnf and zypper: a section each; one that doesn't say is enabled (yum.conf(5))."""
    sections, current = [], None
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("[") and "]" in line:
            current = {"id": line[1 : line.index("]")]}
            sections.append(current)
        elif current is not None and "=" in line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            current.setdefault(name.strip().lower(), value.strip())
    return [
        repository(
            manager,
            one["id"],
            one.get("enabled", "1").lower() not in OFF,
            one.get("baseurl") or one.get("metalink") or one.get("mirrorlist") or "",
        )
        for one in sections
        if one["id"] != "main"
    ]


def line_repositories(text):
    """sources.list(5): ``deb [options] URL SUITE COMPONENT ...``."""
    found = []
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if not words or words[0] != "deb":
            continue
        rest = line.partition("#")[0].strip()[3:].strip()
        if rest.startswith("["):
            rest = rest.partition("]")[2].strip()
        if rest.startswith("cdrom:"):
            url, rest = "cdrom:", rest.rpartition("]")[2].lstrip("/")
        else:
            url, _, rest = rest.partition(" ")
        found.append(repository("apt", " ".join(rest.split()), True, url))
    return found


def paragraph_repositories(text):
    """sources.list(5), the deb822 form."""
    found = []
    for paragraph in text.split("\n\n"):
        fields = {}
        for line in paragraph.splitlines():
            if not line.startswith(("#", " ", "\t")) and ":" in line:
                name, _, value = line.partition(":")
                fields[name.strip().lower()] = value.strip()
        if "deb" in fields.get("types", "").split():
            enabled = fields.get("enabled", "yes").lower() not in OFF
            suite = (fields.get("suites", "") + " " + fields.get("components", "")).strip()
            found += [repository("apt", suite, enabled, url) for url in fields.get("uris", "").split()[:20]]
    return found


def repository(manager, name, enabled, url):
    scheme, colon, rest = url.partition(":")
    record = {
        "manager": manager,
        "id": name[:200],
        "enabled": enabled,
        "scheme": scheme[:20] if colon else "",
    }
    if scheme == "file":
        record["path"] = "/" + rest.lstrip("/")[:200]
    return record
