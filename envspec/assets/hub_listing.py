"""What the Hub says of a repository: its commit, and its files with their sizes and digests.

Source: ``GET /api/models/{id}/revision/{revision}?blobs=true`` and ``GET /api/models/{id}/tree/{commit}`` as
huggingface_hub 0.36.2, 1.0.1 and 2.4.0 read them (hf_api.py: ModelInfo, RepoSibling, RepoFile), 2026-11-22.
A plain file has the sha1 that git gives it; of an LFS file that sha1 is of its pointer's text, and the
sha256 is of its bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from envspec.assets.safe_path import file_as_folder, path_problem
from envspec.errors import BrokenPageError
from envspec.named_tuple import NamedTuple

MAX_FILES = 100_000
_MAX_SIZE_BYTES = 1 << 50
_REPO = re.compile(r"(?:\w[\w.-]{0,95}/)?\w[\w.-]{0,95}", re.ASCII)

T = TypeVar("T")


class HubFile(NamedTuple):
    """One file of a repository at a commit."""

    path: str
    size: int | None = None
    """None where nobody says it."""
    git_sha1: str = ""
    """Of a plain file; empty for an LFS file, or where nobody says it."""
    sha256: str = ""
    """Of an LFS file; of a plain file only where somebody has hashed it."""
    is_lfs: bool = False

    @property
    def is_told(self) -> bool:
        """Whether size and a digest of the bytes are known."""
        return self.size is not None and bool(self.sha256 if self.is_lfs else self.git_sha1)


class Listing(NamedTuple):
    """A repository at one commit."""

    repo: str
    """As the Hub calls it now; another name than the one asked for where it was renamed."""
    commit: str
    files: tuple[HubFile, ...]
    """Sorted by path."""
    is_gated: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether each file has its size and digest; a mirror may leave them out."""
        return all(file.is_told for file in self.files)


class _Lfs(msgspec.Struct):
    sha256: str | None = None
    oid: str | None = None
    size: int | None = None


class _Sibling(msgspec.Struct):
    rfilename: str
    size: int | None = None
    blobId: str | None = None  # noqa: N815 - as the Hub spells it
    lfs: _Lfs | None = None


class _Info(msgspec.Struct):
    id: str | None = None
    sha: str | None = None
    siblings: list[_Sibling] | None = None
    gated: bool | str | None = False


class _Entry(msgspec.Struct):
    path: str
    type: str
    oid: str | None = None
    size: int | None = None
    lfs: _Lfs | None = None


def read_info(body: bytes, repo: str) -> Listing:
    """The answer of ``/api/models/{id}/revision/{revision}?blobs=true``. Raises BrokenPageError."""
    info = _decode(body, _Info, repo)
    if not re.fullmatch(r"[0-9a-f]{40}", info.sha or ""):
        raise _broken(repo, f"it names no commit, but {(info.sha or '')[:60]!r}")
    if info.id and not _REPO.fullmatch(info.id):
        raise _broken(repo, f"it's of {info.id[:60]!r}, which is the name of no repository")
    if info.siblings is None:
        raise _broken(repo, "it lists no files")
    files = (_file(each.rfilename, each.size, each.blobId, each.lfs, repo) for each in info.siblings)
    return Listing(info.id or repo, info.sha or "", _whole(files, repo), bool(info.gated))


def read_tree(body: bytes, repo: str) -> tuple[HubFile, ...]:
    """One page of ``/api/models/{id}/tree/{commit}?recursive=true``, files only. Raises BrokenPageError."""
    entries = _decode(body, list[_Entry], repo)
    return tuple(
        _file(entry.path, entry.size, entry.oid, entry.lfs, repo) for entry in entries if entry.type == "file"
    )


def whole_tree(pages: Iterable[tuple[HubFile, ...]], repo: str) -> tuple[HubFile, ...]:
    """The pages of a tree as one listing, sorted. Raises BrokenPageError where they contradict each other."""
    return _whole((file for page in pages for file in page), repo)


def next_page(headers: Mapping[str, str]) -> str:
    """URL of the page behind this one, from ``Link: <URL>; rel="next"``; empty at the last."""
    match = re.search(r'<([^<>\s]{1,4096})>\s*;\s*rel="?next"?', headers.get("link", ""))
    return match[1] if match else ""


def _file(path: str, size: int | None, oid: str | None, lfs: _Lfs | None, repo: str) -> HubFile:
    problem = path_problem(path)
    if problem:
        raise _broken(repo, f"it lists {path[:200]!r}, which {problem}")
    if lfs is not None:
        size, oid = lfs.size if lfs.size is not None else size, lfs.sha256 or lfs.oid
    if size is not None and not 0 <= size <= _MAX_SIZE_BYTES:
        raise _broken(repo, f"it gives {path!r} a size of {size} bytes")
    if oid and not re.fullmatch(r"[0-9a-f]{64}" if lfs else r"[0-9a-f]{40}", oid):
        raise _broken(repo, f"it gives {path!r} the digest {oid[:80]!r}, which is no {_digest_name(lfs)}")
    return HubFile(path, size, "" if lfs else oid or "", (oid or "") if lfs else "", lfs is not None)


def _digest_name(lfs: _Lfs | None) -> str:
    return "sha256" if lfs else "git sha1"


def _whole(files: Iterable[HubFile], repo: str) -> tuple[HubFile, ...]:
    by_path: dict[str, HubFile] = {}
    for file in files:
        if by_path.setdefault(file.path, file) != file:
            raise _broken(repo, f"it lists {file.path!r} twice, and not alike")
        if len(by_path) > MAX_FILES:
            raise _broken(repo, f"it lists more than {MAX_FILES} files")
    both = file_as_folder(by_path)
    if both:
        raise _broken(repo, f"it lists {both!r} as a file and as a folder")
    return tuple(by_path[path] for path in sorted(by_path))


def _decode(body: bytes, kind: type[T], repo: str) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeError) as error:
        shown = body[:40].decode("utf-8", "replace")
        why = f"{error}; it begins with {shown!r}"
        raise _broken(repo, why) from error
    except RecursionError as error:
        raise _broken(repo, "its JSON is nested too deep") from error


def _broken(repo: str, why: str) -> BrokenPageError:
    return BrokenPageError(
        what=f"the listing of {repo} can't be read",
        why=why,
        fix="try again; if it stays so, a proxy or a mirror answers in the Hub's place",
    )
