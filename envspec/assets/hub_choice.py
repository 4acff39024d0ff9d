"""Which files of a repository are taken: what the spec's patterns say, or what a program loads unasked.

Patterns mean what they mean to huggingface_hub (utils/_paths.py: filter_repo_objects, 0.36.2 and 2.4.0):
``fnmatch`` with case, ``*`` also matches ``/``, and a pattern that ends in ``/`` stands for all below.
Without ``include`` the same weights aren't carried in several forms: the rows of ``data/huggingface.toml``
say which file is left out where which other one is there.
"""

from __future__ import annotations

import datetime
import functools
import posixpath
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Literal

import msgspec

from envspec.assets.data_table import read_table
from envspec.assets.hub_listing import HubFile
from envspec.named_tuple import NamedTuple


class Choice(NamedTuple):
    """The files that are taken, and why others aren't."""

    taken: tuple[HubFile, ...]
    left_out: tuple[tuple[HubFile, str], ...] = ()
    """Those that the defaults leave out, with the path that makes each dispensable."""
    idle: tuple[str, ...] = ()
    """Patterns of ``include`` that match no file."""


class OtherForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of the table: a file that nobody loads where another one is there."""

    leave: Annotated[str, msgspec.Meta(min_length=1)]
    """Pattern of the file's name; of its path where ``scope`` is ``repository``."""
    where: Annotated[str, msgspec.Meta(min_length=1)]
    """Pattern of the name that must be there: beside it, or at the top where ``scope`` is ``repository``."""
    scope: Literal["folder", "repository"]
    source: Annotated[str, msgspec.Meta(min_length=1)]
    checked: datetime.date


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: int
    form: tuple[OtherForm, ...]


@functools.cache
def other_forms() -> tuple[OtherForm, ...]:
    """Every row, in the table's order."""
    return read_table("huggingface.toml", _Table).form


def choose(files: Sequence[HubFile], include: Sequence[str], exclude: Sequence[str]) -> Choice:
    """The files that a spec with these patterns takes, in the order given."""
    wanted = [_pattern(text) for text in include]
    unwanted = [_pattern(text) for text in exclude]
    kept = [file for file in files if not _matches(file.path, unwanted)]
    if wanted:
        idle = (text for text, pattern in zip(include, wanted, strict=True) if not _any(files, pattern))
        return Choice(tuple(file for file in kept if _matches(file.path, wanted)), idle=tuple(idle))
    forms = _Forms(kept)
    left_out = {file.path: other for file in kept if (other := forms.instead_of(file.path))}
    return Choice(
        tuple(file for file in kept if file.path not in left_out),
        tuple((file, left_out[file.path]) for file in kept if file.path in left_out),
    )


def is_exact(pattern: str) -> bool:
    """Whether a pattern names one file, with nothing that stands for others."""
    return not any(character in pattern for character in "*?[") and not pattern.endswith("/")


def _pattern(text: str) -> str:
    text = text.replace("\\", "/")
    return f"{text}*" if text.endswith("/") else text


def _matches(path: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)


def _any(files: Sequence[HubFile], pattern: str) -> bool:
    return any(fnmatchcase(file.path, pattern) for file in files)


class _Forms:
    """Answers by the table which file stands for which, each folder searched once a row."""

    def __init__(self, files: Sequence[HubFile]) -> None:
        self._names: dict[str, list[str]] = {}
        for file in files:
            folder, name = posixpath.split(file.path)
            self._names.setdefault(folder, []).append(name)
        self._found: dict[tuple[str, OtherForm], str] = {}

    def instead_of(self, path: str) -> str:
        """The file that makes ``path`` dispensable; empty where none does."""
        folder, name = posixpath.split(path)
        for form in other_forms():
            if form.scope == "repository" and fnmatchcase(path, form.leave):
                other = self._holder("", form)
            elif form.scope == "folder" and fnmatchcase(name, form.leave):
                other = self._holder(folder, form)
            else:
                continue
            if other:
                return other
        return ""

    def _holder(self, folder: str, form: OtherForm) -> str:
        key = (folder, form)
        if key not in self._found:
            names = self._names.get(folder, ())
            name = next((n for n in names if fnmatchcase(n, form.where)), "")
            self._found[key] = posixpath.join(folder, name) if name else ""
        return self._found[key]
