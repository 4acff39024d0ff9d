from __future__ import annotations

import datetime
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
from pypi_simple import PYPI_SIMPLE_ENDPOINT

import envspec
from envspec.compat import cuda
from envspec.compat.all_tables import document, documents, rows_of, tables_of
from envspec.compat.rows import Row, read_table

DATA = Path(envspec.__file__).parent / "compat" / "data"

KEYS: dict[str, tuple[str, ...]] = {
    "compilers.compiler": ("project",),
    "cuda.toolkit": ("version",),
    "cuda.floor": ("major",),
    "cuda.branch": ("branch",),
    "cuda.compat-package": ("cuda",),
    "cuda.limit": ("of", "name"),
    "cuda.code-target": ("target",),
    "cuda.error-code": ("code",),
    "cudnn.support": ("cudnn", "cuda", "capabilities"),
    "cudnn.library": ("soname",),
    "cudnn.fact": ("name",),
    "gpus.gpu": ("id",),
    "installers.cuda-runfile": ("version",),
    "installers.driver-runfile": ("version",),
    "installers.cudnn-archive": ("version", "cuda_major"),
    "installers.installed-size": ("version",),
    "installers.option": ("of", "option"),
    "installers.fact": ("of", "name"),
    "installers.failure": ("of", "text"),
    "os.os": ("id", "version"),
    "rules.rule": ("name",),
    "system-libraries.library": ("soname",),
    "system-libraries.executable": ("name",),
    "system-libraries.need": ("project", "thing"),
    "system-libraries.instead": ("project",),
    "system-libraries.media": ("name",),
    "tls-clients.client": ("name", "versions"),
    "tls-clients.store": ("name",),
    "torch.build": ("torch", "variant"),
    "torch.set": ("torch",),
    "torch.fact": ("name",),
    "torch.numpy-one": ("project",),
    "torch.triton": ("version",),
}
"""What no two rows of a table may share."""


def all_rows() -> Iterator[tuple[str, Row]]:
    for name in documents():
        for table in tables_of(name):
            for row in rows_of(table):
                yield table, row


HOST = urlsplit(PYPI_SIMPLE_ENDPOINT).hostname or ""
UNWANTED = re.compile(rf"{re.escape(HOST)}|/home/|/root/")
"""What no committed row may name: the registry's host, and places of a machine."""


def test_every_document_is_read_by_a_module() -> None:
    assert {path.name for path in DATA.iterdir()} == {f"{name}.json" for name in documents()}


def test_every_row_names_a_source_and_the_day_it_was_checked() -> None:
    wrong = [
        (table, row)
        for table, row in all_rows()
        if "unknown" in row.source.split("; ")
        or not datetime.date(2026, 11, 22) <= row.checked <= datetime.date.today()
    ]
    assert wrong == []


def test_a_source_that_nobody_can_look_up_makes_its_row_weak() -> None:
    wrong = [
        (table, row.source)
        for table, row in all_rows()
        if "not on record" in row.source and not row.weak and not getattr(row, "is_cuda_weak", False)
    ]
    assert wrong == []


def test_no_two_rows_of_a_table_share_their_key() -> None:
    counts = Counter((table, *(getattr(row, field) for field in KEYS[table])) for table, row in all_rows())
    assert [key for key, count in counts.items() if count > 1] == []


def test_no_table_is_empty() -> None:
    assert {table for table, _ in all_rows()} == set(KEYS)


@pytest.mark.parametrize("name", documents())
def test_a_document_has_a_row_a_line_and_says_what_its_columns_mean(name: str) -> None:
    text = (DATA / f"{name}.json").read_text(encoding="utf-8")
    whole = json.loads(text)
    rows = sum(len(rows) for field, rows in whole.items() if field not in ("schema", "about"))
    assert sum(line.startswith("  {") for line in text.splitlines()) == rows
    assert whole["schema"] == document(name).schema == 1
    assert len(document(name).about) >= 1
    assert text.isascii()


@pytest.mark.parametrize("name", documents())
def test_no_document_names_the_host_of_a_package_registry_or_a_path_of_a_machine(name: str) -> None:
    assert UNWANTED.findall((DATA / f"{name}.json").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"source": ""}, "Expected `str` of length >= 1 - at `$.source`"),
        ({"checked": "soon"}, "Invalid RFC3339 encoded date - at `$.checked`"),
        ({"version": "twelve"}, "Expected `str` matching regex"),
        ({"verison": "12.1.0"}, "Object contains unknown field `verison`"),
        ({"driver": "530 or so"}, "Expected `str` matching regex"),
    ],
)
def test_a_row_that_breaks_its_rules_is_refused(change: dict[str, str], said: str) -> None:
    row = {"version": "12.1.0", "driver": "530.30.02", "source": "a page", "checked": "2026-11-22"}
    with pytest.raises(msgspec.ValidationError, match=re.escape(said)):
        msgspec.json.decode(json.dumps({**row, **change}).encode(), type=cuda.ToolkitRelease)


def test_a_row_without_a_source_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="missing required field `source`"):
        msgspec.json.decode(b'{"version": "12.1.0", "checked": "2026-11-22"}', type=cuda.ToolkitRelease)


def test_rows_are_values_that_nobody_can_change() -> None:
    row = next(row for _, row in all_rows())
    assert isinstance(row, Row)
    with pytest.raises(AttributeError):
        row.note = "changed"  # type: ignore[misc]


def test_a_document_that_is_not_there_ends_in_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        read_table("no-such-table", cuda.Tables)


def test_a_table_that_is_not_there_is_told() -> None:
    with pytest.raises(KeyError, match=r"cuda\.branches"):
        rows_of("cuda.branches")


def test_the_page_on_tables_names_every_document() -> None:
    page = Path(__file__).parents[2] / "docs" / "tables.md"
    text = page.read_text(encoding="utf-8")
    assert [name for name in documents() if f"`{name}.json`" not in text] == []
