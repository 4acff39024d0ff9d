"""Plain requirements are known by their look, and nothing is taken for plain that isn't sound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from envspec.spec.requirement import is_plain

PIECES = [
    *(
        "a",
        "torch",
        "Foo.Bar_baz",
        "x1",
        "-",
        "_",
        ".",
        " ",
        "==",
        "!=",
        ">=",
        "<",
        "~=",
        "===",
        ",",
        ";",
        "@",
    ),
    *(
        "1",
        "2.1",
        "0",
        "rc2",
        ".post1",
        ".dev2",
        "+cu118",
        ".*",
        "1!2",
        "[",
        "]",
        "(",
        ")",
        "\u00e9",
        "\u0661",
    ),
]


@pytest.mark.parametrize("text", ["torch", "torch==2.1.2+cu118", "a>=1,<2", "a >= 1.0rc1, != 1.5", "A.b_c<2"])
def test_a_name_with_versions_is_plain(text: str) -> None:
    assert is_plain(text)


@pytest.mark.parametrize(
    "text", ["a[b]", "a @ ./a.whl", "a; os_name == 'x'", "a-", "a<1+x", "a==", "a b", "a=1"]
)
def test_all_else_is_left_to_packaging(text: str) -> None:
    assert not is_plain(text)


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join))
def test_what_is_plain_packaging_takes_without_extras_url_and_marker(text: str) -> None:
    if is_plain(text):
        requirement = Requirement(text)
        assert (requirement.extras, requirement.url, requirement.marker) == (set(), None, None)
