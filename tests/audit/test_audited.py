"""Readings of a lock, judged together."""

from __future__ import annotations

import datetime

from envspec.audit.audited import Audited, AuditedPackage, LockedArchive, audited
from envspec.audit.coverage import Held
from envspec.audit.reading import AssetUrls, Egress, HiddenModel, Reading
from envspec.audit.tables import PackageRow, packages

DAY = datetime.date(2026, 11, 28)
MINILM = "sentence-transformers/all-MiniLM-L6-v2"
HOLDS_MINILM = (Held("huggingface", frozenset({MINILM})),)
KEYBERT = Reading(
    hidden=(
        HiddenModel(
            "keybert/_model.py", 42, "KeyBERT.__init__", "model", MINILM, "huggingface",
            "sentence_transformers",
        ),
    ),
    egress=(
        Egress(
            "hub", "strong", "keybert/backend/_hf.py", 9, "f", "transformers.pipeline", provider="huggingface"
        ),
    ),
    files=(("keybert/_model.py", 10, 1),),
    unpacked_bytes=1234,
    file_count=7,
)  # fmt: skip
SENTENCE = Reading(files=(("sentence_transformers/__init__.py", 1, 1),))


def archive(name: str, reading: Reading, why_not: str = "") -> LockedArchive:
    return LockedArchive(name, "1.0", f"{name}-1.0-py3-none-any.whl", name[0] * 64, reading, why_not)


def one(name: str, reading: Reading, held: tuple[Held, ...] = (), **known: PackageRow) -> AuditedPackage:
    return audited([archive(name, reading)], held, {row.project: row for row in known.values()}).packages[0]


def both(held: tuple[Held, ...] = ()) -> Audited:
    archives = [archive("sentence-transformers", SENTENCE), archive("keybert", KEYBERT)]
    return audited(archives, held, packages())


def test_a_default_that_the_lock_does_not_hold_is_told_first_with_its_table_to_paste() -> None:
    found = both()
    assert [package.name for package in found.packages] == ["keybert", "sentence-transformers"]
    fetch = found.packages[0].fetches[0]
    assert (fetch.reach, fetch.what, fetch.covered, fetch.through) == (
        "default",
        (MINILM,),
        False,
        "sentence-transformers",
    )
    assert found.models == (
        "[[models]]   # keybert: KeyBERT.__init__(model=...) if the caller names nothing\n"
        f'provider = "huggingface"\nrepo = "{MINILM}"\n',
    )


def test_a_default_that_the_lock_holds_is_covered() -> None:
    found = both(HOLDS_MINILM)
    assert found.uncovered == ()
    assert found.models == ()
    assert all(fetch.covered for fetch in found.packages[0].fetches)


def test_a_default_deep_inside_is_told_and_does_not_count() -> None:
    deep = KEYBERT._replace(hidden=(KEYBERT.hidden[0]._replace(is_entry=False),), egress=())
    package = one("demo", deep, row=row("asked", "huggingface"))
    assert [(fetch.reach, fetch.what) for fetch in package.fetches] == [("call", (MINILM,))]
    assert not package.is_uncovered


def test_places_that_say_the_same_are_one_fetch() -> None:
    rows = tuple(
        Egress("hub", "strong", file, line, "f", "x.get", provider="huggingface")
        for file, line in (("b.py", 1), ("a.py", 9), ("a.py", 3))
    )
    (fetch,) = one("demo", Reading(egress=rows)).fetches
    assert (fetch.file, fetch.line, fetch.places) == ("a.py", 3, 3)
    assert fetch.also_at == ("a.py:9", "b.py:1")


def test_a_request_fetches_assets_only_beside_urls_of_them() -> None:
    request = Egress("http", "needs-url", "a.py", 3, "f", "requests.get")
    url = AssetUrls("a.py", 1, "x.example", ("https://x.example/a.pth",))
    assert one("demo", Reading(egress=(request,))).verdict == "network"
    assert one("demo", Reading(egress=(request,), urls=(url,))).verdict == "downloads"
    assert (
        one("demo", Reading(egress=(request._replace(kind="shell", strength="strong"),))).verdict == "shell"
    )
    assert one("demo", Reading(urls=(url,))).verdict == "none"


def row(when: str, provider: str = "") -> PackageRow:
    return PackageRow(project="demo", when=when, why="w", source="s", checked=DAY, provider=provider)


STRONG = Reading(egress=(Egress("hub", "strong", "a.py", 3, "f", "x.get", provider="huggingface"),))


def test_who_fetches_in_ordinary_use_is_uncovered_while_the_lock_holds_nothing_of_its_provider() -> None:
    assert one("demo", STRONG, row=row("use", "huggingface")).is_uncovered
    assert not one("demo", STRONG, HOLDS_MINILM, row=row("use", "huggingface")).is_uncovered


def test_a_vocabulary_that_only_one_needs_who_brings_its_own_is_not_fetched() -> None:
    tiktoken = archive("tiktoken", STRONG)
    for required_by, expected in (
        (frozenset(), True),
        (frozenset({"openai-whisper"}), False),
        (frozenset({"openai-whisper", "langchain"}), True),
    ):
        found = audited([tiktoken._replace(required_by=required_by)], (), packages())
        assert bool(found.uncovered) is expected


def test_who_fetches_only_where_asked_is_not_uncovered() -> None:
    assert not one("demo", STRONG, row=row("asked", "huggingface")).is_uncovered


def test_a_project_that_no_table_knows_is_taken_for_a_user() -> None:
    assert one("demo", STRONG).is_uncovered


def test_scripts_of_its_makers_do_not_count() -> None:
    script = STRONG._replace(egress=(STRONG.egress[0]._replace(reach="script"),))
    assert not one("demo", script).is_uncovered


def test_what_was_not_read_is_never_silently_passed() -> None:
    found = audited([archive("keybert", Reading(), "no such file")], (), packages())
    assert [(each.name, each.why_not) for each in found.not_read] == [("keybert", "no such file")]
