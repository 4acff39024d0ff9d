"""A lock as a hashed requirements file, for pips that read no pylock.

Source: pip's documentation, "Requirements File Format" and "Secure installs". The
file is complete, so pip needs to resolve nothing: ``--no-deps``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from envspec.errors import InputError
from envspec.lock.document import Lock, LockedDistribution, LockedFile
from envspec.report.plain import plain

_PIP_HASHES = ("sha256", "sha384", "sha512")
"""pip accepts these and refuses a file that names any other."""
_NOT_FOR_REQUIREMENTS = re.compile(r"\b(extras|dependency_groups)\b")


def as_requirements(lock: Lock) -> str:
    """Every distribution with its hashes; raises InputError for what pip can't check by hash."""
    _refuse_unhashable(lock)
    lines = [*_head(lock)]
    for distribution in lock.distributions:
        lines += _entry(distribution)
    return "\n".join(lines) + "\n"


def as_json(lock: Lock) -> str:
    """The same for machines: each requirement with its index and its hashes; raises as the text does."""
    _refuse_unhashable(lock)
    document = {
        "lock": lock.label,
        "indexes": dict(_indexes(lock)),
        "requirements": [
            {
                "name": item.name,
                "version": _version(item) or None,
                "requirement": _pinned(item),
                "marker": item.marker or None,
                "index": item.index_name or None,
                "source-distribution": item.wheel is None,
                "hashes": _hashes(item),
            }
            for item in lock.distributions
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _refuse_unhashable(lock: Lock) -> None:
    trees = [
        item.name
        for item in lock.distributions
        if (item.wheel is None and item.sdist is None) or (_subdirectory(item) and not item.file.url)
    ]
    if trees:
        raise InputError(
            what=f"{lock.label}: {', '.join(trees)} can't stand in a hashed requirements file",
            why="the lock names a source tree, and pip checks hashes of files only",
            fix="lock a wheel or a source distribution instead",
        )
    foreign = [item.name for item in lock.distributions if item.marker and not _is_marker(item.marker)]
    if foreign:
        raise InputError(
            what=f"{lock.label}: the markers of {', '.join(foreign)} can't stand in a requirements file",
            why="pip would read a part of them as options or as a comment",
            fix="lock again",
        )
    nameless = [item.name for item in lock.distributions if not _version(item) and not item.file.url]
    if nameless:
        raise InputError(
            what=f"{lock.label}: the lock tells no version of {', '.join(nameless)}",
            why="a requirements file pins a version or a URL",
            fix="lock again with a version",
        )
    chosen = [item.name for item in lock.distributions if _NOT_FOR_REQUIREMENTS.search(item.marker)]
    if chosen:
        raise InputError(
            what=f"{lock.label}: the markers of {', '.join(chosen)} ask for extras or dependency groups",
            why="a requirements file has no word for either",
            fix="lock one choice of extras and groups, and export that",
        )


def _is_marker(text: str) -> bool:
    from packaging.markers import InvalidMarker, Marker

    try:
        Marker(text)
    except InvalidMarker:
        return False
    return text.isprintable() and "#" not in text and "\\" not in text


def _version(item: LockedDistribution) -> str:
    """The lock's, else the one that a wheel's name bears; empty where only opening the file would tell."""
    wheel = item.wheel
    return item.version or (wheel.name.split("-")[1] if wheel else "")


def _head(lock: Lock) -> Iterator[str]:
    python = str(lock.target.get("python") or lock.requires_python or "any")
    arch = str(lock.target.get("arch") or "any machine")
    yield f"# Python {plain(python)}, linux {plain(arch)}"
    yield f'# Made by "envspec export" from {plain(lock.file_name)}; complete: pip has nothing to resolve.'
    options = [f"--extra-index-url {plain(url)}" for _, url in _indexes(lock)]
    if any(file.path for item in lock.distributions for file in _files(item)):
        options.append("--find-links wheels/")
    yield f"#   pip install {' '.join(['--require-hashes --no-deps', *options])} -r FILE"
    for name, url in _indexes(lock):
        yield f"# index {plain(name)}: {plain(url)}"


def _indexes(lock: Lock) -> list[tuple[str, str]]:
    """The named indexes that anything here comes from."""
    used = {item.index_name for item in lock.distributions}
    return [(name, url) for name, url in lock.indexes if name in used]


def _entry(item: LockedDistribution) -> Iterator[str]:
    if item.index_name not in ("", "default"):
        yield f"# from index {plain(item.index_name)}"
    if item.wheel is None:
        yield "# a source distribution: pip builds it, and checks by hash nothing that the build asks for"
    marker = f" ; {plain(item.marker)}" if item.marker else ""
    hashes = [f"--hash={digest}" for digest in _hashes(item)]
    yield " \\\n    ".join([f"{_pinned(item)}{marker}", *hashes])


def _pinned(item: LockedDistribution) -> str:
    version = _version(item)
    if item.file.url and (item.direct_url or not version):
        # pip puts environment variables in the place of ${NAME}, and would send them along.
        url = item.file.url.partition("#")[0] + _subdirectory(item)
        return f"{item.name} @ {url.replace('${', '%24{')}"
    return f"{item.name}=={version}"


def _subdirectory(item: LockedDistribution) -> str:
    """Where in its archive the project lies, as URLs say it."""
    found = re.search(r"[#&](subdirectory=[^&\s]+)", item.direct_url)
    return f"#{found[1]}" if found else ""


def _files(item: LockedDistribution) -> Iterator[LockedFile]:
    yield from (file for file in (item.wheel, *item.more_wheels, item.sdist) if file is not None)


def _hashes(item: LockedDistribution) -> list[str]:
    """``sha256:DIGEST`` of each file, sorted, each once."""
    return sorted({f"{name}:{digest}" for file in _files(item) for name, digest in _accepted(file)})


def _accepted(file: LockedFile) -> Iterator[tuple[str, str]]:
    yield from ((name, digest) for name, digest in file.hashes if name in _PIP_HASHES)
