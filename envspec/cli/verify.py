"""Judge a host by a lock: what fits, what doesn't, what to do. Without --host, the host where it runs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envspec.report.judged import Report
    from envspec.steps.verify import FactsFile, LockFile

FORMATS = ("text", "json", "junit", "sarif", "html")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``envspec verify``."""
    from envspec.cli.day import add_day_argument

    parser.add_argument(
        "locks", metavar="LOCK", nargs="*", help="a lock, or a folder with locks in it or in its locks/"
    )
    parser.add_argument(
        "--host",
        metavar="FACTS",
        nargs="+",
        action="extend",
        help="facts of a host elsewhere, from envspec probe or probe.py; - for standard input",
    )
    parser.add_argument(
        "--prefix", metavar="DIR", help="where it is to be installed, if not where the lock says"
    )
    parser.add_argument(
        "--endpoint",
        metavar="URL",
        action="append",
        default=[],
        help="try this one too, of this host; those of the lock are tried anyway",
    )
    add_day_argument(parser)
    parser.add_argument("--strict", action="store_true", help="warnings and what isn't known are a no, too")
    parser.add_argument("--format", choices=FORMATS, default="text")
    parser.add_argument("-o", "--output", metavar="FILE", help="write there, not to stdout")


def run(arguments: argparse.Namespace) -> int:
    """Judge; exit 0 where each host fits at least one variant of each spec, else 1."""
    from functools import lru_cache, partial

    from envspec.quick_msgspec import load_msgspec

    load_msgspec()
    from envspec import __version__
    from envspec.cli.day import today
    from envspec.cli.facts_files import host_name, read_facts_file
    from envspec.cli.judged_locks import lock_paths, read_locks, siblings_of
    from envspec.cli.output import put
    from envspec.errors import InputError
    from envspec.report.judged import Report
    from envspec.steps.fleet import judge_one
    from envspec.steps.verify import asked, verify

    if not arguments.locks:
        raise InputError(
            what="no lock was named",
            why="all that stands behind --host is taken for facts" if arguments.host else "",
            fix="envspec verify LOCK... --host FACTS...",
        )
    for url in arguments.endpoint:
        _check_endpoint(url)
    files = read_locks(lock_paths(arguments.locks))
    draw = partial(asked, prefix=arguments.prefix or "", endpoints=arguments.endpoint)
    several, day = draw(files), arguments.day or today()
    siblings = lru_cache(None)(lambda: draw(siblings_of(files)))
    named = list(dict.fromkeys(arguments.host or ()))
    if len(named) > 1:
        judge = partial(judge_one, several, today=day, siblings=siblings)
        hosts = [judge(partial(read_facts_file, one), label=host_name(one), where=one) for one in named]
    else:
        host = read_facts_file(named[0]) if named else _this_host(arguments, files)
        hosts = [verify(several, host, today=day, siblings=siblings)]
    report = Report(day, __version__, tuple(hosts), arguments.strict)
    put(_render(report, arguments), arguments.output)
    return 0 if report.passes else 1


def _check_endpoint(url: str) -> None:
    from envspec.errors import InvalidValueError
    from envspec.spec.problems import WrongValueError
    from envspec.spec.shown import shown
    from envspec.spec.values import check_url

    try:
        check_url(url)
    except WrongValueError as error:
        raise InvalidValueError(
            what=f"--endpoint {shown(url)} can't be read",
            why="a URL of http or https was wanted, without login and signature: it stands in the report",
            fix="for example --endpoint https://nas.internal/download",
        ) from error


def _this_host(arguments: argparse.Namespace, files: list[LockFile]) -> FactsFile:
    from envspec.cli.this_host import this_host

    return this_host(files, arguments.prefix, arguments.endpoint)


def _render(report: Report, arguments: argparse.Namespace) -> str:
    form: str = arguments.format
    if form == "text":
        from envspec.cli.look import terminal_look
        from envspec.report.terminal import as_text

        colour, width = terminal_look(arguments)
        return as_text(report, colour=colour, width=width, verbose=arguments.verbose)
    if form == "json":
        from envspec.report.json import as_json

        return as_json(report)
    if form == "junit":
        from envspec.report.junit import as_junit

        return as_junit(report)
    if form == "sarif":
        from envspec.report.sarif import as_sarif

        return as_sarif(report)
    from envspec.report.html import as_html

    return as_html(report)
