"""EgressFinder: the calls of a package that may reach the network, and the programs it starts."""

from __future__ import annotations

import ast
import re

from envspec.audit.calls import is_on, plain, subject, told
from envspec.audit.carriers import Carrier, Carriers
from envspec.audit.package import SourcePackage
from envspec.audit.place import CallAt
from envspec.audit.reading import Egress, Started
from envspec.audit.scope import SourceFile
from envspec.audit.tables import SinkRow, Sinks

_HANDED_ON = {"partial", "submit", "map", "run_in_executor", "to_thread", "Thread", "run_sync", "thread_map"}
"""Functions that call what they're given."""
_LOCAL_URL = re.compile(r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]|\{\})(?=[:/]|$)")
_COMMAND = re.compile(r"[A-Za-z0-9_][\w.+-]{0,40}")


class EgressFinder:
    """Looks at one parsed file after the other."""

    def __init__(self, package: SourcePackage, sinks: Sinks, carriers: Carriers) -> None:
        self._package = package
        self._sinks = sinks
        self._carriers = carriers
        self.egress: set[Egress] = set()
        self.started: set[Started] = set()

    def look(self, path: str) -> None:
        """Note the sinks of one parsed file."""
        file = self._package.parsed[path]
        for call, dotted in self._package.called[path]:
            self._call(path, file, call, dotted)

    def given(self, path: str, call: CallAt, dotted: str, carrier: Carrier, value: str) -> None:
        """Note a model that is given to a function which hands it on to a sink."""
        row = carrier.row
        self.egress.add(
            self._found(path, call, row.kind, "strong", dotted, told((value,), row), row.provider)
        )

    def _call(self, path: str, file: SourceFile, call: CallAt, dotted: str) -> None:
        if dotted in self._sinks.table.programs.calls:
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
            self._carriers.add(file, call.place, Carrier(row, parameter, dotted.partition(".")[0]))
        self.egress.add(
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
        script = call.in_main or self._package.is_script(path)
        inside = not call.place.is_class and call.place.parent is not None
        return Egress(
            kind=kind,
            strength=strength,
            file=path,
            line=call.node.lineno,
            within=call.place.name,
            call=plain(dotted.removeprefix("?.")),
            what=what,
            reach="script" if script else "call" if inside else "import",
            provider=provider,
        )

    def _process(self, path: str, file: SourceFile, call: CallAt, dotted: str) -> None:
        """A process that is started: a fetch by its command line, or a program that must be there."""
        if not call.node.args:
            return
        table = self._sinks.table.programs
        words = file.texts(call.node.args[0], call.place)
        line = plain(" ".join(words))
        for kind, marks in (("installer", table.installer), ("shell", table.shell)):
            if any(re.search(rf"(?:^|[\s/]){re.escape(mark)}(?=\s|$)", line) for mark in marks):
                self.egress.add(self._found(path, call, kind, "strong", dotted, (line,), ""))
                return
        command = words[0].split(" ")[0] if words else ""
        is_run = not self._package.is_script(path) and not call.in_main
        if is_run and _COMMAND.fullmatch(command) and command not in table.elsewhere:
            self.started.add(Started(command, path, call.node.lineno))
