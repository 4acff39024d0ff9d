"""The schema says what reading a spec says."""

from __future__ import annotations

from envspec.spec.json_schema import json_schema


def test_the_schema_knows_every_table_and_the_variants() -> None:
    assert " ".join(sorted(json_schema()["properties"])) == (
        "cuda cudnn files index install installers lock models name needs python smoke target variants"
    )


def test_a_variant_may_hold_any_table_but_no_name() -> None:
    variant = json_schema()["$defs"]["Variant"]
    assert "target" in variant["properties"]
    assert "name" not in variant["properties"]
    assert variant["additionalProperties"] is False


def test_keys_are_in_kebab_case_with_description_and_without_null() -> None:
    python = json_schema()["$defs"]["PythonTable"]
    assert python["properties"]["exclude-newer"] == {
        "type": "string",
        "format": "date",
        "description": "Files uploaded later are out; a date is a whole UTC day.",
        "examples": ["2025-07-01"],
    }
    assert python["additionalProperties"] is False


def test_a_disk_and_a_gpu_may_be_written_short() -> None:
    target = json_schema()["$defs"]["TargetTable"]["properties"]
    assert target["disk"]["additionalProperties"]["anyOf"] == [{"type": "string"}, {"$ref": "#/$defs/Disk"}]
    assert target["gpu"]["anyOf"] == [{"type": "string"}, {"$ref": "#/$defs/Gpu"}]


def test_only_a_spec_without_variants_must_describe_its_target_at_once() -> None:
    schema = json_schema()
    assert schema["required"] == ["name"]
    assert schema["if"] == {"not": {"required": ["variants"]}}
    assert schema["then"] == {"required": ["target"], "properties": {"target": {"required": ["python"]}}}
