"""Show what requires what, from a lock."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``envspec tree``."""
    parser.add_argument("lock", metavar="LOCK", type=Path, help="a lock, such as locks/pylock.ocr.toml")
    parser.add_argument(
        "--depth", metavar="N", type=_depth, help="how far down; 0 is the spec's requirements"
    )
    parser.add_argument("--invert", metavar="NAME", help="what requires NAME, and what requires that")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write there, not to stdout")


def _depth(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise argparse.ArgumentTypeError(f"{text!r} was met, a whole number from 0 is wanted")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Show the tree; exit 0, or 1 where the lock has nothing of the name behind ``--invert``."""
    from envspec.cli.lock_files import read_lock, say_not_locked
    from envspec.cli.output import put
    from envspec.lock.graph import Graph
    from envspec.project_name import normal_name
    from envspec.report.lock_graph import tree_json, tree_text

    lock = read_lock(arguments.lock)
    graph = Graph(lock)
    invert = normal_name(arguments.invert.strip()) if arguments.invert is not None else ""
    if arguments.invert is not None and invert not in graph.distributions:
        if arguments.format == "json":
            put(tree_json(lock.label, ()), arguments.output)
        say_not_locked(arguments.invert, [arguments.lock], graph.distributions)
        return 1
    render = {"text": tree_text, "json": tree_json}[arguments.format]
    put(render(lock.label, graph.tree(depth=arguments.depth, invert=invert)), arguments.output)
    return 0
