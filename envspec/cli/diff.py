"""Tell what differs between two locks, consequences first."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``envspec diff``."""
    parser.add_argument("files", metavar="LOCK", nargs="+", type=Path, help="two locks, or a spec")
    parser.add_argument("--variants", metavar=("A", "B"), nargs=2, help="two variants of the spec, as locked")
    parser.add_argument("--locks", metavar="DIR", type=Path, help="where the spec's locks lie")
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text")
    parser.add_argument("--exit-code", action="store_true", help="exit 1 where anything differs")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write there, not to stdout")


def run(arguments: argparse.Namespace) -> int:
    """Compare; exit 0, or 1 for a difference under ``--exit-code``."""
    from envspec.cli.lock_files import read_lock
    from envspec.cli.output import put
    from envspec.lock.diff import diff
    from envspec.report import lock_diff

    a, b = (read_lock(path) for path in _two_locks(arguments))
    changes = diff(a, b)
    render = {"text": lock_diff.as_text, "json": lock_diff.as_json, "markdown": lock_diff.as_markdown}
    put(render[arguments.format](changes), arguments.output)
    return 1 if arguments.exit_code and changes.different else 0


def _two_locks(arguments: argparse.Namespace) -> tuple[Path, Path]:
    from envspec.errors import InputError

    files: list[Path] = arguments.files
    if arguments.variants:
        if len(files) != 1:
            raise InputError(
                what=f"{len(files)} files were named with --variants",
                why="one spec is wanted, whose two locks are compared",
                fix="envspec diff specs/ocr.toml --variants cu118 cu121",
            )
        first, second = arguments.variants
        return _variant_lock(files[0], first, arguments.locks), _variant_lock(
            files[0], second, arguments.locks
        )
    if len(files) != 2:
        raise InputError(
            what=f"two locks are wanted, {len(files)} named",
            fix="envspec diff A B; or envspec diff SPEC --variants A B",
        )
    return files[0], files[1]


def _variant_lock(spec: Path, variant: str, locks: Path | None) -> Path:
    """The lock of a variant, which must have been made; nothing is resolved here."""
    from envspec.errors import InputError
    from envspec.lock.place import lock_folder

    name, variants = _names(spec)
    if variant not in variants:
        from difflib import get_close_matches

        near = get_close_matches(variant, variants, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise InputError(
            what=f"{spec}: no variant {variant!r}",
            why=f"it has {', '.join(map(repr, variants))}" if variants else "it has no variants",
            fix=f"{hint}name two variants of this spec",
        )
    path = (locks or Path(lock_folder(str(spec)))) / f"pylock.{name}-{variant}.toml"
    if not path.exists():
        raise InputError(what=f"{path}: no such lock", fix=f"envspec lock {spec} --variant {variant}")
    return path


def _names(spec: Path) -> tuple[str, list[str]]:
    """A spec's name and the names of its variants; whether all else in it is right is for ``lock`` to say."""
    import re

    from envspec.adapters.files import read_text
    from envspec.errors import InvalidValueError
    from envspec.spec.shown import shown
    from envspec.spec.toml import read_toml

    document = read_toml(read_text(spec), str(spec))
    name, variants = document.get("name"), document.get("variants", {})
    if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9-]+", name):
        met = "is missing" if name is None else f"{shown(name)} was met"
        raise InvalidValueError(
            what=f"{spec}: name: {met}",
            why="a spec has a name, made of a-z, 0-9 and -",
            fix="give a spec here, or two locks without --variants",
        )
    return name, sorted(variants) if isinstance(variants, dict) else []
