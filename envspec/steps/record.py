"""Record: ask a live index for projects, and write down all that resolving will ask of it."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import msgspec

from envspec.errors import BrokenArtifactError, HashMismatchError, InvalidValueError
from envspec.index.credentials import is_host_of, without_credentials
from envspec.index.crew import Crew, Job
from envspec.index.encoding import decode_body_of
from envspec.index.metadata import CoreMetadata, parse_metadata
from envspec.index.page import FileEntry, ProjectPage
from envspec.index.pages import ACCEPT
from envspec.index.recording import HEX_DIGITS, RecordedFile, Recording, row_problems, write_recording
from envspec.index.simple import file_url, parse_page
from envspec.ports import Http, Progress, Request, Response
from envspec.project_name import normal_name
from envspec.target.host import Target
from envspec.target.tags import wheel_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

A = TypeVar("A")
B = TypeVar("B")

_WORKERS = 8
_MAX_PAGE_BYTES = 64 * 1024 * 1024
_MAX_PAGE_DECODED_BYTES = 256 * 1024 * 1024
_MAX_METADATA_BYTES = 8 * 1024 * 1024
_ANY_GLIBC = (2, 99)
ARCHITECTURES = ("x86_64", "aarch64")
PYTHONS = tuple(f"3.{minor}" for minor in range(8, 15))


@dataclass(frozen=True, slots=True)
class RecordRequest:
    """Which files of which projects to record."""

    url: str
    """Root of the simple API; may hold credentials, which are used and never written."""
    projects: Sequence[str]
    architectures: Sequence[str] = ()
    """Only wheels that a Linux of these can install: ``x86_64``, ``aarch64``; empty for all."""
    pythons: Sequence[str] = ()
    """Only wheels that these can install: ``3.10``; empty for all."""
    ca_file: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the index said."""

    url: str
    """As it's written down: without credentials, and without a slash at the end."""
    projects: dict[str, tuple[RecordedFile, ...]]
    absent: tuple[str, ...] = ()
    """Projects that the index doesn't have."""
    skipped: tuple[str, ...] = ()
    """Files that can't stand in a recording, ``NAME: why``."""
    unknown: tuple[str, ...] = ()
    """Wheels whose requirements couldn't be read, ``NAME: why``."""
    unhashed: tuple[str, ...] = ()
    """Files that the index gives no sha256 for; locking leaves them out."""


@dataclass(slots=True)
class _Notes:
    skipped: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Index:
    """The index that is asked. Its user and password reach its files by way of the Http."""

    root: str
    ca_file: str | None
    http: Http

    def get(self, url: str, limit: int, headers: Mapping[str, str]) -> Response:
        return self.http.get(Request(url, headers, limit, self.ca_file, is_host_of(self.root, url)))


def record(request: RecordRequest, *, http: Http, progress: Progress) -> Recorded:
    """Ask for the pages, then for the metadata of every wheel that is kept.

    Raises InvalidValueError for a URL or name that can't be one; OutsideError where the
    index can't be asked, its answer can't be read, or metadata isn't what its hash promised.
    """
    index = _Index(_root(request.url), request.ca_file, http)
    names = sorted({_project_name(name) for name in request.projects})
    notes = _Notes()
    pages = _at_once(lambda name: _page(index, name), names, "project pages", progress)
    found = {name: page for name, page in zip(names, pages, strict=True) if page is not None}
    wanted = _wanted_tags(request)
    rows = [(name, row) for name, page in found.items() for row in _rows(page, name, wanted, notes)]

    wheels = [(name, row) for name, row in rows if row.filename.endswith(".whl")]
    read = _at_once(
        lambda named: _with_requirements(named[1], index, notes), wheels, "wheel metadata", progress
    )
    completed = {(name, row.filename): row for (name, _), row in zip(wheels, read, strict=True)}
    projects: dict[str, list[RecordedFile]] = {name: [] for name in found}
    for name, row in rows:
        projects[name].append(completed.get((name, row.filename), row))
    return Recorded(
        url=without_credentials(index.root),
        projects={name: tuple(files) for name, files in projects.items()},
        absent=tuple(name for name in names if name not in found),
        skipped=tuple(sorted(notes.skipped)),
        unknown=tuple(sorted(notes.unknown)),
        unhashed=tuple(sorted(row.filename for _, row in rows if "sha256" not in row.hashes)),
    )


def merge(known: Recording | None, recorded: Recorded, *, today: str, source: str) -> Recording:
    """``known`` with these projects as they are now; its day stays where nothing changed."""
    old = known or Recording(recorded=today, source="", indexes={})
    new = old.replaced(recorded.url, recorded.projects, recorded=today, source=source)
    same = write_recording(dataclasses.replace(new, recorded=old.recorded)) == write_recording(old)
    return old if same else new


def _at_once(work: Callable[[A], B], items: Sequence[A], label: str, progress: Progress) -> list[B]:
    """``work`` on every item, several at once, the results in order; the first error ends it."""

    def one(item: A) -> B:
        result = work(item)
        progress.advance()
        return result

    progress.start(label, len(items))
    crew = Crew(_WORKERS, _WORKERS)
    try:
        jobs = [_begun(crew.take(Job(partial(one, item)), urgent=True)) for item in items]
        return [job.outcome() for job in jobs]
    finally:
        crew.close()
        progress.finish()


def _begun(job: Job[B]) -> Job[B]:
    """The job; raises its error if it already has one, as where no thread could be started for it."""
    if job.done:
        job.outcome()
    return job


def _root(url: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+(?:/[^\s?#]*)?", url):
        raise InvalidValueError(
            what=f"{without_credentials(url)[:200]!r} is no address of an index",
            why="it must begin with https:// or http:// and have no query, such as https://index.example/simple",
        )
    return url.rstrip("/")


def _project_name(name: str) -> str:
    if len(name) > 200 or not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", name):
        raise InvalidValueError(
            what=f"{name[:80]!r} is no name of a project",
            why="letters, digits, '-', '_' and '.', beginning and ending with a letter or digit",
            fix="name projects without versions; every release that the index lists is recorded",
        )
    return normal_name(name)


def _wanted_tags(request: RecordRequest) -> frozenset[str] | None:
    """The tags of which a wheel must have one; None where every file is wanted."""
    if not request.architectures and not request.pythons:
        return None
    return frozenset(
        tag
        for arch in request.architectures or ARCHITECTURES
        for python in request.pythons or PYTHONS
        for tag in wheel_tags(Target(arch=arch, glibc=_ANY_GLIBC, python=f"{python}.0"))
    )


def _page(index: _Index, name: str) -> ProjectPage | None:
    """The page, its URLs absolute; None where the index doesn't have the project."""
    answer = index.get(f"{index.root}/{name}/", _MAX_PAGE_BYTES, {"Accept": ACCEPT})
    if answer.status != 200:
        return None
    encoding = answer.headers.get("content-encoding", "")
    label = f"the page of {name} at {answer.url}"
    body = decode_body_of(label, answer.body, encoding, _MAX_PAGE_DECODED_BYTES)
    page = parse_page(body, answer.headers.get("content-type", ""), answer.url, name)
    absolute = [msgspec.structs.replace(entry, url=file_url(entry, answer.url)) for entry in page.files]
    return ProjectPage(name=name, files=absolute, skipped=page.skipped)


def _rows(
    page: ProjectPage, name: str, wanted: frozenset[str] | None, notes: _Notes
) -> Iterable[RecordedFile]:
    notes.skipped += page.skipped
    seen: set[str] = set()
    for entry in page.files:
        if wanted is not None and not _fits(entry.filename, wanted):
            continue
        row = _row(entry)
        problem = next(row_problems(row, name), "the page lists it twice" if row.filename in seen else "")
        seen.add(row.filename)
        if problem:
            notes.skipped.append(f"{entry.filename[:200]}: {problem}")
        else:
            yield row


def _fits(filename: str, wanted: frozenset[str]) -> bool:
    """Whether a wheel has one of the tags; a source distribution has none and fits all."""
    if not filename.endswith(".whl"):
        return True
    parts = filename[:-4].split("-")[-3:]
    if len(parts) != 3 or filename.count(".") > 64:
        return False
    interpreters, abis, platforms = (part.split(".") for part in parts)
    return any(f"{i}-{a}-{p}" in wanted for i in interpreters for a in abis for p in platforms)


def _row(entry: FileEntry) -> RecordedFile:
    said = entry.core_metadata if entry.core_metadata is not None else entry.dist_info_metadata
    return RecordedFile(
        filename=entry.filename,
        url=without_credentials(entry.url.partition("#")[0]),
        hashes=_known_hashes(entry.hashes),
        size=entry.size,
        upload_time=_utc(entry.upload_time or ""),
        requires_python=entry.requires_python,
        yanked=entry.yanked,
        core_metadata=_known_hashes(said) or True if isinstance(said, dict) else said,
    )


def _known_hashes(hashes: dict[str, str]) -> dict[str, str]:
    return {name: value.lower() for name, value in sorted(hashes.items()) if name in HEX_DIGITS}


def _utc(text: str) -> str | None:
    """The time as a recording writes it; None where the index wrote no UTC time."""
    match = re.fullmatch(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)(?:Z|\+00:00)", text)
    return f"{match[1]}Z" if match else None


def _with_requirements(row: RecordedFile, index: _Index, notes: _Notes) -> RecordedFile:
    """The row with what its metadata says; as it is where nobody can read that."""
    try:
        metadata, source = _metadata(row, index)
    except BrokenArtifactError as error:
        notes.unknown.append(f"{error.what}: {error.why}" if error.why else error.what)
        return row
    return msgspec.structs.replace(
        row,
        requires_python=row.requires_python or metadata.requires_python or None,
        requires_dist=list(metadata.requires_dist),
        requires_dist_from=source,
    )


def _metadata(row: RecordedFile, index: _Index) -> tuple[CoreMetadata, str]:
    """What a wheel says of itself, and where that stood. Raises BrokenArtifactError, OutsideError."""
    if row.core_metadata:
        data = _metadata_file(row, index)
        if data is not None:
            checked = ", its sha256 checked" if isinstance(row.core_metadata, dict) else ""
            return parse_metadata(data, row.filename), f"index: the metadata file beside the wheel{checked}"
    from envspec.index.wheel_tail import metadata_by_ranges

    def ask(byte_range: str, limit: int) -> Response:
        return index.get(row.url, limit, {"Range": byte_range})

    inside = metadata_by_ranges(row.filename, ask)
    if inside is None:
        raise BrokenArtifactError(
            what=f"{row.filename}: its server gives no parts of it, and whole wheels aren't fetched to record"
        )
    return parse_metadata(inside, row.filename), "wheel: METADATA"


def _metadata_file(row: RecordedFile, index: _Index) -> bytes | None:
    """PEP 658: the file beside the wheel, None where it's promised and missing."""
    answer = index.get(f"{row.url}.metadata", _MAX_METADATA_BYTES, {})
    if answer.status != 200:
        return None
    encoding = answer.headers.get("content-encoding", "")
    label = f"{row.filename}: its metadata file"
    data = decode_body_of(label, answer.body, encoding, _MAX_METADATA_BYTES)
    promised = row.core_metadata.get("sha256") if isinstance(row.core_metadata, dict) else None
    met = hashlib.sha256(data).hexdigest()
    if promised is not None and met != promised:
        raise HashMismatchError(
            what=f"{row.filename}: its metadata file has sha256 {met}, the index promised {promised}",
            why="the file was changed after the page was made, or on its way",
            fix="record again; if it stays so, tell whoever runs the index",
        )
    return data
