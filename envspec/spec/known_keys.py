"""The nearest known key to one that a spec may not hold."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from envspec.spec.document import SpecTables
from envspec.spec.kinds import Array
from envspec.spec.table import Table

_TAG_KEYS = ("provider", "kind")


def suggestion(key: str, known: tuple[str, ...]) -> str:
    """What the user may have meant by an unknown ``key`` of a table that knows ``known``."""
    from difflib import get_close_matches

    if "name" in known and "target" in known:  # the top of the file, where variants stand beside the tables
        known = (*known, "variants")
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
    homes: dict[str, tuple[str, ...]] = dict.fromkeys(SpecTables.KEYS, ("the top of the file",))
    homes["cuda"] = homes["cudnn"] = ("[variants.NAME]", "the top of the file")
    for label, table in _labelled(SpecTables, ""):
        for key in table.KEYS:
            if key not in ("name", "path", "url", *_TAG_KEYS) and label not in homes.get(key, ()):
                homes[key] = (*homes.get(key, ()), label)
    return homes


def _labelled(table: type[Table], prefix: str) -> Iterator[tuple[str, type[Table]]]:
    for name, key in table.KEYS.items():
        for inner in key.kind.tables:
            yield (f"[[{prefix}{name}]]" if isinstance(key.kind, Array) else f"[{prefix}{name}]"), inner
            yield from _labelled(inner, f"{prefix}{name}.")
