"""Write the JSON Schema of the spec, for editors that complete and check TOML."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from envspec.cli.console import talk


def add_arguments(parser: ArgumentParser) -> None:
    """The options of ``envspec schema``."""
    parser.add_argument("-o", "--output", metavar="FILE", help="write there instead of to stdout")
    parser.add_argument(
        "--format", choices=("text", "json"), default="json", help="of errors; a schema is JSON"
    )


def run(args: Namespace) -> int:
    """Write the schema; return 0."""
    from envspec.adapters.files import write_atomically
    from envspec.spec.json_schema import json_schema

    text = json.dumps(json_schema(), indent=2) + "\n"
    if args.output in (None, "-"):
        sys.stdout.write(text)
        return 0
    write_atomically(Path(args.output), text.encode())
    if not args.quiet:
        talk(f"{args.output} written")
    return 0
