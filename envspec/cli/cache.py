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
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write there, not to stdout")


def run(arguments: argparse.Namespace) -> int:
    """Tell the folder, or remove the files in it that are ours and tell how many bytes that freed."""
    import json

    from envspec.adapters.settings import cache_dir
    from envspec.cli.output import put

    folder = Path(arguments.cache_dir or cache_dir())
    told: dict[str, object] = {"folder": str(folder)}
    text = str(folder)
    if arguments.action == "clean":
        told["bytes-freed"] = freed = _clean(folder)
        text = f"{folder}: {freed:,} bytes freed"
    put(f"{json.dumps(told, indent=2) if arguments.format == 'json' else text}\n", arguments.output)
    return 0


def _clean(folder: Path) -> int:
    """Remove what is ours; how many bytes that freed."""
    freed = 0
    for path in sorted([*folder.glob("index-[0-9]*.sqlite*"), *folder.glob(f"{FILES}/*/*")]):
        freed += path.stat().st_size
        path.unlink()
        if path.parent != folder:
            path.parent.rmdir()
    return freed
