"""The target's environment: what locked projects and assets read, once each."""

from __future__ import annotations

import re

from envspec.assets import easyocr, hub_cache, nltk, openai_whisper, tiktoken, torch_hub
from envspec.assets.environment import disagreements, target_environment, variable_rows
from envspec.lock.document import Asset, Variable


def asset(label: str, *variables: tuple[str, str], when: str = "") -> Asset:
    rows = tuple(Variable(name, value, (label,), "here") for name, value in variables)
    return Asset("model", "url", label, variables=rows, when=when)


def values(*found: Variable) -> dict[str, str]:
    return {variable.name: variable.value for variable in found}


def test_only_what_a_locked_project_reads_is_set() -> None:
    assert values(*target_environment(["numpy", "tiktoken"], [])) == {
        "TIKTOKEN_CACHE_DIR": "{assets}/tiktoken"
    }
    assert target_environment(["numpy"], []) == ()


def test_what_forbids_reaching_out_is_not_set_for_an_open_network() -> None:
    closed = values(*target_environment(["huggingface-hub"], [], network="closed"))
    assert closed == {
        "HF_HUB_CACHE": "{assets}/hf",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_OFFLINE": "1",
    }
    assert values(*target_environment(["huggingface-hub"], [], network="open")) == {
        "HF_HUB_CACHE": "{assets}/hf"
    }
    assert values(*target_environment(["huggingface-hub"], [])) == closed


def test_readers_of_one_variable_stand_together_and_the_asset_knows_better() -> None:
    (found,) = target_environment(["tiktoken"], [asset("t", ("TIKTOKEN_CACHE_DIR", "{assets}/elsewhere"))])
    assert (found.value, found.read_by) == ("{assets}/elsewhere", ("t", "tiktoken"))


def test_lists_of_folders_are_joined_and_told_once() -> None:
    both = [
        asset("a", ("LD_LIBRARY_PATH", "{environment}/a")),
        asset("b", ("LD_LIBRARY_PATH", "{environment}/b")),
        asset("c", ("LD_LIBRARY_PATH", "{environment}/a")),
    ]
    (found,) = target_environment([], both)
    assert (found.value, found.read_by) == ("{environment}/a:{environment}/b", ("a", "b", "c"))
    assert disagreements(both) == []


def test_what_is_not_for_every_host_is_left_to_installing() -> None:
    compat = asset("cuda-compat 12.1", ("LD_LIBRARY_PATH", "{environment}/compat"), when="driver-older")
    assert target_environment([], [compat]) == ()


def test_two_assets_that_want_different_values_are_told() -> None:
    assert disagreements([asset("a", ("X", "1")), asset("b", ("X", "2")), asset("c", ("X", "1"))]) == [
        "X: a wants '1' and b '2'; the first is taken"
    ]


def test_every_row_names_a_normalized_project_and_a_variable_once() -> None:
    rows = variable_rows()
    assert len(rows) > 15
    assert len({(row.project, row.name) for row in rows}) == len(rows)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row.project) for row in rows)
    assert all(re.fullmatch(r"[A-Z][A-Z0-9_]*", row.name) for row in rows)


def test_a_project_looks_where_its_provider_lays_files() -> None:
    told = {row.name: row.value for row in variable_rows()}
    for name, folder in (
        ("EASYOCR_MODULE_PATH", easyocr.FOLDER),
        ("HF_HUB_CACHE", hub_cache.CACHE),
        ("NLTK_DATA", nltk.FOLDER),
        ("SENTENCE_TRANSFORMERS_HOME", hub_cache.CACHE),
        ("TIKTOKEN_CACHE_DIR", tiktoken.FOLDER),
        ("TORCH_HOME", torch_hub.HOME),
        ("XDG_CACHE_HOME", openai_whisper.CACHE),
    ):
        assert told[name] == f"{{assets}}/{folder}"
