"""tiktoken: the vocabularies that ``get_encoding(name)`` loads, each under the sha1 of its URL.

The table is read out of the locked wheel (``tiktoken_ext/openai_public.py``: the function of each encoding)
and compared with the recorded one, which also knows some sizes.
"""

from __future__ import annotations

import datetime
import functools
import hashlib
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from envspec.assets.data_table import read_table
from envspec.assets.interface import Absent, Context, Plan, Planned, ReadDistribution, Wish
from envspec.assets.published_table import Names, Published, difference, known_names
from envspec.assets.source_literals import calls, functions, parse
from envspec.lock.document import Asset, AssetFile, Variable

PROVIDES = ("tiktoken",)

FOLDER = "tiktoken"
"""Below ``{assets}``, for TIKTOKEN_CACHE_DIR."""
_MODULE = "tiktoken_ext/openai_public.py"
_SOURCE = "tiktoken 0.14.0: tiktoken/load.py (read_file_cached)"

_Word = Annotated[str, msgspec.Meta(min_length=1)]


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One vocabulary as recorded."""

    encodings: tuple[_Word, ...]
    url: _Word
    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
    size: int | None = None
    source: _Word
    checked: datetime.date


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``data/tiktoken.toml``."""

    schema: int
    version: str
    file: tuple[Row, ...]


@functools.cache
def table() -> Table:
    """The recorded table."""
    return read_table("tiktoken.toml", Table)


def plan(wish: Wish, context: Context) -> Plan:  # noqa: ARG001 - the package tells the digests
    """Read the table of the locked wheel; nothing is asked over the network."""
    (held,) = yield [ReadDistribution("tiktoken", (_MODULE,))]
    recorded = _recorded()
    found = read_encodings(held.members.get(_MODULE, b"")) if held is not None else {}
    version = table().version
    names, warning = known_names(held, found, recorded, project="tiktoken", version=version)
    wanted = list(wish.said["encodings"])
    unknown = [name for name in wanted if name not in names]
    if unknown:
        return Absent(f"tiktoken has no encoding {', '.join(unknown)}", f"it has {', '.join(sorted(names))}")
    warnings = [warning, *(difference(name, names, recorded, held, version=version) for name in wanted)]
    files = {each.url: _locked(each) for name in wanted for each in names[name]}
    asset = Asset(
        kind=wish.kind,
        provider=wish.provider,
        label=wish.label,
        files=tuple(sorted(files.values(), key=lambda file: file.dest)),
        variables=(Variable("TIKTOKEN_CACHE_DIR", f"{{assets}}/{FOLDER}", (wish.label,), _SOURCE),),
    )
    return Planned(asset, tuple(line for line in warnings if line))


def _recorded() -> Names:
    names: dict[str, tuple[Published, ...]] = {}
    for row in table().file:
        for name in row.encodings:
            names[name] = (*names.get(name, ()), Published(row.url, row.sha256))
    return names


def read_encodings(source: bytes) -> Names:
    """Every encoding that has a function in ``openai_public.py``; empty where it can't be read."""
    tree = parse(source)
    if tree is None:
        return {}
    bodies = {name: list(calls(function)) for name, function in functions(tree).items()}
    names: dict[str, tuple[Published, ...]] = {}
    for name, made in bodies.items():
        files: list[Published] = []
        for called, texts, named in made:
            if called == "load_tiktoken_bpe" and texts:
                files.append(Published(texts[0], named.get("expected_hash", "")))
            elif called == "data_gym_to_mergeable_bpe_ranks":
                files.append(Published(named.get("vocab_bpe_file", ""), named.get("vocab_bpe_hash", "")))
                files.append(
                    Published(named.get("encoder_json_file", ""), named.get("encoder_json_hash", ""))
                )
            elif called in names:  # o200k_harmony is o200k_base with other special tokens
                files.extend(names[called])
        if files and all(file.is_sound for file in files):
            names[name] = tuple(files)
    return names


def _locked(found: Published) -> AssetFile:
    sizes = {row.sha256: row.size for row in table().file}
    return AssetFile(
        name=urlsplit(found.url).path.rpartition("/")[2],
        hashes=(("sha256", found.sha256),),
        dest=f"{FOLDER}/{hashlib.sha1(found.url.encode(), usedforsecurity=False).hexdigest()}",
        url=found.url,
        size=sizes.get(found.sha256),
    )
