"""easyocr: the detector and the recognizer that ``Reader(languages)`` loads.

The table is read out of the locked wheel (``easyocr/config.py``) and compared with the recorded one. What it
gives is a URL of a zip and the md5 of the one member in it. Where the member's sha256 is on record, that is
locked: the member is what reaches the target, and whoever fetches the zip checks what comes out of it. Nobody
publishes a digest of the zip; without a record of its member it's fetched while locking. Sources:
``data/easyocr.toml``; a Reader run offline on these places (2026-11-22): the folder ``user_network`` must be
there beside ``model``, or a read-only disk ends it.
"""

from __future__ import annotations

import ast
import datetime
import functools
import hashlib
import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec

from envspec.assets.data_table import read_table
from envspec.assets.interface import (
    Absent,
    Context,
    Distribution,
    Fetch,
    Fetched,
    Plan,
    Planned,
    ReadDistribution,
    Wish,
)
from envspec.assets.source_literals import literal, parse
from envspec.assets.zip_members import find_member, member_parts
from envspec.errors import BrokenPageError, HashMismatchError
from envspec.lock.document import Asset, AssetFile, Member, Variable
from envspec.named_tuple import NamedTuple

PROVIDES = ("easyocr",)

NO_SWITCH = "no variable forbids easyocr to download: the program must pass download_enabled=False"
FOLDER = "easyocr"
"""Below ``{assets}``, for EASYOCR_MODULE_PATH."""
MAX_MEMBER_BYTES = 4 * 1024 * 1024 * 1024
_CONFIG, _READER = "easyocr/config.py", "easyocr/easyocr.py"

_Word = Annotated[str, msgspec.Meta(min_length=1)]


class FileRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One weight file as recorded."""

    key: _Word
    member: _Word
    url: _Word
    md5: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}$")]
    """Of the member."""
    size: int | None = None
    sha256: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{64})?$")] = ""
    """Of the member; empty where it's on no record."""
    note: str = ""
    """What the user should know of it."""
    source: _Word
    checked: datetime.date


class RoutingRow(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"beside": "with"}
):
    """Which recognizer a list of languages takes; the first row that fits counts."""

    recognizer: _Word
    when: tuple[_Word, ...]
    """One of these in the list is enough."""
    beside: tuple[_Word, ...]
    """What may stand in the list together."""
    alone: bool = False
    """Whether the list must be ``when`` and nothing else."""
    source: _Word
    checked: datetime.date


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``data/easyocr.toml``."""

    schema: int
    version: str
    file: tuple[FileRow, ...]
    routing: tuple[RoutingRow, ...]


class Weights(NamedTuple):
    """What easyocr knows of one file."""

    member: str
    url: str
    md5: str


@functools.cache
def table() -> Table:
    """The recorded table."""
    return read_table("easyocr.toml", Table)


def plan(wish: Wish, context: Context) -> Plan:
    """Read the table of the locked wheel, then fetch what no digest is known of."""
    languages, detector = list(wish.said["languages"]), wish.said["detector"]
    recognizer = route(languages)
    if isinstance(recognizer, Absent):
        return recognizer
    (held,) = yield [ReadDistribution("easyocr", (_CONFIG, _READER))]
    weights, warnings = _known_weights(held)
    wanted = {key: weights[key] for key in (detector, recognizer) if key in weights}
    if len(wanted) < 2:
        lacking = detector if detector not in wanted else recognizer
        return Absent(f"easyocr knows no weights {lacking!r}", f"it knows {', '.join(sorted(weights))}")
    warnings += [line for key, found in wanted.items() for line in _differences(key, found, held)]
    recorded = {key: file for key, found in wanted.items() if (file := _recorded(found)) is not None}
    known = recorded | _known_before(context.earlier, wanted)
    missing = [key for key in wanted if key not in known]
    fetched = (yield [Fetch(wanted[key].url, look=True) for key in missing]) if missing else ()
    hosts = {_host(each.url) for each in fetched} - {_host(each.url) for each in wanted.values()}
    if context.earlier is not None and known:
        hosts |= set(context.earlier.hosts)
    known |= {key: _locked(wanted[key], found) for key, found in zip(missing, fetched, strict=True)}
    return Planned(_asset(wish, [known[key] for key in wanted], hosts), tuple(warnings))


def route(languages: Sequence[str]) -> str | Absent:
    """The key of the recognizer that ``Reader(languages)`` takes; Absent where it refuses them."""
    rows = table().routing
    every = sorted({language for row in rows for language in row.beside})
    unknown = [language for language in languages if language not in every]
    if unknown:
        return Absent(f"easyocr reads no {', '.join(unknown)}", f"it reads {', '.join(every)}")
    for row in rows:
        fits = languages == list(row.when) if row.alone else not set(languages).isdisjoint(row.when)
        if fits:
            apart = [language for language in languages if language not in row.beside]
            if apart:
                return Absent(
                    f"easyocr reads {', '.join(languages)} not with one Reader",
                    f"{row.recognizer} reads {', '.join(row.beside)} only",
                    "make a [[models]] table for each group of languages, one for each Reader",
                )
            return row.recognizer
    return Absent(f"easyocr has no recognizer for {', '.join(languages)}")


# The table of the wheel against the recorded one


def _known_weights(held: Distribution | None) -> tuple[dict[str, Weights], list[str]]:
    """By key, what the locked wheel says; the recorded table where it can't be asked, with a warning."""
    recorded = {row.key: Weights(row.member, row.url, row.md5) for row in table().file}
    if held is None:
        return recorded, [
            f"easyocr isn't among the locked distributions; its table is that of {table().version}"
        ]
    if held.unread:
        told = f"nobody looked into {held.file_name} ({held.unread}); its table is that of {table().version}"
        return recorded, [told]
    found = read_config(held.members.get(_CONFIG, b""))
    if not found:
        return recorded, [
            f"{_CONFIG} of {held.file_name} can't be read; its table is that of {table().version}"
        ]
    order = read_routing(held.members.get(_READER, b""))
    warnings = []
    if order != [row.recognizer for row in table().routing]:
        warnings.append(
            f"easyocr {held.version} chooses recognizers otherwise than {table().version}, whose choice is"
            " recorded here: check that the program finds the file it asks for"
        )
    return found, warnings


def read_config(source: bytes) -> dict[str, Weights]:
    """Every weight file that ``easyocr/config.py`` names; empty where it can't be read."""
    tree = parse(source)
    if tree is None:
        return {}
    rows: dict[str, Any] = {}
    for group in (literal(tree, "detection_models"), *_generations(literal(tree, "recognition_models"))):
        rows |= group if isinstance(group, dict) else {}
    return {key: weights for key, row in rows.items() if (weights := _weights(row)) is not None}


def _generations(groups: Any) -> Sequence[Any]:
    return list(groups.values()) if isinstance(groups, dict) else ()


def _weights(row: Any) -> Weights | None:
    if not isinstance(row, dict):
        return None
    member, url, md5 = (row.get(name) for name in ("filename", "url", "md5sum"))
    if not (isinstance(member, str) and isinstance(url, str) and isinstance(md5, str)):
        return None
    is_sound = re.fullmatch(r"[\w.-]{1,100}", member, re.ASCII) and re.fullmatch(r"[0-9a-f]{32}", md5)
    return Weights(member, url, md5) if is_sound and re.fullmatch(r"https://[!-~]{1,2000}", url) else None


def read_routing(source: bytes) -> list[str]:
    """The recognizers in the order in which ``Reader.__init__`` chooses them."""
    tree = parse(source)
    if tree is None:
        return []
    keys = []
    for node in (node for node in ast.walk(tree) if isinstance(node, ast.Assign)):
        chain = node.value
        if isinstance(chain, ast.Subscript) and isinstance(chain.value, ast.Subscript):
            of, key = chain.value.value, chain.slice
            if isinstance(of, ast.Name) and of.id == "recognition_models" and isinstance(key, ast.Constant):
                keys.append((node.lineno, str(key.value)))
    return [key for _, key in sorted(keys)]


def _differences(key: str, found: Weights, held: Distribution | None) -> list[str]:
    recorded = next((Weights(row.member, row.url, row.md5) for row in table().file if row.key == key), None)
    if held is None or recorded == found:
        return []
    if recorded is None:
        return [f"easyocr {held.version} names {key}, which isn't in the table of {table().version}"]
    parts = zip(Weights._fields, recorded, found, strict=True)
    told = ", ".join(f"{name} {new} in place of {old}" for name, old, new in parts if old != new)
    return [f"easyocr {held.version} says of {key} another thing than the table of {table().version}: {told}"]


# Files


def _known_before(earlier: Asset | None, wanted: Mapping[str, Weights]) -> dict[str, AssetFile]:
    """By key, the files of the existing lock whose archive and member are still the wanted ones."""
    held = {(file.url, _md5(file)): file for file in earlier.files} if earlier is not None else {}
    keys = {(found.url, found.md5): key for key, found in wanted.items()}
    return {key: held[place] for place, key in keys.items() if place in held}


def _recorded(weights: Weights) -> AssetFile | None:
    """The file by the digest of its member that is on record; None where only an md5 is."""
    row = _row_of(weights)
    if row is None or not row.sha256 or row.member != weights.member:
        return None
    sums = (("md5", row.md5), ("sha256", row.sha256))
    return AssetFile(
        name=_zip_name(weights),
        hashes=(),
        dest=_dest(weights),
        url=weights.url,
        digest_from="recording",
        member=Member(weights.member, sums, row.size),
    )


def _row_of(weights: Weights) -> FileRow | None:
    return next((row for row in table().file if row.md5 == weights.md5), None)


def _zip_name(weights: Weights) -> str:
    return posixpath.basename(urlsplit(weights.url).path)


def _dest(weights: Weights) -> str:
    return f"{FOLDER}/model/{weights.member}"


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _md5(file: AssetFile) -> str:
    return dict(file.member.hashes).get("md5", "") if file.member is not None else ""


def _locked(weights: Weights, fetched: Fetched) -> AssetFile:
    if fetched.file is None:
        raise BrokenPageError(what=f"{weights.url}: its bytes were wanted, and only its digest came")
    info = find_member(fetched.file, weights.member)
    sums, size = {name: hashlib.new(name, usedforsecurity=False) for name in ("md5", "sha256")}, 0
    for part in member_parts(fetched.file, info, max_bytes=MAX_MEMBER_BYTES):
        size += len(part)
        for digest in sums.values():
            digest.update(part)
    found = {name: digest.hexdigest() for name, digest in sums.items()}
    row = _row_of(weights)
    wanted = {"md5": weights.md5} | ({"sha256": row.sha256} if row and row.sha256 else {})
    for name, expected in wanted.items():
        if found[name] != expected:
            raise HashMismatchError(
                what=f"{weights.member} in {weights.url} has {name} {found[name]}, easyocr wants {expected}",
                why="the archive isn't the one that easyocr names, or was changed on its way",
                fix="try again; if it stays so, its publisher has changed it",
            )
    return AssetFile(
        name=_zip_name(weights),
        hashes=(("sha256", fetched.hashes["sha256"]),),
        dest=_dest(weights),
        url=weights.url,
        size=fetched.size,
        digest_from="computed",
        member=Member(info.filename, tuple(sorted(found.items())), size),
    )


def _notes(files: Sequence[AssetFile]) -> list[str]:
    members = {file.dest.rpartition("/")[2] for file in files}
    return [row.note for row in table().file if row.member in members and row.note]


def _asset(wish: Wish, files: Sequence[AssetFile], hosts: set[str]) -> Asset:
    return Asset(
        kind=wish.kind,
        provider=wish.provider,
        label=wish.label,
        files=tuple(sorted(files, key=lambda file: file.dest)),
        folders=(f"{FOLDER}/user_network",),
        notes=(*_notes(files), NO_SWITCH),
        hosts=tuple(sorted(hosts)),
        variables=(
            Variable(
                "EASYOCR_MODULE_PATH",
                f"{{assets}}/{FOLDER}",
                (wish.label,),
                "easyocr 1.7.2: easyocr/config.py",
            ),
        ),
    )
