"""The tables of ``assets/data``, read and validated; each row has a source and the day it was checked."""

from __future__ import annotations

import pkgutil
from typing import TypeVar

import msgspec

from envspec.toml_library import tomllib

T = TypeVar("T")


def read_table(name: str, kind: type[T]) -> T:
    """``data/NAME`` as a value of ``kind``. Raises msgspec.ValidationError where a row is wrong."""
    data = pkgutil.get_data("envspec.assets", f"data/{name}") or b""
    return msgspec.convert(tomllib.loads(data.decode()), kind)
