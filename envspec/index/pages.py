"""Pages: the answers of indexes, asked at most once a run and only where they grew old.

Freshness: RFC 9111's max-age, no-store and Expires where an index sends them; ten
minutes where it sends nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

from envspec.errors import BrokenPageError, HttpStatusError, OfflineError
from envspec.index.credentials import is_host_of, with_credentials_of
from envspec.index.live import LiveIndex
from envspec.index.store import IndexStore, StoredBody, StoredPage
from envspec.ports import Http, Progress, Request, Response, Silent

if TYPE_CHECKING:
    from envspec.index.crew import Crew, Job

T = TypeVar("T")

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
"""The Accept header of a request for a project page (PEP 691)."""
DEFAULT_FRESHNESS_S = 600
_LONGEST_S = 366 * 86400
MAX_PAGE_BYTES = 64 * 1024 * 1024
WORKERS, MOST_WORKERS = 14, 50
ABSENT = "absent"
"""The stamp of a page that the index doesn't have."""


class Pages:
    """What indexes answer now, as far as this run knows; safe to call from several threads."""

    def __init__(
        self,
        *,
        http: Callable[[], Http],
        store: IndexStore,
        clock: Callable[[], float],
        offline: bool = False,
        refresh: bool = False,
        progress: Progress | None = None,
        on_wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._on_wake = on_wake
        self._progress = progress or Silent()
        self.requests = 0
        """How many requests were answered in this run."""
        self._open_http = http
        self._http: Http | None = None
        self.store = store
        self._clock = clock
        self.offline = offline
        self._refresh = refresh
        self._lock = threading.Lock()
        self._crew: Crew | None = None
        self._jobs: dict[object, Job[object]] = {}
        self._asked: dict[str, StoredPage] = {}
        self._bodies: dict[str, StoredBody] = {}
        self._sent: set[str] = set()
        self._unstored: dict[str, StoredBody] = {}

    @property
    def awake(self) -> bool:
        """Whether the network was needed in this run; nothing is fetched ahead before it was."""
        return self._crew is not None

    def known(self, url: str) -> StoredPage | None:
        """The page as it stands, if nobody needs to be asked about it."""
        asked = self._asked.get(url)
        if asked is not None:
            return asked
        stored = self.store.page(url)
        return stored if stored is not None and self.is_fresh(stored) else None

    def is_fresh(self, page: StoredPage) -> bool:
        """Whether a page of the store needs no asking."""
        return self.offline or (not self._refresh and page.expires > self._clock())

    def was_sent(self, url: str) -> bool:
        """Whether its body came in this run, so that what's wrong with it is the index's doing."""
        return url in self._sent

    def is_kept(self, url: str) -> bool:
        """Whether the store may hold it."""
        return url not in self._unstored

    def body(self, url: str) -> StoredBody | None:
        """The body of a known page."""
        body = self._unstored.get(url) or self._bodies.pop(url, None)
        if body is None:
            self.store.flush()
            body = self.store.body(url)
        return body

    def ask(self, index: LiveIndex, project: str, *, anew: bool = False) -> StoredPage:
        """Ask the index, by the validators of what the store holds. Raises OutsideError.

        ``anew``: for the whole page, since what the store holds of it can't be read.
        """
        url = index.page_url(project)
        known = self._asked.get(url)
        if known is not None and not anew:
            return known
        if self.offline:
            raise OfflineError(
                what=f"{project}: its page of index {index.name!r} isn't in the cache",
                why="--offline was said, so nobody was asked",
                fix="lock once without --offline, with the same --cache-dir",
            )
        stored = None if anew else self.store.page(url)
        headers = {"Accept": ACCEPT}
        if stored is not None and stored.status == 200:
            if stored.etag:
                headers["If-None-Match"] = stored.etag
            elif stored.modified:
                headers["If-Modified-Since"] = stored.modified
        answer = self.get(index, url, headers, MAX_PAGE_BYTES)
        page, body = self._read(answer, stored)
        if body is not None:
            self._sent.add(url)
        if body is not None and "no-store" in _control(answer.headers):
            self._unstored[url] = body
        else:
            if body is not None:
                self._bodies[url] = body
            self.store.put_page(url, page, body)
        self._asked[url] = page
        return page

    def _read(self, answer: Response, stored: StoredPage | None) -> tuple[StoredPage, StoredBody | None]:
        headers = answer.headers
        now_s = self._clock()
        if answer.status == 304 and stored is not None:
            fresh_s = freshness_s(headers, now_s, stored.fresh_s)
            return stored._replace(expires=int(now_s) + fresh_s, fresh_s=fresh_s), None
        fresh_s = freshness_s(headers, now_s)
        expires = int(now_s) + fresh_s
        if answer.status in (404, 410):
            return StoredPage(404, expires, "", "", ABSENT), None
        if answer.status != 200:
            raise HttpStatusError(
                status=answer.status,
                what=f"{answer.url}: answered {answer.status}, 200 was wanted",
                why="that's no page, and doesn't say that there's none",
                fix="open the URL in a browser and see who answers",
            )
        from hashlib import sha256  # loading it takes 2 ms, and not every run has an answer to read

        stamp = sha256(answer.body).hexdigest()
        etag, modified = headers.get("etag", ""), headers.get("last-modified", "")
        page = StoredPage(200, expires, etag, modified, stamp, fresh_s)
        kind, encoding = headers.get("content-type", ""), headers.get("content-encoding", "")
        return page, StoredBody(answer.body, encoding, kind, answer.url)

    def confirm(self, wanted: Sequence[tuple[LiveIndex, str, str]]) -> bool:
        """Whether every (index, project, stamp) is what the index answers; old pages are asked at once."""
        rows = [(index, project, index.page_url(project), stamp) for index, project, stamp in wanted]
        stored = self.store.pages([url for _, _, url, _ in rows])
        old = []
        for index, project, url, stamp in rows:
            page = self._asked.get(url) or stored.get(url)
            if page is None or page.stamp != stamp:
                return False
            if url not in self._asked and not self.is_fresh(page):
                old.append((index, project, stamp))
        jobs = [(self.job(("page", i, p), self._asking(i, p), urgent=True), stamp) for i, p, stamp in old]
        return all([job.outcome().stamp == stamp for job, stamp in jobs])  # noqa: C419 - waits for all

    def begin(self, index: LiveIndex, projects: Sequence[str]) -> None:
        """Ask at once for the pages that are missing or grew old, while what reads them is loaded."""
        urls = {index.page_url(project): project for project in projects}
        stored = {} if self.offline else self.store.pages(list(urls))
        for url, project in urls.items():
            page = stored.get(url)
            if not self.offline and url not in self._asked and (page is None or not self.is_fresh(page)):
                self.job(("page", index, project), self._asking(index, project), urgent=True)

    def answer(self, index: LiveIndex, project: str) -> StoredPage:
        """As ``ask``; waits for the answer if somebody asks already."""
        job = cast("Job[StoredPage] | None", self._jobs.get(("page", index, project)))
        if job is None:
            return self.ask(index, project)
        job.run()  # if it's still queued: threads that wait for queued jobs could wait for ever
        return job.outcome()

    def _asking(self, index: LiveIndex, project: str) -> Callable[[], StoredPage]:
        return lambda: self.ask(index, project)

    def gone(self, project: str) -> BrokenPageError:
        """What to raise where a page that was known has no body."""
        return BrokenPageError(
            what=f"{project}: its cached page is gone while it was used",
            why="another process emptied the cache",
            fix="lock again",
        )

    def get(self, index: LiveIndex, url: str, headers: Mapping[str, str], limit: int) -> Response:
        """One GET with the trust and the credentials of ``index``."""
        with self._lock:
            if self._http is None:
                self._http = self._open_http()
        address = with_credentials_of(index.url, url)
        request = Request(address, headers, limit, index.ca_file or None, is_host_of(index.url, url))
        try:
            answer = self._http.get(request)
        except HttpStatusError:
            self.requests += 1
            raise
        self.requests += 1
        self._progress.advance()
        return answer

    def job(self, key: object, work: Callable[[], T], *, urgent: bool) -> Job[T]:
        """The one job of ``key``, begun by the crew."""
        from envspec.index.crew import Crew, Job

        with self._lock:
            job = self._jobs.get(key)
            fresh = job is None
            if job is None:
                job = self._jobs[key] = Job(work)
            if self._crew is None:
                self._on_wake()
                self._crew = Crew(WORKERS, MOST_WORKERS)
                self._progress.start("asking indexes")
        if fresh:
            self._crew.take(job, urgent=urgent)
        elif urgent and not job.done:
            self._crew.hurry(job)
        return job  # type: ignore[return-value]

    def has_job(self, key: object) -> bool:
        """Whether the crew was given it."""
        return key in self._jobs

    def wait(self, timeout_s: float) -> None:
        """Wait for the threads that ``close`` told to stop, once their connections are closed."""
        if self._crew is not None:
            self._crew.wait(timeout_s)

    def close(self) -> None:
        """Stop the threads; the connections are their owner's to close."""
        if self._crew is not None:
            self._crew.close()
            self._progress.finish()


def _control(headers: Mapping[str, str]) -> list[str]:
    parts = headers.get("cache-control", "").lower().split(",")
    return [part.strip() for part in parts if part.strip()]


def freshness_s(headers: Mapping[str, str], now_s: float, unsaid_s: int = DEFAULT_FRESHNESS_S) -> int:
    """How long an answer stays fresh, in seconds (RFC 9111, 4.2.1); ``unsaid_s`` where nothing says.

    For a 304 that's what the answer said whose headers it updates (3.2 and 4.3.4).
    """
    said = _control(headers)
    if "no-store" in said or "no-cache" in said:
        return 0
    age_s = _seconds(headers.get("age", "")) or 0
    for part in said:
        name, _, value = part.partition("=")
        if name == "max-age":
            most_s = _seconds(value.strip('"')) or 0  # what can't be read is stale, says 4.2.1
            return max(0, min(most_s, _LONGEST_S) - age_s)
    if "expires" not in headers:
        return unsaid_s
    expires_s = _moment_s(headers["expires"])
    if expires_s is None:  # such as 0, which stands for the past
        return 0
    sent_s = _moment_s(headers.get("date", ""))
    return max(0, min(int(expires_s - (now_s if sent_s is None else sent_s)), _LONGEST_S) - age_s)


def _seconds(text: str) -> int | None:
    return int(text[:12]) if text.isascii() and text.isdigit() else None


def _moment_s(text: str) -> float | None:
    """Unix time of an HTTP date; None where it's none."""
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
