"""Source files of one archive to what they may fetch, by the table of sinks.

Each file is parsed, never imported. Calls are resolved through the file's own imports;
models and URLs through constants, defaults and tables as far as files tell them. A
parameter that is handed down to a sink makes the function a sink of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from envspec.audit.calls import given, plain
from envspec.audit.carriers import Carriers
from envspec.audit.egress import EgressFinder
from envspec.audit.hidden import followed_models, named_models
from envspec.audit.package import SourcePackage, SourceText
from envspec.audit.place import CallAt, Place
from envspec.audit.reading import HiddenModel, Reading
from envspec.audit.scope import SourceFile
from envspec.audit.tables import Sinks

_MAX_ROUNDS = 6
_MAX_ROWS = 4000
"""Of one kind in one archive; more than any has."""


def read_sources(files: Iterable[tuple[str, bytes]], sinks: Sinks) -> Reading:
    """Read the ``.py`` files of one archive: (path where it's installed, bytes)."""
    reader = _Reader(sinks)
    for path, data in sorted(files):
        reader.package.take(path, data)
    return reader.reading()


def is_skipped(path: str, sinks: Sinks) -> bool:
    """Whether nobody runs this file on a server: tests, documentation, examples."""
    return not sinks.table.paths.skip.isdisjoint(path.split("/")[:-1])


class _Reader:
    """What happens in which order."""

    def __init__(self, sinks: Sinks) -> None:
        self._sinks = sinks
        self.package = SourcePackage(sinks)
        self._carriers = Carriers()
        self._finder = EgressFinder(self.package, sinks, self._carriers)

    def reading(self) -> Reading:
        """Everything, once all files were taken."""
        package, finder = self.package, self._finder
        for text in package.texts:
            if text.hits:
                self._parse(text, frozenset())
        self._hand_down_all()
        self._follow()
        hidden = self._hidden()
        unnamed = sum(1 for row in finder.egress if row.strength == "strong" and not row.what)
        blind = {
            "calls of exec and eval": package.hidden_code,
            "imports by a text": package.hidden_imports,
            "models named at run time": unnamed,
        }
        return Reading(
            egress=tuple(sorted(finder.egress))[:_MAX_ROWS],
            hidden=tuple(sorted(hidden))[:_MAX_ROWS],
            urls=tuple(sorted(package.urls))[:_MAX_ROWS],
            started=tuple(sorted(finder.started))[:_MAX_ROWS],
            variables=tuple(sorted(self._variables())),
            not_read=tuple(sorted(f"{path}: {why}" for path, why in package.not_read.items())),
            blind=tuple((name, count) for name, count in blind.items() if count),
            python_files=len(package.texts),
            parsed_files=len(package.parsed),
        )

    def _parse(self, text: SourceText, names: frozenset[bytes]) -> None:
        if self.package.parse(text, names) is not None:
            self._finder.look(text.path)

    # Parameters handed down

    def _follow(self) -> None:
        """Parse what calls a carrier, too; what hands its parameter to one is one, until none is new.

        In an archive with much source only within each file.
        """
        if not self._carriers.count:
            return
        parsed, everywhere = self.package.parsed, not self.package.is_big
        for text in self.package.texts:
            if everywhere and text.path.endswith("/__init__.py") and text.path not in parsed:
                self._parse(text, frozenset())
        for _ in range(_MAX_ROUNDS):
            before = self._carriers.count
            for text in self.package.texts:
                if everywhere or text.path in parsed:
                    names = frozenset(self._carriers.names_in(text, everywhere))
                    if not names <= text.parsed_for:
                        self._parse(text, names | text.parsed_for)
            self._hand_down_all()
            if self._carriers.count == before:
                return

    def _hand_down_all(self) -> None:
        """Within what is parsed: each function that hands its parameter to a carrier is one."""
        if not self._carriers.count:
            return
        parsed = self.package.parsed
        functions = {
            f"{file.module}.{each.name}": each for file in parsed.values() for each in file.functions
        }
        exported = dict(pair for file in parsed.values() for pair in file.exported())
        for _ in range(_MAX_ROUNDS):
            before = self._carriers.count
            for path, file in parsed.items():
                for call, name in self.package.called[path]:
                    dotted = exported.get(name, name)
                    if dotted in self._carriers:
                        self._hand_down(path, file, call, dotted, functions)
            if self._carriers.count == before:
                return

    def _hand_down(
        self, path: str, file: SourceFile, call: CallAt, dotted: str, functions: dict[str, Place]
    ) -> None:
        taker = functions.get(dotted) or functions.get(f"{dotted}.__init__")
        for carrier in self._carriers.of(dotted):
            value = given(call.node, carrier.parameter, taker)
            if value is None:
                continue
            parameter = file.parameter(value, call.place)
            if parameter:
                self._carriers.add(file, call.place, carrier._replace(parameter=parameter))
            elif isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
                self._finder.given(path, call, dotted, carrier, value.value)

    # Defaults and variables

    def _hidden(self) -> set[HiddenModel]:
        """Followed ones; and in a package that fetches, and isn't too big, those that names tell."""
        hidden = set(followed_models(self.package, self._carriers))
        strong = [row for row in self._finder.egress if row.strength == "strong" and row.reach != "script"]
        if strong and not self.package.is_big:
            provider = next((row.provider for row in strong if row.kind == "hub"), "")
            followed = {(row.file, row.function) for row in hidden}
            hidden |= set(named_models(self.package, self._sinks, provider, followed))
        return hidden

    def _variables(self) -> Iterator[str]:
        """Of files with a sink, those worth telling."""
        found: set[str] = set()
        for path in {row.file for row in self._finder.egress}:
            found.update(_read_variables(self.package.parsed[path]))
        worth = self._sinks.table.variables.contain
        yield from (name for name in found if any(part in name for part in worth))


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
            yield plain(node.value)
