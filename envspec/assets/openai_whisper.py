"""openai-whisper: the checkpoint that ``whisper.load_model(name)`` loads; its URL holds the sha256.

The table is read out of the locked distribution (``whisper/__init__.py``: ``_MODELS``) and compared with the
recorded one, which also knows sizes. The only variable that moves the folder is XDG_CACHE_HOME.
"""

from __future__ import annotations

import datetime
import functools
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from envspec.assets.data_table import read_table
from envspec.assets.interface import Absent, Context, Plan, Planned, ReadDistribution, Wish
from envspec.assets.published_table import Names, Published, difference, known_names
from envspec.assets.source_literals import literal, parse
from envspec.lock.document import Asset, AssetFile, Variable

PROVIDES = ("openai-whisper",)

CACHE = "cache"
"""Below ``{assets}``, for XDG_CACHE_HOME."""
_MODULE = "whisper/__init__.py"
_SOURCE = "openai-whisper 20250625: whisper/__init__.py (load_model)"

_Word = Annotated[str, msgspec.Meta(min_length=1)]


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One checkpoint as recorded."""

    names: tuple[_Word, ...]
    url: _Word
    size: Annotated[int, msgspec.Meta(gt=0)]
    source: _Word
    checked: datetime.date


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``data/openai_whisper.toml``."""

    schema: int
    version: str
    file: tuple[Row, ...]


@functools.cache
def table() -> Table:
    """The recorded table."""
    return read_table("openai_whisper.toml", Table)


def plan(wish: Wish, context: Context) -> Plan:  # noqa: ARG001 - the URL tells the digest
    """Read the table of the locked distribution; nothing is asked over the network."""
    model = wish.said["model"]
    (held,) = yield [ReadDistribution("openai-whisper", (_MODULE,))]
    recorded = {name: (_published(row.url),) for row in table().file for name in row.names}
    found = read_models(held.members.get(_MODULE, b"")) if held is not None else {}
    version = table().version
    names, warning = known_names(held, found, recorded, project="openai-whisper", version=version)
    if model not in names:
        return Absent(f"openai-whisper has no model {model!r}", f"it has {', '.join(sorted(names))}")
    warnings = (warning, difference(model, names, recorded, held, version=version))
    return Planned(_asset(wish, names[model][0]), tuple(line for line in warnings if line))


def read_models(source: bytes) -> Names:
    """Every model that ``whisper/__init__.py`` names; empty where it can't be read."""
    tree = parse(source)
    models = literal(tree, "_MODELS") if tree is not None else None
    if not isinstance(models, dict):
        return {}
    found = {name: _published(url) for name, url in models.items() if isinstance(url, str)}
    return {name: (each,) for name, each in found.items() if each.is_sound}


def _published(url: str) -> Published:
    parts = urlsplit(url).path.split("/")
    return Published(url, parts[-2] if len(parts) > 1 else "")


def _asset(wish: Wish, found: Published) -> Asset:
    name = urlsplit(found.url).path.rpartition("/")[2]
    sizes = {_published(row.url).sha256: row.size for row in table().file}
    file = AssetFile(
        name=name,
        hashes=(("sha256", found.sha256),),
        dest=f"{CACHE}/whisper/{name}",
        url=found.url,
        size=sizes.get(found.sha256),
    )
    return Asset(
        kind=wish.kind,
        provider=wish.provider,
        label=wish.label,
        files=(file,),
        variables=(Variable("XDG_CACHE_HOME", f"{{assets}}/{CACHE}", (wish.label,), _SOURCE),),
    )
