"""What ``init`` writes can be read, and says what was asked for."""

from __future__ import annotations

from envspec.spec.imported import Imported
from envspec.spec.reader import read_spec
from envspec.spec.starter import starter, starter_from


def test_the_starter_is_a_spec() -> None:
    tables = read_spec(starter("ocr"), "x").variants[""]
    assert (tables.name, tables.target.os, tables.python.requirements) == ("ocr", "rhel-8.9", ("numpy",))


def test_the_starter_stays_a_spec_with_its_tables_uncommented() -> None:
    text = starter("ocr")
    for table in (
        *("[target.disk]", '"/" =', '"/data" =', "[lock]", "files =", "[variants.", "cuda =", "[[index]]"),
        *('name = "corp"', "url =", "packages =", "exclude-newer =", "sdists =", "constraints ="),
        *("[[models]]", "provider =", "repo =", "[[files]]", "path =", "dest =", "[[installers]]"),
        *("kind =", "version =", "[install]", "prefix =", "scratch ="),
    ):
        assert f"# {table}" in text
        text = text.replace(f"# {table}", table)
    spec = read_spec(text, "x")
    assert {name: tables.cuda for name, tables in spec.variants.items()} == {"cu118": "11.8", "cu121": "12.1"}
    tables = spec.variants["cu118"]
    assert [model.label for model in tables.models] == ["huggingface openai/whisper-tiny@main"]
    assert [file.label for file in tables.files] == ["app/"]
    assert [installer.label for installer in tables.installers] == ["python 3.10.18"]
    assert tables.install.prefix == "/data/envs"


def test_what_was_imported_is_in_the_spec() -> None:
    found = Imported(python="3.12", cuda="12.1", exclude_newer="2025-07-01", prereleases=True)
    found.add_requirement('a ; os_name == "posix"', "here")
    found.add_constraint("numpy<2", "here")
    found.add_override("b>=1", "here")
    found.add_index("https://corp.example/simple", "here", ("c",), "corp")
    found.notes.append("a note\nof two lines")
    text = starter_from("ocr", found)
    tables = read_spec(text, "x").variants[""]
    assert tables.cuda == "12.1"
    assert tables.target.python == "3.12"
    assert tables.python.requirements == ('a ; os_name == "posix"',)
    assert tables.python.constraints == ("numpy<2",)
    assert tables.python.overrides == ("b>=1",)
    assert tables.python.exclude_newer == "2025-07-02T00:00:00Z"
    assert tables.python.prereleases == "allow"
    assert [(index.name, index.url, index.packages) for index in tables.index] == [
        ("corp", "https://corp.example/simple", ("c",))
    ]
    assert "# a note of two lines\n" in text


def test_an_index_of_unknown_projects_is_a_comment() -> None:
    found = Imported()
    found.add_index("https://corp.example/simple", "requirements.txt:3, --index-url")
    text = starter_from("ocr", found)
    assert read_spec(text, "x").variants[""].index == ()
    assert '# url = "https://corp.example/simple"\n' in text
    assert "# requirements.txt:3, --index-url: the default index is your own setting" in text
