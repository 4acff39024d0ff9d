"""Write a lock in another form: a hashed requirements file for pips that read no pylock."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``envspec export``."""
    parser.add_argument("lock", metavar="LOCK", type=Path, help="a lock, such as locks/pylock.ocr.toml")
    parser.add_argument(
        "--format",
        choices=("requirements", "text", "json"),
        default="requirements",
        help="requirements, which text means, too; or the same for machines",
    )
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write there, not to stdout")


def run(arguments: argparse.Namespace) -> int:
    """Export; exit 0."""
    from envspec.cli.lock_files import read_lock
    from envspec.cli.output import put
    from envspec.report.requirements import as_json, as_requirements

    render = as_json if arguments.format == "json" else as_requirements
    put(render(read_lock(arguments.lock)), arguments.output)
    return 0
