"""Say what the locked wheels would reach for at run time and expect of the host, by reading them."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from envspec.cli.wiring import World, add_network_arguments

if TYPE_CHECKING:
    from envspec.adapters.audit_crew import AuditCrew
    from envspec.audit.audited import Audited
    from envspec.cli.console import Console
    from envspec.lock.document import Lock
    from envspec.ports import Http


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``envspec audit``."""
    parser.add_argument("lock", metavar="LOCK", type=Path, help="a lock, such as locks/pylock.ocr.toml")
    parser.add_argument(
        "--wheels", metavar="DIR", nargs="+", type=Path, default=[], help="folders that hold the locked files"
    )
    parser.add_argument("--write", action="store_true", help="put what was found into the lock")
    parser.add_argument(
        "--strict", action="store_true", help="exit 1 also for what the lock doesn't hold, or wasn't read"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write there, not to stdout")
    add_network_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Audit; exit 1 for wheels that overwrite each other (for more under --strict), 3 if none was read."""
    from envspec.cli.console import Console
    from envspec.cli.lock_files import read_lock
    from envspec.cli.output import put

    console = Console(quiet=arguments.quiet, verbose=arguments.verbose)
    lock = read_lock(arguments.lock)
    audited = _audit(arguments, lock, console)
    if arguments.write:
        _write(arguments.lock, lock, audited, console)
    if arguments.format == "json":
        from envspec.report.audit_json import as_json

        put(as_json(lock.label, audited), arguments.output)
    else:
        from envspec.cli.console import printable
        from envspec.report.audit_text import as_text

        put(printable(as_text(lock.label, audited, verbose=arguments.verbose)), arguments.output)
    return _exit_code(audited, strict=arguments.strict)


def _audit(arguments: argparse.Namespace, lock: Lock, console: Console) -> Audited:
    from envspec.adapters.audit_wheels import WheelShelf
    from envspec.steps.audit import audit

    _refuse_missing(arguments.wheels)
    with ExitStack() as stack:
        world = stack.enter_context(World(arguments, console))
        shelf = WheelShelf(
            folders=[*arguments.wheels, *_beside(arguments.lock, lock)],
            kept=stack.enter_context(_kept(arguments)),
            default=lambda: world.default,
            pages=lambda: world.pages,
            http=_Downloads(arguments.timeout, stack),
            progress=console,
            offline=arguments.offline,
        )
        outcome = audit(
            lock,
            kept=world.store,
            shelf=shelf,
            open_crew=lambda: stack.enter_context(_crew()),
            progress=console,
        )
        shelf.prune()
        return outcome


def _crew() -> AuditCrew:
    from envspec.adapters.audit_crew import AuditCrew

    return AuditCrew()


@contextmanager
def _kept(arguments: argparse.Namespace) -> Iterator[Path]:
    """Where downloaded files are kept; for this run alone under --no-cache."""
    if arguments.no_cache:
        from tempfile import TemporaryDirectory

        with TemporaryDirectory(prefix="envspec-") as folder:
            yield Path(folder)
        return
    from envspec.adapters.settings import cache_dir
    from envspec.cli.cache import FILES

    yield Path(arguments.cache_dir or cache_dir()).absolute() / FILES


class _Downloads:
    """The Http for whole files, opened where the first one is needed."""

    def __init__(self, timeout_s: float, stack: ExitStack) -> None:
        self._timeout_s = timeout_s
        self._stack = stack
        self._http: Http | None = None
        self._opening = threading.Lock()

    def __call__(self) -> Http:
        with self._opening:
            if self._http is None:
                from envspec.adapters.web import open_http

                self._http = open_http(timeout_s=self._timeout_s, lean=False)
                self._stack.callback(self._http.close)
            return self._http


def _refuse_missing(folders: list[Path]) -> None:
    from envspec.errors import InputError

    for folder in folders:
        if not folder.is_dir():
            raise InputError(what=f"{folder}: no such folder", fix="name folders that hold the locked wheels")


def _beside(path: Path, lock: Lock) -> list[Path]:
    """Folders beside the lock that it names itself: ``../wheels`` in a bundle, those of local wheels."""
    files = [item.file for item in lock.distributions if item.wheel is not None or item.sdist is not None]
    return sorted({(path.parent / file.path).parent for file in files if file.path})


def _write(path: Path, lock: Lock, audited: Audited, console: Console) -> None:
    from envspec.adapters.files import write_atomically
    from envspec.errors import InputError
    from envspec.lock.codec import encode
    from envspec.steps.audit import with_audit

    if not lock.spec_digest:
        raise InputError(
            what=f"{path}: another tool made this lock, so nothing is written into it",
            why="it would have to be rewritten whole",
            fix="leave out --write, or make the lock with envspec lock",
        )
    written = with_audit(lock, audited)
    changed = write_atomically(path, encode(written))
    read = len(audited.packages) - len(audited.not_read)
    console.say(f"{path}  {'written' if changed else 'unchanged'}: {read} files audited")


def _exit_code(audited: Audited, *, strict: bool) -> int:
    if audited.conflicts:
        return 1
    if audited.packages and len(audited.not_read) == len(audited.packages):
        return 3
    return 1 if strict and (audited.uncovered or audited.not_read) else 0
