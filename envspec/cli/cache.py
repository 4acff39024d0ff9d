"""Say where the cache lies (``dir``), or empty it (``clean``)."""

from __future__ import annotations

import argparse
from pathlib import Path

FILES = "wheels"
"""The folder of whole files in the cache: SHA256/NAME."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``envspec cache``."""
    parser.add_argument("action", choices=("dir", "clean"))
    parser.add_argument("--cache-dir", metavar="DIR", type=Path, help="in place of the usual one")


def run(arguments: argparse.Namespace) -> int:
    """Print the folder, or remove the files in it that are ours."""
    from envspec.adapters.settings import cache_dir

    folder = Path(arguments.cache_dir or cache_dir())
    if arguments.action == "dir":
        print(folder)
        return 0
    freed = 0
    for path in sorted([*folder.glob("index-[0-9]*.sqlite*"), *folder.glob(f"{FILES}/*/*")]):
        freed += path.stat().st_size
        path.unlink()
        if path.parent != folder:
            path.parent.rmdir()
    print(f"{folder}: {freed:,} bytes freed")
    return 0
