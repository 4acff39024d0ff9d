"""Models of the Hub: a repository at a commit, with the files that the spec's patterns take.

One call tells commit, sizes and digests. An LFS file's sha256 is the Hub's own; a plain file has only git's
sha1, so it's fetched, held against that, and its sha256 is taken. Sources: ``hub_listing``, ``hub_answers``,
``hub_cache``.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Generator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from envspec.assets.hub_answers import check_file, refusal
from envspec.assets.hub_asset import (
    COMMIT,
    ENDPOINT,
    Told,
    file_url,
    hub_asset,
    known_before,
    notes_of,
    refuse_empty,
    some,
    warnings_of,
)
from envspec.assets.hub_choice import choose
from envspec.assets.hub_listing import HubFile, Listing, next_page, read_info, read_tree, whole_tree
from envspec.assets.hub_recording import read_hub_recording
from envspec.assets.interface import Absent, Context, Get, Got, Locate, Plan, Planned, ReadText, Wish
from envspec.errors import BrokenPageError, HashMismatchError, InputError
from envspec.named_tuple import NamedTuple

PROVIDES = ("huggingface",)

MAX_PLAIN_BYTES = 32 * 1024 * 1024
"""Of a file that's no LFS file; the Hub takes none above 10 MB."""
MAX_PLAIN_FILES = 2000
MAX_LOCATED = 64
"""Of so many LFS files at most the host is asked; the others of a repository come from the same."""
_MAX_PAGES = 200


def plan(wish: Wish, context: Context) -> Plan:
    """Ask for the listing at the revision, or at the commit of the existing lock, then for what it lacks."""
    repo, revision = wish.said["repo"], wish.said["revision"]
    if wish.said["recording"]:
        return (yield from _recorded(wish))
    pinned = context.earlier.version if context.earlier is not None else ""
    asked = pinned if COMMIT.fullmatch(pinned) else revision
    is_commit = COMMIT.fullmatch(asked) is not None
    (answer,) = yield [Get(_api(repo, "revision", asked) + "?blobs=true", lasting=is_commit)]
    refused = refusal(answer, repo, asked)
    if refused is not None:
        return refused
    listing = read_info(answer.body, repo)
    if is_commit and listing.commit != asked:
        raise BrokenPageError(
            what=f"{repo}: commit {asked} was asked for, and the Hub told of {listing.commit}",
            fix="try again; if it stays so, a proxy or a mirror answers in the Hub's place",
        )
    if not listing.is_complete:
        listing = listing._replace(files=(yield from _tree(repo, listing.commit)))
    choice = choose(listing.files, wish.said["include"] or (), wish.said["exclude"] or ())
    refuse_empty(choice, listing, wish)
    known = known_before(context.earlier, listing.commit)
    earlier = context.earlier if known else None
    answers = yield from _digests(repo, listing.commit, choice.taken, known)
    hosts = answers.hosts if earlier is None else tuple(sorted({*answers.hosts, *earlier.hosts}))
    notes = notes_of(listing, choice, repo, earlier)
    asset = hub_asset(wish, listing.commit, answers.told, hosts=hosts, notes=notes)
    return Planned(asset, warnings_of(listing, choice, repo))


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
    choice = choice._replace(taken=tuple(file for file in choice.taken if file.sha256))
    refuse_empty(choice, listing, wish)
    warnings = warnings_of(listing, choice, repo)
    if unknown:
        warnings = (*warnings, f"not locked, as the recording knows no digest of them: {some(unknown)}")
    told = [Told(file, file.sha256, "recording") for file in choice.taken]
    note = f"from the recording of {found.recorded}, which has only the files on record"
    notes = (*notes_of(listing, choice, repo), note)
    return Planned(hub_asset(wish, found.commit, told, notes=notes), warnings)


# Questions


def _api(repo: str, what: str, revision: str) -> str:
    return f"{ENDPOINT}/api/models/{repo}/{what}/{quote(revision, safe='')}"


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
    told: tuple[Told, ...]
    hosts: tuple[str, ...]


def _digests(
    repo: str, commit: str, files: Sequence[HubFile], known: Mapping[str, Told]
) -> Generator[Sequence[Get | Locate], Sequence[Any], _Answers]:
    """The sha256 of each file, plain ones fetched for it, and the hosts on which the files lie."""
    told = {
        file.path: known[file.path] for file in files if file.path in known and known[file.path].file == file
    }
    missing = [file for file in files if file.path not in told]
    plain = [file for file in missing if not file.is_lfs]
    large = sorted((file for file in missing if file.is_lfs), key=lambda file: -(file.size or 0))
    _refuse_too_much(repo, plain)
    questions: list[Get | Locate] = [
        Get(file_url(repo, commit, file.path), {}, max(file.size or 0, 4096), lasting=True) for file in plain
    ]
    questions += [Locate(file_url(repo, commit, file.path)) for file in large[:MAX_LOCATED]]
    answers: Sequence[Got] = (yield questions) if questions else ()
    for file, answer in zip([*plain, *large[:MAX_LOCATED]], answers, strict=True):
        check_file(answer, repo, file.path)
        if file.is_lfs:
            _check_announced(repo, file, answer)
        else:
            told[file.path] = Told(file, _checked_sha256(repo, file, answer.body), "computed")
    told |= {file.path: Told(file, file.sha256, "publisher") for file in large}
    home = urlsplit(ENDPOINT).hostname
    hosts = {urlsplit(answer.url).hostname or "" for answer in answers} - {home, ""}
    return _Answers(tuple(told[file.path] for file in files), tuple(sorted(hosts)))


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
