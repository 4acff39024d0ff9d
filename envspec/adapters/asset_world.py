"""What plans of assets ask of the world: answered over Http, from the cache, and from the user's own disk.

An answer that can't change is kept for good, another one as long as it says, and what one variant asked isn't
asked again for the next. URLs are the publisher's; where a mirror is set, it's asked in its place.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

from envspec.adapters.own_files import file_digests, small_text
from envspec.assets.interface import Distribution, Fetch, Fetched, Get, Got, Locate, OwnFile, ReadDistribution
from envspec.errors import (
    EnvspecError,
    HashMismatchError,
    HttpStatusError,
    OfflineError,
    TooLargeError,
)
from envspec.index.credentials import without_credentials
from envspec.index.encoding import decode_body
from envspec.index.pages import DEFAULT_FRESHNESS_S, freshness_s
from envspec.index.store import IndexStore, StoredBody, StoredPage
from envspec.ports import Http, Progress, Request, Response

if TYPE_CHECKING:
    from envspec.index.catalog import Index
    from envspec.index.view import ReleaseFile

T = TypeVar("T")

HUB = "https://huggingface.co"
MAX_FETCHED_BYTES = 64 * 1024 * 1024 * 1024
_MAX_LOCATED_BYTES = 4096
_FORGOTTEN = 410
"""The status of what is kept no more."""
_FOR_GOOD_S = 10 * 366 * 86400
_KEPT_HEADERS = ("content-type", "link", "etag", "x-repo-commit", "x-error-code", "content-range")
_MAX_KEPT_MEMBER = 1024 * 1024
_CHUNK_BYTES = 1 << 20

ReadMembers = Callable[["ReleaseFile", "Index | None", Sequence[str], int], "Mapping[str, bytes] | None"]
"""None where the file may not be asked for: it's of a recorded index."""


class AssetAnswers:
    """What all requests of one run share: each question is answered once."""

    def __init__(
        self,
        *,
        http: Callable[[], Http],
        store: IndexStore,
        clock: Callable[[], float],
        read_members: ReadMembers,
        progress: Progress,
        offline: bool = False,
        refresh: bool = False,
        mirrors: Mapping[str, str] | None = None,
        hub_token: Callable[[], str] = str,
    ) -> None:
        self._open_http = http
        self._http: Http | None = None
        self._store = store
        self._clock = clock
        self._read_members = read_members
        self._progress = progress
        self._offline = offline
        self._refresh = refresh
        self._mirrors = dict(mirrors or {})
        self._hub_token = hub_token
        self._lock = threading.Lock()
        self._answers: dict[object, _Once] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def close(self) -> None:
        """Remove what was fetched only to be hashed."""
        if self._folder is not None:
            self._folder.cleanup()

    # Documents and small files

    def get(self, question: Get) -> Got:
        """See steps.assets.AssetWorld."""
        key = ("get", question.url, tuple(sorted(question.headers.items())))
        return self._once(key, lambda: self._got(question))

    def _got(self, question: Get) -> Got:
        place = _place(question)
        stored = None if self._refresh and not question.lasting else self._store.page(place)
        kept = self._kept(place) if stored is not None and stored.status == 200 else None
        is_good = self._offline or question.lasting or (stored is not None and stored.expires > self._clock())
        if kept is not None and is_good:
            return kept
        if self._offline:
            raise _offline(question.url)
        headers = dict(question.headers)
        if stored is not None and kept is not None and stored.etag:
            headers["if-none-match"] = stored.etag
        answer = self._asked(question.url, headers, question.max_bytes)
        if answer.status == 304 and kept is not None and stored is not None:
            fresh_s = self._fresh_s(answer, question, stored.fresh_s)
            again = stored._replace(expires=int(self._clock()) + fresh_s, fresh_s=fresh_s)
            self._store.put_page(place, again, None)
            return kept
        body = decode_body(answer.body, answer.headers.get("content-encoding", ""), question.max_bytes)
        got = Got(answer.status, answer.headers, body, answer.url)
        if answer.status == 200 and "no-store" not in answer.headers.get("cache-control", "").lower():
            self._keep(place, got, question, answer)
        return got

    def forget(self, question: Get) -> None:
        """See steps.assets.AssetWorld."""
        self._store.put_page(_place(question), StoredPage(_FORGOTTEN, 0, "", "", ""), None)

    def _kept(self, place: str) -> Got | None:
        body = self._store.body(place)
        if body is None:
            return None
        try:
            headers = json.loads(body.content_type)
        except (ValueError, RecursionError):
            return None
        return Got(200, headers, body.body, body.url) if isinstance(headers, dict) else None

    def _keep(self, place: str, got: Got, question: Get, answer: Response) -> None:
        headers = {name: got.headers[name] for name in _KEPT_HEADERS if name in got.headers}
        where = got.url.partition("?")[0]  # a query may be somebody's permission
        stamp = hashlib.sha256(got.body).hexdigest()
        fresh_s = self._fresh_s(answer, question)
        expires = int(self._clock()) + fresh_s
        page = StoredPage(200, expires, got.headers.get("etag", ""), "", stamp, fresh_s)
        self._store.put_page(place, page, StoredBody(got.body, "", json.dumps(headers), where))

    def _fresh_s(self, answer: Response, question: Get, unsaid_s: int = DEFAULT_FRESHNESS_S) -> int:
        return _FOR_GOOD_S if question.lasting else freshness_s(answer.headers, self._clock(), unsaid_s)

    # Where a file is, and the file

    def locate(self, question: Locate) -> Got:
        """See steps.assets.AssetWorld."""
        return self._once(("locate", question.url), lambda: self._located(question))

    def _located(self, question: Locate) -> Got:
        """The cache keeps the host alone: what else stands in such a URL may be somebody's permission."""
        place = f"located {question.url}"
        if self._offline:
            known = self._store.note(place)
            if known is None:
                raise _offline(question.url)
            return Got(200, {}, b"", known)
        try:
            answer = self._asked(question.url, {"range": "bytes=0-0"}, _MAX_LOCATED_BYTES)
        except TooLargeError:
            return Got(200, {}, b"", question.url)
        if answer.status < 300:
            parts = urlsplit(answer.url)
            self._store.put_note(place, f"{parts.scheme}://{parts.hostname}/")
        if answer.status == 200:
            return Got(200, {}, b"", answer.url)
        return Got(answer.status, answer.headers, b"", answer.url)

    def fetch(self, question: Fetch) -> Fetched:
        """See steps.assets.AssetWorld."""
        path, hashes, announced, url = self._once(("fetch", question.url), lambda: self._fetched(question))
        if question.times > 1:
            self._once(
                ("again", question.url, question.times), lambda: self._agree(question, hashes["sha256"])
            )
        return Fetched(path.stat().st_size, hashes, announced, path.open("rb"), url)

    def _fetched(self, question: Fetch) -> tuple[Path, Mapping[str, str], int | None, str]:
        if self._offline:
            raise _offline(question.url)
        size = f" ({question.size:,} bytes)" if question.size is not None else ""
        self._progress.say(f"{question.url}: no digest of it is known: fetching it{size} to hash it")
        path, digest, headers = self._downloaded(question.url)
        md5 = hashlib.md5(usedforsecurity=False)
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                md5.update(chunk)
        length = headers.get("content-length", "")
        announced = int(length) if length.isascii() and length.isdigit() and len(length) < 20 else None
        return path, {"sha256": digest, "md5": md5.hexdigest()}, announced, headers.get("", question.url)

    def _agree(self, question: Fetch, digest: str) -> None:
        """Fetch as often again as was asked, and raise where other bytes come."""
        for _ in range(question.times - 1):
            self._progress.say(f"{question.url}: nothing confirms it: fetching it again to compare")
            again, other, _ = self._downloaded(question.url)
            again.unlink()
            if other != digest:
                raise HashMismatchError(
                    what=f"{question.url}: two fetches brought different bytes",
                    why=f"sha256 {digest}, then {other}",
                    fix="give its sha256, if its publisher says one",
                )

    def _downloaded(self, url: str) -> tuple[Path, str, dict[str, str]]:
        """The file, its sha256, and the headers it came with; ``""`` among them is where redirects ended."""
        path = Path(self._temporary()) / os.urandom(8).hex()
        told: dict[str, str] = {}

        def listen(headers: Mapping[str, str], where: str) -> None:
            told.clear()
            told.update({**headers, "": self._published(where)})

        request = Request(self._mirrored(url), self._login(url), MAX_FETCHED_BYTES)
        self._progress.start(url.partition("?")[0].rpartition("/")[2])
        try:
            digest = self._client().download(request, path, self._progress, listen)
        finally:
            self._progress.finish()
        return path, digest, told

    def _temporary(self) -> str:
        with self._lock:
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="envspec-", ignore_cleanup_errors=True)
            return self._folder.name

    # Locked distributions

    def read_distribution(
        self, question: ReadDistribution, version: str, file: ReleaseFile, source: Index | None
    ) -> Distribution:
        """See steps.assets.AssetWorld."""
        key = ("members", file.identity, question.members, question.max_bytes)
        members = self._once(key, lambda: self._members(question, file, source))
        unread = "" if members is not None else "its index is recorded, and a recording holds no wheels"
        return Distribution(question.project, version, file.filename, members or {}, unread)

    def _members(
        self, question: ReadDistribution, file: ReleaseFile, source: Index | None
    ) -> Mapping[str, bytes] | None:
        """Remembered under the file's own digest; a member that isn't there is remembered too."""
        digest = file.hashes.get("sha256", "")
        places = {name: f"member:{digest}:{name}" for name in question.members}
        kept = {name: self._store.note(place) for name, place in places.items()} if digest else {}
        if kept and None not in kept.values():
            return {name: text.encode("latin-1") for name, told in kept.items() if (text := (told or "")[1:])}
        if not question.members:
            return {}
        found = self._read_members(file, source, question.members, question.max_bytes)
        if found is None:
            return None
        for name, place in places.items():
            data = found.get(name, b"")
            if digest and len(data) <= _MAX_KEPT_MEMBER:
                self._store.put_note(place, "=" + data.decode("latin-1"))
        return found

    # The network

    def _asked(self, url: str, headers: Mapping[str, str], limit: int) -> Response:
        """One answer; 401 and 403 are some."""
        request = Request(self._mirrored(url), {**headers, **self._login(url)}, limit)
        try:
            answer = self._client().get(request)
            return answer._replace(url=self._published(answer.url))
        except HttpStatusError as error:
            if error.status in (401, 403):
                return Response(error.status, error.headers, b"", url)
            raise

    def _client(self) -> Http:
        with self._lock:
            if self._http is None:
                self._http = self._open_http()
            return self._http

    def _mirrored(self, url: str) -> str:
        """The longest prefix that has a mirror counts."""
        for origin in sorted(self._mirrors, key=len, reverse=True):
            if url == origin or url.startswith(f"{origin.rstrip('/')}/"):
                return self._mirrors[origin].rstrip("/") + url[len(origin.rstrip("/")) :]
        return url

    def _published(self, url: str) -> str:
        """The publisher's URL of one that a mirror answered, since a lock is the same through any mirror."""
        url = without_credentials(url)
        for origin, mirror in self._mirrors.items():
            root = without_credentials(mirror).rstrip("/")
            if url == root or url.startswith(f"{root}/"):
                return origin.rstrip("/") + url[len(root) :]
        return url

    def _login(self, url: str) -> dict[str, str]:
        """The Hub's token for the Hub, and for whoever the user said stands in its place; for nobody else."""
        if not url.startswith(f"{HUB}/"):
            return {}
        token = self._hub_token()
        return {"authorization": f"Bearer {token}"} if token else {}

    def _once(self, key: object, work: Callable[[], T]) -> T:
        with self._lock:
            once = self._answers.setdefault(key, _Once())
        return cast("T", once.result(work))


class _Once:
    """One piece of work: who comes first does it, the others wait for its result or its error."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outcome: tuple[Any, EnvspecError | None] | None = None

    def result(self, work: Callable[[], Any]) -> Any:
        with self._lock:
            if self._outcome is None:
                try:
                    self._outcome = work(), None
                except EnvspecError as error:
                    self._outcome = None, error
            value, failed = self._outcome
        if failed is not None:
            # A copy, since each plan puts its own label before what happened.
            copy = type(failed).__new__(type(failed))
            copy.__dict__.update(failed.__dict__)
            raise copy from failed
        return value


class AssetDesk:
    """The same answers for the paths of one spec. See steps.assets.AssetWorld."""

    def __init__(self, answers: AssetAnswers, folder: str, store: IndexStore) -> None:
        self.get = answers.get
        self.forget = answers.forget
        self.locate = answers.locate
        self.fetch = answers.fetch
        self.read_distribution = answers.read_distribution
        self._folder = folder
        self._store = store

    def own_files(self, path: str) -> tuple[OwnFile, ...]:
        """See steps.assets.AssetWorld."""
        return file_digests(posixpath.join(self._folder, path), self._store)

    def own_text(self, path: str) -> str:
        """See steps.assets.AssetWorld."""
        return small_text(posixpath.join(self._folder, path))


def _place(question: Get) -> str:
    """Where the cache keeps the answer: apart from the pages of indexes."""
    headers = json.dumps(sorted(question.headers.items())) if question.headers else ""
    return f"asset {question.url} {headers}".rstrip()


def _offline(url: str) -> OfflineError:
    return OfflineError(
        what=f"{url} isn't in the cache",
        why="--offline was said, so nobody was asked",
        fix="lock once without --offline, with the same --cache-dir",
    )
