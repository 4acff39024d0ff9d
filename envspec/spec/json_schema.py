"""JSON Schema of a spec, for editors, from the tables that read it."""

from __future__ import annotations

import ast
import inspect
from types import ModuleType

from envspec.spec import assets, document
from envspec.spec.document import SpecTables
from envspec.spec.kinds import Schema
from envspec.spec.table import Table
from envspec.spec.values import NAME_PATTERN


def json_schema() -> Schema:
    """The schema, keys as a spec writes them. What tables together must say, only reading a spec checks."""
    texts = {**_attribute_docstrings(assets), **_attribute_docstrings(document)}
    definitions = {table.__name__: _definition(table, texts) for table in _tables_under(SpecTables)}
    properties = _definition(SpecTables, texts)["properties"]
    for table in ("TargetTable", "Gpu"):  # a variant may say the rest of these
        del definitions[table]["required"]
    definitions["Variant"] = {
        "type": "object",
        "description": "Any table of the spec: they merge by key, arrays replace, [[index]] merges by name.",
        "properties": {key: value for key, value in properties.items() if key != "name"},
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "envspec spec",
        "type": "object",
        "properties": {
            **properties,
            "variants": {
                "type": "object",
                "description": "What differs between the locks of this spec.",
                "propertyNames": {"pattern": NAME_PATTERN},
                "additionalProperties": {"$ref": "#/$defs/Variant"},
            },
        },
        "required": ["name"],
        "if": {"not": {"required": ["variants"]}},
        "then": {"required": ["target"], "properties": {"target": {"required": ["python"]}}},
        "additionalProperties": False,
        "$defs": definitions,
    }


def _tables_under(table: type[Table]) -> list[type[Table]]:
    inner = [found for key in table.KEYS.values() for found in key.kind.tables]
    return list(dict.fromkeys(each for found in inner for each in (found, *_tables_under(found))))


def _definition(table: type[Table], texts: dict[tuple[str, str], str]) -> Schema:
    properties = {}
    for name, key in table.KEYS.items():
        text = texts.get((table.__name__, key.attribute))
        properties[name] = {
            **key.kind.schema(),
            **({"default": key.default} if isinstance(key.default, str) else {}),
            **({"examples": key.examples} if key.examples else {}),
            **({"description": text} if text else {}),
        }
    required = [name for name, key in table.KEYS.items() if key.is_required]
    return {
        "type": "object",
        "description": inspect.getdoc(table),
        "properties": properties,
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def _attribute_docstrings(module: ModuleType) -> dict[tuple[str, str], str]:
    """(class, attribute) to the docstring below the attribute."""
    texts = {}
    for table in ast.parse(inspect.getsource(module)).body:
        if not isinstance(table, ast.ClassDef):
            continue
        for attribute, text in zip(table.body, table.body[1:], strict=False):
            if (
                isinstance(attribute, ast.Assign)
                and isinstance(attribute.targets[0], ast.Name)
                and isinstance(text, ast.Expr)
                and isinstance(text.value, ast.Constant)
            ):
                texts[table.name, attribute.targets[0].id] = str(text.value.value)
    return texts
