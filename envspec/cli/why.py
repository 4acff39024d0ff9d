"""Say why a project is in a lock: the shortest chains from the spec's own requirements."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``envspec why``."""
    parser.add_argument("name", metavar="NAME", help="a project, such as numpy")
    parser.add_argument(
        "locks", metavar="LOCK", nargs="*", type=Path, help="locks; all in ./locks or here if none is named"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write there, not to stdout")


def run(arguments: argparse.Namespace) -> int:
    """Tell the chains; exit 0, or 1 where no lock has the project."""
    from envspec.cli.lock_files import locks_here, read_lock, say_not_locked
    from envspec.cli.output import put
    from envspec.project_name import normal_name
    from envspec.report.lock_graph import Reason, why_json, why_text

    paths: list[Path] = arguments.locks or locks_here()
    locks = [(path, read_lock(path)) for path in paths]
    reasons = [Reason(str(path), lock, normal_name(arguments.name.strip())) for path, lock in locks]
    found = any(reason.known for reason in reasons)
    if arguments.format == "json":
        put(why_json(reasons), arguments.output)
    elif found:
        put(why_text(reasons), arguments.output)
    if not found:
        names = {item.name for _, lock in locks for item in lock.distributions}
        names |= {each.name for _, lock in locks for build in lock.builds for each in build.requirements}
        say_not_locked(arguments.name, paths, names)
    return 0 if found else 1
