"""The locked files on this disk: in folders of the user's, beside the lock, in the cache, or downloaded.

The cache keeps them at ``wheels/SHA256/NAME`` and holds MAX_KEPT_BYTES; what was used longest
ago goes first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from envspec.errors import EnvspecError, HashMismatchError, OfflineError
from envspec.index.credentials import with_credentials_of, without_credentials
from envspec.index.encoding import decode_body
from envspec.index.live import LiveIndex
from envspec.index.pages import ABSENT, Pages
from envspec.index.reading import MAX_PAGE_DECODED_BYTES
from envspec.index.simple import file_url, parse_page
from envspec.lock.document import LockedDistribution, LockedFile
from envspec.named_tuple import NamedTuple
from envspec.ports import Http, Progress, Request

MAX_KEPT_BYTES = 24 << 30
MAX_FILE_BYTES = 64 << 30
_AT_ONCE = 4


class Fetched(NamedTuple):
    """What became of one file that had to be fetched."""

    sha256: str
    path: str
    """Empty where it isn't here."""
    why_not: str = ""


class WheelShelf:
    """Where locked files are looked for, and where they're put."""

    def __init__(
        self,
        *,
        folders: Sequence[Path],
        kept: Path,
        default: Callable[[], LiveIndex],
        pages: Callable[[], Pages],
        http: Callable[[], Http],
        progress: Progress,
        offline: bool = False,
    ) -> None:
        self._folders = folders
        self._kept = kept
        self._default = default
        self._pages = pages
        self._http = http
        self._progress = progress
        self._offline = offline
        self._used: set[Path] = set()

    def candidates(self, file: LockedFile) -> Iterator[str]:
        """Paths that may hold the file, the user's own folders first; their bytes are still to be hashed."""
        for folder in self._folders:
            if (folder / file.name).is_file():
                yield str(folder / file.name)
        kept = self._place(file)
        if kept.is_file():
            self._touch(kept)
            yield str(kept)

    def fetch(self, wanted: Sequence[LockedDistribution]) -> Iterator[Fetched]:
        """Download what isn't here, several at once, each hashed on its way; why not is a value."""
        if self._offline or not wanted:
            yield from map(self._fetch, wanted)
            return
        sizes = [item.file.size for item in wanted]
        known = sum(size or 0 for size in sizes)
        self._progress.start(f"downloading {len(wanted)} files", known if None not in sizes else None)
        try:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                yield from pool.map(self._fetch, wanted)
        finally:
            self._progress.finish()

    def _fetch(self, item: LockedDistribution) -> Fetched:
        file = item.file
        place = self._place(file)
        try:
            url = self._url(item)
            place.parent.mkdir(parents=True, exist_ok=True)
            request = Request(url, {}, min(MAX_FILE_BYTES, file.size or MAX_FILE_BYTES))
            digest = self._http().download(request, place, _Steps(self._progress))
            if digest != file.sha256:
                place.unlink()
                raise HashMismatchError(what=f"what came has sha256 {digest}, the lock has {file.sha256}")
        except EnvspecError as error:
            return Fetched(file.sha256, "", f"{error.what}: {error.why}" if error.why else error.what)
        except OSError as error:
            return Fetched(file.sha256, "", f"{place}: {error.strerror or error}")
        self._touch(place)
        return Fetched(file.sha256, str(place))

    def _url(self, item: LockedDistribution) -> str:
        """Where the file is; the default index is asked by name and digest, so that any mirror will do."""
        file = item.file
        if file.path and item.index_name != "default":
            raise HashMismatchError(what=f"{file.path}: no such file, or its bytes aren't the lock's")
        if self._offline:
            raise OfflineError(what="isn't here, and --offline was said")
        if file.url:
            return with_credentials_of(self._default().url, file.url)
        return self._found_on_page(item)

    def _found_on_page(self, item: LockedDistribution) -> str:
        index, pages, file = self._default(), self._pages(), item.file
        page = pages.known(index.page_url(item.name)) or pages.ask(index, item.name)
        body = pages.body(index.page_url(item.name)) if page.stamp != ABSENT else None
        if body is None:
            raise HashMismatchError(what=f"the default index has no project {item.name}")
        text = decode_body(body.body, body.encoding, MAX_PAGE_DECODED_BYTES)
        for entry in parse_page(text, body.content_type, body.url, item.name).files:
            if entry.filename == file.name and entry.hashes.get("sha256", file.sha256).lower() == file.sha256:
                return with_credentials_of(index.url, file_url(entry, body.url).partition("#")[0])
        raise HashMismatchError(
            what=f"the default index ({without_credentials(index.url)}) has no {file.name} of this sha256"
        )

    def _place(self, file: LockedFile) -> Path:
        return self._kept / file.sha256 / file.name

    def _touch(self, path: Path) -> None:
        self._used.add(path)
        with suppress(OSError):
            os.utime(path)

    def prune(self) -> None:
        """Forget the files of other runs that were used longest ago, beyond the bound."""
        entries = sorted(_sized(self._kept.glob("*/*")))
        total = sum(size for _, size, _ in entries)
        for _, size, path in entries:
            if total <= MAX_KEPT_BYTES:
                return
            if path not in self._used:
                with suppress(OSError):
                    path.unlink()
                    path.parent.rmdir()
                    total -= size


def _sized(paths: Iterable[Path]) -> Iterator[tuple[float, int, Path]]:
    for path in paths:
        with suppress(OSError):
            status = path.stat()
            yield status.st_mtime, status.st_size, path


class _Steps:
    """A download's bytes as steps of the one piece of work that all share."""

    def __init__(self, whole: Progress) -> None:
        self._whole = whole

    def start(self, label: str, total: int | None = None) -> None:
        """The whole has begun already."""

    def advance(self, amount: int = 1) -> None:
        """Say that ``amount`` more is done."""
        self._whole.advance(amount)

    def finish(self) -> None:
        """The whole goes on."""

    def say(self, text: str) -> None:
        """A line that stays."""
        self._whole.say(text)
