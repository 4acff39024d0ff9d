"""What the lock keeps of an audit, and what it warns of."""

from __future__ import annotations

from typing import Any

import pytest

from envspec.audit.audited import audited
from envspec.audit.reading import Elf, Reading, Started
from envspec.audit.rows import table_of, warned
from envspec.audit.tables import packages
from envspec.lock.document import Asset, Lock, LockedDistribution, LockedFile
from tests.audit.test_audited import KEYBERT, MINILM, STRONG, archive, both

CLASH = Reading(files=(("keybert/_model.py", 11, 2),))
WARNING = (
    f"audit: keybert fetches {MINILM} if the caller names nothing (keybert/_model.py:42);"
    " no model of this lock covers it"
)


def locked(*names: str, audit: Any, assets: tuple[Asset, ...] = (), warnings: tuple[str, ...] = ()) -> Lock:
    def wheel(name: str) -> LockedFile:
        return LockedFile(f"{name}-1.0-py3-none-any.whl", (("sha256", name[0] * 64),), path=f"{name}.whl")

    return Lock(
        "demo", "", "0" * 64, "urls", (), "", assets=assets, warnings=warnings, extra_tool={"audit": audit},
        distributions=tuple(LockedDistribution(name, "1.0", wheel(name)) for name in names),
    )  # fmt: skip


def test_the_row_of_a_wheel_has_the_documented_shape() -> None:
    reading = KEYBERT._replace(
        elves=(
            Elf("k/_k.abi3.so", "", ("libGL.so.1",), "2.17", "3.4.19", True),
            Elf("k/p.so", "", (), "2.32"),
        ),
        started=(
            Started("brew", "k/a.py", 1),
            Started("ffmpeg", "k/a.py", 3),
            Started("ffmpeg", "k/b.py", 9),
        ),
        code_targets=("compute_90", "sm_80"),
        not_read=("k/x.so: it isn't 64-bit",),
    )
    found = audited([archive("keybert", reading), archive("sentence", CLASH)], (), packages())
    assert table_of(found, {})["k" * 64] == {
        "analyser": "1",
        "name": "keybert",
        "version": "1.0",
        "glibc": "2.17",
        "glibcxx": "3.4.19",
        "glibc-use": "2.32",
        "libraries": [{"soname": "libGL.so.1", "needed": "import", "by": "k/_k.abi3.so"}],
        "executables": [{"name": "ffmpeg", "needed": "use", "by": "k/a.py:3"}],
        "code-targets": ["compute_90", "sm_80"],
        "unpacked-bytes": 1234,
        "files": 7,
        "not-read": ["k/x.so: it isn't 64-bit"],
        "conflicts": [{"name": "sentence", "with": "s" * 64, "path": "keybert/_model.py", "differing": 1}],
        "uncovered": True,
        "why": "KeyBERT() without an argument loads all-MiniLM-L6-v2 through sentence-transformers",
        "provider": "huggingface",
        "egress": [
            {
                "kind": "hub",
                "file": "keybert/_model.py",
                "line": 42,
                "call": "KeyBERT.__init__(model=...)",
                "what": MINILM,
                "provider": "huggingface",
                "reach": "default",
                "covered": False,
            },
            {
                "kind": "hub",
                "file": "keybert/backend/_hf.py",
                "line": 9,
                "call": "transformers.pipeline",
                "what": "",
                "provider": "huggingface",
                "reach": "call",
                "covered": False,
            },
        ],
    }


def test_a_wheel_that_was_not_read_keeps_the_row_it_had() -> None:
    found = audited([archive("keybert", Reading(), "gone"), archive("b", Reading(), "gone")], (), {})
    assert table_of(found, {"k" * 64: {"name": "keybert"}, "z" * 64: {}}) == {"k" * 64: {"name": "keybert"}}


def test_while_a_wheel_is_unread_nobody_says_that_none_brings_a_library() -> None:
    reading = Reading(elves=(Elf("k/_k.abi3.so", "", ("libcublas.so.12",), "2.17", "", True),))
    found = audited([archive("keybert", reading), archive("nvidia", Reading(), "gone")], (), {})
    row = table_of(found, {})["k" * 64]
    assert "libraries" not in row
    assert row["not-read"] == ["libraries: 1 files of the lock weren't read and may bring libcublas.so.12"]
    assert row["glibc"] == "2.17"


def test_uncovered_egress_and_conflicts_are_warnings_after_the_others() -> None:
    found = audited([archive("keybert", KEYBERT), archive("clash", CLASH)], (), packages())
    lock = locked(
        "clash", "keybert", audit=table_of(found, {}), warnings=("mine", "audit: of an earlier audit")
    )
    assert warned(lock).warnings == (
        "mine",
        "audit: clash and keybert install different bytes at 1 path(s), keybert/_model.py among them;"
        " the last one wins",
        WARNING,
    )


def test_a_conflict_with_a_wheel_that_is_locked_no_more_is_none() -> None:
    found = audited([archive("keybert", KEYBERT), archive("clash", CLASH)], (), packages())
    assert warned(locked("clash", audit=table_of(found, {}))).warnings == ()


def test_a_model_that_the_lock_holds_by_now_is_no_warning() -> None:
    table = table_of(both(), {})
    assert warned(locked("keybert", audit=table)).warnings == (WARNING,)
    model = Asset("model", "huggingface", f"huggingface {MINILM}@main")
    assert warned(locked("keybert", audit=table, assets=(model,))).warnings == ()


def test_a_known_user_of_models_is_warned_of_until_the_lock_holds_one_of_its_provider() -> None:
    found = audited([archive("easyocr", STRONG)], (), packages())
    table = table_of(found, {})
    assert warned(locked("easyocr", audit=table)).warnings == (
        "audit: easyocr: easyocr.Reader(languages) fetches the detector and a recognizer for each script;"
        " no model of this lock covers it",
    )
    model = Asset("model", "easyocr", "easyocr ko, en")
    assert warned(locked("easyocr", audit=table, assets=(model,))).warnings == ()


def test_a_project_that_no_table_knows_is_warned_of_by_its_first_fetch() -> None:
    table = table_of(audited([archive("demo", STRONG)], (), packages()), {})
    assert warned(locked("demo", audit=table)).warnings == (
        "audit: demo fetches what its caller names (a.py:3); no model of this lock covers it",
    )


@pytest.mark.parametrize(
    "audit",
    [
        None,
        3,
        [],
        {"k" * 64: 3},
        {"k" * 64: {"uncovered": True, "egress": 5, "conflicts": [3, {"with": []}]}},
    ],
)
def test_a_table_of_another_shape_warns_of_nothing(audit: Any) -> None:
    assert warned(locked("keybert", audit=audit, warnings=("mine",))).warnings == ("mine",)
