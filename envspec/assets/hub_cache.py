"""Where files of a Hub repository must lie so that the real libraries open them without a network.

Source: huggingface_hub 0.36.2, 1.0.1 and 2.4.0, run offline on caches laid by hand (2026-11-22): a
snapshot may hold the files themselves or relative links into ``blobs``; ``refs/<revision>`` holds the
commit's 40 characters and no newline; ``trees/`` is left out, since 2.x refuses a snapshot that lacks a file
listed there.
"""

from __future__ import annotations

import posixpath

from envspec.lock.document import Asset, AssetFile
from envspec.named_tuple import NamedTuple

CACHE = "hf"
"""The cache's folder below ``{assets}``, for HF_HUB_CACHE."""


def repo_folder(repo: str) -> str:
    """``hf/models--openai--whisper-large-v3``, below ``{assets}``."""
    return f"{CACHE}/models--{repo.replace('/', '--')}"


def snapshot_path(repo: str, commit: str, path: str) -> str:
    """Where a file of the repository lies, below ``{assets}``."""
    return f"{repo_folder(repo)}/snapshots/{commit}/{path}"


def ref_text(repo: str, revision: str, commit: str) -> tuple[str, str]:
    """(path below ``{assets}``, content) of the file by which a branch or tag is found."""
    return f"{repo_folder(repo)}/refs/{revision}", commit


class Link(NamedTuple):
    """A snapshot's entry as the clients themselves make it: a link to bytes that lie once per digest."""

    path: str
    """Of the link, below ``{assets}``."""
    target: str
    """Relative to the link's folder."""
    blob: str
    """Where the bytes lie, below ``{assets}``."""


def blob_name(file: AssetFile) -> str:
    """The ETag under which the Hub serves the file: git's sha1 of a plain file, else its sha256."""
    return dict(file.hashes).get("git-sha1") or file.sha256


def links(asset: Asset) -> tuple[Link, ...]:
    """The same cache with ``blobs`` and relative links, in the order of the asset's files."""
    return tuple(_link(file) for file in asset.files)


def _link(file: AssetFile) -> Link:
    folder = "/".join(file.dest.split("/")[:2])
    blob = f"{folder}/blobs/{blob_name(file)}"
    return Link(file.dest, posixpath.relpath(blob, posixpath.dirname(file.dest)), blob)
