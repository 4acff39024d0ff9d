"""docs/spec.md, which users read, knows every table and key that a spec may hold, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from envspec.spec.document import SpecTables
from envspec.spec.table import Table

PAGE = (Path(__file__).parents[2] / "docs" / "spec.md").read_text(encoding="utf-8")


def section(header: str) -> str:
    [text] = [part for part in PAGE.split("\n## ") if part.startswith(header)]
    return text


def words(text: str) -> set[str]:
    """What stands in backticks, without brackets."""
    return {word.strip("[]") for word in re.findall(r"`([^`]+)`", text)}


def keys(*tables: type[Table]) -> set[str]:
    return {name for table in tables for name in table.KEYS}


def test_each_key_stands_in_the_section_of_its_table() -> None:
    assert keys(SpecTables) <= words(section("The top of the file"))
    for name, key in SpecTables.KEYS.items():
        if key.kind.tables:
            header = f"`[[{name}]]`" if f"`[[{name}]]`" in PAGE else f"`[{name}]`"
            text = section(header)
            for table in key.kind.tables:
                assert keys(table) - {"provider", "kind"} <= {word.split(".")[-1] for word in words(text)}
                for inner in table.KEYS.values():
                    assert all(f"`{inside}`" in text or f"{inside} =" in text
                               for deeper in inner.kind.tables for inside in deeper.KEYS)  # fmt: skip


def test_each_key_at_the_head_of_a_row_is_known() -> None:
    for name, key in SpecTables.KEYS.items():
        if len(key.kind.tables) == 1:
            header = f"`[[{name}]]`" if f"`[[{name}]]`" in PAGE else f"`[{name}]`"
            rows = re.findall(r"^\| `\[*(?:[a-z]+\.)?([a-z-]+)\]*` \|", section(header), re.MULTILINE)
            assert rows
            assert set(rows) == keys(key.kind.tables[0])


def test_each_word_of_a_choice_is_told() -> None:
    def choices(table: type[Table]) -> list[str]:
        below = [word for key in table.KEYS.values() for inner in key.kind.tables for word in choices(inner)]
        return [word for key in table.KEYS.values() for word in key.kind.words] + below

    assert [word for word in choices(SpecTables) if word not in PAGE] == []
