"""Resolve each variant of each spec into a pinned lock."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from envspec.cli.console import Console
from envspec.cli.lock_requests import judged_note, read_requests
from envspec.cli.wiring import World, add_network_arguments

if TYPE_CHECKING:
    from envspec.spec.request import LockRequest
    from envspec.steps.locking import Existing, LockOptions

MAX_LOCK_BYTES = 64 * 1024 * 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``envspec lock``."""
    parser.add_argument("specs", metavar="SPEC", nargs="+", help="a spec, such as specs/ocr.toml")
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        help="where locks are written (../locks of specs/, else beside the spec)",
    )
    parser.add_argument("--variant", metavar="NAME", action="append", help="only this variant; repeatable")
    parser.add_argument("--upgrade", action="store_true", help="forget the pins of existing locks")
    parser.add_argument(
        "--upgrade-package",
        metavar="NAME[==VERSION]",
        action="append",
        default=[],
        help="forget this pin; repeatable",
    )
    parser.add_argument(
        "--upgrade-model",
        metavar="LABEL",
        action="append",
        default=[],
        help="ask anew for this model or installer: its label, or a word of it such as openai/whisper-tiny;"
        " repeatable",
    )
    parser.add_argument(
        "--check", action="store_true", help="only say whether the locks answer the spec; no network"
    )
    parser.add_argument("--dry-run", action="store_true", help="resolve, but write nothing")
    parser.add_argument("--strict", action="store_true", help="warnings are a no (exit 1)")
    parser.add_argument("--files", choices=("urls", "portable"), help="in place of the spec's [lock] files")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    add_network_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Lock, or check; exit 0 yes, 1 no, 2 input, 3 outside."""
    import gc

    # Pages are hundreds of thousands of values without cycles: looking for some took a fifth of a cold run.
    gc.set_threshold(100_000, 50, 100)
    console = Console(quiet=arguments.quiet, verbose=arguments.verbose)
    with World(arguments, console) as world:
        jobs = [
            (path, folder, request)
            for path in arguments.specs
            for folder in [_output_folder(arguments, path)]
            for request in read_requests(path, arguments, world)
        ]
        _refuse_twins(jobs)
        if arguments.check:
            return _check(jobs, arguments, world)
        return _lock(jobs, arguments, world, console)


def _output_folder(arguments: argparse.Namespace, spec: str) -> str:
    """``-o``, else ``../locks`` where the spec lies in ``specs/``, else the spec's folder."""
    if arguments.output is not None:
        folder: str = arguments.output
        return folder
    from envspec.lock.place import lock_folder

    return lock_folder(spec)


def _refuse_twins(jobs: Sequence[tuple[str, str, LockRequest]]) -> None:
    from envspec.errors import InputError

    seen: dict[str, str] = {}
    for spec, folder, request in jobs:
        path = os.path.join(folder, file_name(request))
        place = os.path.realpath(path)
        if place in seen:
            raise InputError(
                what=f"{spec} and {seen[place]} would both be locked as {path}",
                fix="give each spec a name of its own, or lock them into different folders with -o",
            )
        seen[place] = spec


def file_name(request: LockRequest) -> str:
    """``pylock.NAME-VARIANT.toml`` (PEP 751)."""
    label = f"{request.name}-{request.variant}" if request.variant else request.name
    return f"pylock.{label}.toml"


# Checking


def _check(jobs: Sequence[tuple[str, str, LockRequest]], arguments: argparse.Namespace, world: World) -> int:
    paths = [(os.path.join(folder, file_name(request)), request) for _, folder, request in jobs]
    rows = [(path, *_state(path, request, world)) for path, request in paths]
    stale = [path for path, state, _ in rows if state != "current"]
    if arguments.format == "json":
        import json

        found = [{"path": path, "state": state, "why": why} for path, state, why in rows]
        print(json.dumps({"current": not stale, "locks": found}, indent=2))
    elif not arguments.quiet:
        for path, state, why in rows:
            print(f"{state:<8} {path}{f'  ({why})' if why else ''}")
    return 1 if stale else 0


def _state(path: str, request: LockRequest, world: World) -> tuple[str, str]:
    """``current``, ``missing`` or ``stale``, and why."""
    from envspec.adapters.files import read_bytes
    from envspec.cli.lock_files import lock_of
    from envspec.lock.codec import quick_digest, says_what_was_written

    if _is_absent(path):
        return "missing", "no such lock"
    data = read_bytes(path, limit=MAX_LOCK_BYTES)
    digest = quick_digest(data)
    edited = None if digest is not None else lock_of(data, path)
    if edited is not None:
        digest = edited.spec_digest
    if digest != request.spec_digest:
        return "stale", "the spec, a recording or a table changed since"
    if edited is not None and not says_what_was_written(edited, data):
        return "stale", "something else than envspec changed what it says"
    if not _is_judged_alike(path, data, world):
        return "stale", "by the tables of today its contract, verdict or environment is another"
    return "current", ""


def _is_absent(path: str) -> bool:
    """Whether there is surely none; where that can't be found out, reading it says why."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        pass
    return False


def _is_judged_alike(path: str, data: bytes, world: World) -> bool:
    """Judging takes longer than all else of a check, so that it was done is remembered with the tables'
    digest."""
    place, told = judged_note(path, data, world)
    if world.store.note(place) == told:
        return True
    from envspec.cli.lock_files import lock_of
    from envspec.steps.judged import judged_alike

    alike = judged_alike(lock_of(data, path))
    if alike:
        world.store.put_note(place, told)
    return alike


# Locking


def _lock(
    jobs: Sequence[tuple[str, str, LockRequest]],
    arguments: argparse.Namespace,
    world: World,
    console: Console,
) -> int:
    from envspec.steps.lock import lock_variants
    from envspec.steps.locking import Locked

    requests = [request for _, _, request in jobs]
    paths = [os.path.join(folder, file_name(request)) for _, folder, request in jobs]
    closure = "closure:" + ",".join(map(file_name, requests))
    seen = world.store.note(closure)
    options = _options(arguments, world)
    outcomes = lock_variants(
        requests,
        pages=world.pages,
        default=world.default,
        workshop=world,
        earlier=[existing_lock(path) for path in paths],
        seen=seen.split() if seen else [],
        options=options,
        progress=console,
    )
    names = {name for outcome in outcomes if isinstance(outcome, Locked) for name in outcome.names}
    if names and " ".join(sorted(names)) != seen:
        world.store.put_note(closure, " ".join(sorted(names)))
    for path, outcome in zip(paths, outcomes, strict=True):
        if isinstance(outcome, Locked):
            place, told = judged_note(path, outcome.data, world)
            if world.store.note(place) != told:
                world.store.put_note(place, told)
    from envspec.cli.lock_outcomes import tell

    return tell(list(zip(paths, outcomes, strict=True)), options, arguments, console)


def _options(arguments: argparse.Namespace, world: World) -> LockOptions:
    from envspec.steps.locking import LockOptions

    return LockOptions(
        upgrade=arguments.upgrade,
        upgrade_packages=_all_upgraded(arguments.upgrade_package),
        upgrade_models=tuple(arguments.upgrade_model),
        offline=arguments.offline,
        refresh=arguments.refresh,
        tables=world.tables_digest,
    )


def _all_upgraded(texts: Sequence[str]) -> dict[str, str]:
    upgraded: dict[str, str] = {}
    for text in texts:
        name, version = _upgraded(text)
        known = upgraded.get(name, "")
        if known and version and known != version:
            from envspec.errors import InvalidValueError

            raise InvalidValueError(
                what=f"--upgrade-package {text!r}: {name}=={known} was asked for, too",
                why="a lock pins one version of a project",
            )
        upgraded[name] = version or known
    return upgraded


def _upgraded(text: str) -> tuple[str, str]:
    """NAME==VERSION as the normalized name and the version, which is empty where none was said."""
    from envspec.errors import InvalidValueError
    from envspec.index.requirement import parse_requirement

    requirement = parse_requirement(text)
    operator, version = requirement.specifier[:2], requirement.specifier[2:]
    is_exact = not requirement.specifier or (operator == "==" and "," not in version)
    if requirement.url or requirement.marker or requirement.extras or not is_exact:
        raise InvalidValueError(
            what=f"--upgrade-package {text!r} can't be read", why="NAME or NAME==VERSION was wanted"
        )
    return requirement.name, version


def existing_lock(path: str) -> Existing:
    """What the lock at ``path`` hands on, read only if it's asked for; nothing where there's none."""
    from envspec.steps.locking import Earlier, Existing

    if _is_absent(path):
        return Existing()
    from envspec.adapters.files import read_bytes
    from envspec.lock.codec import quick_digest
    from envspec.lock.quick import identity, quick_pins

    data = read_bytes(path, limit=MAX_LOCK_BYTES)

    def read() -> Earlier:
        from envspec.cli.lock_files import lock_of

        pins = quick_pins(data)
        if pins is not None:
            return Earlier(pins, distributions=lambda: lock_of(data, path).distributions)
        lock = lock_of(data, path)
        return Earlier(
            pins={d.name: d.version for d in lock.distributions},
            builds={
                f"{b.name}=={b.version}": {r.name: r.version for r in b.requirements} for b in lock.builds
            },
            kept=lock.extra_tool,
            assets=lock.assets,
            distributions=lambda: lock.distributions,
        )

    if quick_digest(data) is None:  # another hand was in it: whether it can be read is known before all else
        earlier = read()
        return Existing(identity(data), lambda: earlier)
    return Existing(identity(data), read)
