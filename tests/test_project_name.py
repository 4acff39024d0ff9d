"""Names of projects in their one form."""

from __future__ import annotations

import pytest

from envspec.project_name import normal_name


@pytest.mark.parametrize(
    ("name", "expected"), [("Foo__Bar.baz", "foo-bar-baz"), ("numpy", "numpy"), ("a-_.b", "a-b")]
)
def test_a_name_is_normalized_as_indexes_do(name: str, expected: str) -> None:
    assert normal_name(name) == expected
