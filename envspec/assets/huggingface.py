"""Models of the Hub: a repository at a commit, with the files that the spec's patterns take.

One call tells commit, sizes and digests. An LFS file's sha256 is the Hub's own; a plain file has only git's
sha1, so it's fetched, held against that, and its sha256 is taken. Sources: ``hub_listing``, ``hub_answers``,
``hub_cache``.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Generator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from envspec.assets.hub_answers import check_file, refusal
from envspec.assets.hub_cache import CACHE, ref_text, snapshot_path
from envspec.assets.hub_choice import Choice, choose, is_exact
from envspec.assets.hub_listing import HubFile, Listing, next_page, read_info, read_tree, whole_tree
from envspec.assets.hub_recording import read_hub_recording
from envspec.assets.interface import Absent, Context, Get, Got, Locate, Plan, Planned, ReadText, Wish
from envspec.assets.safe_path import twins
from envspec.errors import BrokenPageError, HashMismatchError, InputError
from envspec.lock.document import Asset, AssetFile, Variable

PROVIDES = ("huggingface",)

ENDPOINT = "https://huggingface.co"
MAX_PLAIN_BYTES = 32 * 1024 * 1024
"""Of a file that's no LFS file; the Hub takes none above 10 MB."""
MAX_PLAIN_FILES = 2000
MAX_LOCATED = 64
"""Of so many LFS files at most the host is asked; the others of a repository come from the same."""
_MAX_PAGES = 200
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHARD_INDEX = ".safetensors.index.json"
_SOURCE = "huggingface_hub 0.36.2, 1.0.1, 2.4.0: constants.py"


class _Told(NamedTuple):
    """A file whose sha256 is known, and who said it."""

    file: HubFile
    sha256: str
    digest_from: str


def plan(wish: Wish, context: Context) -> Plan:
    """Ask for the listing at the revision, or at the commit of the existing lock, then for what it lacks."""
    repo, revision = wish.said["repo"], wish.said["revision"]
    if wish.said["recording"]:
        return (yield from _recorded(wish))
    pinned = context.earlier.version if context.earlier is not None else ""
    asked = pinned if _COMMIT.fullmatch(pinned) else revision
    (answer,) = yield [Get(_api(repo, "revision", asked) + "?blobs=true", lasting=_is_commit(asked))]
    refused = refusal(answer, repo, asked)
    if refused is not None:
        return refused
    listing = read_info(answer.body, repo)
    if _is_commit(asked) and listing.commit != asked:
        raise BrokenPageError(
            what=f"{repo}: commit {asked} was asked for, and the Hub told of {listing.commit}",
            fix="try again; if it stays so, a proxy or a mirror answers in the Hub's place",
        )
    if not listing.is_complete:
        listing = listing._replace(files=(yield from _tree(repo, listing.commit)))
    choice = choose(listing.files, wish.said["include"] or (), wish.said["exclude"] or ())
    _refuse_empty(choice, listing, wish)
    known = _known_before(context.earlier, listing.commit)
    answers = yield from _digests(repo, listing.commit, choice.taken, known)
    hosts = answers.hosts
    if context.earlier is not None and known:
        hosts = tuple(sorted({*hosts, *context.earlier.hosts}))
    return Planned(
        _asset(wish, listing.commit, answers.told, hosts, _notes(listing, choice)),
        (*_warnings(repo, listing, choice), *_missing_shards(answers.indexes, choice.taken)),
    )


# Questions


def _api(repo: str, what: str, revision: str) -> str:
    return f"{ENDPOINT}/api/models/{repo}/{what}/{quote(revision, safe='')}"


def _file_url(repo: str, commit: str, path: str) -> str:
    return f"{ENDPOINT}/{repo}/resolve/{commit}/{quote(path)}"


def _is_commit(revision: str) -> bool:
    return _COMMIT.fullmatch(revision) is not None


def _tree(repo: str, commit: str) -> Generator[Sequence[Get], Sequence[Any], tuple[HubFile, ...]]:
    """All pages of the tree, for a mirror whose first answer lacks sizes and digests."""
    url = _api(repo, "tree", commit) + "?recursive=true&expand=false"
    start, pages, been = url, [], {url}
    while True:
        (answer,) = yield [Get(url, lasting=True)]
        refused = refusal(answer, repo, commit)
        if refused is not None:
            raise BrokenPageError(what=f"{repo}: its tree can't be had", why=refused.what)
        pages.append(read_tree(answer.body, repo))
        url = next_page(answer.headers)
        if not url:
            break
        # A mirror's links name the mirror; we go on by the publisher's URL.
        url = f"{start.partition('?')[0]}?{urlsplit(url).query}"
        if url in been or len(pages) >= _MAX_PAGES:
            raise BrokenPageError(what=f"{repo}: the pages of its tree don't end")
        been.add(url)
    files = whole_tree(pages, repo)
    lacking = next((file.path for file in files if not file.is_told), "")
    if lacking:
        raise BrokenPageError(what=f"{repo}: the listing has no size or no digest of {lacking}")
    return files


class _Answers(NamedTuple):
    told: tuple[_Told, ...]
    hosts: tuple[str, ...]
    indexes: Mapping[str, bytes]
    """By path, the lists of shards among what was fetched."""


def _digests(
    repo: str, commit: str, files: Sequence[HubFile], known: Mapping[str, _Told]
) -> Generator[Sequence[Get | Locate], Sequence[Any], _Answers]:
    """The sha256 of each file, plain ones fetched for it, and the hosts on which the files lie."""
    told = {file.path: known[file.path] for file in files if _is_same(known.get(file.path), file)}
    missing = [file for file in files if file.path not in told]
    plain = [file for file in missing if not file.is_lfs]
    large = sorted((file for file in missing if file.is_lfs), key=lambda file: -(file.size or 0))
    _refuse_too_much(repo, plain)
    questions: list[Get | Locate] = [
        Get(_file_url(repo, commit, file.path), {}, max(file.size or 0, 4096), lasting=True) for file in plain
    ]
    questions += [Locate(_file_url(repo, commit, file.path)) for file in large[:MAX_LOCATED]]
    answers: Sequence[Got] = (yield questions) if questions else ()
    indexes = {}
    for file, answer in zip([*plain, *large[:MAX_LOCATED]], answers, strict=True):
        check_file(answer, repo, file.path)
        if file.is_lfs:
            _check_announced(repo, file, answer)
            continue
        told[file.path] = _Told(file, _checked_sha256(repo, file, answer.body), "computed")
        if file.path.endswith(_SHARD_INDEX):
            indexes[file.path] = answer.body
    told |= {file.path: _Told(file, file.sha256, "publisher") for file in large}
    home = urlsplit(ENDPOINT).hostname
    hosts = {urlsplit(answer.url).hostname or "" for answer in answers} - {home, ""}
    return _Answers(tuple(told[file.path] for file in files), tuple(sorted(hosts)), indexes)


def _refuse_too_much(repo: str, plain: Sequence[HubFile]) -> None:
    too_large = next((file for file in plain if (file.size or 0) > MAX_PLAIN_BYTES), None)
    if too_large is not None:
        raise BrokenPageError(
            what=f"{repo}: {too_large.path} has {too_large.size:,} bytes and no sha256",
            why=f"the Hub keeps files above 10 MB as LFS; of another {MAX_PLAIN_BYTES:,} bytes are read",
            fix="leave it out with exclude",
        )
    if len(plain) > MAX_PLAIN_FILES:
        raise InputError(
            what=f"{repo}: {len(plain)} files must be fetched to be hashed, {MAX_PLAIN_FILES} at most are",
            fix="say with include which files are needed",
        )


def _checked_sha256(repo: str, file: HubFile, body: bytes) -> str:
    found = hashlib.sha1(b"blob %d\0" % len(body) + body, usedforsecurity=False).hexdigest()
    if len(body) != file.size or found != file.git_sha1:
        raise HashMismatchError(
            what=f"{repo}: {file.path} came with {len(body)} bytes, git sha1 {found};"
            f" the listing says {file.size} bytes, {file.git_sha1}",
            why="it was changed on its way, or the host that serves it has another file",
            fix="try again; if it stays so, a proxy or a mirror answers in the Hub's place",
        )
    return hashlib.sha256(body).hexdigest()


def _check_announced(repo: str, file: HubFile, answer: Got) -> None:
    match = re.fullmatch(r"bytes 0-0/(\d{1,18})", answer.headers.get("content-range", ""))
    if match and int(match[1]) != file.size:
        raise HashMismatchError(
            what=f"{repo}: {urlsplit(answer.url).hostname} serves {int(match[1])} bytes as {file.path},"
            f" the listing says {file.size}",
            why="the host that serves it has another file",
            fix="try again; if it stays so, a proxy or a mirror answers in the Hub's place",
        )


# What is known already


def _known_before(earlier: Asset | None, commit: str) -> dict[str, _Told]:
    """By path, the files of the existing lock, if it's of this commit."""
    if earlier is None or earlier.version != commit:
        return {}
    known = {}
    for file in earlier.files:
        path = file.dest.partition(f"/snapshots/{commit}/")[2]
        git_sha1 = dict(file.hashes).get("git-sha1", "")
        is_lfs = not git_sha1
        hub = HubFile(path, file.size, git_sha1, file.sha256 if is_lfs else "", is_lfs)
        known[path] = _Told(hub, file.sha256, file.digest_from)
    return known


def _is_same(known: _Told | None, file: HubFile) -> bool:
    return known is not None and known.file == file


# What comes of it


def _recorded(wish: Wish) -> Plan:
    """The repository as a recording has it; nothing is asked over the network."""
    repo, revision = wish.said["repo"], wish.said["revision"]
    (text,) = yield [ReadText(wish.said["recording"])]
    name = posixpath.basename(wish.said["recording"])
    found = read_hub_recording(text, name).at(repo, revision)
    if found is None:
        return Absent(
            f"{name} has no {repo} at {revision!r}",
            "what a recording lacks is never asked over the network",
            "record it too, or take the key `recording` out to ask the Hub",
        )
    listing = Listing(repo, found.commit, found.files)
    choice = choose(listing.files, wish.said["include"] or (), wish.said["exclude"] or ())
    unknown = [file.path for file in choice.taken if not file.sha256]
    taken = tuple(file for file in choice.taken if file.sha256)
    _refuse_empty(choice._replace(taken=taken), listing, wish)
    notes = list(_notes(listing, choice))
    notes.append(f"from the recording of {found.recorded}, which has only the files on record")
    if unknown:
        notes.append(f"not locked, as the recording knows no digest of them: {_some(unknown)}")
    told = tuple(_Told(file, file.sha256, "recording") for file in taken)
    asset = _asset(wish, found.commit, told, (), tuple(notes))
    return Planned(asset, (*_warnings(repo, listing, choice), *(notes[-1:] if unknown else ())))


def _asset(
    wish: Wish, commit: str, told: Sequence[_Told], hosts: tuple[str, ...], notes: tuple[str, ...]
) -> Asset:
    repo, revision = wish.said["repo"], wish.said["revision"]
    files = sorted((_locked(repo, commit, each) for each in told), key=lambda file: file.dest)
    return Asset(
        kind=wish.kind,
        provider=wish.provider,
        label=wish.label,
        version=commit,
        files=tuple(files),
        # Who names no revision asks for main; a spec that pins a commit means that one.
        texts=(ref_text(repo, "main" if _is_commit(revision) else revision, commit),),
        hosts=hosts,
        variables=(
            Variable("HF_HUB_CACHE", f"{{assets}}/{CACHE}", (wish.label,), _SOURCE),
            Variable("HF_HUB_OFFLINE", "1", (wish.label,), _SOURCE),
        ),
        notes=notes,
    )


def _locked(repo: str, commit: str, told: _Told) -> AssetFile:
    file = told.file
    hashes = {"sha256": told.sha256}
    if file.git_sha1:
        hashes["git-sha1"] = file.git_sha1
    return AssetFile(
        name=posixpath.basename(file.path),
        hashes=tuple(sorted(hashes.items())),
        dest=snapshot_path(repo, commit, file.path),
        url=_file_url(repo, commit, file.path),
        size=file.size,
        digest_from=told.digest_from,
    )


def _refuse_empty(choice: Choice, listing: Listing, wish: Wish) -> None:
    """Raise where a file that was asked for by name isn't there, or nothing is left to take."""
    exact = [pattern for pattern in choice.idle if is_exact(pattern)]
    held = f"it has {_some([file.path for file in listing.files])}" if listing.files else "it has no files"
    if exact:
        raise InputError(
            what=f"include: {', '.join(exact)}: no such file in {listing.repo} at {listing.commit}",
            why=held,
            fix="name a file that is there; patterns are matched with case",
        )
    if not choice.taken:
        raise InputError(
            what=f"no file of {listing.repo} at {listing.commit} is taken",
            why=held,
            fix="check include and exclude" if wish.said["include"] or wish.said["exclude"] else "",
        )


def _notes(listing: Listing, choice: Choice) -> tuple[str, ...]:
    notes = []
    if choice.left_out:
        size = sum(file.size or 0 for file, _ in choice.left_out)
        paths = [f"{file.path} ({other} is taken)" for file, other in choice.left_out]
        notes.append(f"left out, {size:,} bytes, the same weights in another form: {_some(paths)}")
    if listing.is_gated:
        notes.append("gated: whoever fetches it needs a token of an account that accepted its terms")
    return tuple(notes)


def _warnings(repo: str, listing: Listing, choice: Choice) -> tuple[str, ...]:
    warnings = [f"include: {pattern!r} matches no file of {repo}" for pattern in choice.idle]
    if listing.repo != repo:
        warnings.append(f"{repo} is called {listing.repo} at the Hub now")
    warnings += [
        f"{first} and {second} differ by case only: on some disks they are one file"
        for first, second in twins(file.path for file in choice.taken)
    ]
    return tuple(warnings)


def _missing_shards(indexes: Mapping[str, bytes], taken: Sequence[HubFile]) -> list[str]:
    """A warning for each list of shards that names a file which isn't taken."""
    paths = {file.path for file in taken}
    warnings = []
    for path, text in indexes.items():
        folder = posixpath.dirname(path)
        if path.removesuffix(".index.json") in paths:
            continue
        try:
            named = sorted({str(name) for name in json.loads(text)["weight_map"].values()})
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            warnings.append(f"{path} is no list of shards")
            continue
        missing = [name for name in named if posixpath.join(folder, name) not in paths]
        if missing:
            warnings.append(f"{path} names weights that aren't taken: {_some(missing)}")
    return warnings


def _some(paths: Sequence[str], most: int = 8) -> str:
    more = f" and {len(paths) - most} more" if len(paths) > most else ""
    return ", ".join(paths[:most]) + more
