"""What differs between the models, files and installers of two locks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from envspec.lock.changes import Change, table_changes
from envspec.lock.document import Asset, AssetFile, Lock


@dataclass(frozen=True, slots=True)
class AssetChange:
    """A model, file or installer that's in both locks and not the same."""

    label: str
    before: Asset
    after: Asset
    fields: tuple[Change, ...]
    """What differs besides its files."""
    files_added: tuple[AssetFile, ...]
    files_removed: tuple[AssetFile, ...]
    files_changed: tuple[tuple[AssetFile, AssetFile], ...]


@dataclass(frozen=True, slots=True)
class AssetChanges:
    """Every asset of two locks: one is known again by its kind and by what it was wished as."""

    added: tuple[Asset, ...]
    removed: tuple[Asset, ...]
    changed: tuple[AssetChange, ...]
    unchanged: int

    @property
    def different(self) -> bool:
        """Whether anything differs at all."""
        return bool(self.added or self.removed or self.changed)


def asset_changes(a: Lock, b: Lock) -> AssetChanges:
    """What changes for who has the assets of ``a`` and gets those of ``b``."""
    before, after = _by_key(a), _by_key(b)
    both = [_asset_change(before[key], after[key]) for key in before if key in after]
    changed = tuple(change for change in both if change.before != change.after)
    return AssetChanges(
        added=tuple(after[key] for key in after if key not in before),
        removed=tuple(before[key] for key in before if key not in after),
        changed=changed,
        unchanged=len(both) - len(changed),
    )


def published(lock: Lock) -> Iterator[tuple[str, AssetFile]]:
    """Files of assets that shouldn't change under one name: of one URL, that is, whoever publishes it.

    A file of the user's own changes as its owner likes.
    """
    for asset in lock.assets:
        for file in asset.files:
            if file.url:
                yield f"{asset.label}: {file.name} ({file.url})", file


def _by_key(lock: Lock) -> dict[tuple[str, str, int], Asset]:
    """By kind, label, and the how manieth it is of that label: one file may be wished at two places."""
    counts: Counter[tuple[str, str]] = Counter()
    found = {}
    for asset in lock.assets:
        found[asset.kind, asset.label, counts[asset.kind, asset.label]] = asset
        counts[asset.kind, asset.label] += 1
    return found


def _asset_change(before: Asset, after: Asset) -> AssetChange:
    inside = [{_place(file, asset): file for file in asset.files} for asset in (before, after)]
    both = [place for place in inside[0] if place in inside[1]]
    return AssetChange(
        label=after.label,
        before=before,
        after=after,
        fields=tuple(table_changes(_asset_fields(before), _asset_fields(after))),
        files_added=tuple(file for place, file in inside[1].items() if place not in inside[0]),
        files_removed=tuple(file for place, file in inside[0].items() if place not in inside[1]),
        files_changed=tuple(
            (inside[0][place], inside[1][place])
            for place in both
            if not _is_same(place, inside, before, after)
        ),
    )


def _is_same(place: str, inside: list[dict[str, AssetFile]], before: Asset, after: Asset) -> bool:
    """Whether a file differs in nothing but the commit in its place and URL."""
    one, other = (inside[side][place] for side in (0, 1))
    moved = other._replace(dest=one.dest, url=one.url) if before.version != after.version else other
    return one == moved


def _place(file: AssetFile, asset: Asset) -> str:
    """Where it lies, without the version of its asset: else nothing of a new commit would be the same."""
    return f"{file.root}/{file.dest.replace(asset.version, '') if asset.version else file.dest}"


def _asset_fields(asset: Asset) -> dict[str, Any]:
    """An asset without its files, as a table whose keys a reader of the lock knows."""
    from envspec.lock.asset_rows import asset_row

    row = asset_row(asset._replace(files=()))
    texts = {dest: content for dest, content in asset.texts if content != asset.version}
    return {**row, "texts": texts, "commands": tuple(" ".join(words) for words in asset.commands)}
