"""Source files of one archive to what they may fetch, by the table of sinks.

Each file is parsed, never imported. Calls are resolved through the file's own imports;
models and URLs through constants, defaults and tables as far as files tell them. A
parameter that is handed down to a sink makes the function a sink of its own.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from envspec.audit.calls import MAX_WHAT_CHARACTERS, given, is_on, subject, told
from envspec.audit.prefilter import asset_urls, blanked, hidden_code, holds_asset_url, tokens_in
from envspec.audit.reading import AssetUrls, Egress, HiddenModel, Reading, Started
from envspec.audit.scope import CallAt, Place, SourceFile
from envspec.audit.tables import SinkRow, Sinks
from envspec.audit.thin import thinned

MAX_SOURCE_BYTES = 8 << 20
FOLLOWED_BYTES = 4 << 20
"""Up to this much source, parameters are followed from file to file."""

_HANDED_ON = {"partial", "submit", "map", "run_in_executor", "to_thread", "Thread", "run_sync", "thread_map"}
"""Functions that call what they're given."""
_ENVIRONMENT = (b"environ", b"getenv")
_MODEL_NAME = re.compile(r"[A-Za-z0-9][\w.+-]{2,95}(?:/[\w.+-]{1,95})?")
_NO_MODEL = {"auto", "none", "default", "base", "cpu", "cuda", "gpu", "local", "standard", "main"}
_LOCAL_URL = re.compile(r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]|\{\})(?=[:/]|$)")
_COMMAND = re.compile(r"[A-Za-z0-9_][\w.+-]{0,40}")
_MAX_ROUNDS = 6
_MAX_ROWS = 4000
"""Of one kind in one archive; more than any has."""


class Carrier(NamedTuple):
    """A function of the archive that hands a parameter to a sink."""

    row: SinkRow
    parameter: str
    through: str
    """Module of the sink."""


class _Text:
    """One file as bytes."""

    __slots__ = ("code", "data", "hits", "parsed_for", "path")

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data
        self.hits: tuple[bytes, ...] = ()
        self.code = b""
        """Blanked, once that was needed."""
        self.parsed_for: frozenset[bytes] = frozenset()


def read_sources(files: Iterable[tuple[str, bytes]], sinks: Sinks) -> Reading:
    """Read the ``.py`` files of one archive: (path where it's installed, bytes)."""
    reader = _Reader(sinks)
    for path, data in sorted(files):
        reader.take(path, data)
    return reader.reading()


def is_skipped(path: str, sinks: Sinks) -> bool:
    """Whether nobody runs this file on a server: tests, documentation, examples."""
    return not sinks.table.paths.skip.isdisjoint(path.split("/")[:-1])


class _Reader:
    """What the files of one archive tell, gathered."""

    def __init__(self, sinks: Sinks) -> None:
        self._sinks = sinks
        self._table = sinks.table
        self._texts: list[_Text] = []
        self._parsed: dict[str, SourceFile] = {}
        self._called: dict[str, list[tuple[CallAt, str]]] = {}
        self._egress: set[Egress] = set()
        self._urls: list[AssetUrls] = []
        self._started: set[Started] = set()
        self._not_read: dict[str, str] = {}
        self._hidden_code = 0
        self._carriers: dict[str, list[Carrier]] = {}
        self._exported: dict[str, str] = {}

    def take(self, path: str, data: bytes) -> None:
        """Look at one file's bytes."""
        text = _Text(path, data)
        self._texts.append(text)
        if len(data) > MAX_SOURCE_BYTES:
            self._not_read[path] = (
                f"has {len(data)} bytes, more than the {MAX_SOURCE_BYTES} we read of such a file"
            )
            text.data = b""
            return
        self._hidden_code += hidden_code(data)
        hits = tokens_in(data, self._sinks.tokens)
        if hits or holds_asset_url(data, self._table.urls):
            text.code = blanked(data)
            text.hits = tokens_in(text.code, hits)
            self._urls += asset_urls(path, text.code, self._table.urls)

    def reading(self) -> Reading:
        """Everything, once all files were taken."""
        for text in self._texts:
            if text.hits:
                self._parse(text, frozenset())
        self._hand_down_all()
        self._follow()
        unnamed = sum(1 for row in self._egress if row.strength == "strong" and not row.what)
        blind = {"calls of exec and eval": self._hidden_code, "models named at run time": unnamed}
        return Reading(
            egress=tuple(sorted(self._egress))[:_MAX_ROWS],
            hidden=tuple(sorted(self._hidden_models()))[:_MAX_ROWS],
            urls=tuple(sorted(self._urls))[:_MAX_ROWS],
            started=tuple(sorted(self._started))[:_MAX_ROWS],
            variables=tuple(sorted(self._variables())),
            not_read=tuple(sorted(f"{path}: {why}" for path, why in self._not_read.items())),
            blind=tuple((name, count) for name, count in blind.items() if count),
            python_files=len(self._texts),
            parsed_files=len(self._parsed),
        )

    # Parsing

    def _parse(self, text: _Text, names: frozenset[bytes]) -> None:
        """Parse what of a file holds its tokens or one of ``names``, and note its sinks."""
        text.parsed_for = names
        text.code = text.code or blanked(text.data)
        file = self._tree(text, names)
        if file is None:
            return
        self._parsed[text.path] = file
        called = [(call, file.dotted(call.node.func, call.place)) for call in file.calls]
        self._called[text.path] = called
        for call, dotted in called:
            self._call(text.path, file, call, dotted)

    def _tree(self, text: _Text, names: frozenset[bytes]) -> SourceFile | None:
        module = text.path.removesuffix(".py").replace("/", ".")
        is_package = module.endswith(".__init__")
        source = thinned(text.data, text.code, (*text.hits, *_ENVIRONMENT), names)
        tree = _parsed(source)
        if not isinstance(tree, ast.Module) and source != text.data:
            tree = _parsed(text.data)  # thinning by lines met a layout that it doesn't know
        try:
            if isinstance(tree, ast.Module):
                return SourceFile(module.removesuffix(".__init__"), is_package, tree)
        except RecursionError:
            tree = "RecursionError"
        self._not_read[text.path] = f"Python can't parse it ({tree})"
        return None

    # Calls

    def _call(self, path: str, file: SourceFile, call: CallAt, dotted: str) -> None:
        """Note a call if it's a sink."""
        if dotted in self._table.programs.calls:
            self._process(path, file, call, dotted)
            return
        row = self._row(dotted, file)
        named: ast.expr | None = None
        if row is not None:
            if row.only_with and not is_on(row, call.node):
                return
            named = subject(row, call.node)
            if dotted.endswith("from_pretrained") and file.is_local_path(named, call.place):
                return
        elif dotted.rpartition(".")[2] in _HANDED_ON:
            dotted, row = self._handed_on(file, call)
        if row is not None:
            self._sink(path, file, call, dotted, row, named)

    def _handed_on(self, file: SourceFile, call: CallAt) -> tuple[str, SinkRow | None]:
        """The sink that another function is given to call."""
        targets = (keyword.value for keyword in call.node.keywords if keyword.arg == "target")
        for each in (*call.node.args[:2], *targets):
            if isinstance(each, (ast.Name, ast.Attribute)):
                name = file.dotted(each, call.place)
                row = self._row(name, file)
                if row is not None and not row.only_with:
                    return name, row
        return "", None

    def _row(self, dotted: str, file: SourceFile) -> SinkRow | None:
        row = self._sinks.row(dotted)
        if row is None:
            return None
        is_own = dotted.partition(".")[0] == file.root
        return None if is_own and (row.only_with or row.strength != "strong") else row

    def _sink(
        self, path: str, file: SourceFile, call: CallAt, dotted: str, row: SinkRow, named: ast.expr | None
    ) -> None:
        what = () if row.only_with and row.kind == "torch-hub" else file.texts(named, call.place)
        if row.strength != "strong" and what and all(_LOCAL_URL.match(text) for text in what):
            return
        parameter = file.parameter(named, call.place)
        if parameter and row.strength == "strong":
            self._carry(file, call.place, Carrier(row, parameter, dotted.partition(".")[0]))
        self._egress.add(
            self._found(path, call, row.kind, row.strength, dotted, told(what, row), row.provider)
        )

    def _found(
        self,
        path: str,
        call: CallAt,
        kind: str,
        strength: str,
        dotted: str,
        what: tuple[str, ...],
        provider: str,
    ) -> Egress:
        script = call.in_main or self._is_script(path)
        inside = not call.place.is_class and call.place.parent is not None
        return Egress(
            kind=kind,
            strength=strength,
            file=path,
            line=call.node.lineno,
            within=call.place.name,
            call=dotted.removeprefix("?.")[:MAX_WHAT_CHARACTERS],
            what=what,
            reach="script" if script else "call" if inside else "import",
            provider=provider,
        )

    def _is_script(self, path: str) -> bool:
        table = self._table.paths
        parts = path.split("/")
        return not table.script.isdisjoint(parts) or parts[-1].startswith(table.script_prefixes)

    def _process(self, path: str, file: SourceFile, call: CallAt, dotted: str) -> None:
        """A process that is started: a fetch by its command line, or a program that must be there."""
        if not call.node.args:
            return
        table = self._table.programs
        words = file.texts(call.node.args[0], call.place)
        line = " ".join(words)[:MAX_WHAT_CHARACTERS]
        for kind, marks in (("installer", table.installer), ("shell", table.shell)):
            if any(re.search(rf"(?:^|[\s/]){re.escape(mark)}(?=\s|$)", line) for mark in marks):
                self._egress.add(self._found(path, call, kind, "strong", dotted, (line,), ""))
                return
        command = words[0].split(" ")[0] if words else ""
        is_run = not self._is_script(path) and not call.in_main
        if is_run and _COMMAND.fullmatch(command) and command not in table.elsewhere:
            self._started.add(Started(command, path, call.node.lineno))

    # Parameters handed down

    def _carry(self, file: SourceFile, place: Place, carrier: Carrier) -> None:
        if place.is_class or place.parent is None:
            return
        known = self._carriers.setdefault(f"{file.module}.{place.name}".removesuffix(".__init__"), [])
        if carrier not in known and len(known) < 16:
            known.append(carrier)

    def _follow(self) -> None:
        """Parse what calls a carrier, too; what hands its parameter to one is one, until none is new.

        In an archive with much source only within each file.
        """
        if not self._carriers:
            return
        everywhere = sum(len(text.data) for text in self._texts) <= FOLLOWED_BYTES
        for text in self._texts:
            if everywhere and text.path.endswith("/__init__.py") and text.path not in self._parsed:
                self._parse(text, frozenset())
        for _ in range(_MAX_ROUNDS):
            before = self._size()
            for text in self._texts:
                if not everywhere and text.path not in self._parsed:
                    continue
                mentioned = frozenset(name for name in self._callable(text, everywhere) if name in text.data)
                if not mentioned <= text.parsed_for:
                    self._parse(text, mentioned | text.parsed_for)
            self._hand_down_all()
            if self._size() == before:
                return

    def _callable(self, text: _Text, everywhere: bool) -> Iterator[bytes]:
        """Names by which the file may call a carrier."""
        module = text.path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        for name in self._carriers:
            last = name.rpartition(".")[2].encode()
            if last not in text.hits and (everywhere or name.startswith(f"{module}.")):
                yield last

    def _size(self) -> int:
        return sum(map(len, self._carriers.values()))

    def _hand_down_all(self) -> None:
        """Within what is parsed: each function that hands its parameter to a carrier is one."""
        if not self._carriers:
            return
        functions = {
            f"{file.module}.{each.name}": each for file in self._parsed.values() for each in file.functions
        }
        self._exported = dict(pair for file in self._parsed.values() for pair in file.exported())
        for _ in range(_MAX_ROUNDS):
            before = self._size()
            for path, file in self._parsed.items():
                for call, name in self._called[path]:
                    dotted = self._exported.get(name, name)
                    if dotted in self._carriers:
                        self._hand_down(path, file, call, dotted, functions)
            if self._size() == before:
                return

    def _hand_down(
        self, path: str, file: SourceFile, call: CallAt, dotted: str, functions: dict[str, Place]
    ) -> None:
        for carrier in tuple(self._carriers.get(dotted, ())):
            taker = functions.get(dotted) or functions.get(f"{dotted}.__init__")
            value = given(call.node, carrier.parameter, taker)
            if value is None:
                continue
            parameter = file.parameter(value, call.place)
            if parameter:
                self._carry(file, call.place, carrier._replace(parameter=parameter))
            elif isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
                what = told((value.value,), carrier.row)
                self._egress.add(
                    self._found(path, call, carrier.row.kind, "strong", dotted, what, carrier.row.provider)
                )

    # Defaults

    def _hidden_models(self) -> Iterator[HiddenModel]:
        """Defaults of parameters that reach a sink; only what a caller may leave out."""
        for path, file in self._parsed.items():
            if self._is_script(path):
                continue
            for place in file.functions:
                name = f"{file.module}.{place.name}".removesuffix(".__init__")
                told_by_parameter: dict[str, set[tuple[str, str, str]]] = {}
                for carrier in self._carriers.get(name, ()):
                    value = _model_name(place.defaults.get(carrier.parameter))
                    if value:
                        found = (told((value,), carrier.row)[0], carrier.row.provider, carrier.through)
                        told_by_parameter.setdefault(carrier.parameter, set()).add(found)
                for parameter, found_here in told_by_parameter.items():
                    whole = {each for each in found_here if "/" in each[0]} or found_here
                    is_entry = self._is_entry(path, place)
                    for model, provider, through in whole:
                        yield HiddenModel(
                            path, place.line, place.name, parameter, model, provider, through, is_entry
                        )

    def _is_entry(self, path: str, place: Place) -> bool:
        """Whether the top package gives the function or its class: it imports or defines it."""
        first = place.name.partition(".")[0]
        root = path.partition("/")[0]
        if path in (root, f"{root}/__init__.py"):
            return not first.startswith("_")
        text = next((text for text in self._texts if text.path == f"{root}/__init__.py"), None)
        names = rb"(?:import|,|\(|^)\s*(?:\w+\s+as\s+)?%s\b" % re.escape(first.encode())
        return text is not None and re.search(names, blanked(text.data), re.MULTILINE) is not None

    # Variables

    def _variables(self) -> set[str]:
        sunk = {row.file for row in self._egress}
        files = [file for path, file in self._parsed.items() if path in sunk]
        return {name for file in files for name in _read_variables(file) if self._is_worth_telling(name)}

    def _is_worth_telling(self, name: str) -> bool:
        return any(part in name for part in self._table.variables.contain)


def _parsed(source: bytes) -> ast.Module | str:
    """The tree, or the name of the error that parsing ends in."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return type(error).__name__


def _model_name(default: ast.expr | None) -> str:
    """A default that names a model; empty for any other."""
    value = default.value if isinstance(default, ast.Constant) else None
    if not isinstance(value, str) or not _MODEL_NAME.fullmatch(value) or value.lower() in _NO_MODEL:
        return ""
    return value


def _read_variables(file: SourceFile) -> Iterator[str]:
    nodes = [
        call.node.args[0]
        for call in file.calls
        if call.node.args and file.dotted(call.node.func, call.place) in ("os.getenv", "os.environ.get")
    ]
    nodes += [
        each.slice
        for each in file.subscripts
        if isinstance(each.value, ast.Attribute) and each.value.attr == "environ"
    ]
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value[:100]
