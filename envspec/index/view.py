"""View: what of a project's page fits one target, reduced to what resolving asks.

A page lists every file of every platform; a target can use one file of each
release. The reduction is kept in the cache under the view's key, so that a later
run reads kilobytes in place of megabytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from envspec.errors import InvalidValueError
from envspec.index.versions import Key, VersionList, admits, normal_version
from envspec.named_tuple import NamedTuple
from envspec.project_name import normal_name

if TYPE_CHECKING:
    from envspec.index.page import FileEntry, ProjectPage
    from envspec.target.host import Target

_FORMAT = "3"
"""Part of every key: a change of what's derived makes old reductions unread."""


class View:
    """The properties of a target and a spec that decide which file of a release is taken."""

    def __init__(
        self, target: Target, cutoff: str = "", need_hash: bool = False, sdists: bool = False
    ) -> None:
        self.target = target
        self.cutoff = cutoff
        """UTC instant; files uploaded at or after it are out."""
        self.need_hash = need_hash
        """Files without a sha256 are out: a recording, or --offline."""
        self.sdists = sdists
        """Whether source distributions stand in for wheels that a release lacks."""

    @cached_property
    def with_sdists(self) -> View:
        """The same view for the projects that may come as source distributions."""
        return View(self.target, self.cutoff, self.need_hash, sdists=True)

    @cached_property
    def with_hashes(self) -> View:
        """The same view for an index that can't be asked: nobody could hash what it gives no sha256 for."""
        return View(self.target, self.cutoff, need_hash=True, sdists=self.sdists)

    @cached_property
    def key(self) -> str:
        """Equal keys see the same files of every page."""
        target = self.target
        glibc = f"{target.glibc[0]}.{target.glibc[1]}"
        parts = (
            _FORMAT,
            target.arch,
            glibc,
            target.python if target.python_exact else f"{target.python}+",
            self.cutoff,
            str(int(self.need_hash)),
            str(int(self.sdists)),
        )
        return "/".join(parts)

    @cached_property
    def ranks(self) -> dict[str, int]:
        """Wheel tag to its place in the target's order, best first."""
        from envspec.target.tags import wheel_tags

        return {tag: rank for rank, tag in enumerate(wheel_tags(self.target))}

    @cached_property
    def _triples(self) -> dict[str, int]:
        return {}

    def rank(self, triple: str) -> int:
        """The best place of a compressed tag set such as ``py2.py3-none-any``; -1 where none fits."""
        known = self._triples.get(triple)
        if known is None:
            known = self._triples[triple] = _best_rank(triple, self.ranks)
            platform = triple.rpartition("-")[2]
            if known < 0 and not any(part in self._platforms for part in platform.split(".")):
                self._misfits.add(platform)
        return known

    @cached_property
    def _platforms(self) -> frozenset[str]:
        return frozenset(tag.rpartition("-")[2] for tag in self.ranks)

    @cached_property
    def _misfits(self) -> set[str]:
        """Platform parts of file names that no tag of the target has."""
        return set()

    @cached_property
    def _pythons(self) -> dict[str, bool]:
        return {}

    def admits_python(self, requires_python: str) -> bool:
        """Whether the target's Python meets a Requires-Python; one that can't be read is met by none."""
        known = self._pythons.get(requires_python)
        if known is None:
            known = self._pythons[requires_python] = _python_meets(self.target.python, requires_python)
        return known

    @cached_property
    def _later_pythons(self) -> dict[str, bool]:
        return {}

    def admits_later_python(self, requires_python: str) -> bool:
        """Whether a Requires-Python that X.Y.0 doesn't meet is met by a later patch release."""
        known = self._later_pythons.get(requires_python)
        if known is None:
            from envspec.target.markers import patch_sensitive_requires_python

            patch = patch_sensitive_requires_python(requires_python, self.target)
            known = self._later_pythons[requires_python] = patch is not None
        return known

    def admits_time(self, upload_time: str | None) -> bool:
        """Whether a file is older than the cut-off; one whose age nobody tells is not."""
        if not self.cutoff or not upload_time:
            return not self.cutoff
        if upload_time[-1] != "Z" or upload_time[4:5] != "-":
            from envspec.lock.codec import canonical_time

            upload_time = canonical_time(upload_time)
        return bool(upload_time) and upload_time[:19] < self.cutoff[:19]


def _best_rank(triple: str, ranks: Mapping[str, int]) -> int:
    parts = triple.split("-")
    if len(parts) != 3 or triple.count(".") > 64:
        return -1
    interpreters, abis, platforms = (part.split(".") for part in parts)
    found = [
        rank
        for interpreter in interpreters
        for abi in abis
        for platform in platforms
        if (rank := ranks.get(f"{interpreter}-{abi}-{platform}", -1)) >= 0
    ]
    return min(found, default=-1)


def _python_meets(python: str, requires_python: str) -> bool:
    try:
        return admits(requires_python, python)
    except InvalidValueError:
        return False


class ReleaseFile(NamedTuple):
    """The one file of a release that the target takes."""

    filename: str
    url: str
    """Absolute, as the index gives it."""
    hashes: Mapping[str, str]
    size: int | None
    upload_time: str
    yanked: bool | str
    requires_python: str
    core_metadata: bool | Mapping[str, str]
    """Hashes of the metadata file beside it; True without; False where there is none."""
    requires_dist: Sequence[str] | None
    """Only where a recording says it."""

    @property
    def is_wheel(self) -> bool:
        """False for a source distribution."""
        return self.filename.endswith(".whl")

    @property
    def identity(self) -> str:
        """What its metadata is kept under: the digest, else the address."""
        return self.hashes.get("sha256") or self.url


Packed = tuple[list[str], Sequence[Key], int, int, int, dict[str, str], str]


class ProjectRecord:
    """One project as one view sees it: releases newest first, bit i of a mask is release i."""

    __slots__ = (
        "_entries",
        "_files",
        "_rows",
        "changed",
        "key",
        "later",
        "name",
        "prereleases",
        "sdist_only",
        "stamp",
        "url",
        "versions",
        "yanked",
    )

    def __init__(
        self,
        *,
        name: str,
        url: str,
        versions: VersionList,
        yanked: int,
        sdist_only: int,
        entries: Sequence[FileEntry] = (),
        files: Sequence[ReleaseFile] = (),
        rows: Sequence[str] = (),
        later: Mapping[str, str] | None = None,
        changed: bool = False,
    ) -> None:
        self.name = name
        self.url = url
        self.versions = versions
        self.prereleases = versions.prerelease_mask
        self.yanked = yanked
        self.sdist_only = sdist_only
        self._files = dict(enumerate(files))
        self._entries = entries
        self._rows = rows
        self.later = later or {}
        """Releases that only the target's patch release of Python keeps out, to their Requires-Python."""
        self.changed = changed
        """Whether a cache lacks it as it is now."""
        self.stamp = ""
        self.key = ("", "")
        """(page URL, view key) and stamp of the page under which a cache keeps it."""

    def __len__(self) -> int:
        return len(self.versions)

    @property
    def everything(self) -> int:
        """The mask of all releases."""
        return (1 << len(self.versions)) - 1

    def file(self, place: int) -> ReleaseFile:
        """The file of release ``place``."""
        known = self._files.get(place)
        if known is None:
            if self._rows:
                known = _file_of_row(self._rows[place])
            else:
                known = _file_of_entry(self._entries[place], self.url)
            self._files[place] = known
        return known

    def pack(self) -> Packed:
        """Everything as plain values, the rows as one text at the end; ``unpack`` reads them."""
        rows = _rows_of_entries(self._entries, self.url)
        versions = self.versions
        masks = self.prereleases, self.yanked, self.sdist_only
        return [*versions.strings], versions.keys, *masks, dict(self.later), rows

    @classmethod
    def unpack(cls, name: str, url: str, packed: Packed) -> ProjectRecord:
        """The record that was packed, in another process of this run."""
        strings, keys, prereleases, yanked, sdist_only, later, rows = packed
        return cls(
            name=name,
            url=url,
            versions=VersionList(strings, prerelease_mask=prereleases, keys=keys),
            yanked=yanked,
            sdist_only=sdist_only,
            rows=rows.split("\n") if strings else (),
            later=later,
            changed=True,
        )

    def dump(self) -> tuple[str, str]:
        """Head and rows as text, for a cache; ``load`` reads them."""
        head = {
            "versions": self.versions.strings,
            "pre": f"{self.prereleases:x}",
            "yanked": f"{self.yanked:x}",
            "sdist": f"{self.sdist_only:x}",
            "later": self.later,
            "masks": {specifier: f"{mask:x}" for specifier, mask in sorted(self.versions.masks.items())},
        }
        rows = "\n".join(self._rows) if self._rows else _rows_of_entries(self._entries, self.url)
        return json.dumps(head, separators=(",", ":")), rows

    @classmethod
    def load(
        cls, name: str, url: str, head: str, rows: str, *, key: tuple[str, str], stamp: str = ""
    ) -> ProjectRecord:
        """Read what ``dump`` wrote. Raises ValueError, KeyError or TypeError for anything else."""
        data = json.loads(head)
        versions = data["versions"]
        lines = rows.split("\n") if versions else []
        if len(lines) != len(versions):
            raise ValueError("rows and versions differ")
        record = cls(
            name=name,
            url=url,
            versions=VersionList(
                versions,
                prerelease_mask=int(data["pre"], 16),
                masks={specifier: int(mask, 16) for specifier, mask in data["masks"].items()},
            ),
            yanked=int(data["yanked"], 16),
            sdist_only=int(data["sdist"], 16),
            rows=lines,
            later={version: str(text) for version, text in dict(data["later"]).items()},
        )
        record.key, record.stamp = key, stamp
        return record


def _rows_of_entries(entries: Iterable[FileEntry], base_url: str) -> str:
    """A line of JSON for each entry, as ``_file_of_row`` reads it."""
    from msgspec.json import Encoder

    rows = [
        (
            entry.filename,
            _absolute(entry, base_url),
            entry.hashes,
            entry.size,
            entry.upload_time or "",
            entry.yanked,
            entry.requires_python or "",
            _metadata_of(entry),
            entry.requires_dist,
        )
        for entry in entries
    ]
    return Encoder().encode_lines(rows).decode().rstrip("\n")


def _absolute(entry: FileEntry, base_url: str) -> str:
    if entry.url.startswith(("https://", "http://")):
        return entry.url
    from envspec.index.simple import file_url

    return file_url(entry, base_url)


def _file_of_row(row: str) -> ReleaseFile:
    file = ReleaseFile(*json.loads(row))
    return file._replace(hashes=_sound_hashes(file.hashes))


_SHA256 = re.compile(r"[0-9a-f]{64}")
_ALGORITHM = re.compile(r"[a-z0-9_]{1,32}", re.ASCII)
_HEX = re.compile(r"[0-9a-fA-F]{8,256}")


def _sound_hashes(hashes: Mapping[str, str]) -> Mapping[str, str]:
    """Those that can be digests; a file without a sha256 among them must be hashed here."""
    if len(hashes) == 1 and _SHA256.fullmatch(hashes.get("sha256", "")):
        return hashes
    return {
        algorithm: value.lower()
        for algorithm, value in hashes.items()
        if _ALGORITHM.fullmatch(algorithm)
        and _HEX.fullmatch(value)
        and (algorithm != "sha256" or len(value) == 64)
    }


def reduce_page(
    page: ProjectPage, view: View, *, name: str, url: str, only_usable: bool = False
) -> ProjectRecord:
    """Keep of each release the best wheel that fits, else the sdist.

    Best is the first of the target's wheel tags, then the highest build number
    (PEP 427). Requires-Python and the cut-off are judged per file. ``only_usable`` leaves
    entries with a ``problem`` out, which costs little where most are of other targets.
    """
    best, later = _sort_out(page.files, view, name, only_usable)
    versions, canonical = VersionList.sort(best)
    chosen: dict[str, FileEntry] = {}
    for text, entry in best.items():
        known = canonical.get(text)
        if known is not None and (known not in chosen or not chosen[known].filename.endswith(".whl")):
            chosen[known] = entry
    yanked = sdist_only = 0
    entries = [chosen[version] for version in versions.strings]
    for place, entry in enumerate(entries):
        if entry.yanked is not False:
            yanked |= 1 << place
        if not entry.filename.endswith(".whl"):
            sdist_only |= 1 << place
    return ProjectRecord(
        name=name,
        url=url,
        versions=versions,
        yanked=yanked,
        sdist_only=sdist_only,
        entries=entries,
        later=_only_later(later, versions.strings),
        changed=True,
    )


def _only_later(later: Mapping[str, str], known: Sequence[str]) -> dict[str, str]:
    """By canonical version; without the releases of which another file is taken."""
    found = {canonical: text for version, text in later.items() if (canonical := normal_version(version))}
    for version in found.keys() & set(known):
        del found[version]
    return found


def _file_of_entry(entry: FileEntry, base_url: str) -> ReleaseFile:
    return ReleaseFile(
        filename=entry.filename,
        url=_absolute(entry, base_url),
        hashes=_sound_hashes(entry.hashes),
        size=entry.size,
        upload_time=entry.upload_time or "",
        yanked=entry.yanked,
        requires_python=entry.requires_python or "",
        core_metadata=_metadata_of(entry),
        requires_dist=entry.requires_dist,
    )


def _metadata_of(entry: FileEntry) -> bool | Mapping[str, str]:
    """PEP 714: the new key first, then the name it had before."""
    for said in (entry.core_metadata, entry.dist_info_metadata):
        if said is not None:
            return said
    return False


def _sort_out(
    entries: Iterable[FileEntry], view: View, name: str, only_usable: bool
) -> tuple[dict[str, FileEntry], dict[str, str]]:
    """The best wheel of each version, else its sdist, by the version as the file name writes it.

    And the Requires-Python of those that a later patch release of the target's Python could have.
    """
    later: dict[str, str] = {}
    best: dict[str, tuple[int, Any, FileEntry]] = {}
    sdists: list[FileEntry] = []
    rank_of, ranks, misfits = view.rank, view._triples, view._misfits
    for entry in entries:
        filename = entry.filename
        if filename[-4:] == ".whl":
            # Most files are of other platforms: told by one look at the last part of the name.
            if filename[filename.rfind("-") + 1 : -4] in misfits:
                continue
            parts = filename[:-4].rsplit("-", 3)
            if len(parts) != 4:
                continue
            triple = filename[len(parts[0]) + 1 : -4]
            rank = ranks.get(triple)
            if rank is None:
                rank = rank_of(triple)
            if rank < 0:
                continue
            release = parts[0].split("-")
            if len(release) not in (2, 3) or _other_name(release[0], name):
                continue
            if not _admitted(entry, view):
                if _admitted_later(entry, view):
                    later[release[1]] = entry.requires_python or ""
                continue
            if only_usable and entry.problem:
                continue
            build = _build_number(release[2]) if len(release) == 3 else ()
            known = best.get(release[1])
            if known is None or rank < known[0] or (rank == known[0] and build > known[1]):
                best[release[1]] = (rank, build, entry)
        elif view.sdists:
            sdists.append(entry)
    found = {version: entry for version, (_, _, entry) in best.items()}
    for entry in sdists:
        version = _sdist_version(entry.filename, name)
        is_better = version not in found or entry.filename.endswith(".tar.gz")
        is_out = version in best or not is_better or (only_usable and bool(entry.problem))
        if version and not is_out:
            if _admitted(entry, view):
                found[version] = entry
            elif _admitted_later(entry, view):
                later[version] = entry.requires_python or ""
    return found, later


def _admitted(entry: FileEntry, view: View) -> bool:
    if entry.requires_python and not view.admits_python(entry.requires_python):
        return False
    return _admitted_otherwise(entry, view)


def _admitted_later(entry: FileEntry, view: View) -> bool:
    """Whether nothing but the target's patch release of Python keeps a file out."""
    text = entry.requires_python
    return bool(
        text
        and not view.admits_python(text)
        and view.admits_later_python(text)
        and entry.yanked is False
        and _admitted_otherwise(entry, view)
    )


def _admitted_otherwise(entry: FileEntry, view: View) -> bool:
    if view.need_hash and "sha256" not in entry.hashes:
        return False
    return view.admits_time(entry.upload_time)


def _other_name(written: str, name: str) -> bool:
    return written != name and normal_name(written) != name


def _build_number(tag: str) -> tuple[int, str]:
    digits = len(tag) - len(tag.lstrip("0123456789"))
    return (int(tag[:digits][:18] or "0"), tag[digits:])


def _sdist_version(filename: str, name: str) -> str:
    """The version of ``NAME-VERSION.tar.gz``; empty where the name is another's.

    Older sdists carry names that aren't normalized (PEP 625), with any number of dashes.
    """
    if not filename.endswith((".tar.gz", ".zip")):
        return ""
    stem = filename[:-7] if filename.endswith(".tar.gz") else filename[:-4]
    dashes = name.count("-")
    written = stem.split("-")
    for used in range(1, min(len(written), dashes + 2)):
        if not _other_name("-".join(written[:used]), name):
            return "-".join(written[used:])
    return ""
