"""A variant lies over its spec; what's wrong in it is told where it's written."""

from __future__ import annotations

import pytest

from envspec.errors import SeveralProblems
from envspec.spec.reader import read_spec
from envspec.spec.variants import merge

WHERE = "x.toml"


def first_lines(text: str) -> list[str]:
    with pytest.raises(SeveralProblems) as caught:
        read_spec(text, WHERE)
    return [problem.what for problem in caught.value.problems]


def test_tables_merge_by_key_and_arrays_replace() -> None:
    base = {"target": {"os": "rhel-8.9", "disk": {"/": "1 G"}}, "smoke": {"imports": ["a", "b"]}}
    own = {
        "target": {"python": "3.11", "disk": {"/data": "2 G"}},
        "smoke": {"imports": ["c"]},
        "cuda": "11.8",
    }
    assert merge(base, "v", own).tables == {
        "target": {"os": "rhel-8.9", "disk": {"/": "1 G", "/data": "2 G"}, "python": "3.11"},
        "smoke": {"imports": ["c"]},
        "cuda": "11.8",
    }


def test_indexes_merge_by_name() -> None:
    base = {"index": [{"name": "a", "url": "u"}, {"name": "b", "url": "v"}]}
    own = {"index": [{"name": "b", "recording": "r"}, {"name": "c", "url": "w"}]}
    assert merge(base, "v", own).tables["index"] == [
        {"name": "a", "url": "u"},
        {"name": "b", "url": "v", "recording": "r"},
        {"name": "c", "url": "w"},
    ]


def test_merging_leaves_the_base_as_it_was() -> None:
    base = {"target": {"os": "rhel-8.9"}, "index": [{"name": "a"}]}
    merge(base, "v", {"target": {"os": "x"}, "index": [{"name": "a", "url": "u"}]})
    assert base == {"target": {"os": "rhel-8.9"}, "index": [{"name": "a"}]}


def test_extra_requirements_follow_those_of_the_spec() -> None:
    spec = read_spec(
        'name = "x"\n[target]\nglibc = "2.28"\npython = "3.10"\n[python]\nrequirements = ["a"]\n'
        '[variants.v.python]\nextra-requirements = ["b"]\n',
        WHERE,
    )
    python = spec.variants["v"].python
    assert (python.requirements, python.extra_requirements) == (("a",), ("b",))


def test_a_variant_may_bring_what_the_spec_lacks() -> None:
    spec = read_spec(
        'name = "x"\n[variants.a.target]\nglibc = "2.28"\npython = "3.10"\n'
        '[variants.b.target]\nglibc = "2.31"\npython = "3.11"\n',
        WHERE,
    )
    assert {name: tables.target.python for name, tables in spec.variants.items()} == {
        "a": "3.10",
        "b": "3.11",
    }


def test_what_every_variant_lacks_is_told_once_for_the_spec() -> None:
    assert first_lines('name = "x"\n[target]\nglibc = "2.28"\n[variants.a]\n[variants.b]\n') == [
        "x.toml: target.python: missing"
    ]


def test_what_one_variant_lacks_is_told_of_it() -> None:
    text = 'name = "x"\n[target]\nglibc = "2.28"\n[variants.a]\ntarget.python = "3.10"\n[variants.b]\n'
    assert first_lines(text) == ["x.toml: variants.b.target.python: missing"]


def test_a_wrong_value_of_the_spec_is_told_once_also_where_variants_replace_it() -> None:
    text = (
        'name = "x"\n[target]\nglibc = "2,28"\npython = "3.10"\n'
        '[variants.a]\ntarget.glibc = "2.28"\n[variants.b]\n[variants.c]\n'
    )
    assert first_lines(text) == ["x.toml: target.glibc: '2,28' can't be read"]


def test_a_wrong_value_of_a_variant_is_placed_in_it() -> None:
    text = """
name = "x"
[target]
glibc = "2.28"
python = "3.10"
[python]
requirements = ["a"]
[[index]]
name = "other"
url = "https://index.example/other"
[[index]]
name = "corp"
url = "https://index.example/simple"
[variants.v]
cuda = 11.8
python.extra-requirements = ["fine", "not fine"]
target.disk."/" = "much"
[[variants.v.index]]
name = "corp"
ur = 3
[[variants.v.models]]
provider = "easyocr"
languages = []
"""
    assert first_lines(text) == [
        "x.toml: variants.v.cuda: 11.8 can't be read",
        "x.toml: variants.v.target.disk.\"/\".free: 'much' can't be read",
        "x.toml: variants.v.python.extra-requirements[1]: 'not fine' can't be read",
        "x.toml: variants.v.index[0].ur: no such key",
        "x.toml: variants.v.models[0].languages: an array can't be read",
    ]


@pytest.mark.parametrize("key", ['name = "y"', "variants = {}"])
def test_a_variant_has_no_name_and_no_variants_of_its_own(key: str) -> None:
    text = f'name = "x"\n[target]\nglibc = "2.28"\npython = "3.10"\n[variants.v]\n{key}\n'
    assert first_lines(text) == [f"x.toml: variants.v.{key.split()[0]}: no such key"]


def test_the_name_of_a_variant_fits_into_the_name_of_a_lock() -> None:
    text = 'name = "x"\n[target]\nglibc = "2.28"\npython = "3.10"\n[variants."cu11.8"]\n'
    assert first_lines(text) == ["x.toml: variants.\"cu11.8\": 'cu11.8' can't be a name"]
