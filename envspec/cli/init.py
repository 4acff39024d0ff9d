"""Write a commented spec to start from, or one that says what a project's files already say."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from envspec.cli.console import talk

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from envspec.spec.imported import Imported


def add_arguments(parser: ArgumentParser) -> None:
    """The options of ``envspec init``."""
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="where to write it (default: specs/NAME.toml; - is stdout)"
    )
    parser.add_argument("--name", help="of the environment (default: from FILE, the project or this folder)")
    parser.add_argument(
        "--from", dest="source", metavar="FILE", help="a requirements file or a pyproject.toml to import"
    )
    parser.add_argument(
        "--extra",
        action="append",
        default=[],
        metavar="NAME",
        help="an extra of the pyproject.toml; repeatable",
    )
    parser.add_argument(
        "--group", action="append", default=[], metavar="NAME", help="a dependency group of it; repeatable"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to say what was done")


def run(args: Namespace) -> int:
    """Write the spec and return 0; raises InputError before anything is overwritten."""
    from envspec.adapters.files import write_atomically
    from envspec.errors import InputError
    from envspec.spec.reader import read_spec
    from envspec.spec.starter import starter, starter_from

    to_stdout = args.output == "-"
    target = None if to_stdout or args.output is None else Path(args.output)
    folder = (target.parent if target else Path() if to_stdout else Path("specs")).absolute()
    found = _imported(args, folder)
    name = args.name or _name(target, found)
    path = target or Path("specs") / f"{name}.toml"
    text = starter_from(name, found) if found else starter(name)
    read_spec(text, args.output or str(path))
    if to_stdout:
        sys.stdout.write(text)
        return 0
    if path.exists() or path.is_symlink():
        raise InputError(what=f"{path}: is there already", fix="choose another name with -o, or remove it")
    write_atomically(path, text.encode())
    _tell(args, path, found.notes if found else [])
    return 0


def _imported(args: Namespace, folder: Path) -> Imported | None:
    from envspec.adapters.files import read_text
    from envspec.errors import InputError

    if args.source is None:
        if args.extra or args.group:
            raise InputError(what="--extra and --group need --from pyproject.toml")
        return None
    if "://" in args.source:
        raise InputError(what="--from takes a file, and a URL was met", fix="download it first")
    source = Path(args.source)
    if source.suffix == ".toml":
        from envspec.spec.pyproject import read_pyproject

        return read_pyproject(read_text(source), args.source, args.extra, args.group)
    if args.extra or args.group:
        raise InputError(what=f"{args.source}: a requirements file has no extras and no groups")
    from envspec.spec.requirements_file import read_requirements_file

    absolute = Path(source).absolute().as_posix()
    return read_requirements_file(absolute, lambda path: read_text(Path(path)), folder.as_posix())


def _name(target: Path | None, found: Imported | None) -> str:
    wished = target.stem if target else (found.name if found else "") or Path().absolute().name
    return re.sub(r"[^a-z0-9]+", "-", wished.lower()).strip("-")[:64].strip("-") or "env"


def _tell(args: Namespace, path: Path, notes: list[str]) -> None:
    if args.format == "json":
        import json

        print(json.dumps({"written": str(path), "notes": notes}, indent=2))
    elif not args.quiet:
        for note in notes:
            talk(f"note: {note}")
        talk(f"{path} written; next: envspec lock {path}")
