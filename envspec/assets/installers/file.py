"""Any other program or file, put at ``dest`` as it is: ffmpeg, a licence file, a certificate."""

from __future__ import annotations

import posixpath

from envspec.assets.interface import Context, Plan, Planned, ReadPath, Wish
from envspec.assets.one_file import Record, one_file
from envspec.errors import InvalidValueError
from envspec.lock.document import Asset, AssetFile

PROVIDES = ("file",)


def plan(wish: Wish, context: Context) -> Plan:
    """One file of a URL, or of the user's own."""
    said = wish.said
    unconfirmed = ""
    if said["path"]:
        (found,) = yield [ReadPath(said["path"])]
        if len(found) != 1 or found[0].path:
            raise InvalidValueError(
                what=f"{said['path']} is a folder, one file was wanted",
                why='an installer of kind = "file" is one file',
                fix="put a folder into [[files]]",
            )
        file = AssetFile(
            name=posixpath.basename(said["path"]),
            path=posixpath.normpath(said["path"]),
            hashes=(("sha256", found[0].sha256),),
            size=found[0].size,
            digest_from="computed",
            dest=said["dest"],
            root="environment",
            mode=said["mode"],
        )
    else:
        one = yield from one_file(
            Record(said["url"]), context, said_sha256=said["sha256"], trust=said["trust"]
        )
        unconfirmed = one.unconfirmed
        file = one.at(said["dest"], root="environment", mode=said["mode"])
    folder = posixpath.dirname(said["dest"])
    return Planned(
        Asset(
            kind=wish.kind,
            provider=wish.provider,
            label=wish.label,
            files=(file,),
            unconfirmed=unconfirmed,
            on_path=(posixpath.join("{environment}", folder).rstrip("/"),) if said["on-path"] else (),
        )
    )
