"""What locking came to: locks written, and the user told what they hold, what fits, what doesn't and why."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from envspec.cli.console import Console, printable, talk

if TYPE_CHECKING:
    from envspec.lock.document import Lock
    from envspec.steps.locking import Locked, LockOptions, Missing, Outcome, Unlockable


def tell(
    outcomes: Sequence[tuple[str, Outcome]],
    options: LockOptions,
    arguments: argparse.Namespace,
    console: Console,
) -> int:
    """Write the locks and say what was done; exit 0, or 1 for a no."""
    from envspec.errors import EnvspecError
    from envspec.steps.locking import Locked, Unlockable

    console.clear()
    rows: list[dict[str, Any]] = []
    locked = []
    failed: EnvspecError | None = None
    for path, outcome in outcomes:
        if isinstance(outcome, Unlockable):
            rows.append(_unlockable(path, outcome, options, arguments))
        elif not isinstance(outcome, Locked):
            rows.append(_missing(path, outcome, arguments))
        else:
            try:
                outcome = outcome._replace(remarks=(*outcome.remarks, *_surprises(path, outcome.data)))
                fitting = _siblings(outcome, [each for _, each in outcomes]) if outcome.is_refused else []
                rows.append(_written(path, outcome, fitting, arguments, console))
            except EnvspecError as error:
                if not rows or arguments.format != "json":
                    raise
                failed = error  # what is written already is told along with it
                break
            locked.append(outcome)
    if arguments.format == "json":
        import json

        told = {"error": {"exit-code": failed.exit_code, **failed.to_dict()}} if failed else {}
        print(json.dumps({"locks": rows, **told}, indent=2))
    if failed is not None:
        return failed.exit_code
    if len(locked) < len(outcomes):
        return 1
    unfit = [name for name in {o.request.name: None for o in locked} if _fits_nowhere(name, locked)]
    for name in unfit:
        console.say(f"no: the host that {name} promises fits none of its locks; see above what it would take")
    if unfit:
        return 1
    if arguments.strict and any(
        o.warnings or o.remarks or o.verdict in ("refused", "unknown") for o in locked
    ):
        console.say(
            "--strict: the warnings above make this a no (exit 1); the locks are written all the same"
        )
        return 1
    return 0


def _fits_nowhere(name: str, locked: Sequence[Locked]) -> bool:
    """Whether the promised host refuses every variant of the spec that was locked."""
    return all(outcome.is_refused for outcome in locked if outcome.request.name == name)


def _siblings(outcome: Locked, outcomes: Iterable[Outcome]) -> list[str]:
    """The variants of the same spec that run on the promised host."""
    from envspec.steps.locking import Locked

    return [
        other.request.variant
        for other in outcomes
        if isinstance(other, Locked)
        and other.request.name == outcome.request.name
        and other.verdict not in ("refused", "unknown")
    ]


def _with_siblings(told: Sequence[str], fitting: Sequence[str]) -> list[str]:
    """The sentence first, then the variants that fit, then what this one would take."""
    return [*told[:1], *(f"  {variant} fits it" for variant in fitting), *told[1:]]


def _surprises(path: str, data: bytes) -> Iterator[str]:
    """What the lock at ``path`` was that the one in its place should be, too, and isn't."""
    if not os.path.exists(path):
        return
    from envspec.cli.lock_files import lock_of, read_lock_bytes

    old = read_lock_bytes(path)
    if old == data:
        return
    from envspec.lock.diff import digest_changes

    before, after = lock_of(old, path), lock_of(data, path)
    if before.spec_digest and (before.name, before.variant) != (after.name, after.variant):
        yield f"here stood the lock of {_owner(before)}; whatever is locked as one file replaces the other"
    for change in digest_changes(before, after):
        yield (
            f"OTHER BYTES UNDER THE SAME FILE NAME: {change.file_name}: sha256 {change.before.sha256} stood"
            f" in the lock, {change.after.sha256} came now; a published file never changes, so find out which"
            " is right"
        )


def _owner(lock: Lock) -> str:
    return f"{lock.name}, variant {lock.variant}" if lock.variant else f"{lock.name}, without a variant"


def _written(
    path: str, outcome: Locked, fitting: list[str], arguments: argparse.Namespace, console: Console
) -> dict[str, Any]:
    from envspec.adapters.files import read_bytes, write_atomically
    from envspec.report.plain import size

    request = outcome.request
    existed = os.path.exists(path)
    if arguments.dry_run:
        changed = not existed or read_bytes(path) != outcome.data
    else:
        changed = write_atomically(path, outcome.data)
    state = ("updated" if existed else "created") if changed else "unchanged"
    row = {
        "path": path,
        "name": request.name,
        "variant": request.variant,
        "state": state,
        "dry-run": arguments.dry_run,
        "distributions": len(outcome.names),
        "bytes": outcome.size_bytes,
        "bytes-at-least": outcome.is_at_least,
        "warnings": list(outcome.warnings),
        "remarks": list(outcome.remarks),
        "assets": [
            {
                "kind": asset.kind,
                "label": asset.label,
                "version": asset.version or None,
                "files": asset.files,
                "bytes": asset.size_bytes,
                "bytes-at-least": asset.is_at_least,
                "unconfirmed": asset.unconfirmed or None,
            }
            for asset in outcome.assets
        ],
        "verdict": outcome.verdict or None,
        "refused": outcome.is_refused,
        "variants-that-fit": fitting,
        "told": list(outcome.told),
    }
    label = f"{request.name}-{request.variant}" if request.variant else request.name
    if arguments.format == "text" and not arguments.quiet:
        at_least = "at least " if outcome.is_at_least else ""
        would = "would be " if arguments.dry_run and changed else ""
        total = f"{at_least}{size(outcome.size_bytes)}"
        print(f"{path}  {would}{state}: {_count(outcome)}, {total}")
        for line in _with_siblings(outcome.told, fitting):
            print(printable(f"  {line}"))
    for line in (*outcome.warnings, *outcome.remarks):
        console.say(f"warning: {label}: {line}")
    return row


def _count(outcome: Locked) -> str:
    """``66 distributions, 3 models``."""
    kinds = [asset.kind for asset in outcome.assets]
    counts = [("distribution", len(outcome.names))]
    counts += [(kind, kinds.count(kind)) for kind in ("model", "file", "installer")]
    return ", ".join(
        f"{n} {word}{'' if n == 1 else 's'}" for word, n in counts if n or word == "distribution"
    )


def _missing(path: str, outcome: Missing, arguments: argparse.Namespace) -> dict[str, Any]:
    from envspec.errors import EnvspecError

    error = EnvspecError(what=f"{outcome.label}: {outcome.what}", why=outcome.why, fix=outcome.fix)
    if arguments.format == "text":
        talk(f"envspec: {error}")
    return {
        "path": path,
        "name": outcome.request.name,
        "variant": outcome.request.variant,
        "state": "no-such-asset",
        "asset": outcome.label,
        **error.to_dict(),
    }


def _unlockable(
    path: str, outcome: Unlockable, options: LockOptions, arguments: argparse.Namespace
) -> dict[str, Any]:
    from envspec.resolve.explain import explanation

    why = explanation(outcome.conflict, outcome.catalog, outcome.request)
    if arguments.format == "text":
        talk(why.text())
        for name, version in options.upgrade_packages.items():
            if version:
                talk(f"note: the constraint {name}=={version} is --upgrade-package's")
    return {
        "path": path,
        "name": outcome.request.name,
        "variant": outcome.request.variant,
        "state": "no-solution",
        "conflict": why.to_dict(),
    }
