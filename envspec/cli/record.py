"""Pin a view of a live index, or of repositories of a hub, in one reviewable file, for ``recording =``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from envspec.cli.console import Console, talk

if TYPE_CHECKING:
    import argparse

    from envspec.steps.record import Recorded

_SHOWN = 10
"""So many names of a kind are told; ``--verbose`` and JSON tell all."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "url", metavar="URL", nargs="?", help="root of the simple API, such as https://index.example/simple"
    )
    parser.add_argument("projects", metavar="PROJECT", nargs="*", help="names of projects, without versions")
    parser.add_argument(
        "--hub",
        metavar="REPO[@REVISION]",
        action="append",
        default=[],
        help="in place of an index: a repository of the Hub, such as openai/whisper-tiny@main; repeatable",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="the recording; what it holds of others is kept"
    )
    parser.add_argument(
        "--platform",
        action="append",
        default=[],
        choices=("x86_64", "aarch64"),
        help="only wheels that a Linux of this kind can install; repeatable",
    )
    parser.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="X.Y",
        choices=tuple(f"3.{minor}" for minor in range(8, 15)),
        help="only wheels that this CPython can install, 3.8 to 3.14; repeatable",
    )
    parser.add_argument(
        "--source", default="envspec record", metavar="TEXT", help="where it comes from, in words"
    )
    parser.add_argument("--ca-file", metavar="PEM", help="an authority to trust besides the system's")
    parser.add_argument(
        "--timeout", type=_seconds, metavar="SECONDS", help="how long a request may be silent (30)"
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="of what the command prints"
    )


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 86_400:
        raise ValueError
    return value


_seconds.__name__ = "number of seconds"


def run(arguments: argparse.Namespace) -> int:
    """Record; exit 1 where the index or the Hub doesn't have it, and then write nothing."""
    _check_choice(arguments)
    if arguments.hub:
        from envspec.cli.record_hub import run as run_hub

        return run_hub(arguments)
    import datetime

    from envspec.adapters.files import read_text, write_atomically
    from envspec.adapters.web import TIMEOUT_S, open_http
    from envspec.index.recording import read_recording, write_recording
    from envspec.steps.record import RecordRequest, merge, record

    output: Path | None = arguments.output
    known = None
    if output is not None and output.exists():
        known = read_recording(read_text(output), str(output))
    request = RecordRequest(
        url=arguments.url,
        projects=arguments.projects,
        architectures=arguments.platform,
        pythons=arguments.python,
        ca_file=arguments.ca_file,
    )
    console = Console(quiet=arguments.quiet, verbose=arguments.verbose)
    http = open_http(timeout_s=arguments.timeout or TIMEOUT_S, lean=False, login_urls=[arguments.url])
    try:
        recorded = record(request, http=http, progress=console)
    finally:
        http.close()
    if recorded.absent:
        _tell_absent(recorded, arguments.format)
        return 1
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    text = write_recording(merge(known, recorded, today=today, source=arguments.source))
    _tell(recorded, console, all_names=arguments.verbose)
    if output is None:
        print(text, end="")
        return 0
    _warn_of_default_index(recorded, console)
    changed = write_atomically(output, text.encode())
    if arguments.format == "json":
        _print_summary(recorded, output, changed)
    else:
        console.say(f"{output}: {'written' if changed else 'unchanged'}")
    return 0


def _check_choice(arguments: argparse.Namespace) -> None:
    """An index and its projects, or repositories of the Hub."""
    from envspec.errors import InputError

    if arguments.hub and arguments.url:
        raise InputError(
            what="--hub records the Hub, and an index was named, too", fix="record one at a time"
        )
    if not arguments.hub and not (arguments.url and arguments.projects):
        raise InputError(
            what="what to record is missing",
            why="an index and its projects were wanted, or repositories of the Hub",
            fix="envspec record https://index.example/simple demo; or envspec record --hub OWNER/NAME",
        )


def _tell_absent(recorded: Recorded, form: str) -> None:
    if form == "json":
        import json

        print(json.dumps({"index": recorded.url, "absent": recorded.absent}, indent=2))
        return
    for name in recorded.absent:
        talk(f"envspec: {name}: {recorded.url} doesn't have this project")
    talk("nothing was written; check the names, or record these from another index")


def _warn_of_default_index(recorded: Recorded, console: Console) -> None:
    """Committed files name no host of the default index: it is each user's own."""
    from urllib.parse import urlsplit

    from envspec.adapters.settings import pip_settings
    from envspec.errors import InputError

    try:
        default = urlsplit(pip_settings().index_url).hostname
    except InputError:
        return
    if urlsplit(recorded.url).hostname == default:
        console.say(
            f"warning: {default} is the host of your default index, and this file names it; others may use"
            " another, so keep the file to yourself, or record a named index"
        )


def _tell(recorded: Recorded, console: Console, *, all_names: bool) -> None:
    for project, files in recorded.projects.items():
        console.say(
            f"{project}: {len(files)} files"
            + ("" if files else "; nothing of it fits --platform and --python")
        )
    for names, what in (
        (recorded.unknown, "wheels whose requirements nobody could read; they stay unknown"),
        (recorded.unhashed, "files without a sha256; locking from a recording leaves them out"),
        (recorded.skipped, "files that can't stand in a recording"),
    ):
        if names:
            shown = names if all_names else names[:_SHOWN]
            more = [f"... and {len(names) - len(shown)} more (--verbose)"] if len(shown) < len(names) else []
            console.say("\n  ".join([f"{len(names)} {what}:", *shown, *more]))


def _print_summary(recorded: Recorded, output: Path, changed: bool) -> None:
    import json

    summary = {
        "path": str(output),
        "changed": changed,
        "index": recorded.url,
        "projects": {name: len(files) for name, files in sorted(recorded.projects.items())},
        "unknown": recorded.unknown,
        "unhashed": recorded.unhashed,
        "skipped": recorded.skipped,
    }
    print(json.dumps(summary, indent=2))
