"""Recording: a pinned view of one or several indexes, in one file that a person can review.

::

    {
    "recorded": "2026-11-22",
    "source": "where it comes from, in words",
    "indexes": {
    "https://index.example/simple": {
    "demo": [
    {"filename":"demo-1.0-py3-none-any.whl","url":"https://...","hashes":{"sha256":"..."}}
    ]
    }
    }
    }

A row has the keys of the simple API's JSON (PEP 691, 700, 714), and ``requires-dist`` where
somebody knows it, with ``requires-dist-from`` and ``sources`` saying who. A row without
``requires-dist`` is unknown, and not free of dependencies; a row without ``size`` is one whose
bytes nobody counted. A recorded index is never asked over the network.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from envspec.errors import InputError, InvalidValueError, SeveralProblems
from envspec.index.credentials import without_credentials
from envspec.index.page import FileEntry, ProjectPage, is_readable
from envspec.project_name import normal_name

_MAX_CHARS = 256 * 1024 * 1024
_MAX_PROBLEMS = 20
_ANEW = "put the file aside, and make it anew: envspec record URL PROJECT... -o FILE"


class RecordedFile(
    msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True, omit_defaults=True
):
    """One file of a project, and where what's said of it comes from."""

    filename: str
    url: str
    """Absolute, without credentials and without a fragment."""
    hashes: dict[str, str] = {}
    size: int | None = None
    """In bytes; only where somebody counted them."""
    upload_time: str | None = None
    requires_python: str | None = None
    yanked: bool | str = False
    core_metadata: bool | dict[str, str] | None = None
    requires_dist: list[str] | None = None
    """None is unknown; [] is known to be none."""
    requires_dist_from: str | None = None
    sources: list[str] = []
    """One place for each party that gives this very digest."""


Projects = Mapping[str, Sequence[RecordedFile]]
"""Normalized project name to its files."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What the indexes of one file listed on the day it was recorded."""

    recorded: str
    """The day, such as ``2026-11-22``."""
    source: str
    indexes: Mapping[str, Projects]
    """By the root URL of the simple API, without a slash at the end."""

    def page(self, index_url: str, project: str) -> ProjectPage | None:
        """The page of a normalized project name; None where that index wasn't seen to have it.

        Raises InvalidValueError for an index that isn't recorded here at all.
        """
        url = without_credentials(index_url).rstrip("/")
        if url not in self.indexes:
            raise InvalidValueError(
                what=f"{url} is not in the recording",
                why=f"it holds: {', '.join(self.indexes) or 'no index'}",
                fix="record it too: envspec record URL PROJECT... -o FILE",
            )
        files = self.indexes[url].get(project)
        if files is None:
            return None
        return ProjectPage(name=project, files=[_entry(file) for file in files])

    def replaced(self, index_url: str, projects: Projects, *, recorded: str, source: str) -> Recording:
        """This recording with these projects of one index as they are now, all else kept."""
        indexes = dict(self.indexes)
        indexes[index_url] = {**indexes.get(index_url, {}), **projects}
        known = self.source if source in self.source else f"{self.source}; {source}"
        return Recording(recorded=recorded, source=known if self.source else source, indexes=indexes)


def _entry(file: RecordedFile) -> FileEntry:
    return FileEntry(
        filename=file.filename,
        url=file.url,
        hashes=file.hashes,
        requires_python=file.requires_python,
        size=file.size,
        upload_time=file.upload_time,
        yanked=file.yanked,
        core_metadata=file.core_metadata,
        requires_dist=file.requires_dist,
    )


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    recorded: str
    source: str
    indexes: dict[str, dict[str, list[msgspec.Raw]]]


def read_recording(text: str, where: str) -> Recording:
    """Read the text of a recording; ``where`` names it in messages.

    Raises InputError; SeveralProblems where several rows are wrong.
    """
    if len(text) > _MAX_CHARS:
        raise InputError(
            what=f"{where}: longer than {_MAX_CHARS} characters", why="no recording is that long", fix=_ANEW
        )
    document = _outline(text, where)
    problems = _Problems(where)
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", document.recorded) or not _is_moment(document.recorded):
        problems.add("recorded", f"{document.recorded[:40]!r} is no date such as '2026-11-22'")
    indexes = {
        url: {project: tuple(_rows(raw, url, project, problems)) for project, raw in projects.items()}
        for url, projects in document.indexes.items()
    }
    for url, projects in document.indexes.items():
        problems.add_all(url, _url_problems(url))
        if url.endswith("/"):
            problems.add(url, "an index stands there without a slash at the end")
        for project in projects:
            if normal_name(project) != project or not _NAME.fullmatch(project):
                problems.add(
                    f"{url}: {project[:80]!r}", "is no normalized project name, such as 'typing-extensions'"
                )
    problems.raise_if_any()
    return Recording(recorded=document.recorded, source=document.source, indexes=indexes)


def write_recording(recording: Recording) -> str:
    """The canonical text: sorted, one file per line. Equal recordings are equal texts."""
    lines = [
        "{",
        f'"recorded": {_json(recording.recorded)},',
        f'"source": {_json(recording.source)},',
        '"indexes": {',
    ]
    for url, projects in sorted(recording.indexes.items()):
        lines.append(f"{_json(url)}: {{")
        for project, files in sorted(projects.items()):
            lines.append(f"{_json(project)}: [")
            rows = [msgspec.json.encode(file).decode() for file in sorted(files, key=_natural_order)]
            lines += [f"{row}," for row in rows[:-1]] + rows[-1:]
            lines.append("],")
        _drop_comma(lines)
        lines.append("},")
    _drop_comma(lines)
    return "\n".join([*lines, "}", "}", ""])


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _drop_comma(lines: list[str]) -> None:
    lines[-1] = lines[-1].removesuffix(",")


def _natural_order(file: RecordedFile) -> list[tuple[int, str]]:
    """2.9 before 2.10: runs of digits count as numbers."""
    parts = re.split(r"(\d+)", file.filename)
    return [(int(part[:18]), part) if part[:1].isdigit() else (-1, part) for part in parts]


def _outline(text: str, where: str) -> _Document:
    try:
        return msgspec.json.decode(text, type=_Document)
    except msgspec.ValidationError as error:
        raise InputError(
            what=f"{where}: is no recording of an index: {error}",
            fix="make one with: envspec record URL PROJECT... -o FILE",
        ) from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise InputError(what=f"{where}: isn't JSON: {error}", fix=_ANEW) from error
    except RecursionError as error:
        raise InputError(
            what=f"{where}: its JSON is nested too deep", why="a recording has five levels", fix=_ANEW
        ) from error


class _Problems:
    """Collects what's wrong, each with its place, up to as many as anyone reads."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._found: list[InvalidValueError] = []
        self._more = 0

    def add(self, place: str, problem: str) -> None:
        if len(self._found) < _MAX_PROBLEMS:
            shown = without_credentials(place)[:400]
            self._found.append(InvalidValueError(what=f"{self._where}: {shown}: {problem}"))
        else:
            self._more += 1

    def add_all(self, place: str, problems: Iterator[str]) -> None:
        for problem in problems:
            self.add(place, problem)

    def raise_if_any(self) -> None:
        if self._more:
            self._found.append(InvalidValueError(what=f"{self._where}: and {self._more} more"))
        if self._found:
            self._found[-1].fix = f"correct this by hand, or {_ANEW}"  # once for all
            raise SeveralProblems(self._found)


_ROW: msgspec.json.Decoder[RecordedFile] = msgspec.json.Decoder(RecordedFile)
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.!+-]*")
_UPLOAD_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z")
HEX_DIGITS = {"md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128}
"""Hash algorithm to the length of its digests."""


def _rows(raw: list[msgspec.Raw], url: str, project: str, problems: _Problems) -> Iterator[RecordedFile]:
    seen: set[str] = set()
    for number, text in enumerate(raw, 1):
        try:
            file = _ROW.decode(text)
        except msgspec.DecodeError as error:
            problems.add(f"{url}: {project}: row {number}", str(error))
            continue
        except RecursionError:
            problems.add(f"{url}: {project}: row {number}", "is nested too deep")
            continue
        place = f"{url}: {project}: {file.filename[:200]}"
        problems.add_all(place, row_problems(file, project))
        if file.filename in seen:
            problems.add(place, "stands there twice")
        seen.add(file.filename)
        yield file


def row_problems(file: RecordedFile, project: str) -> Iterator[str]:
    """What keeps this file from standing in a recording as one of ``project``."""
    if not _FILE_NAME.fullmatch(file.filename) or len(file.filename) > 255:
        yield "is no name for a file of a project"
    elif not _belongs(file.filename, project):
        yield f"is no wheel or source distribution of {project}"
    yield from _url_problems(file.url)
    for algorithm, value in {**file.hashes, **_metadata_hashes(file.core_metadata)}.items():
        digits = HEX_DIGITS.get(algorithm)
        if digits is None:
            yield f"hash {algorithm[:40]!r} is unknown, use sha256"
        elif not re.fullmatch(rf"[0-9a-f]{{{digits}}}", value):
            yield f"{algorithm} {value[:140]!r} isn't {digits} hexadecimal digits in lower case"
    if file.size is not None and file.size < 0:
        yield f"size {file.size} is negative"
    elif file.size is not None and file.size > 2**53:
        yield f"size {file.size} is more bytes than any file has"
    if file.upload_time is not None and not _is_utc_time(file.upload_time):
        yield f"upload-time {file.upload_time[:60]!r} is no UTC time such as '2024-01-29T18:38:38Z'"
    if file.requires_dist is not None and not file.requires_dist_from:
        yield "has requires-dist, and no requires-dist-from that says where it comes from"


def _is_utc_time(text: str) -> bool:
    return _UPLOAD_TIME.fullmatch(text) is not None and _is_moment(text[:19])


def _is_moment(text: str) -> bool:
    """Whether a day, or a time of one, that looks as it should is in the calendar."""
    from datetime import datetime

    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _metadata_hashes(said: bool | dict[str, str] | None) -> dict[str, str]:
    return said if isinstance(said, dict) else {}


def _belongs(filename: str, project: str) -> bool:
    if filename.endswith(".whl"):
        return filename.count("-") in (4, 5) and normal_name(filename.partition("-")[0]) == project
    if filename.endswith((".tar.gz", ".zip")):
        return normal_name(filename).startswith(f"{project}-")
    return False


def _url_problems(url: str) -> Iterator[str]:
    match = re.fullmatch(r"https?://[^\s/?#]*?[^\s/?#:](?::(\d{1,5}))?(?:/[^\s?#]*)?(?:\?[^\s#]*)?", url)
    if match is None or int(match[1] or 1) > 65535 or not url.isprintable() or not is_readable(url):
        yield f"URL {without_credentials(url)[:200]!r} isn't an absolute http or https URL without a fragment"
    elif without_credentials(url) != url:
        yield "its URL holds credentials; a recording is read by others"
