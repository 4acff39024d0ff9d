"""The requests of a spec's variants, made anew only where the spec, or what it reads, changed."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from envspec.cli.wiring import World

if TYPE_CHECKING:
    from envspec.spec.request import LockRequest

MAX_SPEC_BYTES = 4 * 1024 * 1024
SMALL_BYTES = 4 * 1024 * 1024
"""Files below it are digested without a look into the cache."""
REQUEST_FORMAT = "4"


def read_requests(path: str, arguments: argparse.Namespace, world: World) -> Sequence[LockRequest]:
    """The spec's variants, read anew only if the spec, or what it reads, changed since the last time."""
    import json

    from envspec import __version__
    from envspec.adapters.files import read_text
    from envspec.index.credentials import without_credentials
    from envspec.short_digest import short_sha256
    from envspec.spec.request_json import from_json, to_json

    text = read_text(path, limit=MAX_SPEC_BYTES)
    folder = os.path.dirname(os.path.abspath(path))
    options = (arguments.files, arguments.variant)
    identity = (REQUEST_FORMAT, __version__, text, path, folder, *options, world.tables_digest)
    key = short_sha256(json.dumps(identity).encode())
    place = "request:" + json.dumps([os.path.abspath(path), arguments.files, arguments.variant])

    known = world.store.note(place)
    if known is not None:
        try:
            of, read, texts = json.loads(known)
            if of == key and all(_digest_of(name, world) == value for name, value in read.items()):
                return [from_json(item) for item in texts]
        except (ValueError, TypeError, KeyError, RecursionError):
            pass
    from envspec.compat.request import lock_requests

    digests: dict[str, str] = {}

    def remembered_digest(name: str) -> str:
        digests[name] = _digest_of(name, world)
        return digests[name]

    requests = lock_requests(
        text,
        where=path,
        folder=folder,
        variants=arguments.variant,
        files=arguments.files,
        file_digest=remembered_digest,
        table_digests=world.table_digests,
    )
    made = json.dumps([key, digests, [to_json(request) for request in requests]])
    if without_credentials(made) == made:  # a password is never kept
        world.store.put_note(place, made)
    return requests


def judged_note(path: str, data: bytes, world: World) -> tuple[str, str]:
    """Where the cache keeps by which tables the lock at ``path`` was judged, and what it keeps of it."""
    import json

    from envspec.lock.quick import identity

    return "judged:" + json.dumps(os.path.abspath(path)), f"{identity(data)} {world.tables_digest}"


def _digest_of(path: str, world: World) -> str:
    """Of a file, or of a folder with all it holds, that a spec names."""
    if os.path.isfile(path) and os.path.getsize(path) < SMALL_BYTES:
        from envspec.adapters.files import sha256_of

        return sha256_of(path)
    from envspec.adapters.own_files import content_digest

    return content_digest(path, world.store)
