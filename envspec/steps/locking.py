"""Locking: the values that its steps hand to each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from envspec.named_tuple import NamedTuple

if TYPE_CHECKING:
    from envspec.index.catalog import Catalog, Index, Project
    from envspec.index.client import IndexClient
    from envspec.index.dependencies import Dependencies
    from envspec.index.view import ReleaseFile, View
    from envspec.lock.document import Asset, Build, LockedDistribution
    from envspec.resolve.resolution import NoResolution
    from envspec.spec.request import IndexRequest, LockRequest
    from envspec.steps.assets import AssetWorld


class Workshop(Protocol):
    """What locking needs of the world besides asking indexes."""

    @property
    def client(self) -> IndexClient:
        """Records and requirements, over the pages."""
        ...

    def index(self, request: IndexRequest) -> Index:
        """Open a named index: live, recorded, or a folder."""
        ...

    def direct(self, url: str, name: str, view: View) -> Project:
        """The one-release project behind a direct reference. Raises EnvspecError."""
        ...

    def asset_world(self, request: LockRequest) -> AssetWorld:
        """What planning its models, files and installers asks of the world."""
        ...

    def hash_file(self, file: ReleaseFile, index: Index | None) -> tuple[str, int]:
        """Download a file whose index gives no sha256; (sha256, size in bytes)."""
        ...

    def sdist(
        self,
        file: ReleaseFile,
        index: Index,
        name: str,
        version: str,
        request: LockRequest,
        catalog: Catalog,
        preferred: Mapping[str, str],
    ) -> tuple[Dependencies | str, Build | None]:
        """What a source distribution requires, and what building it took.

        ``preferred`` are versions of what an earlier build took, kept where they still fit.
        """
        ...


class LockOptions(NamedTuple):
    """How an earlier lock counts."""

    upgrade: bool = False
    upgrade_packages: Mapping[str, str] = {}
    """Normalized name to version, empty for the newest."""
    upgrade_models: tuple[str, ...] = ()
    """Words of labels: of these assets nothing is kept."""
    offline: bool = False
    refresh: bool = False
    tables: str = ""
    """A digest of our own tables: what was made by others is not taken from memory."""


class LockedAsset(NamedTuple):
    """One asset of a lock, as the user is told of it."""

    kind: str
    label: str
    version: str
    files: int
    size_bytes: int
    is_at_least: bool
    unconfirmed: str


class Locked(NamedTuple):
    """One variant's lock, as bytes, and what the user should hear of it."""

    request: LockRequest
    data: bytes
    names: tuple[str, ...]
    """Normalized names of the locked projects."""
    size_bytes: int
    """Of all files whose size is known."""
    is_at_least: bool
    """Whether the size of some file isn't known."""
    warnings: tuple[str, ...]
    """Those that stand in the lock."""
    remarks: tuple[str, ...] = ()
    """What's true today and so can't stand in a lock: yanked pins, skipped candidates."""
    has_computed: bool = False
    """Whether a digest was computed here and not given by an index."""
    assets: tuple[LockedAsset, ...] = ()
    verdict: str = ""
    """What the rules say of the promised host, in a word; see ``steps.judged``."""
    told: tuple[str, ...] = ()
    """The verdict in a sentence, then why and what it would take."""
    is_refused: bool = False
    """Whether the promised host can't run this lock."""


class Unlockable(NamedTuple):
    """One variant that nothing fits."""

    request: LockRequest
    conflict: NoResolution
    catalog: Catalog


class Missing(NamedTuple):
    """One variant of which a model or an installer isn't there."""

    request: LockRequest
    label: str
    what: str
    why: str
    fix: str


Outcome: TypeAlias = "Locked | Unlockable | Missing"


class Earlier(NamedTuple):
    """What an existing lock hands on."""

    pins: Mapping[str, str] = {}
    """Normalized name to whole version."""
    builds: Mapping[str, Mapping[str, str]] = {}
    """``name==version`` of what was built, to the pins of what it was built with."""
    kept: Mapping[str, Any] = {}
    """Tables of [tool.envspec] that locking doesn't make and so must keep."""
    assets: tuple[Asset, ...] = ()
    distributions: Callable[[], tuple[LockedDistribution, ...]] = tuple
    """Read only where an index tells less of a file than this lock may know."""


class Existing(NamedTuple):
    """The lock that's there, read only where it must be."""

    identity: str = ""
    """Changes with any byte of it; empty where there's none."""
    read: Callable[[], Earlier] = Earlier
    """Raises UnreadableLockError."""
