"""A room to lock in: a spec, a cache and a folder of locks of its own, and ``envspec lock`` in process."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from envspec.adapters.web import open_http
from envspec.cli.main import main
from envspec.cli.wiring import CACHE_FILE
from tests.loopback import Loopback

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SPEC = """\
name = "{name}"
[target]
os = "rhel-8.9"
python = "3.10"
[python]
requirements = [{requirements}]
{python}
{tables}
"""


class Outcome(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


class Room:
    """``specs/``, ``locks/``, ``cache/``, ``tmp/`` and a home that nobody else uses."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.folder = folder
        self.monkeypatch = monkeypatch
        self._capsys = capsys
        self.specs, self.locks = folder / "specs", folder / "locks"
        self.cache, self.temporary = folder / "cache", folder / "tmp"
        for each in (self.specs, self.locks, self.temporary, folder / "home"):
            each.mkdir()
        for variable in list(os.environ):
            if variable.startswith(("PIP_", "ENVSPEC_", "SSL_", "XDG_")) or variable.lower().endswith(
                "_proxy"
            ):
                monkeypatch.delenv(variable)
        for variable, value in self.environment.items():
            monkeypatch.setenv(variable, value)
        monkeypatch.setattr(tempfile, "tempdir", str(self.temporary))
        assert open_http.__kwdefaults__ is not None
        monkeypatch.setitem(open_http.__kwdefaults__, "backoff_s", 0.001)

    @property
    def environment(self) -> dict[str, str]:
        """What a process in this room finds."""
        return {
            "HOME": str(self.folder / "home"),
            "PIP_CONFIG_FILE": os.devnull,
            "ENVSPEC_CACHE_DIR": str(self.cache),
            "TMPDIR": str(self.temporary),
        }

    def spec(self, *requirements: str, name: str = "demo", python: str = "", tables: str = "") -> Path:
        """Write ``specs/NAME.toml``: ``python`` goes on with its table, ``tables`` come after it."""
        path = self.specs / f"{name}.toml"
        quoted = ", ".join(f"'{text}'" if '"' in text else f'"{text}"' for text in requirements)
        path.write_text(SPEC.format(name=name, requirements=quoted, python=python, tables=tables))
        return path

    def run(self, *arguments: str | Path) -> Outcome:
        """Any command of envspec."""
        code = main([str(argument) for argument in arguments])
        captured = self._capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return Outcome(code, captured.out, captured.err)

    def lock(
        self, server: Loopback | None, *options: str | Path, specs: Sequence[str | Path] = ()
    ) -> Outcome:
        """``envspec lock``, of all specs unless some are named, with the server as default index."""
        index = () if server is None else ("--index-url", server.index_url)
        return self.run("lock", *(specs or sorted(self.specs.glob("*.toml"))), *index, *options)

    def locked(self, server: Loopback | None, *options: str | Path) -> str:
        """Lock with success; the text of the first lock."""
        outcome = self.lock(server, *options)
        assert outcome.code == 0, outcome
        return self.text()

    def refused(self, code: int, server: Loopback | None, *options: str | Path) -> str:
        """Lock without success and without a trace of it; what was said."""
        before = self._files()
        outcome = self.lock(server, *options)
        assert (outcome.code, outcome.out) == (code, "")
        assert self._files() == before
        return outcome.err

    def _files(self) -> dict[str, bytes]:
        """All files but the cache's."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file() and self.cache not in path.parents
        }

    def text(self, name: str = "") -> str:
        """A lock by its label, or the only one."""
        if name:
            return (self.locks / f"pylock.{name}.toml").read_text()
        [path] = self.locks.glob("pylock.*.toml")
        return path.read_text()

    def table(self, name: str = "") -> dict[str, Any]:
        """A lock as TOML."""
        return tomllib.loads(self.text(name))

    def pins(self, name: str = "") -> dict[str, str]:
        """Name to version."""
        return {package["name"]: package["version"] for package in self.table(name)["packages"]}

    def database(self) -> sqlite3.Connection:
        """The cache, to look into or to break."""
        return sqlite3.connect(self.cache / CACHE_FILE, isolation_level=None)

    def age(self) -> None:
        """Let every page of the cache have grown old."""
        database = self.database()
        database.execute("UPDATE pages SET expires=0")
        database.close()

    def cache_bytes(self) -> bytes:
        """All that the cache's files hold."""
        return b"".join(path.read_bytes() for path in self.cache.rglob("*") if path.is_file())


@pytest.fixture
def room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Room]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield Room(tmp_path, monkeypatch, capsys)
    for number, handler in handlers.items():
        signal.signal(number, handler)
