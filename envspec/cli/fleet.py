"""Judge many hosts by locks: which fit, who is alike, who differs from whom, what to do."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envspec.cli.console import Console
    from envspec.verify.judgement import HostJudged


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``envspec fleet``."""
    from envspec.cli.day import add_day_argument

    parser.add_argument(
        "paths",
        metavar="FACTS|LOCK",
        nargs="+",
        help="facts, folders of them, and locks (*.toml) or folders of locks",
    )
    add_day_argument(parser)
    parser.add_argument("--strict", action="store_true", help="warnings and what isn't known are a no, too")
    parser.add_argument("--format", choices=("text", "json", "html"), default="text")
    parser.add_argument("-o", "--output", metavar="FILE", help="write there, not to stdout")


def run(arguments: argparse.Namespace) -> int:
    """Judge; exit 0 where every host fits at least one variant of each spec, else 1."""
    from envspec import __version__
    from envspec.cli.console import Console
    from envspec.cli.day import today
    from envspec.cli.facts_folder import judged, told_apart
    from envspec.cli.judged_locks import read_locks
    from envspec.cli.output import put
    from envspec.steps.verify import asked
    from envspec.verify.fleet import fleet

    places, locks = told_apart(arguments.paths)
    several, day = asked(read_locks(locks)), arguments.day or today()
    console = Console(quiet=arguments.quiet, verbose=arguments.verbose)
    console.start(f"judging {len(places)} host{'' if len(places) == 1 else 's'}", len(places))
    found = fleet(_counted(judged(several, places, day), console))
    console.finish()
    passes = bool(found.hosts) and all(host.passes(strict=arguments.strict) for host in found.hosts)
    if arguments.format == "json":
        from envspec.report.fleet_json import as_json

        text = as_json(found, day=day, version=__version__, strict=arguments.strict)
    elif arguments.format == "html":
        from envspec.report.fleet_html import as_html

        text = as_html(found, day=day, version=__version__, passes=passes)
    else:
        from envspec.report.fleet_text import as_text

        text = as_text(found, verbose=arguments.verbose)
    put(text, arguments.output)
    return 0 if passes else 1


def _counted(hosts: Iterator[HostJudged], console: Console) -> Iterator[HostJudged]:
    for host in hosts:
        console.advance()
        yield host
