"""IndexClient: pages and metadata through Http and the store, fetched at most once a run.

Freshness: RFC 9111's max-age, no-store and Expires where an index sends them; ten
minutes where it sends nothing. Metadata never grows old: it's kept under the digest
of its file.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from envspec.errors import (
    BrokenArtifactError,
    BrokenPageError,
    EnvspecError,
    HashMismatchError,
    HttpStatusError,
    OfflineError,
)
from envspec.index.credentials import with_credentials_of, without_credentials
from envspec.index.crew import Crew, Job
from envspec.index.dependencies import Dependencies, Environment, evaluate
from envspec.index.store import IndexStore, StoredBody, StoredPage
from envspec.index.view import ProjectRecord, ReleaseFile, View, reduce_page
from envspec.ports import Http, Request, Response

if TYPE_CHECKING:
    from envspec.index.metadata import CoreMetadata

T = TypeVar("T")

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
DEFAULT_FRESHNESS_S = 600
MAX_PAGE_BYTES = 64 * 1024 * 1024
MAX_PAGE_DECODED_BYTES = 256 * 1024 * 1024
MAX_METADATA_BYTES = 8 * 1024 * 1024
MAX_WHEEL_BYTES = 64 * 1024 * 1024 * 1024
WORKERS = 12


class LiveIndex(NamedTuple):
    """An index asked over the network."""

    name: str
    """``default``, or the name of its [[index]]."""
    url: str
    """Root of the simple API, no slash at the end; may hold credentials."""
    ca_file: str = ""

    def page_url(self, project: str) -> str:
        """PEP 503: the root, the normalized name, a slash; without credentials."""
        return f"{without_credentials(self.url)}/{project}/"


class IndexClient:
    """Asks each page and each metadata file at most once, from the store where it's fresh."""

    def __init__(
        self,
        *,
        http: Callable[[], Http],
        store: IndexStore,
        clock: Callable[[], float],
        offline: bool = False,
        refresh: bool = False,
        whole_wheel: Callable[[ReleaseFile, LiveIndex], bytes] | None = None,
    ) -> None:
        self._open_http = http
        self._http: Http | None = None
        self._store = store
        self._clock = clock
        self._offline = offline
        self._refresh = refresh
        self._whole_wheel = whole_wheel
        self._lock = threading.Lock()
        self._crew: Crew | None = None
        self._jobs: dict[object, Job[object]] = {}
        self._records: dict[tuple[str, str], ProjectRecord | None] = {}
        self._dependencies: dict[tuple[str, str], Dependencies] = {}
        self._new_dependencies: list[tuple[str, str, str]] = []
        self._pages_now: dict[str, str] = {}

    @property
    def awake(self) -> bool:
        """Whether the network was needed in this run; nothing is fetched ahead before it was."""
        return self._crew is not None

    def record(self, index: LiveIndex, project: str, view: View) -> ProjectRecord | None:
        """The project as ``view`` sees it; None where the index doesn't have it.

        Raises OutsideError where the index can't be asked or its answer can't be read.
        """
        url = index.page_url(project)
        key = (url, view.key)
        if key in self._records:
            return self._records[key]
        if key not in self._jobs:
            found, record = self._fresh_record(url, project, view)
            if found:
                self._records[key] = record
                return record
        return self._start_record(index, project, view, urgent=True).outcome()

    def foresee_record(
        self, index: LiveIndex, project: str, view: View, then: Callable[[ProjectRecord], None]
    ) -> None:
        """Begin to fetch a project, and hand its record to ``then`` on the thread that made it."""
        key = (index.page_url(project), view.key)
        if key in self._records or key in self._jobs:
            return
        self._start_record(index, project, view, urgent=False, then=then)

    def _start_record(
        self,
        index: LiveIndex,
        project: str,
        view: View,
        *,
        urgent: bool,
        then: Callable[[ProjectRecord], None] | None = None,
    ) -> Job[ProjectRecord | None]:
        def work() -> ProjectRecord | None:
            found, record = self._fresh_record(index.page_url(project), project, view)
            if not found:
                record = self._asked_record(index, project, view)
            self._records[(index.page_url(project), view.key)] = record
            if then is not None and record is not None:
                then(record)
            return record

        return self._job((index.page_url(project), view.key), work, urgent=urgent)

    def _fresh_record(self, url: str, project: str, view: View) -> tuple[bool, ProjectRecord | None]:
        """(True, record) where the store answers without asking anyone."""
        if url in self._pages_now:
            self._store.flush()
        stored = self._store.record(url, view.key)
        if stored is not None:
            page, head, rows = stored
            if self._is_fresh(page, url):
                try:
                    return True, ProjectRecord.load(
                        project, url, head, rows, key=(url, view.key), stamp=page.stamp
                    )
                except (ValueError, KeyError, TypeError):
                    pass
        known = self._store.page(url)
        if known is None or not self._is_fresh(known, url):
            return False, None
        if known.status == 404:
            return True, None
        body = self._store.body(url)
        if body is None:
            return False, None
        try:
            return True, self._read(body, known.stamp, project, view, url)
        except BrokenPageError:
            return False, None

    def _is_fresh(self, page: StoredPage, url: str = "") -> bool:
        if self._offline or url in self._pages_now:
            return True
        return not self._refresh and page.expires > self._clock()

    def _asked_record(self, index: LiveIndex, project: str, view: View) -> ProjectRecord | None:
        url = index.page_url(project)
        if self._offline:
            raise OfflineError(
                what=f"{project}: its page of index {index.name!r} isn't in the cache",
                why="--offline was said, so nobody was asked",
                fix="lock once without --offline, with the same --cache-dir",
            )
        known = self._store.page(url)
        headers = {"Accept": ACCEPT}
        if known is not None and known.status == 200:
            if known.etag:
                headers["If-None-Match"] = known.etag
            elif known.modified:
                headers["If-Modified-Since"] = known.modified
        answer = self._get(index, url, headers, MAX_PAGE_BYTES)
        expires = int(self._clock()) + freshness_s(answer.headers)
        self._pages_now[url] = "asked"
        if answer.status == 304 and known is not None:
            return self._unchanged_record(known._replace(expires=expires), index, project, view)
        if answer.status in (404, 410):
            self._store.put_page(url, StoredPage(404, expires, "", "", "absent"), None)
            return None
        if answer.status != 200:
            raise HttpStatusError(
                status=answer.status, what=f"{answer.url}: answered {answer.status}, 200 was wanted"
            )
        stamp = hashlib.sha256(answer.body).hexdigest()
        page = StoredPage(
            200, expires, answer.headers.get("etag", ""), answer.headers.get("last-modified", ""), stamp
        )
        kind, encoding = answer.headers.get("content-type", ""), answer.headers.get("content-encoding", "")
        body = StoredBody(answer.body, encoding, kind, answer.url)
        record = self._read(body, stamp, project, view, url)
        self._store.put_page(url, page, body)
        return record

    def _unchanged_record(
        self, page: StoredPage, index: LiveIndex, project: str, view: View
    ) -> ProjectRecord | None:
        url = index.page_url(project)
        self._store.put_page(url, page, None)
        stored = self._store.record(url, view.key)
        if stored is not None:
            try:
                return ProjectRecord.load(
                    project, url, stored[1], stored[2], key=(url, view.key), stamp=page.stamp
                )
            except (ValueError, KeyError, TypeError):
                pass
        body = self._store.body(url)
        if body is None:
            raise BrokenPageError(
                what=f"{project}: its cached page is gone while it was used",
                why="another process emptied the cache",
                fix="lock again",
            )
        return self._read(body, page.stamp, project, view, url)

    def _read(self, body: StoredBody, stamp: str, project: str, view: View, url: str) -> ProjectRecord:
        from envspec.index.encoding import decode_body
        from envspec.index.simple import parse_page

        text = decode_body(body.body, body.encoding, MAX_PAGE_DECODED_BYTES)
        page = parse_page(text, body.content_type, body.url, project)
        record = reduce_page(page, view, name=project, url=body.url)
        record.stamp = stamp
        record.key = (url, view.key)
        return record

    def page_body(self, index: LiveIndex, project: str) -> StoredBody | None:
        """The whole page, for explanations; None if it isn't at hand."""
        self._store.flush()
        return self._store.body(index.page_url(project))

    def wake(
        self, index: LiveIndex, project: str, view: View, then: Callable[[ProjectRecord], None]
    ) -> None:
        """Begin to ask for a page that is missing or has grown old, though nobody waits for it yet."""
        url = index.page_url(project)
        if self._offline or (url, view.key) in self._records or url in self._pages_now:
            return
        known = self._store.page(url)
        if known is None or not self._is_fresh(known):
            self._start_record(index, project, view, urgent=True, then=then)

    # Metadata

    def dependencies(self, file: ReleaseFile, index: LiveIndex, environment: Environment) -> Dependencies:
        """What a wheel requires. Raises OutsideError; BrokenArtifactError is the wheel's own fault."""
        key = (file.identity, environment.key)
        known = self._dependencies.get(key)
        if known is None and key not in self._jobs:
            known = self.stored_dependencies(file, environment)
        if known is not None:
            return known
        return self._start_dependencies(file, index, environment, urgent=True).outcome()

    def foresee_dependencies(
        self,
        file: ReleaseFile,
        index: LiveIndex,
        environment: Environment,
        then: Callable[[Dependencies], None] | None = None,
    ) -> None:
        """Begin to fetch what a wheel requires, and hand it to ``then`` where it was made."""
        key = (file.identity, environment.key)
        if key not in self._dependencies and key not in self._jobs:
            self._start_dependencies(file, index, environment, urgent=False, then=then)

    def _start_dependencies(
        self,
        file: ReleaseFile,
        index: LiveIndex,
        environment: Environment,
        *,
        urgent: bool,
        then: Callable[[Dependencies], None] | None = None,
    ) -> Job[Dependencies]:
        def work() -> Dependencies:
            known = self.stored_dependencies(file, environment)
            if known is None:
                known = self.keep(file.identity, self._fetched_metadata(file, index), environment)
            if then is not None:
                then(known)
            return known

        return self._job((file.identity, environment.key), work, urgent=urgent)

    def stored_dependencies(self, file: ReleaseFile, environment: Environment) -> Dependencies | None:
        """What the store knows a file to require; None where it knows nothing."""
        held = self._dependencies.get((file.identity, environment.key))
        if held is not None:
            return held
        text = self._store.dependencies(file.identity, environment.key)
        try:
            if text is not None:
                known = Dependencies.load(text)
                self._dependencies[(file.identity, environment.key)] = known
                return known
            raw = self._store.metadata(file.identity)
            if raw is None:
                return None
            requires_dist, requires_python, extras = json.loads(raw)
        except (ValueError, TypeError):
            return None
        return self._evaluated(file.identity, requires_dist, requires_python, extras, environment)

    def keep(self, identity: str, metadata: CoreMetadata, environment: Environment) -> Dependencies:
        """Evaluate metadata that was read, and keep both forms of it."""
        evaluated = self._evaluated(
            identity,
            list(metadata.requires_dist),
            metadata.requires_python,
            list(metadata.provides_extra),
            environment,
        )
        raw = (metadata.requires_dist, metadata.requires_python, metadata.provides_extra)
        self._store.put_metadata([(identity, json.dumps(raw, separators=(",", ":")))])
        return evaluated

    def _evaluated(
        self,
        identity: str,
        requires_dist: list[str],
        requires_python: str,
        extras: list[str],
        environment: Environment,
    ) -> Dependencies:
        try:
            known = evaluate(requires_dist, environment, requires_python=requires_python, extras=extras)
        except EnvspecError as error:
            raise BrokenArtifactError(what=error.what, why=error.why) from error
        self._dependencies[(identity, environment.key)] = known
        self._new_dependencies.append((identity, environment.key, ""))
        return known

    def _fetched_metadata(self, file: ReleaseFile, index: LiveIndex) -> CoreMetadata:
        if self._offline:
            raise OfflineError(
                what=f"{file.filename}: its metadata isn't in the cache",
                why="--offline was said, so nobody was asked",
                fix="lock once without --offline, with the same --cache-dir",
            )
        from envspec.index.metadata import parse_metadata

        data = self._metadata_file(file, index) if file.core_metadata else None
        return parse_metadata(data if data is not None else self._metadata_inside(file, index))

    def _metadata_file(self, file: ReleaseFile, index: LiveIndex) -> bytes | None:
        """PEP 658: the file beside the wheel, None where it's promised and missing."""
        from envspec.index.encoding import decode_body

        address, _, _ = file.url.partition("#")
        answer = self._get(index, f"{address}.metadata", {}, MAX_METADATA_BYTES)
        if answer.status != 200:
            return None
        data = decode_body(answer.body, answer.headers.get("content-encoding", ""), MAX_METADATA_BYTES)
        wanted = {} if isinstance(file.core_metadata, bool) else file.core_metadata
        expected = wanted.get("sha256")
        met = hashlib.sha256(data).hexdigest() if expected else None
        if met != expected:
            raise HashMismatchError(
                what=f"{file.filename}: its metadata file has sha256 {met}, the index promised {expected}",
                why="the file was changed after the page was made, or on its way",
                fix="lock again with --refresh; if it stays so, tell whoever runs the index",
            )
        return data

    def _metadata_inside(self, file: ReleaseFile, index: LiveIndex) -> bytes:
        """The tail of the wheel by byte ranges, at last the whole wheel."""
        from envspec.index.wheel_tail import metadata_by_ranges

        address, _, _ = file.url.partition("#")

        def ask(byte_range: str, limit: int) -> Response:
            return self._get(index, address, {"Range": byte_range}, limit)

        data = metadata_by_ranges(file.filename, ask)
        if data is not None:
            return data
        if self._whole_wheel is None:
            raise BrokenArtifactError(what=f"{file.filename}: its metadata can't be read by ranges")
        return self._whole_wheel(file, index)

    # The rest

    def _get(self, index: LiveIndex, url: str, headers: Mapping[str, str], limit: int) -> Response:
        with self._lock:
            if self._http is None:
                self._http = self._open_http()
        address = with_credentials_of(index.url, url)
        return self._http.get(Request(address, headers, limit, index.ca_file or None))

    def _job(self, key: object, work: Callable[[], T], *, urgent: bool) -> Job[T]:
        with self._lock:
            job = self._jobs.get(key)
            fresh = job is None
            if job is None:
                job = self._jobs[key] = Job(work)
            if self._crew is None:
                self._crew = Crew(WORKERS)
        if fresh:
            self._crew.take(job, urgent=urgent)
        elif urgent and not job.done:
            self._crew.hurry(job)
        return job  # type: ignore[return-value]

    def save(self) -> None:
        """Give the store what this run made: reductions, masks, evaluated dependencies."""
        for record in list(self._records.values()):
            if record is not None and (record.changed or record.versions.changed) and record.stamp:
                url, view = record.key
                self._store.put_record(url, view, record.stamp, *record.dump())
                record.changed = record.versions.changed = False
        new, self._new_dependencies = self._new_dependencies, []
        rows = [(i, e, self._dependencies[(i, e)].dump()) for i, e, _ in new if (i, e) in self._dependencies]
        self._store.put_dependencies(rows)
        self._store.flush()

    def close(self) -> None:
        """Stop the threads; the connections are their owner's to close."""
        if self._crew is not None:
            self._crew.close()


def freshness_s(headers: Mapping[str, str]) -> int:
    """How long an answer stays fresh, in seconds (RFC 9111, 4.2.1); 600 where nothing says."""
    control = headers.get("cache-control", "").lower()
    said = [part.strip() for part in control.split(",") if part.strip()]
    if "no-store" in said or "no-cache" in said:
        return 0
    age = int(headers["age"]) if headers.get("age", "").isdigit() else 0
    for part in said:
        name, _, value = part.partition("=")
        if name == "max-age" and value.strip('"').isdigit():
            return max(0, min(int(value.strip('"')), 366 * 86400) - age)
    if "expires" not in headers:
        return DEFAULT_FRESHNESS_S
    from email.utils import mktime_tz, parsedate_tz

    expires, date = parsedate_tz(headers.get("expires", "")), parsedate_tz(headers.get("date", ""))
    if expires and date:
        return max(0, mktime_tz(expires) - mktime_tz(date) - age)
    return DEFAULT_FRESHNESS_S
