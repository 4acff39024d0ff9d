"""A repository of the Hub as an asset of the lock: where its files lie, and what one should know of it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from urllib.parse import quote

from envspec.assets.hub_cache import CACHE, ref_text, snapshot_path
from envspec.assets.hub_choice import Choice, is_exact
from envspec.assets.hub_listing import HubFile, Listing
from envspec.assets.interface import Wish
from envspec.assets.safe_path import twins
from envspec.errors import InputError
from envspec.lock.document import Asset, AssetFile, Variable
from envspec.named_tuple import NamedTuple

ENDPOINT = "https://huggingface.co"
COMMIT = re.compile(r"[0-9a-f]{40}")
_SHARD = re.compile(r"(.+)-(\d{5})-of-(\d{5})(\.[a-z]+)")
_MAX_SHARD_SETS, _MAX_SHARDS = 200, 1000
"""So many sets of parts, and parts of one, are looked at."""
_SOURCE = "huggingface_hub 0.36.2, 1.0.1, 2.4.0: constants.py"
_GATED = "gated: whoever fetches it needs a token of an account that accepted its terms"
_RENAMED = "the Hub calls it "


class Told(NamedTuple):
    """A file whose sha256 is known, and who said it."""

    file: HubFile
    sha256: str
    digest_from: str


def file_url(repo: str, commit: str, path: str) -> str:
    """Where the publisher has a file, at a commit."""
    return f"{ENDPOINT}/{repo}/resolve/{commit}/{quote(path)}"


def known_before(earlier: Asset | None, commit: str) -> dict[str, Told]:
    """By path, the files of the existing lock, if it's of this commit."""
    if earlier is None or earlier.version != commit:
        return {}
    known = {}
    for file in earlier.files:
        path = file.dest.partition(f"/snapshots/{commit}/")[2]
        git_sha1 = dict(file.hashes).get("git-sha1", "")
        is_lfs = not git_sha1
        hub = HubFile(path, file.size, git_sha1, file.sha256 if is_lfs else "", is_lfs)
        known[path] = Told(hub, file.sha256, file.digest_from)
    return known


def hub_asset(
    wish: Wish, commit: str, told: Sequence[Told], *, hosts: tuple[str, ...] = (), notes: tuple[str, ...]
) -> Asset:
    """The asset of these files. Who names no revision asks for main, so a commit that a spec pins is that."""
    repo, revision = wish.said["repo"], wish.said["revision"]
    files = sorted((_locked(repo, commit, each) for each in told), key=lambda file: file.dest)
    return Asset(
        kind=wish.kind,
        provider=wish.provider,
        label=wish.label,
        version=commit,
        files=tuple(files),
        texts=(ref_text(repo, "main" if COMMIT.fullmatch(revision) else revision, commit),),
        hosts=hosts,
        variables=(
            Variable("HF_HUB_CACHE", f"{{assets}}/{CACHE}", (wish.label,), _SOURCE),
            Variable("HF_HUB_OFFLINE", "1", (wish.label,), _SOURCE),
        ),
        notes=notes,
    )


def _locked(repo: str, commit: str, told: Told) -> AssetFile:
    file = told.file
    hashes = {"sha256": told.sha256}
    if file.git_sha1:
        hashes["git-sha1"] = file.git_sha1
    return AssetFile(
        name=posixpath.basename(file.path),
        hashes=tuple(sorted(hashes.items())),
        dest=snapshot_path(repo, commit, file.path),
        url=file_url(repo, commit, file.path),
        size=file.size,
        digest_from=told.digest_from,
    )


# What the user should know


def refuse_empty(choice: Choice, listing: Listing, wish: Wish) -> None:
    """Raise InputError where a file that was asked for by name isn't there, or nothing is left to take."""
    exact = [pattern for pattern in choice.idle if is_exact(pattern)]
    held = f"it has {some([file.path for file in listing.files])}" if listing.files else "it has no files"
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


def notes_of(listing: Listing, choice: Choice, repo: str, earlier: Asset | None = None) -> tuple[str, ...]:
    """What stands beside the files. What may change while the commit stays is kept from ``earlier``."""
    notes = []
    if choice.left_out:
        size = sum(file.size or 0 for file, _ in choice.left_out)
        paths = [f"{file.path} ({other} is taken)" for file, other in choice.left_out]
        notes.append(f"left out, {size:,} bytes, the same weights in another form: {some(paths)}")
    if earlier is not None:
        return (*notes, *(note for note in earlier.notes if note.startswith((_GATED, _RENAMED))))
    if listing.is_gated:
        notes.append(_GATED)
    if listing.repo != repo:
        notes.append(f"{_RENAMED}{listing.repo} now")
    return tuple(notes)


def warnings_of(listing: Listing, choice: Choice, repo: str) -> tuple[str, ...]:
    """What may go wrong, as far as names tell, so that a relock says the same."""
    warnings = [f"include: {pattern!r} matches no file of {repo}" for pattern in choice.idle]
    warnings += [
        f"{first} and {second} differ by case only: on some disks they are one file"
        for first, second in twins(file.path for file in choice.taken)
    ]
    return (*warnings, *_incomplete_shards(listing, choice))


def _incomplete_shards(listing: Listing, choice: Choice) -> list[str]:
    """A warning for each set of ``NAME-00001-of-00003.EXT`` that is taken in part, or whose list is."""
    taken = {file.path for file in choice.taken}
    left_out = {file.path for file, _ in choice.left_out}
    sets: dict[tuple[str, str, str], set[int]] = {}
    for file in listing.files:
        match = _SHARD.fullmatch(file.path)
        if match and file.path not in left_out:
            sets.setdefault((match[1], match[3], match[4]), set()).add(int(match[2]))
    warnings = []
    for (name, total, suffix), numbers in sorted(sets.items())[:_MAX_SHARD_SETS]:
        count, first = min(int(total), _MAX_SHARDS), 0 if 0 in numbers else 1
        paths = [f"{name}-{first + step:05}-of-{total}{suffix}" for step in range(count)]
        missing = [path for path in paths if path not in taken]
        is_wanted = len(missing) < count or f"{name}{suffix}.index.json" in taken
        if missing and is_wanted and f"{name}{suffix}" not in taken:
            where = "aren't there" if len(numbers) < count else "aren't taken"
            warnings.append(f"{name}{suffix} is in {count} parts, of which {some(missing)} {where}")
    return warnings


def some(paths: Sequence[str], most: int = 8) -> str:
    """The first of them, and how many more."""
    more = f" and {len(paths) - most} more" if len(paths) > most else ""
    return ", ".join(paths[:most]) + more
