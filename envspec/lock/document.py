"""Lock: what ``pylock.NAME.toml`` says.

Source: PEP 751, and DESIGN's [tool.envspec] for what PEP 751 has no word for.
Named tuples of plain values; ``codec`` turns them into text and back.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


class LockedFile(NamedTuple):
    """The one artifact of a locked distribution: a wheel or an sdist."""

    name: str
    """Decoded file name."""
    hashes: tuple[tuple[str, str], ...]
    """(algorithm, hex), sorted; sha256 is always among them."""
    url: str = ""
    path: str = ""
    """``../wheels/NAME`` in a portable lock; a path relative to the lock for local wheels."""
    size: int | None = None
    upload_time: str = ""
    """RFC 3339 in UTC, such as ``2024-01-29T18:38:38Z``; empty if unknown."""
    digest_from: str = "index"
    """``index``, ``recording``, ``publisher`` or ``computed``."""

    @property
    def sha256(self) -> str:
        """The digest by which the file is known."""
        return dict(self.hashes)["sha256"]


class Dependency(NamedTuple):
    """An edge between two locked distributions, with the extras it asks for."""

    name: str
    extras: tuple[str, ...] = ()


class LockedDistribution(NamedTuple):
    """One release and the file of it that fits the target."""

    name: str
    """Normalized."""
    version: str
    """Whole, with its local part: ``2.1.2+cu118``."""
    wheel: LockedFile | None = None
    sdist: LockedFile | None = None
    index: str = ""  # type: ignore[assignment]  # as PEP 751 names it; no one counts on tuple.index
    """URL of the index without credentials; empty for portable and local files."""
    index_name: str = ""
    """``default``, or the name of the [[index]]; empty for direct references."""
    requires_python: str = ""
    dependencies: tuple[Dependency, ...] = ()
    extras: tuple[str, ...] = ()
    """Extras of this project that are locked in."""
    direct_url: str = ""
    """Set where a requirement named this file by URL or path; packages.archive in PEP 751."""
    notes: tuple[str, ...] = ()
    """What the user should know of this one: linux_x86_64 tells no glibc, ..."""
    marker: str = ""
    """Only in locks of other tools, that serve several targets: where this one is installed."""
    more_wheels: tuple[LockedFile, ...] = ()
    """Only in locks of other tools: wheels besides ``wheel``, for other targets."""

    @property
    def file(self) -> LockedFile:
        """The wheel, or else the sdist.

        A lock of another tool may name a source tree and have neither; ask
        ``wheel`` and ``sdist`` where such locks are read.
        """
        chosen = self.wheel or self.sdist
        if chosen is None:
            raise ValueError(f"{self.name} is locked as a source tree, without a file")
        return chosen


class BuildRequirement(NamedTuple):
    """A distribution that a source build used, pinned like all else."""

    name: str
    version: str
    file: LockedFile
    index_name: str


class Build(NamedTuple):
    """The isolated environment in which one sdist's metadata was built."""

    name: str
    version: str
    requirements: tuple[BuildRequirement, ...]


class Lock(NamedTuple):
    """Everything one target needs. Equal locks are equal bytes."""

    name: str
    """Of the spec, ``founding``."""
    variant: str
    spec_digest: str
    files: str
    """``urls`` or ``portable``."""
    environments: tuple[str, ...]
    requires_python: str
    target: Mapping[str, Any] = MappingProxyType({})
    """[tool.envspec.target], TOML values."""
    requirements: tuple[str, ...] = ()
    """What the spec asked for itself, PEP 508, sorted."""
    distributions: tuple[LockedDistribution, ...] = ()
    """Sorted by name, then version."""
    builds: tuple[Build, ...] = ()
    indexes: tuple[tuple[str, str], ...] = ()
    """(name, URL without credentials) of the named indexes used."""
    hosts: tuple[str, ...] = ()
    """Every host name that fetching touches, sorted; the default index as ``default``."""
    not_locked: tuple[tuple[str, str], ...] = ()
    """(kind, label) of what the spec asks for and this lock doesn't hold."""
    warnings: tuple[str, ...] = ()
    extra_tool: Mapping[str, Any] = MappingProxyType({})
    """Other tables of [tool.envspec], kept as they stand (``audit``, ...)."""

    @property
    def label(self) -> str:
        """``founding-cu118``."""
        return f"{self.name}-{self.variant}" if self.variant else self.name

    @property
    def file_name(self) -> str:
        """``pylock.founding-cu118.toml``."""
        return f"pylock.{self.label}.toml"
