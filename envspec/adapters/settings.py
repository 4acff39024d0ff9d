"""The user's own settings: which index pip would ask, and where our cache lies.

Source: pip's user guide, "Configuration": environment variables win over files; a later file wins over
an earlier one (global, user, site, PIP_CONFIG_FILE); in all files [install] wins over [global].
Paths are texts: importing pathlib costs every start 4 ms.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from importlib.machinery import PathFinder

from envspec.errors import InputError
from envspec.named_tuple import NamedTuple

_MAX_CONFIG_BYTES = 1024 * 1024
_SECTIONS = ("global", "install")
_ENDPOINT = r"(?m)^PYPI_SIMPLE_ENDPOINT\s*(?::\s*\w+\s*)?=\s*[\"']([^\"'\s]+)[\"']"


class PipSettings(NamedTuple):
    """What pip would do. URLs may hold credentials."""

    index_url: str
    """Simple API root without a slash at the end."""
    extra_index_urls: tuple[str, ...] = ()
    """Not used: a second index for every project lets names be taken over. For a warning."""
    cert: str = ""
    """PEM file that pip trusts; we add it to the usual authorities."""
    trusted_hosts: tuple[str, ...] = ()
    """Not used: certificates are always checked. For a warning."""
    source: str = ""
    """Where index_url was said: a variable, a file, or ``the default``."""


def pip_settings(environ: Mapping[str, str] | None = None, *, etc: str = "/etc") -> PipSettings:
    """Read them anew, those for every user below ``etc``.

    Raises InputError for a pip configuration that can't be read.
    """
    environ = os.environ if environ is None else environ
    values, sources = _file_values(environ, etc)
    for variable, value in environ.items():
        if variable.startswith("PIP_") and value:
            key = variable[4:].lower().replace("_", "-")
            values[key], sources[key] = value, variable
    index_url, source = values.get("index-url", "").strip(), sources.get("index-url", "")
    return PipSettings(
        index_url=(index_url or _shipped_endpoint()).rstrip("/"),
        extra_index_urls=tuple(values.get("extra-index-url", "").split()),
        cert=values.get("cert", "").strip(),
        trusted_hosts=tuple(values.get("trusted-host", "").split()),
        source=source if index_url else "the default",
    )


def cache_dir(environ: Mapping[str, str] | None = None) -> str:
    """ENVSPEC_CACHE_DIR, else the user's cache folder. It need not be there yet."""
    environ = os.environ if environ is None else environ
    own = environ.get("ENVSPEC_CACHE_DIR", "")
    if own:
        return os.path.abspath(os.path.expanduser(own))
    base = environ.get("XDG_CACHE_HOME", "")
    # A relative one is to be ignored, says the XDG base directory specification.
    return os.path.join(base if base.startswith("/") else os.path.join(_home(environ), ".cache"), "envspec")


def _file_values(environ: Mapping[str, str], etc: str) -> tuple[dict[str, str], dict[str, str]]:
    """Settings of pip's files, and the file of each."""
    by_section: dict[str, dict[str, tuple[str, str]]] = {section: {} for section in _SECTIONS}
    for path in _config_files(environ, etc):
        for section, key, value in _entries(path):
            if section in by_section:
                by_section[section][key.lower().lstrip("-").replace("_", "-")] = (value, path)
    values: dict[str, str] = {}
    sources: dict[str, str] = {}
    for section in _SECTIONS:
        for key, (value, source) in by_section[section].items():
            if value:
                values[key], sources[key] = value, source
    return values, sources


def _config_files(environ: Mapping[str, str], etc: str) -> Iterator[str]:
    """pip's files in pip's order; those that are there."""
    named = environ.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return
    home = _home(environ)
    folders = (environ.get("XDG_CONFIG_DIRS") or f"{etc}/xdg").split(":")
    paths = [*(os.path.join(folder, "pip/pip.conf") for folder in folders), f"{etc}/pip.conf"]
    if not (named and os.path.exists(named)):
        config_home = environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
        paths += [os.path.join(home, ".pip/pip.conf"), os.path.join(config_home, "pip/pip.conf")]
    environments = dict.fromkeys([environ.get("VIRTUAL_ENV") or sys.prefix, sys.prefix])
    paths += [os.path.join(environment, "pip.conf") for environment in environments]
    if named:
        paths.append(named)
    yield from filter(os.path.isfile, paths)


def _entries(path: str) -> Iterator[tuple[str, str, str]]:
    """Section, key and value of an INI file as pip reads it."""
    from configparser import Error, RawConfigParser

    parser = RawConfigParser()
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            parser.read_string(file.read(_MAX_CONFIG_BYTES), path)
    except OSError as error:
        raise InputError(
            what=f"{path}: pip's configuration can't be read", why=error.strerror or ""
        ) from error
    except Error as error:
        # Its own text quotes the line, which may hold a password.
        line = getattr(error, "lineno", None) or next(iter(getattr(error, "errors", [(None,)])))[0]
        raise InputError(
            what=f"{path}: pip's configuration can't be read" + (f", line {line}" if line else ""),
            why=f"{type(error).__name__}, so pip can't read it either",
            fix="correct the file, or say --index-url and PIP_CONFIG_FILE=/dev/null",
        ) from None
    for section in parser.sections():
        for key, value in parser.items(section):
            yield section, key, value


def _shipped_endpoint() -> str:
    """PyPI's simple API, as the library pypi-simple knows it; importing it would cost 250 ms."""
    spec = PathFinder.find_spec("pypi_simple")
    if spec is not None and spec.origin is not None:
        with open(spec.origin, encoding="utf-8") as file:
            match = re.search(_ENDPOINT, file.read())
        if match is not None:
            return match[1]
    raise InputError(
        what="no index is known",
        why="no setting of yours names one, and the library pypi-simple, which knows PyPI's, isn't installed",
        fix="say --index-url URL, set PIP_INDEX_URL, or install pypi-simple",
    )


def _home(environ: Mapping[str, str]) -> str:
    return environ.get("HOME") or os.path.expanduser("~")
