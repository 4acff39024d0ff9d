"""A recording of Hub models: commits and files that are on record, read in place of the Hub.

::

    {
    "recorded": "2026-11-22",
    "source": "...",
    "repositories": {
    "openai/whisper-large-v3": {
    "revisions": {"main": "06f233fe06e710322aca913c1bc4249a0d71fce1"},
    "files": {
    "06f233fe06e710322aca913c1bc4249a0d71fce1": [
    {"path": "model.safetensors", "size": 3087130976, "sha256": "a8e9...", "lfs": true, "sources": [...]}
    ]}}}}

A key that is missing is unknown: a size, a digest, or a file that the repository may hold all the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from envspec.assets.hub_listing import HubFile
from envspec.assets.safe_path import file_as_folder, path_problem
from envspec.errors import InputError, InvalidValueError, SeveralProblems
from envspec.named_tuple import NamedTuple

MAX_PROBLEMS = 20
_ANEW = "put the file aside, and make it anew: envspec record --hub REPO@REVISION -o FILE"


class RecordedFile(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, rename="kebab"):
    """One file of a repository at a commit, as far as it's on record."""

    path: str
    size: int | None = None
    git_sha1: str = ""
    """Of a plain file."""
    sha256: str = ""
    lfs: bool = False
    sources: list[str] = []
    """Who says so."""


class RecordedRepository(msgspec.Struct, forbid_unknown_fields=True):
    """One repository."""

    revisions: dict[str, str]
    """Branch or tag to commit."""
    files: dict[str, list[RecordedFile]]
    """By commit."""


class RecordedCommit(NamedTuple):
    """What a recording has of one commit."""

    recorded: str
    commit: str
    files: tuple[HubFile, ...]


@dataclass(frozen=True)
class HubRecording:
    """What was on record of some repositories on one day."""

    recorded: str
    """The day, such as ``2026-11-22``."""
    source: str
    repositories: Mapping[str, RecordedRepository]

    def at(self, repo: str, revision: str) -> RecordedCommit | None:
        """The repository at a branch, tag or commit; None where that isn't recorded."""
        held = self.repositories.get(repo)
        if held is None:
            return None
        commit = held.revisions.get(revision, revision)
        files = held.files.get(commit)
        if files is None:
            return None
        found = (HubFile(file.path, file.size, file.git_sha1, file.sha256, file.lfs) for file in files)
        return RecordedCommit(self.recorded, commit, tuple(sorted(found)))


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    recorded: str
    source: str
    repositories: dict[str, RecordedRepository]


def read_hub_recording(text: str, where: str) -> HubRecording:
    """Read the text of a recording; ``where`` names it in messages.

    Raises InputError; SeveralProblems where several rows are wrong.
    """
    try:
        document = msgspec.json.decode(text, type=_Document)
    except msgspec.ValidationError as error:
        raise InputError(what=f"{where}: is no recording of Hub models: {error}", fix=_ANEW) from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise InputError(what=f"{where}: isn't JSON: {error}", fix=_ANEW) from error
    except RecursionError as error:
        raise InputError(what=f"{where}: its JSON is nested too deep", fix=_ANEW) from error
    problems = [InvalidValueError(what=f"{where}: {problem}") for problem in _problems(document)]
    if problems:
        told = problems[:MAX_PROBLEMS]
        told[-1].fix = f"correct this by hand, or {_ANEW}"  # once for all
        raise SeveralProblems(told)
    return HubRecording(document.recorded, document.source, document.repositories)


def write_hub_recording(recording: HubRecording) -> str:
    """The canonical text: sorted, one file per line. Equal recordings are equal texts."""
    repositories = [
        f"{_json(repo)}: {_repository(held)}" for repo, held in sorted(recording.repositories.items())
    ]
    day, source = _json(recording.recorded), _json(recording.source)
    head = f'{{\n"recorded": {day},\n"source": {source},\n"repositories": {{\n'
    return head + ",\n".join(repositories) + "\n}\n}\n"


def _repository(held: RecordedRepository) -> str:
    commits = []
    for commit, files in sorted(held.files.items()):
        rows = (msgspec.json.encode(file).decode() for file in sorted(files, key=lambda file: file.path))
        commits.append(f"{_json(commit)}: [\n" + ",\n".join(rows) + "\n]")
    revisions = json.dumps(dict(sorted(held.revisions.items())))
    return f'{{\n"revisions": {revisions},\n"files": {{\n' + ",\n".join(commits) + "\n}\n}"


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _problems(document: _Document) -> Iterator[str]:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", document.recorded):
        yield f"recorded: {document.recorded[:40]!r} is no date such as '2026-11-22'"
    for repo, held in document.repositories.items():
        if not re.fullmatch(r"[\w.-]{1,96}(/[\w.-]{1,96})?", repo, re.ASCII):
            yield f"{repo[:200]!r} is no OWNER/NAME"
        for revision, commit in held.revisions.items():
            if commit not in held.files:
                yield f"{repo}: {revision[:200]!r} is {commit[:60]!r}, of which no files are recorded"
        for commit, files in held.files.items():
            if not re.fullmatch(r"[0-9a-f]{40}", commit):
                yield f"{repo}: {commit[:60]!r} is no commit of 40 hexadecimal digits in lower case"
            paths = [file.path for file in files]
            if len(set(paths)) < len(paths) or file_as_folder(paths):
                yield f"{repo}: {commit[:60]}: a path stands there twice, or as a file and as a folder"
            for file in files:
                yield from (f"{repo}: {file.path[:200]!r}: {problem}" for problem in _row_problems(file))


def _row_problems(file: RecordedFile) -> Iterator[str]:
    problem = path_problem(file.path)
    if problem:
        yield problem
    if file.size is not None and file.size < 0:
        yield f"size {file.size} is negative"
    for name, value, digits in (("sha256", file.sha256, 64), ("git-sha1", file.git_sha1, 40)):
        if value and not re.fullmatch(rf"[0-9a-f]{{{digits}}}", value):
            yield f"{name} {value[:140]!r} isn't {digits} hexadecimal digits in lower case"
    if file.lfs and file.git_sha1:
        yield "an LFS file's git-sha1 is of its pointer, and of no use"
