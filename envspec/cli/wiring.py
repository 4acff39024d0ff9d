"""Wiring: the adapters that a command's options ask for, opened late and closed together."""

from __future__ import annotations

import argparse
import os
import re
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING

from envspec.cli.console import Console

if TYPE_CHECKING:
    from envspec.adapters.asset_world import AssetAnswers
    from envspec.adapters.cache import SqliteStore
    from envspec.adapters.page_process import PageProcess
    from envspec.adapters.workshop import Workshop
    from envspec.index.catalog import Catalog, Index, Project
    from envspec.index.client import IndexClient
    from envspec.index.dependencies import Dependencies
    from envspec.index.live import LiveIndex
    from envspec.index.pages import Pages
    from envspec.index.store import StoredBody
    from envspec.index.view import ProjectRecord, ReleaseFile, View
    from envspec.lock.document import Build
    from envspec.ports import Http
    from envspec.spec.request import IndexRequest, LockRequest
    from envspec.steps.assets import AssetWorld

CACHE_FILE = "index-2.sqlite"
_LAST_WAIT_S = 1.0


def add_network_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of every command that asks indexes."""
    group = parser.add_argument_group("network and cache")
    group.add_argument("--index-url", metavar="URL", help="the default index, in place of pip's setting")
    group.add_argument("--cache-dir", metavar="DIR", help="where the cache lies, in place of the usual one")
    group.add_argument(
        "--no-cache", action="store_true", help="read nothing from the cache and keep nothing in it"
    )
    group.add_argument("--refresh", action="store_true", help="ask anew, however fresh the cache is")
    group.add_argument("--offline", action="store_true", help="ask nobody; the cache must have it all")
    group.add_argument(
        "--mirror",
        metavar="FROM=TO",
        action="append",
        default=[],
        help="ask the URL TO for models and installers in place of FROM; the lock names FROM; repeatable",
    )
    group.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_seconds,
        default=30.0,
        help="how long a request may be silent (30)",
    )


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= 86400:
        raise argparse.ArgumentTypeError(
            f"{text}: a number of seconds above 0, and 86400 at most, was wanted"
        )
    return value


class World:
    """What one run reaches of the world outside."""

    def __init__(self, arguments: argparse.Namespace, console: Console) -> None:
        self._arguments = arguments
        self._console = console
        self._store: SqliteStore | None = None
        self._pages: Pages | None = None
        self._client: IndexClient | None = None
        self._default: LiveIndex | None = None
        self._lean: Http | None = None
        self._downloads: Http | None = None
        self._workshop: Workshop | None = None
        self._opening = threading.RLock()
        self._page_process: PageProcess | None = None
        self._asset_answers: AssetAnswers | None = None
        self._table_digests: Mapping[str, str] | None = None

    def __enter__(self) -> World:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pages is not None:
            self._pages.close()
            self._console.detail(f"{self._pages.requests} requests were answered")
        for http in (self._lean, self._downloads):
            if http is not None:
                http.close()
        if self._asset_answers is not None:
            self._asset_answers.close()
        if self._pages is not None:
            self._pages.wait(_LAST_WAIT_S)
        if self._page_process is not None:
            self._page_process.close()
        if self._client is not None:
            self._client.save()
        if self._store is not None:
            self._store.close()
            if self._store.trouble:
                self._console.say(f"warning: {self._store.trouble}")

    @property
    def store(self) -> SqliteStore:
        """The cache, in memory under --no-cache."""
        if self._store is None:
            from envspec.adapters.cache import SqliteStore

            self._store = SqliteStore(None if self._arguments.no_cache else self._cache_file())
        return self._store

    @property
    def table_digests(self) -> Mapping[str, str]:
        """Of our own tables."""
        if self._table_digests is None:
            from envspec.adapters.own_tables import table_digests

            self._table_digests = table_digests()
        return self._table_digests

    @property
    def tables_digest(self) -> str:
        """One for all of them."""
        from envspec.short_digest import short_sha256

        return short_sha256("".join(f"{name} {of}\n" for name, of in self.table_digests.items()).encode())

    def _cache_file(self) -> str:
        folder = self._arguments.cache_dir
        if folder is None:
            from envspec.adapters.settings import cache_dir

            folder = cache_dir()
        return os.path.join(os.path.abspath(folder), CACHE_FILE)

    @property
    def default(self) -> LiveIndex:
        """The user's own default index."""
        if self._default is None:
            from envspec.index.live import LiveIndex

            url = self._arguments.index_url
            if url is None:
                from envspec.adapters.settings import pip_settings

                url = pip_settings().index_url
            self._default = LiveIndex("default", _checked_url(url).rstrip("/"))
        return self._default

    @property
    def pages(self) -> Pages:
        """What indexes answer."""
        if self._pages is None:
            from envspec.index.pages import Pages

            self._pages = Pages(
                http=self._lean_http,
                store=self.store,
                clock=time.time,
                offline=self._arguments.offline,
                refresh=self._arguments.refresh,
                progress=self._console,
                on_wake=self._open_page_process,
            )
        return self._pages

    def _open_page_process(self) -> None:
        from envspec.adapters.page_process import open_page_process
        from envspec.quick_msgspec import load_msgspec

        load_msgspec()
        self._page_process = open_page_process(at_once=self.store.holds_nothing)

    def _read_page(self, body: StoredBody, project: str, view: View) -> ProjectRecord:
        from envspec.index.reading import read_record

        return (self._page_process or read_record)(body, project, view)

    @property
    def client(self) -> IndexClient:
        """The one that asks indexes."""
        if self._client is None:
            from envspec.index.client import IndexClient

            self._client = IndexClient(
                self.pages,
                lambda file, index: self.workshop.whole_wheel(file, index),
                self._read_page,
                lambda file, index, name, version: self.workshop.static_sdist(file, index, name, version),
            )
        return self._client

    @property
    def workshop(self) -> Workshop:
        """The one that opens indexes and files."""
        with self._opening:
            return self._opened_workshop()

    def _opened_workshop(self) -> Workshop:
        if self._workshop is None:
            from envspec.adapters.workshop import Workshop

            self._workshop = Workshop(
                client=self.client,
                default=self.default,
                lean=self._lean_http,
                downloads=self._download_http,
                progress=self._console,
                offline=self._arguments.offline,
            )
        return self._workshop

    # The workshop's own calls, so that it's opened only where one is needed.

    def index(self, request: IndexRequest) -> Index:
        """See steps.locking.Workshop."""
        return self.workshop.index(request)

    def direct(self, url: str, name: str, view: View) -> Project:
        """See steps.locking.Workshop."""
        return self.workshop.direct(url, name, view)

    def hash_file(self, file: ReleaseFile, index: Index | None) -> tuple[str, int]:
        """See steps.locking.Workshop."""
        return self.workshop.hash_file(file, index)

    def sdist(
        self,
        file: ReleaseFile,
        index: Index,
        name: str,
        version: str,
        request: LockRequest,
        catalog: Catalog,
        preferred: Mapping[str, str],
    ) -> tuple[Dependencies | str, Build | None]:
        """See steps.locking.Workshop."""
        return self.workshop.sdist(file, index, name, version, request, catalog, preferred)

    def asset_world(self, request: LockRequest) -> AssetWorld:
        """See steps.locking.Workshop."""
        from envspec.adapters.asset_world import AssetDesk

        return AssetDesk(self.asset_answers, request.folder, self.store)

    @property
    def asset_answers(self) -> AssetAnswers:
        """What hubs and other publishers of assets answer, once a run."""
        if self._asset_answers is None:
            from envspec.adapters.asset_world import HUB, AssetAnswers
            from envspec.adapters.hub_login import hub_endpoint, hub_token

            mirrors = {HUB: checked_mirror("HF_ENDPOINT", endpoint)} if (endpoint := hub_endpoint()) else {}
            self._asset_answers = AssetAnswers(
                http=self._download_http,
                store=self.store,
                clock=time.time,
                read_members=lambda file, index, names, limit: self.workshop.members(
                    file, index, names, limit
                ),
                progress=self._console,
                offline=self._arguments.offline,
                refresh=self._arguments.refresh or self._asks_for_newer_assets,
                mirrors={**mirrors, **dict(map(_mirror, self._arguments.mirror))},
                hub_token=hub_token,
            )
        return self._asset_answers

    @property
    def _asks_for_newer_assets(self) -> bool:
        """Whether an upgrade was asked for, which an answer of some minutes ago would hold back."""
        options = vars(self._arguments)
        return not options["offline"] and bool(options.get("upgrade") or options.get("upgrade_model"))

    def _lean_http(self) -> Http:
        with self._opening:
            if self._lean is None:
                from envspec.adapters.web import open_http

                self._lean = open_http(timeout_s=self._arguments.timeout, lean=True)
            return self._lean

    def _download_http(self) -> Http:
        with self._opening:
            if self._downloads is None:
                from envspec.adapters.web import open_http

                self._downloads = open_http(timeout_s=self._arguments.timeout, lean=False)
            return self._downloads


def _mirror(text: str) -> tuple[str, str]:
    """FROM=TO of ``--mirror``, both without a slash at the end."""
    from envspec.errors import InvalidValueError

    publisher, separator, mirror = text.partition("=")
    if not separator:
        raise InvalidValueError(
            what=f"--mirror {text[:200]!r} can't be read",
            why="FROM=TO was wanted, such as https://github.com=https://mirror.internal/github",
        )
    return checked_mirror("--mirror", publisher), checked_mirror("--mirror", mirror)


def checked_mirror(source: str, url: str) -> str:
    """The URL of a mirror that ``source`` names, without a slash at its end; raises InvalidValueError."""
    from envspec.errors import InvalidValueError
    from envspec.index.credentials import without_credentials
    from envspec.spec.problems import WrongValueError
    from envspec.spec.values import check_url

    try:
        check_url(without_credentials(url))
    except WrongValueError as error:
        shown = without_credentials(url)[:200]
        raise InvalidValueError(what=f"{source}: {shown!r} can't be used", why=error.why) from None
    return url.rstrip("/")


def _checked_url(url: str) -> str:
    from envspec.errors import InvalidValueError

    match = re.fullmatch(
        r"https?://(?:[^/?#\s@]*@)?(\[[0-9A-Fa-f:.]+\]|[^/?#\s@:\[\]]+)(?::(\d{1,5}))?(/[!$->@-~]*)?", url
    )
    if match is None or not match[1].isprintable() or not url.isprintable() or int(match[2] or 1) > 65535:
        shown = url.rpartition("@")[2].partition("?")[0].encode("ascii", "backslashreplace").decode()
        raise InvalidValueError(
            what=f"index URL {shown[:200]!r} can't be used",
            why="http:// or https:// and the root of a simple API was wanted, without ? and #",
            fix="see --index-url, PIP_INDEX_URL, or index-url in pip's configuration",
        )
    return url
