"""The tables of the audit: each row sourced, each [[models]] table one that a spec takes."""

from __future__ import annotations

import pytest

from envspec.audit.tables import packages, sinks
from envspec.spec.reader import read_spec

SPEC = """
name = "demo"
[target]
os = "rhel-8.9"
python = "3.10"
[python]
requirements = ["demo"]
"""


def test_every_row_has_a_source_and_a_day() -> None:
    table = sinks().table
    told = [(row.source, row.checked) for row in table.sink]
    told += [(row.source, row.checked) for row in table.not_a_sink]
    told += [(row.source, row.checked) for row in packages().values()]
    assert all(source and checked for source, checked in told)
    assert len(told) > 60


@pytest.mark.parametrize("project", sorted(name for name, row in packages().items() if row.models))
def test_a_table_to_paste_is_one_that_a_spec_takes(project: str) -> None:
    row = packages()[project]
    pasted = row.models.replace("NAME @ URL", "name @ https://host.example/name-1.0-py3-none-any.whl")
    spec = read_spec(f"{SPEC}[[models]]\n{pasted}\n", "demo.toml")
    (model,) = spec.variants[""].models
    assert getattr(model, "provider", "") == (row.provider or "path")


@pytest.mark.parametrize(
    ("dotted", "kind"),
    [
        ("huggingface_hub.file_download.hf_hub_download", "hub"),
        ("transformers.AutoModel.from_pretrained", "hub"),
        ("torchvision.models.vgg.vgg16", "torch-hub"),
        ("urllib.request.urlretrieve", "url-file"),
        ("httpx2.AsyncClient", "http"),
    ],
)
def test_a_name_finds_its_row(dotted: str, kind: str) -> None:
    row = sinks().row(dotted)
    assert row is not None
    assert row.kind == kind


@pytest.mark.parametrize(
    "dotted", ["torch.nn.Embedding.from_pretrained", "torchvision.transforms.Resize", "len"]
)
def test_other_names_find_none(dotted: str) -> None:
    assert sinks().row(dotted) is None
