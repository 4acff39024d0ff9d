"""Hidden models: defaults of parameters that name what is fetched if the caller names nothing."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator

from envspec.audit.calls import told
from envspec.audit.carriers import Carriers, carrier_name
from envspec.audit.package import SourcePackage
from envspec.audit.place import Place
from envspec.audit.reading import HiddenModel
from envspec.audit.scope import SourceFile
from envspec.audit.tables import Sinks

_MODEL_NAME = re.compile(r"[A-Za-z0-9][\w.+-]{2,95}(?:/[\w.+-]{1,95})?")
_LIKE_A_MODEL = re.compile(r"[/\d-]")
_NO_MODEL = {"auto", "none", "default", "base", "cpu", "cuda", "gpu", "local", "standard", "main"}
_DEFAULT = re.compile(rb"\b(\w+)\s*(?::[^=\n]{1,80})?=\s*[\"']")


def followed_models(package: SourcePackage, carriers: Carriers) -> Iterator[HiddenModel]:
    """Defaults that were followed to what fetches them."""
    for path, file in package.parsed.items():
        if not package.is_script(path):
            for place in file.functions:
                yield from _of_function(package, path, file, place, carriers)


def _of_function(
    package: SourcePackage, path: str, file: SourceFile, place: Place, carriers: Carriers
) -> Iterator[HiddenModel]:
    found: dict[str, set[tuple[str, str, str]]] = {}
    for carrier in carriers.of(carrier_name(file, place)):
        value = _model_name(place.defaults.get(carrier.parameter))
        if value:
            row = (told((value,), carrier.row)[0], carrier.row.provider, carrier.through)
            found.setdefault(carrier.parameter, set()).add(row)
    is_entry = bool(found) and package.is_entry(path, place)
    for parameter, rows in found.items():
        # Where one library adds an owner to the bare name and another doesn't, the former's is whole.
        for model, provider, through in {row for row in rows if "/" in row[0]} or rows:
            yield HiddenModel(path, place.line, place.name, parameter, model, provider, through, is_entry)


def named_models(
    package: SourcePackage, sinks: Sinks, provider: str, known: Collection[tuple[str, str]]
) -> Iterator[HiddenModel]:
    """Defaults of parameters whose name tells it, in what a package that fetches offers at its top.

    What hands a model on through a registry of classes can't be followed. ``provider`` is the
    package's, for names with an owner; ``known`` are (path, function) that were followed.
    """
    table = sinks.table.defaults
    for text in package.texts:
        names = frozenset(match[1] for match in _DEFAULT.finditer(text.data)) & sinks.defaults
        if not names or package.is_script(text.path):
            continue
        if not names <= text.parsed_for:
            package.parse(text, names | text.parsed_for)
        file = package.parsed.get(text.path)
        if file is None or any(file.imports(module) for module in table.not_beside):
            continue
        for place in file.functions:
            for parameter, default in place.defaults.items():
                value = _model_name(default) if parameter in table.parameters else ""
                is_new = _LIKE_A_MODEL.search(value) and (text.path, place.name) not in known
                if is_new and package.is_entry(text.path, place):
                    by = provider if "/" in value else ""
                    yield HiddenModel(
                        text.path, place.line, place.name, parameter, value, by, is_followed=False
                    )


def _model_name(default: ast.expr | None) -> str:
    """A default that names a model; empty for any other."""
    value = default.value if isinstance(default, ast.Constant) else None
    if not isinstance(value, str) or not _MODEL_NAME.fullmatch(value) or value.lower() in _NO_MODEL:
        return ""
    return value
