"""Turns what pydantic found wrong with a spec into sentences a user can act on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from envspec.errors import InvalidValueError
from envspec.spec.known_keys import example_of, keys_of, suggestion, table_at
from envspec.spec.shown import MAX_SHOWN_LENGTH, shown
from envspec.spec.variants import Place

_WANTED = {
    "string_type": "a string",
    "tuple_type": "an array",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "bool_type": "true or false",
    "int_type": "a whole number",
}
_TAGGED = ("models", "installers")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that's wrong, at its place in the tables that were read."""

    place: Place
    found: str
    """What was met: ``missing``, ``no such key``, ``'2,28' can't be read``."""
    why: str
    fix: str
    of_a_value: bool
    """True where a written value is at fault by itself; False for absences and contradictions."""

    def to_error(self, where: str, place: Place) -> InvalidValueError:
        """The error to show, as if it stood at ``place`` of the file ``where``."""
        return InvalidValueError(what=f"{where}: {spell(place)}: {self.found}", why=self.why, fix=self.fix)


def spell(place: Place) -> str:
    """``target.disk."/".free`` and ``index[0].name``, as TOML would write the keys."""
    text = ""
    for step in place:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            key = step if re.fullmatch(r"[A-Za-z0-9_-]+", step) else _quoted(step)
            text += f".{key}" if text else key
    return text


def problems_of(error: ValidationError) -> list[Problem]:
    """Each problem of one validation, in the order of the file's tables."""
    return [_problem(details) for details in error.errors(include_url=False)]


def _problem(details: Any) -> Problem:
    raw: Place = details["loc"]
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    if raw[-1:] == ("[key]",) and kind != "extra_forbidden":  # it's the key itself that is wrong
        raw = raw[:-1]
    place = _without_tag(raw)
    if kind == "missing":
        return _missing(raw, place)
    if kind == "union_tag_not_found":
        key = "provider" if place[0] == "models" else "kind"
        why = f"[[{place[0]}]] has no {key}, so nothing says how to read it"
        return Problem((*place, key), "missing", why, f"{key} is one of: {_tags(place)}", of_a_value=False)
    if kind == "extra_forbidden":
        return _unknown_key(raw, place)
    if kind == "envspec":
        place = (*place, *context["at"])
        is_table = isinstance(value, dict)
        found = "doesn't hold together" if is_table else f"{shown(value)} can't be read"
        return Problem(place, found, context["why"], context["fix"], of_a_value=not is_table)
    found = f"{shown(value)} can't be read"
    if kind == "union_tag_invalid":
        key = "provider" if place[0] == "models" else "kind"
        choices = [str(tag) for tag in re.findall(r"'([^']*)'", context["expected_tags"])]
        return _not_among(context["tag"], choices, (*place, key))
    if kind == "literal_error":
        return _not_among(value, re.findall(r"'([^']*)'", context["expected"]), place)
    return Problem(place, found, *_why_and_fix(kind, value, details["msg"], raw), of_a_value=True)


def _why_and_fix(kind: str, value: Any, message: str, raw: Place) -> tuple[str, str]:
    example = _example(raw)
    wanted = _WANTED.get(kind)
    if wanted is None:
        return {"too_short": "it's empty"}.get(kind, message[:1].lower() + message[1:]), example
    if wanted == "a string" and isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return "it must be a string", f'write it in quotes: "{shown(value)}"'
    if wanted == "a table" and isinstance(value, list):
        return "it must be a table", f"write [{spell(_without_tag(raw))}] with single brackets"
    return f"it must be {wanted}", example


def _missing(raw: Place, place: Place) -> Problem:
    return Problem(place, "missing", "the lock depends on it", _example(raw), of_a_value=False)


def _unknown_key(raw: Place, place: Place) -> Problem:
    table = table_at(raw[:-1])
    known = keys_of(table) if table else ()
    header = _header(place[:-1])
    hint = suggestion(str(place[-1]), known)
    return Problem(place, "no such key", f"{header} knows {', '.join(known)}", hint, of_a_value=True)


def _header(place: Place) -> str:
    if not place:
        return "the top of the file"
    keys = spell(tuple(step for step in place if isinstance(step, str)))
    return f"[[{keys}]]" if isinstance(place[-1], int) else f"[{keys}]"


def _not_among(value: Any, choices: list[str], place: Place) -> Problem:
    from difflib import get_close_matches

    near = get_close_matches(str(value).lower(), choices, n=1, cutoff=0.5) if isinstance(value, str) else []
    why = f"it must be one of: {', '.join(choices)}"
    return Problem(
        place, f"{shown(value)} can't be read", why, f"did you mean {near[0]!r}?" if near else "", True
    )


def _example(raw: Place) -> str:
    key = next((step for step in reversed(raw) if isinstance(step, str)), "")
    table = table_at(raw[: len(raw) - 1 - raw[::-1].index(key)]) if key else None
    example = example_of(table, key) if table else ""
    return f"for example {example}" if example else ""


def _without_tag(raw: Place) -> Place:
    """pydantic puts the provider or kind of a table behind its position; the file has no such key."""
    if len(raw) > 2 and raw[0] in _TAGGED and isinstance(raw[1], int):
        return (*raw[:2], *raw[3:])
    return raw


def _tags(place: Place) -> str:
    if place[0] == "installers":
        return "cuda, cudnn, driver, cuda-compat, python, file"
    return "huggingface, easyocr, openai-whisper, torchvision, torch.hub, tiktoken, nltk, url, path, wheel"


def _quoted(key: str) -> str:
    short = key if len(key) <= MAX_SHOWN_LENGTH else key[:MAX_SHOWN_LENGTH] + "..."
    return '"' + repr(short)[1:-1].replace('"', '\\"') + '"'
