"""LockRequest: one variant of a spec, merged and read, as the resolver wants it.

Made by ``compat.request`` from a Spec; plain strings and numbers only, so that it
can be kept as JSON under the digest of the spec's text and read back without the
machinery that checks a spec.
"""

from __future__ import annotations

from envspec.named_tuple import NamedTuple
from envspec.target.host import Target


class IndexRequest(NamedTuple):
    """A named index: it serves the projects named for it, and nothing else."""

    name: str
    packages: tuple[str, ...]
    """Normalized project names; empty means: named by no project, serves nothing."""
    url: str = ""
    """Simple API root without a slash at the end; empty for a folder."""
    path: str = ""
    """Absolute path of a folder of wheels; empty for a URL."""
    recording: str = ""
    """Absolute path of the recording read in place of ``url``; empty for live."""
    ca_file: str = ""
    implied: bool = False
    """True where ``cuda`` implied it, and no [[index]] wrote its URL."""


class StaticMetadata(NamedTuple):
    """Dependencies that the spec says of one release, where nothing else can."""

    name: str
    version: str
    requires_dist: tuple[str, ...]
    requires_python: str = ""


class LocalWheel(NamedTuple):
    """A requirement ``name @ ./file.whl``: the file, by the name that asked for it."""

    requirement: str
    """As written, with its extras and marker."""
    path: str
    """Absolute path of the file."""
    spec_path: str
    """The path as the spec writes it, relative to the spec."""


class AssetWish(NamedTuple):
    """One table of [[models]], [[files]] or [[installers]]."""

    kind: str
    """``model``, ``file`` or ``installer``."""
    provider: str
    """Of a model its ``provider``, of an installer its ``kind``, of a file ``path``."""
    label: str
    said: str
    """Every key of the table by the name that a spec writes, defaults filled in, as JSON."""


class LockRequest(NamedTuple):
    """All that one lock depends on, besides the indexes themselves and an older lock."""

    name: str
    variant: str
    """Empty where the spec has no variants."""
    target: Target
    requirements: tuple[str, ...]
    """PEP 508, as written, extra-requirements appended; local wheels are not among them."""
    constraints: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    local_wheels: tuple[LocalWheel, ...] = ()
    exclude_newer: str = ""
    """UTC instant ``2025-07-02T00:00:00Z``: files uploaded at or after it are out."""
    prereleases: str = "if-necessary"
    sdists: tuple[str, ...] = ()
    """Normalized names of the projects that may come as source distributions."""
    metadata: tuple[StaticMetadata, ...] = ()
    local_label: str = ""
    """``cu118`` or ``cpu``: the builds of ``labelled`` without this local version are out."""
    labelled: tuple[str, ...] = ()
    """Normalized names that ``local_label`` binds: torch, torchvision, torchaudio."""
    cuda: str = ""
    cudnn: str = ""
    indexes: tuple[IndexRequest, ...] = ()
    files: str = "urls"
    gpu_memory: str = ""
    """``20 GiB``: what the program needs of one GPU."""
    prefix: str = ""
    """Folder of all environments on the target."""
    scratch: str = ""
    """Folder for temporary files on the target."""
    endpoints: tuple[tuple[str, str], ...] = ()
    """(URL, PEM file as the spec writes it or empty) of what the program will have to reach inside."""
    assets: tuple[AssetWish, ...] = ()
    """In the order of the spec: models, files, installers."""
    folder: str = ""
    """Absolute folder of the spec, to which the paths in ``assets`` are relative; empty without assets."""
    warnings: tuple[str, ...] = ()
    """What reading the spec noticed and the user should see."""
    spec_digest: str = ""
    """sha256 of the merged variant in canonical JSON, with all it reads: recordings, tables."""
