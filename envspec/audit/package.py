"""SourcePackage: the source files of one archive, parsed as far as their bytes make it worth while."""

from __future__ import annotations

import ast
import re
import warnings

from envspec.audit.place import CallAt, Place
from envspec.audit.prefilter import (
    asset_urls,
    blanked,
    hidden_code,
    hidden_imports,
    holds_asset_url,
    tokens_in,
)
from envspec.audit.reading import AssetUrls
from envspec.audit.scope import SourceFile
from envspec.audit.tables import Sinks
from envspec.audit.thin import thinned

MAX_SOURCE_BYTES = 8 << 20
FOLLOWED_BYTES = 4 << 20
"""Up to this much source, parameters are followed from file to file."""
_ENVIRONMENT = (b"environ", b"getenv")


class SourceText:
    """One file as bytes."""

    __slots__ = ("code", "data", "hits", "parsed_for", "path")

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        """Where it's installed."""
        self.data = data
        self.hits: tuple[bytes, ...] = ()
        """Tokens of the table that stand in it."""
        self.code = b""
        """Blanked, once that was needed."""
        self.parsed_for: frozenset[bytes] = frozenset()
        """Names whose functions and classes were parsed too."""

    @property
    def module(self) -> str:
        """Its dotted name; of an ``__init__``, its package's."""
        return self.path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


class SourcePackage:
    """The files of one archive."""

    def __init__(self, sinks: Sinks) -> None:
        self._sinks = sinks
        self.texts: list[SourceText] = []
        self.parsed: dict[str, SourceFile] = {}
        """By path."""
        self.called: dict[str, list[tuple[CallAt, str]]] = {}
        """The calls of what's parsed, each with the dotted name it resolves to."""
        self.urls: list[AssetUrls] = []
        self.not_read: dict[str, str] = {}
        """Path to why."""
        self.hidden_code = 0
        """Calls of exec and eval."""
        self.hidden_imports = 0
        """Modules that are imported by a text."""

    def take(self, path: str, data: bytes) -> None:
        """Look at one file's bytes."""
        text = SourceText(path, data)
        self.texts.append(text)
        if len(data) > MAX_SOURCE_BYTES:
            self.not_read[path] = (
                f"has {len(data)} bytes, more than the {MAX_SOURCE_BYTES} we read of such a file"
            )
            text.data = b""
            return
        self.hidden_code += hidden_code(data)
        self.hidden_imports += hidden_imports(data)
        hits = tokens_in(data, self._sinks.tokens)
        if hits or holds_asset_url(data, self._sinks.table.urls):
            text.code = blanked(data)
            text.hits = tokens_in(text.code, hits)
            self.urls += asset_urls(path, text.code, self._sinks.table.urls)

    def parse(self, text: SourceText, names: frozenset[bytes]) -> SourceFile | None:
        """Parse what of a file holds its tokens or one of ``names``; None where it can't be parsed."""
        text.parsed_for = names
        text.code = text.code or blanked(text.data)
        file = self._tree(text, names)
        if file is not None:
            self.parsed[text.path] = file
            self.called[text.path] = [(call, file.dotted(call.node.func, call.place)) for call in file.calls]
        return file

    def _tree(self, text: SourceText, names: frozenset[bytes]) -> SourceFile | None:
        source = thinned(text.data, text.code, (*text.hits, *_ENVIRONMENT), names)
        tree = _parsed(source)
        if not isinstance(tree, ast.Module) and source != text.data:
            tree = _parsed(text.data)  # thinning by lines met a layout that it doesn't know
        try:
            if isinstance(tree, ast.Module):
                return SourceFile(text.module, text.path.endswith("/__init__.py"), tree)
        except RecursionError:
            tree = "RecursionError"
        self.not_read[text.path] = f"Python can't parse it ({tree})"
        return None

    @property
    def is_big(self) -> bool:
        """Whether there's too much source to follow parameters through all of it."""
        return sum(len(text.data) for text in self.texts) > FOLLOWED_BYTES

    def is_script(self, path: str) -> bool:
        """Whether a file is only run as a program."""
        table = self._sinks.table.paths
        parts = path.split("/")
        return not table.script.isdisjoint(parts) or parts[-1].startswith(table.script_prefixes)

    def is_entry(self, path: str, place: Place) -> bool:
        """Whether the top package gives the function or its class: it imports or defines it."""
        first = place.name.partition(".")[0]
        root = path.partition("/")[0]
        if path in (root, f"{root}/__init__.py"):
            return not first.startswith("_")
        text = next((text for text in self.texts if text.path == f"{root}/__init__.py"), None)
        names = rb"(?:import|,|\(|^)\s*(?:\w+\s+as\s+)?%s\b" % re.escape(first.encode())
        return text is not None and re.search(names, blanked(text.data), re.MULTILINE) is not None


def _parsed(source: bytes) -> ast.Module | str:
    """The tree, or the name of the error that parsing ends in."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return type(error).__name__
