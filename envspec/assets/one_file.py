"""One file at a URL, locked by a digest that somebody vouches for, or by its first fetch.

Whoever vouches, in this order: the user, who wrote a sha256 into the spec; a sha256 on record; an md5 that
the publisher lists, against which the file is checked once it came. Else ``trust = "first-fetch"`` takes the
digest of what comes, if it's as long as announced and confirms itself as an archive, or if a second fetch
brings the same bytes. The lock calls that unconfirmed: a server that was broken into serves the same wrong
file twice.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from envspec.assets.integrity import confirm
from envspec.assets.interface import Context, Fetch, Fetched, Get, Got, Question
from envspec.errors import BrokenArtifactError, HashMismatchError, InvalidValueError
from envspec.lock.document import AssetFile
from envspec.named_tuple import NamedTuple

_MAX_SUMS_BYTES = 1024 * 1024
_SUM = re.compile(r"([0-9a-fA-F]{32})[ \t]+\*?(?:\./)?(\S+)[ \t]*", re.ASCII)


class Record(NamedTuple):
    """What is published of a file."""

    url: str
    sha256: str = ""
    md5: str = ""
    md5_list: str = ""
    """URL of the publisher's ``md5sum`` list."""
    size: int | None = None
    digest_from: str = "recording"
    """Who gives ``sha256``: ``publisher``, ``index`` or ``recording``."""


class OneFile(NamedTuple):
    """A file that can be locked."""

    name: str
    url: str
    hashes: tuple[tuple[str, str], ...]
    size: int | None
    digest_from: str
    unconfirmed: str = ""
    """Why nobody but the first fetch vouches for it."""
    hosts: tuple[str, ...] = ()
    """Where fetching it was redirected to."""

    def at(self, dest: str, **more: Any) -> AssetFile:
        """As the lock has it, lying at ``dest``."""
        return AssetFile(
            name=self.name,
            url=self.url,
            hashes=self.hashes,
            size=self.size,
            digest_from=self.digest_from,
            dest=dest,
            **more,
        )


def one_file(
    record: Record, context: Context, *, said_sha256: str | None, trust: str | None
) -> Generator[Sequence[Question], Sequence[Any], OneFile]:
    """Ask for no more than the digest needs; raises InputError where nobody vouches and no trust was said."""
    name = file_name(record.url)
    if said_sha256 and record.sha256 and said_sha256 != record.sha256:
        raise InvalidValueError(
            what=f"the spec says sha256 {said_sha256} of {name}, {record.sha256} is on record",
            why="two files of one name, or a digest that was copied wrong",
            fix="leave sha256 out; if you do mean another file, give it another name, with url",
        )
    sha256, by = (said_sha256, "publisher") if said_sha256 else (record.sha256, record.digest_from)
    if sha256:
        return OneFile(name, record.url, _hashes(sha256, record.md5), record.size, by)
    is_listed, is_trusted = bool(record.md5 or record.md5_list), trust == "first-fetch"
    earlier = _earlier(record, context)
    if earlier is not None and (not earlier.unconfirmed if is_listed else is_trusted):
        return earlier
    if is_listed:
        return (yield from _by_md5(record, name))
    if not is_trusted:
        raise InvalidValueError(
            what="nobody publishes a digest of this file",
            why=f"{record.url} has neither a sha256 nor an md5 on record",
            fix='give its sha256 in the spec, or say trust = "first-fetch"',
        )
    return (yield from _first_fetch(record, name))


def _earlier(record: Record, context: Context) -> OneFile | None:
    """The file as the existing lock has it, so that nothing is fetched for its digest again.

    Not by a digest that the spec gave then and gives no more.
    """
    for file in context.earlier.files if context.earlier else ():
        listed = dict(file.hashes).get("md5", record.md5)
        is_ours = file.digest_from == "computed" and file.url == record.url
        if is_ours and (not record.md5 or listed == record.md5):
            unconfirmed = context.earlier.unconfirmed if context.earlier else ""
            hosts = context.earlier.hosts if context.earlier else ()
            return OneFile(file.name, file.url, file.hashes, file.size, file.digest_from, unconfirmed, hosts)
    return None


def _by_md5(record: Record, name: str) -> Generator[Sequence[Question], Sequence[Any], OneFile]:
    """Fetch it whole: only that gives a sha256; what the publisher lists says whether it's the right file."""
    questions: list[Question] = [Fetch(record.url, record.size)]
    if not record.md5:
        questions.append(Get(record.md5_list, max_bytes=_MAX_SUMS_BYTES))
    answers = yield questions
    fetched: Fetched = answers[0]
    wanted = record.md5 or _listed_md5(answers[1], name, record.md5_list)
    if fetched.hashes["md5"] != wanted:
        raise HashMismatchError(
            what=f"{record.url} has md5 {fetched.hashes['md5']}, its publisher lists {wanted}",
            why="the file was damaged on its way, or replaced",
            fix="lock again; if it stays so, ask the publisher",
        )
    _refuse_other_size(record, fetched)
    hashes, hosts = _hashes(fetched.hashes["sha256"], wanted), elsewhere(record.url, fetched)
    return OneFile(name, record.url, hashes, fetched.size, "computed", hosts=hosts)


def _listed_md5(answer: Got, name: str, where: str) -> str:
    if answer.status == 200:
        for line in answer.body.decode("utf-8", "replace").splitlines():
            match = _SUM.fullmatch(line.strip())
            if match and match[2].rpartition("/")[2] == name:
                return match[1].lower()
    raise BrokenArtifactError(
        what=f"{where} lists no md5 of {name}",
        why=f"it answered {answer.status}" if answer.status != 200 else "no line of it names the file",
        fix="give the file's sha256 in the spec",
    )


def _first_fetch(record: Record, name: str) -> Generator[Sequence[Question], Sequence[Any], OneFile]:
    (fetched,) = yield [Fetch(record.url, record.size, look=True)]
    _refuse_other_size(record, fetched)
    if not fetched.size:
        raise BrokenArtifactError(
            what=f"{record.url} is empty",
            why="nobody publishes a digest of it, and no bytes confirm nothing",
            fix="check the URL; an empty file of your own belongs into [[files]]",
        )
    _refuse_page(record.url, name, fetched)
    how = ""
    if fetched.announced is not None and fetched.file is not None:
        how = confirm(fetched.file)
    if not how:
        # Nothing in it, or its length, tells a cut or damaged file: two fetches have to agree.
        (fetched,) = yield [Fetch(record.url, record.size, times=2)]
        how = "two fetches brought the same bytes"
    unconfirmed = f"its digest is that of the first fetch: nobody publishes one ({how})"
    hashes, hosts = _hashes(fetched.hashes["sha256"], ""), elsewhere(record.url, fetched)
    return OneFile(name, record.url, hashes, fetched.size, "computed", unconfirmed, hosts)


def _refuse_page(url: str, name: str, fetched: Fetched) -> None:
    """A login or an error that came as 200 comes again the same, so two fetches of it would agree."""
    head = fetched.file.read(512) if fetched.file is not None else b""
    if name.endswith((".html", ".htm")) or not head.lstrip().lower().startswith(
        (b"<!doctype html", b"<html")
    ):
        return
    raise BrokenArtifactError(
        what=f"{url} is a web page and no {name}",
        why="whoever answers asks for a login, or says that the file isn't there",
        fix="look at it with a browser; give the URL of the file itself",
    )


def elsewhere(url: str, fetched: Fetched) -> tuple[str, ...]:
    """The host to which fetching ``url`` was redirected; none where it stayed."""
    host = urlsplit(fetched.url).hostname or ""
    return (host,) if host and host != urlsplit(url).hostname else ()


def _refuse_other_size(record: Record, fetched: Fetched) -> None:
    if record.size is not None and fetched.size != record.size:
        raise HashMismatchError(
            what=f"{record.url} has {fetched.size} bytes, {record.size} are on record",
            why="it was cut on its way, or replaced",
            fix="lock again; if it stays so, give the sha256 of the file that you want",
        )


def _hashes(sha256: str, md5: str) -> tuple[tuple[str, str], ...]:
    return (("md5", md5), ("sha256", sha256)) if md5 else (("sha256", sha256),)


def file_name(url: str) -> str:
    """The last part of its path. Raises InvalidValueError where that's no plain name."""
    name = unquote(urlsplit(url).path.rpartition("/")[2])
    if not name or not name.isprintable() or name in (".", "..") or {"/", "\\"} & set(name):
        raise InvalidValueError(
            what=f"{url}: no file name can be taken from it",
            why="the last part of its path must be a plain name",
            fix="give the URL of the file itself",
        )
    return name
