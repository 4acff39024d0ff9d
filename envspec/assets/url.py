"""Any file of a URL, by the sha256 that the spec gives, or by its first fetch where the spec trusts that."""

from __future__ import annotations

from envspec.assets.interface import Context, Plan, Planned, Wish
from envspec.assets.one_file import Record, one_file
from envspec.lock.document import Asset

PROVIDES = ("url",)


def plan(wish: Wish, context: Context) -> Plan:
    """Fetch nothing where the digest is given; lay the file at ``dest`` inside the environment."""
    said = wish.said
    found = yield from one_file(Record(said["url"]), context, said_sha256=said["sha256"], trust=said["trust"])
    dest = said["dest"] + (found.name if said["dest"].endswith("/") else "")
    asset = Asset(
        kind=wish.kind,
        provider=wish.provider,
        label=wish.label,
        files=(found.at(dest, root="environment"),),
        hosts=found.hosts,
        unconfirmed=found.unconfirmed,
    )
    return Planned(asset)
