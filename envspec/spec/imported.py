"""Imported: what a requirements file or a pyproject.toml says that a spec can say, too."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from envspec.spec.document import project_of
from envspec.spec.problems import WrongValueError
from envspec.spec.requirement import check_constraint, check_override, check_requirement
from envspec.spec.shown import shown

_PYTORCH_HOST = "download.pytorch.org"


@dataclass(frozen=True, slots=True)
class ImportedIndex:
    """An index that the file named."""

    name: str
    url: str
    """Without credentials."""
    said_by: str
    """``requirements.txt:3, --extra-index-url``."""
    packages: tuple[str, ...] = ()
    """Projects that the file itself takes from there; empty where it doesn't say."""


@dataclass(slots=True)
class Imported:
    """Gathered while reading; each text among these can stand in a spec as it is."""

    requirements: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    overrides: list[str] = field(default_factory=list)
    indexes: list[ImportedIndex] = field(default_factory=list)
    cuda: str = ""
    python: str = ""
    """``3.10``; empty where the file doesn't say."""
    exclude_newer: str = ""
    """TOML text of a date; empty where the file doesn't say."""
    prereleases: bool = False
    name: str = ""
    notes: list[str] = field(default_factory=list)
    """What could not be taken over, a sentence each."""

    def add_requirement(self, text: str, where: str) -> bool:
        """Take a requirement over, or note why not; whether it was taken."""
        is_good = self._is_good(text, where, check_requirement)
        if is_good:
            _append_once(self.requirements, text)
            self._see_build(text)
        return is_good

    def add_constraint(self, text: str, where: str) -> None:
        """Take a constraint over, or note why not."""
        if self._is_good(text, where, check_constraint):
            _append_once(self.constraints, text)
            self._see_build(text)

    def add_override(self, text: str, where: str) -> None:
        """Take an override over, or note why not."""
        if self._is_good(text, where, check_override):
            _append_once(self.overrides, text)

    def add_index(self, url: str, where: str, packages: tuple[str, ...] = (), name: str = "") -> None:
        """Take an index over; the one of a PyTorch build becomes ``cuda``."""
        parts = _split(url)
        if parts is None:
            self.notes.append(f"{where}: {shown(url)} is no URL of http or https, so no index was made of it")
            return
        host, path = parts
        build = re.search(r"/whl/(cu\d{2,3}|cpu)/?$", path)
        if host == _PYTORCH_HOST and build:
            self._choose_build(build[1], where)
            return
        bare = f"{url.partition('://')[0]}://{host}{path}".rstrip("/")
        if bare != url.rstrip("/"):
            self.notes.append(f"{where}: credentials of {host} were left out; ~/.netrc is the place for them")
        taken = [index.name for index in self.indexes]
        slug = re.sub(r"[^a-z0-9]+", "-", (name or host).lower()).strip("-")[:48].strip("-") or "index"
        unique = slug if slug not in (*taken, "default") else f"{slug}-{len(taken) + 1}"
        if bare not in [index.url for index in self.indexes]:
            self.indexes.append(ImportedIndex(unique, bare, where, packages))

    def _is_good(self, text: str, where: str, check: object) -> bool:
        try:
            check(text)  # type: ignore[operator]
        except WrongValueError as error:
            fix = f"; {error.fix}" if error.fix else ""
            self.notes.append(f"{where}: {shown(text)} was left out: {error.why}{fix}")
            return False
        return True

    def _see_build(self, text: str) -> None:
        build = re.search(r"==\s*[^\s,;]*\+(cu\d{2,3}|cpu)\b", text)
        if build and project_of(text) in ("torch", "torchvision", "torchaudio"):
            self._choose_build(build[1], text)

    def _choose_build(self, label: str, where: str) -> None:
        release = label if label == "cpu" else f"{label[2:-1]}.{label[-1]}"
        if self.cuda and self.cuda != release:
            self.notes.append(f"{where}: asks for {label}, but cuda = {self.cuda!r} was asked for before")
        self.cuda = self.cuda or release


def _split(url: str) -> tuple[str, str] | None:
    """(host with port, path) without credentials, or None."""
    try:
        parts = urlsplit(url.strip())
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable() or " " in url:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return host + port, parts.path


def _append_once(texts: list[str], text: str) -> None:
    if text not in texts:
        texts.append(text)
