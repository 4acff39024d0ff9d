"""The command ``envspec``: finds the command's file, and ends every failure in one message."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import argparse

COMMANDS = {
    "init": "write a commented spec to start from",
    "lock": "resolve a spec into pinned locks",
    "diff": "what differs between two locks, consequences first",
    "export": "a lock as a hashed requirements file",
    "tree": "what requires what, from a lock",
    "why": "why a project is in a lock",
    "audit": "what the locked wheels would reach for at run time",
    "probe": "the facts of this host, as evidence in one JSON document",
    "verify": "judge a host by a lock: what fits, what doesn't, what to do",
    "fleet": "judge many hosts by locks",
    "explain": "a rule, with its table and its sources",
    "record": "pin a view of a live index in one file",
    "schema": "the JSON Schema of the spec, for editors",
    "cache": "where the cache lies, and how to empty it",
}
"""Name to summary; ``cli/NAME.py`` is imported only when its command is called."""

_BROKEN_PIPE_EXIT = 141


def command() -> None:
    """Run one command as a whole process, and leave without taking the interpreter apart.

    Everything that has to be closed is closed when ``main`` returns, or by an exit function; freeing
    a resolution's values one by one would cost more than a warm run's work.
    """
    import os

    _open_closed_streams()
    _hear_every_ctrl_c()
    code = main()
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        code = _unwritable(error, sys.argv[1:])
    with suppress(OSError):  # talk that nobody can read changes no answer
        sys.stderr.flush()
    import atexit

    atexit._run_exitfuncs()  # temporary folders of threads that an interruption cut short
    os._exit(code)


def _open_closed_streams() -> None:
    """Let what goes to a stream that our starter closed go nowhere: the next file opened would be it."""
    import os

    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def _hear_every_ctrl_c() -> None:
    """Interrupt again where Ctrl-C fell into a weak reference's callback, which Python lets nothing leave.

    Importing is full of them. It may even leave the import lock held, for which threads would wait for ever.
    """
    import signal

    def interrupt(number: int, frame: object) -> None:  # noqa: ARG001
        raise KeyboardInterrupt

    told = sys.unraisablehook

    def hear(unraisable: sys.UnraisableHookArgs) -> None:
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, 0.05)
        else:
            told(unraisable)

    signal.signal(signal.SIGALRM, interrupt)
    sys.unraisablehook = hear


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code (0 yes, 1 no, 2 input, 3 outside, 130 interrupted)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        from envspec.errors import EnvspecError

        _end_like_ctrl_c()
        _print_anything()
        return _dispatch(arguments)
    except KeyboardInterrupt:
        from envspec.cli.console import talk

        talk("interrupted; nothing half-written was left behind")
        return 130
    except EnvspecError as error:
        _report(error, arguments)
        return error.exit_code
    except (OSError, MemoryError, ImportError, RuntimeError, SystemError) as error:
        short = _shortage(error)
        if not short and isinstance(error, OSError):
            return _unwritable(error, arguments)
        if not short:
            raise
    _report_shortage(short, arguments)  # now that what the command held is given back
    return 3


def _shortage(error: Exception) -> str:
    """What this process was refused; empty where the error is another."""
    text = str(error).lower()
    signs = ("failed to map segment", "cannot allocate memory", "error return without exception set")
    if isinstance(error, MemoryError) or any(
        sign in text for sign in signs
    ):  # the last is CPython's own slip
        return "memory"
    return "threads" if str(error) == "can't start new thread" else ""


def _report_shortage(what: str, arguments: list[str]) -> None:
    option = "-v" if what == "memory" else "-u; -v, too, as each takes memory"
    try:
        from envspec.errors import OutsideError

        told = OutsideError(
            what=f"this process may have no more {what}",
            why=f"a limit of the shell, the container or the batch system, or the machine has no more {what}",
            fix=f"raise the limit (in a shell: ulimit {option}), or run it elsewhere",
        )
        _report(told, arguments)
    except (MemoryError, ImportError):  # not even for that
        import os

        os.write(2, f"envspec: this process may have no more {what}\n".encode())


def _unwritable(error: OSError, arguments: list[str]) -> int:
    """The exit code where standard output, or a file that nobody else told of, can't be written."""
    if isinstance(error, BrokenPipeError):
        # The reader of our output went away (``| head``); let no second error follow at exit.
        sys.stdout = None
        return _BROKEN_PIPE_EXIT
    from envspec.errors import DiskError

    where = f"{error.filename}: " if error.filename else "standard output: "
    if isinstance(error, FileNotFoundError) and not error.filename:  # os.getcwd
        where = "the folder that you stand in: "
    _report(DiskError(what=f"{where}{error.strerror or error}"), arguments)
    return 3


def _end_like_ctrl_c() -> None:
    """Let SIGTERM and SIGHUP clean up as Ctrl-C does; Python's default would leave builds running."""
    import signal

    def interrupt(number: int, frame: object) -> None:  # noqa: ARG001
        raise KeyboardInterrupt

    with suppress(ValueError):  # signals can be set in the main thread alone
        for name in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(name) is signal.SIG_DFL:
                signal.signal(name, interrupt)


def _print_anything() -> None:
    """Let a file name that is no text, or a character the terminal lacks, be printed escaped."""
    if getattr(sys.stdout, "errors", "") == "strict" and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")


def _dispatch(arguments: list[str]) -> int:
    import argparse

    name = arguments[0] if arguments else ""
    if name in ("-V", "--version"):
        from envspec import __version__

        print(f"envspec {__version__}")
        return 0
    if name not in COMMANDS:
        return _no_such_command(name, arguments)
    from importlib import import_module

    command = import_module(f"envspec.cli.{name}")
    parser = argparse.ArgumentParser(
        prog=f"envspec {name}",
        description=(command.__doc__ or "").replace("``", ""),
        allow_abbrev=False,
        formatter_class=_formatter,
    )
    command.add_arguments(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    parser.add_argument("-v", "--verbose", action="store_true", help="say more")
    parser.add_argument("--no-color", action="store_true", help="no colours, also on a terminal")
    if _wants_json(arguments):
        parser.error = partial(_refuse_usage, name)  # type: ignore[method-assign]
    code: int = command.run(parser.parse_args(arguments[1:]))
    return code


def _refuse_usage(command: str, message: str) -> NoReturn:
    """What argparse doesn't understand, as an error like any other, for whoever reads JSON."""
    from envspec.errors import InputError

    raise InputError(what=message, fix=f"envspec {command} --help")


def _formatter(prog: str) -> argparse.HelpFormatter:
    """argparse's own, of a fixed width: asking the terminal would import shutil for every option."""
    import argparse

    return argparse.HelpFormatter(prog, max_help_position=32, width=100)


def _no_such_command(name: str, arguments: list[str]) -> int:
    lines = [
        "usage: envspec COMMAND [OPTION ...]",
        "",
        *(f"  {command:<8} {summary}" for command, summary in COMMANDS.items()),
    ]
    lines += ["", "envspec COMMAND --help tells a command's options; envspec --version the version"]
    if name in ("-h", "--help"):
        print("\n".join(lines))
        return 0
    from difflib import get_close_matches

    from envspec.cli.console import talk

    near = get_close_matches(name, COMMANDS, n=1)
    if _wants_json(arguments):
        from envspec.errors import InputError

        fix = f"did you mean {near[0]!r}?" if near else "envspec --help"
        raise InputError(what=f"no command {name!r}" if name else "no command was named", fix=fix)
    if name:
        hint = f"; did you mean {near[0]!r}?" if near else ""
        hint = "; options stand behind the command" if name.startswith("-") else hint
        talk(f"envspec: no command {name!r}{hint}\n")
    talk("\n".join(lines))
    return 2


def _report(error: Exception, arguments: list[str]) -> None:
    """Put an error where it's read: JSON on stdout where JSON was asked for, else stderr."""
    from envspec.errors import EnvspecError

    if isinstance(error, EnvspecError) and _wants_json(arguments):
        import json

        with suppress(OSError):  # where standard output is what's full, stderr has to do
            print(
                json.dumps({"error": {"exit-code": error.exit_code, **error.to_dict()}}, indent=2), flush=True
            )
            return
    from envspec.cli.console import talk

    talk(f"envspec: {error}")


def _wants_json(arguments: list[str]) -> bool:
    pairs = zip(arguments, [*arguments, ""][1:], strict=True)
    return any(a == "--format=json" or (a == "--format" and b == "json") for a, b in pairs)


if __name__ == "__main__":
    command()
