"""IndexClient: what pages and metadata come to for one view, made at most once a run.

Metadata never grows old: it's kept under the digest of its file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from envspec.errors import (
    BrokenArtifactError,
    BrokenBodyError,
    BrokenPageError,
    EnvspecError,
    HashMismatchError,
    OfflineError,
    TooLargeError,
)
from envspec.index.crew import Job
from envspec.index.dependencies import Dependencies, Environment, evaluate
from envspec.index.filenames import wheel_parts
from envspec.index.live import LiveIndex
from envspec.index.pages import Pages
from envspec.index.reading import PageReader, read_record
from envspec.index.store import StoredBody
from envspec.index.versions import is_same_version
from envspec.index.view import ProjectRecord, ReleaseFile, View
from envspec.ports import Response
from envspec.project_name import normal_name

if TYPE_CHECKING:
    from envspec.index.metadata import CoreMetadata

MAX_METADATA_BYTES = 8 * 1024 * 1024


class IndexClient:
    """Records of projects and requirements of files, over the pages of indexes."""

    def __init__(
        self,
        pages: Pages,
        whole_wheel: Callable[[ReleaseFile, LiveIndex], bytes] | None = None,
        reader: PageReader = read_record,
        static_sdist: Callable[[ReleaseFile, LiveIndex, str, str], CoreMetadata | None] | None = None,
    ) -> None:
        self.pages = pages
        self._store = pages.store
        self._whole_wheel = whole_wheel
        self._reader = reader
        self._static_sdist = static_sdist
        self._records: dict[tuple[str, str], ProjectRecord | None] = {}
        self._dependencies: dict[tuple[str, str], Dependencies] = {}
        self._new_dependencies: list[tuple[str, str]] = []

    @property
    def awake(self) -> bool:
        """Whether the network was needed in this run; nothing is fetched ahead before it was."""
        return self.pages.awake

    def record(self, index: LiveIndex, project: str, view: View) -> ProjectRecord | None:
        """The project as ``view`` sees it; None where the index doesn't have it.

        Raises OutsideError where the index can't be asked or its answer can't be read.
        """
        url = index.page_url(project)
        key = (url, view.key)
        if key in self._records:
            return self._records[key]
        if not self.pages.has_job(key):
            found, record = self._known_record(url, project, view)
            if found:
                self._records[key] = record
                return record
        return self._start_record(index, project, view, urgent=True).outcome()

    def foresee_record(
        self, index: LiveIndex, project: str, view: View, then: Callable[[ProjectRecord], None]
    ) -> None:
        """Begin to fetch a project, and hand its record to ``then`` on the thread that made it."""
        key = (index.page_url(project), view.key)
        if key not in self._records and not self.pages.has_job(key):
            self._start_record(index, project, view, urgent=False, then=then)

    def wake(self, index: LiveIndex, project: str, view: View, then: Callable[[ProjectRecord], None]) -> None:
        """Begin to ask for a page that is missing or has grown old, though nobody waits for it yet."""
        url = index.page_url(project)
        if self.pages.offline or (url, view.key) in self._records or self.pages.known(url) is not None:
            return
        self._start_record(index, project, view, urgent=True, then=then)

    def _start_record(
        self,
        index: LiveIndex,
        project: str,
        view: View,
        *,
        urgent: bool,
        then: Callable[[ProjectRecord], None] | None = None,
    ) -> Job[ProjectRecord | None]:
        url = index.page_url(project)

        def work() -> ProjectRecord | None:
            found, record = self._known_record(url, project, view)
            if not found:
                self.pages.answer(index, project)
                found, record = self._known_record(url, project, view)
            if not found:
                # The index said that what the cache holds is current, but that can't be read.
                self.pages.ask(index, project, anew=True)
                found, record = self._known_record(url, project, view)
            if not found:
                raise self.pages.gone(project)
            self._records[(url, view.key)] = record
            if then is not None and record is not None:
                then(record)
            return record

        return self.pages.job((url, view.key), work, urgent=urgent)

    def _known_record(self, url: str, project: str, view: View) -> tuple[bool, ProjectRecord | None]:
        """(True, record) where nobody needs to be asked."""
        stored = self._store.record(url, view.key)
        page = self.pages.known(url) if stored is None or self.pages.awake else None
        if page is None and stored is not None and self.pages.is_fresh(stored[0]):
            page = stored[0]
        if page is None:
            return False, None
        if page.status == 404:
            return True, None
        if stored is not None and stored[0].stamp == page.stamp:
            try:
                key = (url, view.key)
                return True, ProjectRecord.load(project, url, stored[1], stored[2], key=key, stamp=page.stamp)
            except (ValueError, KeyError, TypeError):
                pass
        body = self.pages.body(url)
        if body is None:
            return False, None
        try:
            return True, self._read(body, page.stamp, project, view, url)
        except (BrokenPageError, BrokenBodyError, TooLargeError):
            if self.pages.was_sent(url):
                raise
            return False, None

    def _read(self, body: StoredBody, stamp: str, project: str, view: View, url: str) -> ProjectRecord:
        record = self._reader(body, project, view)
        record.stamp = stamp
        record.key = (url, view.key)
        return record

    def page_body(self, index: LiveIndex, project: str) -> StoredBody | None:
        """The whole page, for explanations; None if it isn't at hand."""
        return self.pages.body(index.page_url(project))

    # Metadata

    def dependencies(self, file: ReleaseFile, index: LiveIndex, environment: Environment) -> Dependencies:
        """What a wheel requires. Raises OutsideError; BrokenArtifactError is the wheel's own fault."""
        key = (_identity(file, index), environment.key)
        known = self._dependencies.get(key)
        if known is None and not self.pages.has_job(key):
            known = self.stored_dependencies(file, environment, index)
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
        key = (_identity(file, index), environment.key)
        if key in self._dependencies or self.pages.has_job(key):
            return
        try:
            if then is None and self.stored_dependencies(file, environment, index) is not None:
                return  # a job takes longer than to read it here
        except BrokenArtifactError:
            return  # whoever asks for it is told
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
        identity = _identity(file, index)

        def work() -> Dependencies:
            known = self.stored_dependencies(file, environment, index)
            if known is None:
                try:
                    metadata = self._fetched_metadata(file, index)
                except BrokenArtifactError as error:
                    self.note_broken(identity, error.what, error.why)
                    raise
                known = self.keep(identity, metadata, environment)
            if then is not None:
                then(known)
            return known

        return self.pages.job((identity, environment.key), work, urgent=urgent)

    def foresee_sdist(
        self,
        file: ReleaseFile,
        index: LiveIndex,
        release: tuple[str, str],
        environment: Environment,
        then: Callable[[Dependencies], None],
    ) -> None:
        """Begin to fetch a source distribution, and hand what it says without a build to ``then``."""
        if not self.pages.has_job(("sdist", file.identity)):
            self._start_sdist(file, index, release, environment, urgent=False, then=then)

    def static_dependencies(
        self, file: ReleaseFile, index: LiveIndex, release: tuple[str, str], environment: Environment
    ) -> Dependencies | None:
        """What a source distribution says of itself, without a build; None if only a build can tell.

        ``release`` is name and version. Raises OutsideError; BrokenArtifactError is the file's own fault.
        """
        return self._start_sdist(file, index, release, environment, urgent=True).outcome()

    def _start_sdist(
        self,
        file: ReleaseFile,
        index: LiveIndex,
        release: tuple[str, str],
        environment: Environment,
        *,
        urgent: bool,
        then: Callable[[Dependencies], None] | None = None,
    ) -> Job[Dependencies | None]:
        def work() -> Dependencies | None:
            known = self.stored_dependencies(file, environment)
            if known is None and self._static_sdist is not None and not self._must_be_built(file):
                metadata = self._static_sdist(file, index, *release)
                if metadata is not None:
                    known = self.keep(file.identity, metadata, environment)
                elif _is_digest(file.identity):
                    self._store.put_note(f"built:{file.identity}", "")
            if then is not None and known is not None:
                then(known)
            return known

        return self.pages.job(("sdist", file.identity), work, urgent=urgent)

    def _must_be_built(self, file: ReleaseFile) -> bool:
        """Whether an earlier run saw that this very file says too little without a build."""
        return self._store.note(f"built:{file.identity}") is not None

    def stored_dependencies(
        self, file: ReleaseFile, environment: Environment, index: LiveIndex | None = None
    ) -> Dependencies | None:
        """What the store knows a file to require; None where it knows nothing.

        ``index`` vouches for what was read beside the file, or in a part of it.
        """
        identity = _identity(file, index)
        held = self._dependencies.get((identity, environment.key))
        if held is not None or not _is_digest(identity):
            return held
        text, raw = self._store.requirements(identity, environment.key)
        try:
            if text is not None:
                known = Dependencies.load(text)
                self._dependencies[(identity, environment.key)] = known
                return known
            if raw is None:
                return None
            requires_dist, requires_python, extras = json.loads(raw)
        except (ValueError, TypeError):
            return None
        return self._evaluated(identity, requires_dist, requires_python, extras, environment)

    def note_broken(self, identity: str, what: str, why: str) -> None:
        """Remember that a file can't be used, for runs that can't look at it again."""
        if _is_digest(identity):
            self._store.put_note(f"broken:{identity}", json.dumps([what, why]))

    def noted_broken(self, identity: str) -> tuple[str, str] | None:
        """What was remembered of a file, (what, why). Only for --offline: else it's looked at anew."""
        text = self._store.note(f"broken:{identity}")
        try:
            what, why = json.loads(text) if text is not None else (None, None)
        except (ValueError, TypeError):
            return None
        return (what, why) if isinstance(what, str) and isinstance(why, str) else None

    def keep(self, identity: str, metadata: CoreMetadata, environment: Environment) -> Dependencies:
        """Evaluate metadata that was read, and keep both forms of it."""
        raw = (metadata.requires_dist, metadata.requires_python, metadata.provides_extra)
        if _is_digest(identity):  # also where it can't be evaluated: it's no better the next time
            self._store.put_metadata([(identity, json.dumps(raw, separators=(",", ":")))])
        return self._evaluated(
            identity,
            list(metadata.requires_dist),
            metadata.requires_python,
            list(metadata.provides_extra),
            environment,
        )

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
        if _is_digest(identity):
            self._new_dependencies.append((identity, environment.key))
        return known

    def _fetched_metadata(self, file: ReleaseFile, index: LiveIndex) -> CoreMetadata:
        if self.pages.offline:
            broken = self.noted_broken(_identity(file, index))
            if broken is not None:
                raise BrokenArtifactError(what=broken[0], why=broken[1])
            raise OfflineError(
                what=f"{file.filename}: its metadata isn't in the cache",
                why="--offline was said, so nobody was asked",
                fix="lock once without --offline, with the same --cache-dir"
                if _is_digest(file.identity)
                else "add #sha256=DIGEST to its URL: without a digest nothing of it is kept",
            )
        from envspec.index.metadata import parse_metadata

        data = self._metadata_file(file, index) if file.core_metadata else None
        metadata = parse_metadata(data if data is not None else self._metadata_inside(file, index))
        _check_release(metadata, file.filename)
        return metadata

    def _metadata_file(self, file: ReleaseFile, index: LiveIndex) -> bytes | None:
        """PEP 658: the file beside the wheel, None where it's promised and missing."""
        from envspec.index.encoding import decode_body_of

        address, _, _ = file.url.partition("#")
        answer = self.pages.get(index, f"{address}.metadata", {}, MAX_METADATA_BYTES)
        if answer.status != 200:
            return None
        encoding = answer.headers.get("content-encoding", "")
        label = f"{file.filename}: its metadata file"
        data = decode_body_of(label, answer.body, encoding, MAX_METADATA_BYTES)
        wanted = {} if isinstance(file.core_metadata, bool) else file.core_metadata
        expected = wanted.get("sha256", "").lower() or None
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
            return self.pages.get(index, address, {"Range": byte_range}, limit)

        data = metadata_by_ranges(file.filename, ask)
        if data is not None:
            return data
        if self._whole_wheel is None:
            raise BrokenArtifactError(what=f"{file.filename}: its metadata can't be read by ranges")
        return self._whole_wheel(file, index)

    def save(self) -> None:
        """Give the store what this run made: reductions, masks, evaluated dependencies."""
        for record in list(self._records.values()):
            if record is not None and (record.changed or record.versions.changed) and record.stamp:
                url, view = record.key
                if not self.pages.is_kept(url):
                    continue
                self._store.put_record(url, view, record.stamp, *record.dump())
                record.changed = record.versions.changed = False
        new, self._new_dependencies = self._new_dependencies, []
        rows = [(i, e, self._dependencies[(i, e)].dump()) for i, e in new]
        self._store.put_dependencies(rows)
        self._store.flush()


def _identity(file: ReleaseFile, index: LiveIndex | None) -> str:
    """Under what the metadata of a file is kept.

    Of a wheel only the metadata was read, so it's believed where the same index says the digest:
    else one index could speak for the files of another.
    """
    return file.identity if index is None else f"{file.identity} {index.page_url('')}"


def _is_digest(identity: str) -> bool:
    """Whether a file is known by its digest; what lies at an address may be another file tomorrow."""
    return "/" not in identity.partition(" ")[0]


def _check_release(metadata: CoreMetadata, filename: str) -> None:
    parts = wheel_parts(filename)
    if parts is None or (metadata.version == parts.version and normal_name(metadata.name) == parts.name):
        return
    if normal_name(metadata.name) != parts.name or not is_same_version(metadata.version, parts.version):
        raise BrokenArtifactError(
            what=f"its metadata is of another release: {metadata.name[:100]} {metadata.version[:100]}",
            why="file name and metadata must name the same project and version",
        )
