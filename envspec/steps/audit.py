"""Audit: every archive of a lock is read once, and all readings are judged together.

A reading follows from the archive's bytes and from our own tables, so it's kept by the
sha256 of the one and the digest of the other; what is kept needs no archive.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from envspec.audit.audited import Audited, LockedArchive, audited
from envspec.audit.coverage import held_models
from envspec.audit.reading import ANALYSER, Reading, decode, encode
from envspec.audit.rows import table_of, warned
from envspec.audit.tables import packages, sinks_digest
from envspec.named_tuple import NamedTuple
from envspec.ports import Progress
from envspec.project_name import normal_name

if TYPE_CHECKING:
    from envspec.lock.document import Lock, LockedDistribution, LockedFile


class Fetched(Protocol):
    """What became of a file that had to be fetched."""

    @property
    def sha256(self) -> str:
        """Of the file."""
        ...

    @property
    def path(self) -> str:
        """Empty where it isn't here."""
        ...

    @property
    def why_not(self) -> str:
        """Why it isn't."""
        ...


class Readings(Protocol):
    """Texts kept under a key."""

    def note(self, key: str) -> str | None:
        """See IndexStore."""
        ...

    def put_note(self, key: str, text: str) -> None:
        """See IndexStore."""
        ...


class Shelf(Protocol):
    """Finds and fetches locked files."""

    def candidates(self, file: LockedFile) -> Iterator[str]:
        """Paths that may hold it."""
        ...

    def fetch(self, wanted: Sequence[LockedDistribution]) -> Iterator[Fetched]:
        """Download them, hashed."""
        ...


class Crew(Protocol):
    """Reads archives side by side."""

    def wake(self) -> None:
        """Start before any thread is."""
        ...

    def hashed(self, paths: Sequence[str]) -> Mapping[str, str]:
        """The sha256 of each file that can be read."""
        ...

    def read(self, paths: Mapping[str, str], progress: Progress) -> Iterator[tuple[str, Reading]]:
        """(sha256, reading) for each (sha256, path), as they come."""
        ...


class _Place(NamedTuple):
    """Where an archive is, or why it isn't."""

    path: str
    why_not: str = ""


def audit(
    lock: Lock, *, kept: Readings, shelf: Shelf, open_crew: Callable[[], Crew], progress: Progress
) -> Audited:
    """Read what isn't known yet, and judge it all. What can't be had is in the outcome, with why."""
    chosen, left_out = _chosen(lock)
    known = {item.file.sha256: _recall(kept, item.file.sha256) for item in chosen}
    unknown = [item for item in chosen if known[item.file.sha256] is None]
    places: dict[str, _Place] = {}
    if unknown:
        crew = open_crew()
        places = _places(unknown, shelf, crew)
        found = {sha256: place.path for sha256, place in places.items() if place.path}
        _note(found, crew, known, kept, progress)
    required_by = _required_by(lock)
    archives = [
        _archive(item, known[item.file.sha256], places, required_by.get(item.name, frozenset()))
        for item in chosen
    ]
    return audited([*archives, *left_out], held_models(lock.assets), packages())


def with_audit(lock: Lock, found: Audited) -> Lock:
    """The lock with what was found in it, and judged anew by it, as locking again would."""
    from envspec.steps.judged import judged

    before = lock.extra_tool.get("audit")
    table = table_of(found, before if isinstance(before, Mapping) else {})
    others = {name: item for name, item in lock.extra_tool.items() if name != "audit"}
    return judged(warned(lock._replace(extra_tool={**others, "audit": table} if table else others))).lock


def _chosen(lock: Lock) -> tuple[list[LockedDistribution], list[LockedArchive]]:
    """One distribution a project; what another tool's lock holds beyond that isn't read, and said so."""
    chosen: dict[str, LockedDistribution] = {}
    left_out = []
    for item in lock.distributions:
        if item.wheel is None and item.sdist is None:
            left_out.append(
                LockedArchive(item.name, item.version, "", "", Reading(), "locked as a source tree")
            )
        elif item.name in chosen:
            why = f"for other targets than {item.name} {chosen[item.name].version}, which was read"
            file = item.file
            left_out.append(LockedArchive(item.name, item.version, file.name, file.sha256, Reading(), why))
        else:
            chosen[item.name] = item
    return list(chosen.values()), left_out


def _places(unknown: Sequence[LockedDistribution], shelf: Shelf, crew: Crew) -> dict[str, _Place]:
    """Each file by its digest: on this disk if its bytes are the lock's, else downloaded."""
    crew.wake()
    candidates = {item.file.sha256: list(shelf.candidates(item.file)) for item in unknown}
    digests = crew.hashed([path for paths in candidates.values() for path in paths])
    places: dict[str, _Place] = {}
    for sha256, paths in candidates.items():
        sound = [path for path in paths if digests.get(path) == sha256]
        if sound:
            places[sha256] = _Place(sound[0])
    missing = [item for item in unknown if item.file.sha256 not in places]
    for fetched in shelf.fetch(missing):
        why = fetched.why_not
        others = [path for path in candidates[fetched.sha256] if path in digests]
        if why and others:
            why = f"{others[0]} has sha256 {digests[others[0]]}; {why}"
        places[fetched.sha256] = _Place(fetched.path, why)
    return places


def _note(
    found: Mapping[str, str],
    crew: Crew,
    known: dict[str, Reading | None],
    kept: Readings,
    progress: Progress,
) -> None:
    """Read the files, and keep each reading as soon as it's whole."""
    for sha256, reading in crew.read(found, progress):
        known[sha256] = reading
        if not reading.is_broken:
            kept.put_note(_key(sha256), encode(reading))


def _recall(kept: Readings, sha256: str) -> Reading | None:
    text = kept.note(_key(sha256))
    return decode(text) if text is not None else None


def _key(sha256: str) -> str:
    return f"audit:{ANALYSER}:{sinks_digest()}:{sha256}"


def _required_by(lock: Lock) -> dict[str, frozenset[str]]:
    """Project to those that require it; what the spec asks for itself is left out."""
    asked = {normal_name(re.split(r"[^\w.-]", text, maxsplit=1)[0]) for text in lock.requirements}
    found: dict[str, frozenset[str]] = {}
    for item in lock.distributions:
        for edge in item.dependencies:
            if edge.name not in asked:
                found[edge.name] = found.get(edge.name, frozenset()) | {item.name}
    return found


def _archive(
    item: LockedDistribution,
    reading: Reading | None,
    places: Mapping[str, _Place],
    required_by: frozenset[str],
) -> LockedArchive:
    file = item.file
    why = ""
    if reading is None:
        reading, why = Reading(), places[file.sha256].why_not or "reading it failed"
    elif reading.is_broken:
        reading, why = Reading(), "; ".join(reading.not_read)
    return LockedArchive(item.name, item.version, file.name, file.sha256, reading, why, required_by)
