"""What bytes tell before parsing."""

from __future__ import annotations

from envspec.audit.prefilter import (
    asset_urls,
    blanked,
    hidden_code,
    hidden_imports,
    holds_asset_url,
    tokens_in,
)
from envspec.audit.reading import AssetUrls
from envspec.audit.tables import sinks

URLS = sinks().table.urls


def test_comments_and_documentation_are_blanked_line_by_line() -> None:
    assert blanked(b'x = 1  # hub\n"""two\nlines"""\ny = "a#b"\n') == b'x = 1  \n\n\ny = "a#b"\n'


def test_tokens_are_told_in_their_own_order() -> None:
    assert tokens_in(b"import b, a", (b"a", b"b", b"c")) == (b"a", b"b")


def test_urls_of_weights_are_told_by_host_with_their_first_line() -> None:
    code = (
        b'\n"https://host.example/a.pth"\n"https://host.example/b.onnx", "https://host.example/index.html"\n'
        b'f"https://huggingface.co/{owner}/x/resolve/main/y.bin"\n"http://127.0.0.1/a.pth"\n'
    )
    assert list(asset_urls("demo/a.py", code, URLS)) == [
        AssetUrls(
            "demo/a.py", 2, "host.example", ("https://host.example/a.pth", "https://host.example/b.onnx")
        ),
        AssetUrls("demo/a.py", 4, "huggingface.co", ("https://huggingface.co/{}/x/resolve/main/y.bin",)),
    ]


def test_a_page_or_a_picture_on_a_host_of_weights_is_no_asset() -> None:
    assert not holds_asset_url(b'"https://dl.fbaipublicfiles.com/demo.png" "https://example.org/docs"', URLS)
    assert holds_asset_url(b"# https://github.com/o/r/releases/download/v1/x", URLS)


def test_an_address_that_is_broken_is_no_asset() -> None:
    assert not holds_asset_url(b'"https://[bad/a.pth" "https://a\xff.pth" "https://x/a.pth"', URLS)


def test_exec_and_eval_are_counted_and_methods_of_that_name_are_not() -> None:
    assert hidden_code(b"exec(x)\nmodel.eval()\ny = eval(z)\nmy_exec(1)") == 2


def test_imports_by_a_text_are_counted_and_their_definitions_are_not() -> None:
    code = (
        b'x = importlib.import_module(name)\n__import__("requests").get(url)\ndef import_module(name): ...\n'
    )
    assert hidden_imports(code) == 2
    assert hidden_imports(b"import requests\n") == 0
