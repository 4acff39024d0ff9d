"""torch.hub and torchvision: a file of weights by URL, whose name holds the start of its sha256.

Source: torch 2.x, torch/hub.py (``load_state_dict_from_url``: HASH_REGEX, checkpoints folder); the weights of
torchvision with the start of their digests in ``data/torchvision.toml``. torch.hub checks that start once, at
download, and only where it's asked to; the whole digest is taken while locking.
"""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Generator, Sequence
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec

from envspec.assets.data_table import read_table
from envspec.assets.interface import Context, Fetch, Fetched, Plan, Planned, ReadDistribution, Wish
from envspec.assets.one_file import OneFile, Record, elsewhere, file_name, one_file
from envspec.errors import HashMismatchError
from envspec.lock.document import Asset, Variable

PROVIDES = ("torch.hub", "torchvision")

HOME = "torch"
"""Below ``{assets}``, for TORCH_HOME."""
_SOURCE = "torch 2.1.2: torch/hub.py (get_dir, load_state_dict_from_url)"

_Word = Annotated[str, msgspec.Meta(min_length=1)]


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """One weight file of torchvision as recorded."""

    url: _Word
    prefix: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{8,64}$")]
    """The start of its sha256."""
    module: Annotated[str, msgspec.Meta(pattern=r"^torchvision/models/[a-z0-9_/]+\.py$")]
    """The one of torchvision that names the file."""
    size_mib: float
    source: _Word
    checked: datetime.date


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``data/torchvision.toml``."""

    schema: int
    version: str
    file: tuple[Row, ...]


@functools.cache
def table() -> Table:
    """The recorded table."""
    return read_table("torchvision.toml", Table)


@functools.cache
def rows() -> dict[str, Row]:
    """Its rows by URL."""
    return {row.url: row for row in table().file}


def plan(wish: Wish, context: Context) -> Plan:
    """Fetch the file where only that tells its whole digest, and hold it against the start that is known."""
    url = wish.said["url"]
    prefix = known_prefix(url, wish.said["hash-prefix"] or "")
    earlier = _earlier(context, url, prefix)
    if wish.said["sha256"] or not (prefix or earlier):
        found = yield from one_file(
            Record(url), context, said_sha256=wish.said["sha256"], trust=wish.said["trust"]
        )
    elif earlier is not None:
        found = earlier
    else:
        (fetched,) = yield [Fetch(url, _expected_size(url))]
        found = _fetched(url, fetched)
    _refuse_other_start(url, prefix, found)
    warning = (yield from _read_torchvision(rows()[url])) if _is_torchvisions(wish) else ""
    asset = Asset(
        kind=wish.kind,
        provider=wish.provider,
        label=wish.label,
        files=(found.at(f"{HOME}/hub/checkpoints/{found.name}"),),
        hosts=found.hosts,
        variables=(Variable("TORCH_HOME", f"{{assets}}/{HOME}", (wish.label,), _SOURCE),),
        unconfirmed=found.unconfirmed,
    )
    return Planned(asset, (warning,) if warning else ())


def _is_torchvisions(wish: Wish) -> bool:
    return wish.provider == "torchvision" and wish.said["url"] in rows()


def _read_torchvision(row: Row) -> Generator[Sequence[ReadDistribution], Sequence[Any], str]:
    """What to warn of where the locked torchvision doesn't name this file, or can't be asked."""
    (held,) = yield [ReadDistribution("torchvision", (row.module,))]
    version = table().version
    if held is None:
        return f"torchvision isn't among the locked distributions; the file is one of {version}"
    if held.unread:
        return f"nobody looked into {held.file_name} ({held.unread}); the file is one of {version}"
    if f'"{row.url}"'.encode() in held.members.get(row.module, b""):
        return ""
    return f"{row.module} of torchvision {held.version} doesn't name this file, as {version} does"


def known_prefix(url: str, said: str) -> str:
    """The start of the sha256 that the spec, the table or the file's name says; the longest of them."""
    named = re.search(r"-([0-9a-f]{8,64})\.[^/.]*$", urlsplit(url).path)
    row = rows().get(url)
    return max((said, named[1] if named else "", row.prefix if row else ""), key=len)


def _earlier(context: Context, url: str, prefix: str) -> OneFile | None:
    """The file of the existing lock, if its digest still begins as it must."""
    held = context.earlier
    for file in held.files if held is not None else ():
        if held is not None and file.url == url and prefix and file.sha256.startswith(prefix):
            hashes, hosts = file.hashes, held.hosts
            return OneFile(file.name, url, hashes, file.size, file.digest_from, hosts=hosts)
    return None


def _expected_size(url: str) -> int | None:
    """For the progress bar only: three decimals of a MiB are no exact size."""
    row = rows().get(url)
    return round(row.size_mib * 1024 * 1024) if row else None


def _fetched(url: str, fetched: Fetched) -> OneFile:
    hashes, hosts = (("sha256", fetched.hashes["sha256"]),), elsewhere(url, fetched)
    return OneFile(file_name(url), url, hashes, fetched.size, "computed", hosts=hosts)


def _refuse_other_start(url: str, prefix: str, found: OneFile) -> None:
    sha256 = dict(found.hashes)["sha256"]
    if not sha256.startswith(prefix):
        raise HashMismatchError(
            what=f"{url} has sha256 {sha256}, its name or the spec says that it begins with {prefix}",
            why="the file was damaged on its way, or replaced; torch.hub would refuse it",
            fix="try again; if it stays so, check the URL and hash-prefix",
        )
