"""Packages of an OS that bring what no wheel brings, and how they come onto a host without a network."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from envspec.compat.system_libraries import Media, media_of, package_of, tables
from envspec.probe.facts import HostFacts

_MOST = 5
_KEY = "if it misses a public key, first: rpm --import that of the OS in /etc/pki/rpm-gpg"


def ways_to_install(things: Iterable[str], facts: HostFacts) -> list[str]:
    """Lines for ``fix``: the packages by name, the OS's own media, its repositories where some are enabled.

    ``things`` are sonames and executables; one that no table has is named as it is.
    """
    wanted = list(dict.fromkeys(things))
    own = _own(facts)
    if own is None:
        return [f"root: {'; '.join(_named(media, wanted) for media in tables().media)}"]
    packages = _packages(own, wanted)
    if not packages:
        return [f"{own.name} has no package of it that anyone has looked up: {', '.join(wanted)}"]
    lines = [f"root: {'; '.join(_named(media, wanted) for media in tables().media)}"]
    if facts.repositories.value:
        enabled = ", ".join(facts.repositories.need()[:_MOST])
        lines.append(f"from its repositories ({enabled}): {_tool(own)} {packages}")
    lines.append(f"without a network, from the OS's own media: {_from_media(own, packages, facts)}")
    return lines


def has_no_package(thing: str, facts: HostFacts) -> bool:
    """Whether the OS is one whose packages are known, and none of them brings ``thing``."""
    own = _own(facts)
    return own is not None and not package_of(thing, own)


def _own(facts: HostFacts) -> Media | None:
    os = facts.os.value
    return media_of(os.id, os.like) if os is not None else None


def _named(media: Media, wanted: list[str]) -> str:
    """``RPM libglvnd-glx, glib2``, with what nobody knows a package for."""
    kind = media.packages.upper()
    known = dict.fromkeys(name for thing in wanted if (name := package_of(thing, media)))
    unknown = [thing for thing in wanted if not package_of(thing, media)]
    if not known:
        return f"{kind}: none that anyone has looked up"
    return f"{kind} {', '.join(known)}" + (f" (none is known for {', '.join(unknown)})" if unknown else "")


def _packages(media: Media, wanted: list[str]) -> str:
    return " ".join(dict.fromkeys(name for thing in wanted if (name := package_of(thing, media))))


def _tool(media: Media) -> str:
    return "dnf install" if media.packages == "rpm" else "apt-get install"


def _from_media(media: Media, packages: str, facts: HostFacts) -> str:
    commands = [command.replace("PACKAGE", packages) for command in media.install]
    mounted = facts.media.value or ()
    if mounted and commands[0].startswith("mount "):
        point = commands[0].rpartition(" ")[2]
        commands = [command.replace(point, shlex.quote(mounted[0].rstrip("/"))) for command in commands[1:]]
    text = " && ".join(commands)
    return f"{text}; {_KEY}" if media.packages == "rpm" else text
