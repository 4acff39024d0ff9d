"""LockRequest to JSON and back, with the standard library alone, since start-up counts."""

from __future__ import annotations

import functools
import json
from typing import Any, get_args, get_origin, get_type_hints

from envspec.spec.request import LockRequest


def to_json(request: LockRequest) -> str:
    """One line of JSON that ``from_json`` reads; equal requests give equal text."""
    return json.dumps(_plain(request), ensure_ascii=True, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if hasattr(value, "_asdict"):
        return {name: _plain(item) for name, item in value._asdict().items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def from_json(text: str) -> LockRequest:
    """The request that ``to_json`` wrote; raises ValueError for anything else."""
    try:
        raw = json.loads(text, object_pairs_hook=_refuse_twins)
    except RecursionError:
        raise ValueError("JSON nested too deep for a lock request") from None
    request: LockRequest = _read(raw, LockRequest, "request")
    return request


def _refuse_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("JSON with a key twice")
    return table


def _read(value: Any, kind: Any, place: str) -> Any:
    if kind in (str, int, bool):
        if type(value) is not kind:
            raise ValueError(f"{place} is no {kind.__name__}")
        return value
    if get_origin(kind) is tuple:
        return _read_tuple(value, get_args(kind), place)
    fields = _fields(kind)
    if not isinstance(value, dict) or value.keys() != fields.keys():
        raise ValueError(f"{place} doesn't have the keys of {kind.__name__}")
    return kind(**{name: _read(value[name], inner, f"{place}.{name}") for name, inner in fields.items()})


@functools.cache
def _fields(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read_tuple(value: Any, kinds: tuple[Any, ...], place: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise ValueError(f"{place} is no array")
    if kinds[1:] == (...,):
        return tuple(_read(item, kinds[0], f"{place}[{at}]") for at, item in enumerate(value))
    if len(value) != len(kinds):
        raise ValueError(f"{place} has {len(value)} items, not {len(kinds)}")
    return tuple(
        _read(item, kind, f"{place}[{at}]") for at, (item, kind) in enumerate(zip(value, kinds, strict=True))
    )
