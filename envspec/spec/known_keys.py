"""The keys that a spec may hold, table by table, and the nearest one to a key that it may not."""

from __future__ import annotations

import types
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from envspec.spec.document import SpecTables
from envspec.spec.table import Table

Step = str | int
_TAG_KEYS = ("provider", "kind")


def table_at(place: tuple[Step, ...]) -> type[Table] | None:
    """The model that reads the table at ``place``, a place as pydantic gives it, tags of unions included."""
    node: Any = SpecTables
    for step in place:
        node = _step_into(node, step)
        if node is None:
            return None
    return _tables_of(node)[0] if len(_tables_of(node)) == 1 else None


def keys_of(table: type[Table]) -> tuple[str, ...]:
    """Its keys, as a spec writes them."""
    return tuple(field.alias or name for name, field in table.model_fields.items())


def example_of(table: type[Table], key: str) -> str:
    """A line to copy for ``key``, such as ``glibc = "2.28"``; empty where there's none."""
    for name, field in table.model_fields.items():
        if (field.alias or name) == key and field.examples:
            return f"{key} = {_toml(field.examples[0])}"
    return ""


def suggestion(key: str, known: tuple[str, ...]) -> str:
    """What the user may have meant by an unknown ``key`` of a table that knows ``known``."""
    from difflib import get_close_matches

    spelled = key.replace("_", "-").lower()
    if spelled in known:
        return f"did you mean {spelled!r}?"
    homes = _homes().get(spelled, ())
    if homes:
        return f"{spelled!r} belongs in {' or '.join(homes)}"
    near = get_close_matches(spelled, known, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    far = get_close_matches(spelled, _homes(), n=1, cutoff=0.75)
    return f"did you mean {far[0]!r}, which belongs in {' or '.join(_homes()[far[0]])}?" if far else ""


@cache
def _homes() -> dict[str, tuple[str, ...]]:
    homes: dict[str, tuple[str, ...]] = dict.fromkeys(keys_of(SpecTables), ("the top of the file",))
    homes["cuda"] = homes["cudnn"] = ("[variants.NAME]", "the top of the file")
    for label, table in _labelled(SpecTables, ""):
        for key in keys_of(table):
            if key not in ("name", "path", "url", *_TAG_KEYS) and label not in homes.get(key, ()):
                homes[key] = (*homes.get(key, ()), label)
    return homes


def _labelled(table: type[Table], prefix: str) -> Iterator[tuple[str, type[Table]]]:
    for name, field in table.model_fields.items():
        key = f"{prefix}{field.alias or name}"
        is_array = get_origin(_bare(field.annotation)) is tuple
        for inner in _tables_of(field.annotation):
            yield (f"[[{key}]]" if is_array else f"[{key}]"), inner
            yield from _labelled(inner, f"{key}.")


def _step_into(node: Any, step: Step) -> Any:
    node = _bare(node)
    if get_origin(node) in (tuple, dict):
        return get_args(node)[0 if get_origin(node) is tuple else 1]
    tables = _tables_of(node)
    if len(tables) > 1:
        return next((table for table in tables if step in _tags_of(table)), None)
    if not tables:
        return None
    fields = tables[0].model_fields.items()
    return next((field.annotation for name, field in fields if (field.alias or name) == step), None)


def _bare(node: Any) -> Any:
    while get_origin(node) is Annotated:
        node = get_args(node)[0]
    return node


def _tables_of(node: Any) -> list[type[Table]]:
    """The models that stand in an annotation, arrays and unions opened."""
    node = _bare(node)
    if isinstance(node, type) and issubclass(node, Table):
        return [node]
    if get_origin(node) in (tuple, dict, Union, types.UnionType):
        return [table for inner in get_args(node) for table in _tables_of(inner)]
    return []


def _tags_of(table: type[Table]) -> tuple[Any, ...]:
    for key in _TAG_KEYS:
        field = table.model_fields.get(key)
        if field is not None and get_origin(field.annotation) is Literal:
            return get_args(field.annotation)
    return ()


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f'"{key}" = {_toml(inner)}' for key, inner in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(_toml(inner) for inner in value)}]"
    return f'"{value}"' if isinstance(value, str) else str(value)
