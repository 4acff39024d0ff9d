"""JSON Schema of a spec, for editors, from the models that read it."""

from __future__ import annotations

import ast
import inspect
from types import ModuleType
from typing import Any

from envspec.spec import assets, document
from envspec.spec.document import SpecTables
from envspec.spec.values import NAME_PATTERN

Schema = dict[str, Any]


def json_schema() -> Schema:
    """The schema, keys as a spec writes them. What tables together must say, only reading a spec checks."""
    schema = SpecTables.model_json_schema(by_alias=True, mode="validation")
    _describe(schema)
    schema = _without_null(schema)
    tables = {key: value for key, value in schema["properties"].items() if key != "name"}
    definitions = schema["$defs"]
    for table in ("TargetTable", "Gpu"):  # a variant may say the rest of these
        del definitions[table]["required"]
    definitions["Variant"] = {
        "type": "object",
        "description": "Any table of the spec: they merge by key, arrays replace, [[index]] merges by name.",
        "properties": tables,
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "envspec spec",
        "type": "object",
        "properties": {
            **schema["properties"],
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


def _describe(schema: Schema) -> None:
    """Put the docstrings of the models' attributes into the schema as descriptions."""
    texts = {**_attribute_docstrings(assets), **_attribute_docstrings(document)}
    for table, definition in (*schema["$defs"].items(), ("SpecTables", schema)):
        for key, value in definition.get("properties", {}).items():
            text = texts.get((table, key.replace("-", "_")))
            if text:
                value["description"] = text


def _attribute_docstrings(module: ModuleType) -> dict[tuple[str, str], str]:
    texts = {}
    for model in ast.parse(inspect.getsource(module)).body:
        if not isinstance(model, ast.ClassDef):
            continue
        for attribute, text in zip(model.body, model.body[1:], strict=False):
            if (
                isinstance(attribute, ast.AnnAssign)
                and isinstance(attribute.target, ast.Name)
                and isinstance(text, ast.Expr)
                and isinstance(text.value, ast.Constant)
            ):
                texts[model.name, attribute.target.id] = str(text.value.value)
    return texts


def _without_null(node: Any) -> Any:
    """TOML has no null: what may be left out needs no type for its absence, and no default."""
    if isinstance(node, list):
        return [_without_null(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {
        key: _without_null(value)
        for key, value in node.items()
        if not (key == "default" and not isinstance(value, str)) and key != "title"
    }
    choices = [choice for choice in node.get("anyOf", []) if choice != {"type": "null"}]
    if "anyOf" in node and len(choices) == 1:
        del node["anyOf"]
        return {**choices[0], **node}
    return {**node, "anyOf": choices} if choices else node
