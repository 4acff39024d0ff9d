"""Files and folders of the user's own, locked by digest: [[files]], and models with ``provider = "path"``."""

from __future__ import annotations

import posixpath

from envspec.assets.interface import Context, OwnFile, Plan, Planned, ReadPath, Wish
from envspec.lock.document import Asset, AssetFile

PROVIDES = ("path",)


def plan(wish: Wish, context: Context) -> Plan:  # noqa: ARG001 - what lies on the user's disk hangs on nothing else
    """Ask for the digests of what lies at ``path``, and lay it at ``dest`` inside the environment."""
    path, dest = wish.said["path"], wish.said["dest"]
    (found,) = yield [ReadPath(path)]
    files = [_file(each, posixpath.normpath(path), dest) for each in found]
    return Planned(
        Asset(
            kind=wish.kind,
            provider=wish.provider,
            label=wish.label,
            files=tuple(sorted(files, key=lambda file: file.dest)),
        )
    )


def _file(found: OwnFile, path: str, dest: str) -> AssetFile:
    """A folder lies as a folder at ``dest``; a file lies at ``dest``, or in it where that ends in a slash."""
    name = posixpath.basename(found.path or path)
    inside = found.path or (name if dest.endswith("/") else "")
    return AssetFile(
        name=name,
        hashes=(("sha256", found.sha256),),
        dest=posixpath.join(dest.rstrip("/"), inside) if inside else dest,
        path=posixpath.normpath(posixpath.join(path, found.path)),
        size=found.size,
        digest_from="computed",
        root="environment",
        mode=found.mode,
    )
