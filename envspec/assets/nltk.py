"""nltk: data packages as its index lists them on the day of locking; the index has no versions.

Source: nltk 3.10.4 wheel, nltk/downloader.py (``DEFAULT_URL``; ``Package``: ``sha256_checksum``, else md5 as
``checksum``; an archive with ``unzip`` is unpacked below ``subdir``, any other stays as it is).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from envspec.assets.interface import Absent, Context, Fetch, Fetched, Get, Plan, Planned, Wish
from envspec.assets.plain_xml import elements
from envspec.assets.safe_path import path_problem
from envspec.errors import BrokenPageError, HashMismatchError
from envspec.lock.document import Asset, AssetFile, Variable
from envspec.named_tuple import NamedTuple

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

PROVIDES = ("nltk",)

INDEX = "https://raw.githubusercontent.com/nltk/nltk_data/gh-pages/index.xml"
FOLDER = "nltk_data"
"""Below ``{assets}``, for NLTK_DATA."""
_MAX_SIZE_BYTES = 1 << 40
_SOURCE = "nltk 3.10.4: nltk/data.py (path)"


class Package(NamedTuple):
    """One package of the index."""

    id: str
    url: str
    subdir: str
    size: int
    md5: str
    sha256: str
    """Empty where the index has none."""
    is_unpacked: bool


def plan(wish: Wish, context: Context) -> Plan:
    """Ask for the index, then fetch what it gives no sha256 of. A relock keeps what the lock holds."""
    wanted = list(wish.said["packages"])
    earlier = _known_before(context.earlier)
    (answer,) = yield [Get(INDEX)]
    if answer.status != 200:
        raise BrokenPageError(what=f"the index of nltk can't be had: it answered {answer.status}", why=INDEX)
    packages, collections = read_index(answer.body)
    names = list(dict.fromkeys(name for each in wanted for name in collections.get(each, (each,))))
    unknown = [name for name in names if name not in packages]
    if unknown:
        return Absent(
            f"nltk has no data package {', '.join(unknown)}",
            f"its index lists {len(packages)} packages",
            "see nltk.download(), which shows their names",
        )
    kept = {name: file for name in names if (file := earlier.get(packages[name].url)) is not None}
    moved = [name for name in kept if _has_moved(packages[name], kept[name])]
    missing = [packages[name] for name in names if name not in kept]
    unhashed = [package for package in missing if not package.sha256]
    fetched = (yield [Fetch(package.url, package.size) for package in unhashed]) if unhashed else ()
    digests = {package.url: _checked(package, each) for package, each in zip(unhashed, fetched, strict=True)}
    files = [*kept.values(), *(_locked(package, digests) for package in missing)]
    asset = Asset(
        kind=wish.kind,
        provider=wish.provider,
        label=wish.label,
        files=tuple(sorted(files, key=lambda file: file.dest)),
        variables=(Variable("NLTK_DATA", f"{{assets}}/{FOLDER}", (wish.label,), _SOURCE),),
        notes=("nltk's index has no versions: these are the files of the day on which this was locked",),
    )
    return Planned(asset, remarks=tuple(_moved(name) for name in moved))


def read_index(body: bytes) -> tuple[dict[str, Package], dict[str, tuple[str, ...]]]:
    """(packages, collections) by id. Raises BrokenPageError for a row that can't be right."""
    where = "the index of nltk"
    packages = {package.id: package for package in map(_package, elements(body, "package", where))}
    groups = {
        row.get("id", ""): tuple(item.get("ref", "") for item in row.iter("item"))
        for row in elements(body, "collection", where)
    }
    return packages, {name: _members(name, groups) for name in groups}


def _members(collection: str, groups: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The packages of a collection and of all collections in it, each once."""
    seen, found, waiting = {collection}, {}, list(groups[collection])
    while waiting:
        name = waiting.pop(0)
        if name not in groups:
            found[name] = True
        elif name not in seen:
            seen.add(name)
            waiting.extend(groups[name])
    return tuple(found)


def _package(row: Element) -> Package:
    said = {key: row.get(key, "") for key in ("id", "url", "subdir", "size", "checksum", "sha256_checksum")}
    wrong = [
        key
        for key, pattern in (
            ("id", r"[\w.+-]{1,100}"),
            ("url", r"https?://[!-~]{1,2000}"),
            ("size", r"\d{1,15}"),
            ("checksum", r"([0-9a-f]{32})?"),
            ("sha256_checksum", r"([0-9a-f]{64})?"),
        )
        if not re.fullmatch(pattern, said[key], re.ASCII)
    ]
    if (
        wrong
        or path_problem(said["subdir"])
        or path_problem(said["id"])
        or int(said["size"]) > _MAX_SIZE_BYTES
    ):
        raise BrokenPageError(
            what=f"the index of nltk has a row that can't be right: {said['id'][:100]!r}",
            why=f"{wrong[0]} is {said[wrong[0]][:100]!r}" if wrong else f"subdir is {said['subdir'][:100]!r}",
        )
    return Package(
        said["id"],
        said["url"],
        said["subdir"],
        int(said["size"]),
        said["checksum"],
        said["sha256_checksum"],
        row.get("unzip", "1") == "1" and said["url"].endswith(".zip"),
    )


def _known_before(earlier: Asset | None) -> dict[str, AssetFile]:
    return {file.url: file for file in earlier.files} if earlier is not None else {}


def _has_moved(package: Package, file: AssetFile) -> bool:
    hashes = dict(file.hashes)
    listed = {"sha256": package.sha256, "md5": package.md5}
    return any(digest and hashes.get(name, digest) != digest for name, digest in listed.items())


def _moved(name: str) -> str:
    return (
        f"{name}: nltk's index lists other bytes now than the lock holds, and the URL serves those;"
        " take the new ones with --upgrade-model nltk, or keep a bundle that has the old"
    )


def _checked(package: Package, fetched: Fetched) -> str:
    if package.md5 and fetched.hashes["md5"] != package.md5:
        raise HashMismatchError(
            what=f"{package.url} has md5 {fetched.hashes['md5']}, nltk's index lists {package.md5}",
            why="it was damaged on its way, or the index and its file don't go together",
            fix="try again",
        )
    return fetched.hashes["sha256"]


def _locked(package: Package, digests: Mapping[str, str]) -> AssetFile:
    name = posixpath.basename(urlsplit(package.url).path)
    hashes = {"sha256": package.sha256 or digests[package.url]}
    if package.md5:
        hashes["md5"] = package.md5
    folder = f"{FOLDER}/{package.subdir}"
    return AssetFile(
        name=name,
        hashes=tuple(sorted(hashes.items())),
        dest=folder if package.is_unpacked else f"{folder}/{package.id}{posixpath.splitext(name)[1]}",
        url=package.url,
        size=package.size,
        digest_from="publisher" if package.sha256 else "computed",
        unpack="zip" if package.is_unpacked else "",
    )
