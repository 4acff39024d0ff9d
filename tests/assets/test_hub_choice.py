from __future__ import annotations

import time

import pytest

from envspec.assets.hub_choice import choose, other_forms
from envspec.assets.hub_listing import HubFile

LARGE_V3 = """
    added_tokens.json config.json flax_model.msgpack generation_config.json merges.txt
    model.fp32-00001-of-00002.safetensors model.fp32-00002-of-00002.safetensors model.safetensors
    model.safetensors.index.fp32.json normalizer.json preprocessor_config.json pytorch_model.bin
    pytorch_model.bin.index.fp32.json pytorch_model.fp32-00001-of-00002.bin
    pytorch_model.fp32-00002-of-00002.bin special_tokens_map.json tokenizer.json tokenizer_config.json
    vocab.json
"""
"""The recorded files of openai/whisper-large-v3, and the other forms of its weights."""
MINILM = """
    1_Pooling/config.json README.md config.json config_sentence_transformers.json model.safetensors
    modules.json onnx/model.onnx onnx/model_O1.onnx openvino/openvino_model.bin openvino/openvino_model.xml
    pytorch_model.bin rust_model.ot sentence_bert_config.json special_tokens_map.json tf_model.h5
    tokenizer.json tokenizer_config.json vocab.txt
"""
"""The recorded files of sentence-transformers/all-MiniLM-L6-v2, and the other forms of its weights."""


def files(names: str) -> list[HubFile]:
    return [HubFile(name, 1) for name in names.split()]


def left_out(names: str) -> set[str]:
    return {file.path for file, _ in choose(files(names), (), ()).left_out}


def taken(names: str, include: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> list[str]:
    return [file.path for file in choose(files(names), include, exclude).taken]


def test_of_whisper_large_v3_one_form_of_the_weights_is_taken() -> None:
    assert left_out(LARGE_V3) == {
        "flax_model.msgpack",
        "model.fp32-00001-of-00002.safetensors",
        "model.fp32-00002-of-00002.safetensors",
        "model.safetensors.index.fp32.json",
        "pytorch_model.bin",
        "pytorch_model.bin.index.fp32.json",
        "pytorch_model.fp32-00001-of-00002.bin",
        "pytorch_model.fp32-00002-of-00002.bin",
    }


def test_of_all_minilm_what_sentence_transformers_loads_is_taken() -> None:
    assert left_out(MINILM) == {
        "onnx/model.onnx",
        "onnx/model_O1.onnx",
        "openvino/openvino_model.bin",
        "openvino/openvino_model.xml",
        "pytorch_model.bin",
        "rust_model.ot",
        "tf_model.h5",
    }


@pytest.mark.parametrize(
    ("names", "out"),
    [
        ("config.json pytorch_model.bin", set()),
        ("config.json pytorch_model.bin tf_model.h5", {"tf_model.h5"}),
        ("config.json model.bin tokenizer.json vocabulary.txt", set()),
        ("onnx/model.onnx config.json", set()),
        ("model.safetensors voices/af.pt", set()),
        ("model.safetensors 2_Dense/pytorch_model.bin", set()),
        (
            "model.safetensors 2_Dense/pytorch_model.bin 2_Dense/model.safetensors",
            {"2_Dense/pytorch_model.bin"},
        ),
        ("adapter_model.safetensors adapter_model.bin", {"adapter_model.bin"}),
        ("adapter_model.safetensors pytorch_model.bin", set()),
        ("model.fp16.safetensors config.json", set()),
        (
            "model-00001-of-00002.safetensors model-00002-of-00002.safetensors model.safetensors.index.json"
            " pytorch_model-00001-of-00001.bin pytorch_model.bin.index.json",
            {"pytorch_model-00001-of-00001.bin", "pytorch_model.bin.index.json"},
        ),
        (
            "unet/diffusion_pytorch_model.bin unet/diffusion_pytorch_model.safetensors"
            " unet/diffusion_pytorch_model.fp16.safetensors vae/diffusion_pytorch_model.fp16.safetensors",
            {"unet/diffusion_pytorch_model.bin", "unet/diffusion_pytorch_model.fp16.safetensors"},
        ),
    ],
    ids=[
        "bin is kept where nothing else is there",
        "TensorFlow's are left out beside bin",
        "CTranslate2's model.bin is no other form",
        "ONNX is kept where it is all there is",
        "voices in their own folder are kept",
        "a module's bin is kept where its folder has no safetensors",
        "a module's bin is left out where it has",
        "an adapter's bin beside its safetensors",
        "an adapter's safetensors stand for no model's bin",
        "a variant that is all there is",
        "shards stand for shards",
        "a pipeline, each folder by itself",
    ],
)
def test_what_is_left_out(names: str, out: set[str]) -> None:
    assert left_out(names) == out


def test_include_and_exclude_mean_what_the_client_means() -> None:
    names = "a.json b/c.json b/d/e.txt B/f.json g.JSON"
    assert taken(names, ("*.json",)) == ["a.json", "b/c.json", "B/f.json"]
    assert taken(names, ("b/",)) == ["b/c.json", "b/d/e.txt"]
    assert taken(names, ("*.json",), ("b/*",)) == ["a.json", "B/f.json"]
    assert taken(names, (), ("b/", "*.JSON")) == ["a.json", "B/f.json"]
    assert taken(names, ("[ab].json",)) == ["a.json"]
    assert taken(names, ("b\\c.json",)) == ["b/c.json"]


def test_an_include_takes_other_forms_too_and_an_exclude_alone_does_not() -> None:
    names = "model.safetensors pytorch_model.bin onnx/model.onnx"
    assert taken(names, ("*",)) == names.split()
    assert taken(names, (), ("onnx/",)) == ["model.safetensors"]
    assert taken(names, (), ("model.safetensors",)) == ["pytorch_model.bin", "onnx/model.onnx"]


def test_patterns_that_match_nothing_are_told() -> None:
    assert choose(files("a.json"), ("*.json", "*.txt"), ()).idle == ("*.txt",)


def test_a_hundred_thousand_files_of_one_folder_are_chosen_from_in_seconds() -> None:
    many = [HubFile(f"data/part-{number}.bin", 1) for number in range(50_000)]
    many += [HubFile(f"data/model.{number}.safetensors", 1) for number in range(50_000)]
    start = time.monotonic()
    assert len(choose(many, (), ()).taken) == 100_000
    assert time.monotonic() - start < 20


def test_every_row_of_the_table_has_its_source_and_day() -> None:
    assert other_forms()
    assert all(row.source and row.checked.year >= 2026 for row in other_forms())
