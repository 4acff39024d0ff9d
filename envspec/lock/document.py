"""Lock: what ``pylock.NAME.toml`` says.

Source: PEP 751, and DESIGN's [tool.envspec] for what PEP 751 has no word for.
Named tuples of plain values; ``codec`` turns them into text and back.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from envspec.named_tuple import NamedTuple


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


class Member(NamedTuple):
    """The one file that is taken out of an archive; the rest of the archive isn't carried."""

    name: str
    """Its path inside the archive."""
    hashes: tuple[tuple[str, str], ...] = ()
    """(algorithm, hex), sorted; what is known of the unpacked bytes: ``md5``, ``sha256``."""
    size: int | None = None


class AssetFile(NamedTuple):
    """One file that is no Python distribution: where it is, what it is, where it must lie."""

    name: str
    """Decoded file name, without folders."""
    hashes: tuple[tuple[str, str], ...]
    """(algorithm, hex), sorted; ``git-sha1``, ``md5`` may be among them. sha256 is, but where only that of
    ``member`` is known."""
    dest: str
    """Path below ``root``, with / between its parts; of ``member`` where there is one."""
    url: str = ""
    path: str = ""
    """Of a file of the user's own, as the spec writes it: relative to the spec."""
    size: int | None = None
    digest_from: str = "publisher"
    """``index``, ``recording``, ``publisher`` (who made it, or an API of theirs) or ``computed`` (here)."""
    root: str = "assets"
    """A key of ``ROOTS``."""
    mode: str = "0644"
    member: Member | None = None
    unpack: str = ""
    """``zip``, ``tar.gz``, ``tar.xz``, ``tar.zst``: the archive is unpacked whole into the folder
    ``dest``."""

    @property
    def sha256(self) -> str:
        """The digest by which the file is known: its own, or else that of what is taken out of it."""
        own = dict(self.hashes).get("sha256")
        return own or dict(self.member.hashes if self.member else ())["sha256"]


ROOTS = ("assets", "environment", "installers")
"""``{assets}``: the assets of an environment. ``{environment}``: the environment itself, where ``dest`` of a
spec begins. ``{installers}``: installers, which are run or unpacked from there and don't stay."""


class Space(NamedTuple):
    """What an installer takes besides its own file, and how that is known."""

    temporary_bytes: int
    installed_bytes: int
    source: str
    """Who says so; of an estimate how it was made."""
    is_estimated: bool = False


class Variable(NamedTuple):
    """An environment variable that the target must set."""

    name: str
    value: str
    """May hold ``{assets}``, ``{environment}``, ``{installers}``, ``{scratch}``."""
    read_by: tuple[str, ...] = ()
    """Locked projects that read it, or the label of the asset that wants it; sorted."""
    source: str = ""


class Asset(NamedTuple):
    """What one [[models]], [[files]] or [[installers]] of the spec came to."""

    kind: str
    """``model``, ``file`` or ``installer``."""
    provider: str
    """``huggingface``, ``easyocr``, ``url``, ``path``, ...; of an installer its kind: ``cuda``, ``driver``,
    ..."""
    label: str
    """As messages call it, and by which a relock knows it again: ``huggingface
    openai/whisper-large-v3@main``."""
    version: str = ""
    """The commit of a repository, the version of an installer; empty where there's none."""
    files: tuple[AssetFile, ...] = ()
    """Sorted by root and dest; empty for a model that is a distribution of this lock."""
    distribution: str = ""
    """Of a model that is published as a distribution: its normalized project, among the packages."""
    texts: tuple[tuple[str, str], ...] = ()
    """(path below ``{assets}``, content) of small files that are written and not fetched."""
    folders: tuple[str, ...] = ()
    """Folders below ``{assets}`` that must exist though nothing lies in them."""
    hosts: tuple[str, ...] = ()
    """Host names that fetching touches besides those of the URLs: where they redirect to."""
    variables: tuple[Variable, ...] = ()
    """What must be set for this asset to be found; stands in ``Lock.environment``."""
    unconfirmed: str = ""
    """Why nobody but the first fetch vouches for a digest (``trust = "first-fetch"``); empty where one
    does."""
    space: Space | None = None
    commands: tuple[tuple[str, ...], ...] = ()
    """What installing runs, in order, each as argv with ``{file}`` and the roots in it; empty: nothing
    runs."""
    on_path: tuple[str, ...] = ()
    """Folders with their root, ``{environment}/bin``, that join PATH."""
    when: str = ""
    """``driver-older``: only where the host's driver is older than the lock needs; empty: always."""
    as_root: bool = False
    eula: str = ""
    """Name and URL of the terms that installing accepts."""
    notes: tuple[str, ...] = ()


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
    assets: tuple[Asset, ...] = ()
    """Sorted by kind, then label."""
    environment: tuple[Variable, ...] = ()
    """Sorted by name. Not PEP 751's ``environments``, which are markers."""
    contract: Mapping[str, Any] = MappingProxyType({})
    """[tool.envspec.contract]: what a host must have; see ``docs/lock.md``."""
    verdict: Mapping[str, Any] = MappingProxyType({})
    """[tool.envspec.verdict]: what the rules say of the host that the spec promises."""
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
