"""Thinned source keeps its line numbers and everything that could hold a call that matters."""

from __future__ import annotations

import ast
from textwrap import dedent

from envspec.audit.prefilter import blanked
from envspec.audit.thin import thinned


def thin(source: str, *tokens: bytes, names: tuple[bytes, ...] = ()) -> str:
    data = dedent(source).encode()
    result = thinned(data, blanked(data), tokens, names)
    ast.parse(result)
    assert result.count(b"\n") == data.count(b"\n")
    return result.decode()


def test_a_function_without_a_token_leaves_its_name_and_its_lines() -> None:
    assert thin(
        """\
        import os
        def first():
            return 1

        @cached
        class Second:
            x = 1

        y = 2
        async def third():
            return urlopen(y)
        """,
        b"urlopen",
    ) == dedent(
        """\
        import os
        def first(): pass



        class Second: pass


        y = 2
        async def third():
            return urlopen(y)
        """
    )


def test_a_name_that_an_import_gives_to_a_token_keeps_its_block() -> None:
    source = """\
        from requests import get as fetch, post
        from torchvision import models
        def one():
            return fetch(1)
        def two():
            return models.vgg16(weights=1)
        def three():
            return other(2)
        """
    kept = thin(source, b"requests", b"torchvision import models")
    assert "return fetch(1)" in kept
    assert "models.vgg16" in kept
    assert "other(2)" not in kept


def test_a_name_that_an_assignment_gives_to_a_token_keeps_its_block() -> None:
    kept = thin(
        """\
        import requests
        pull = requests.get
        def one():
            return pull(1)
        """,
        b"requests",
    )
    assert "return pull(1)" in kept


def test_given_names_are_whole_words() -> None:
    source = """\
        def one():
            return load(1)
        def two():
            return loader(1)
        """
    kept = thin(source, names=(b"load",))
    assert "load(1)" in kept
    assert "loader(1)" not in kept


def test_a_token_in_a_comment_or_a_docstring_keeps_nothing() -> None:
    kept = thin(
        '''\
        def one():
            """Use urlopen(x)."""
            return 1  # urlopen
        ''',
        b"urlopen",
    )
    assert kept.startswith("def one(): pass\n")
