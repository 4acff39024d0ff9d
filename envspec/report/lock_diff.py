"""Changes between two locks as text, Markdown or JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from envspec.lock.asset_diff import AssetChange, AssetChanges
from envspec.lock.changes import Change
from envspec.lock.diff import Amount, Changes, DigestChange, DistributionChange
from envspec.lock.document import Asset, LockedDistribution
from envspec.report.plain import plain as whole
from envspec.report.plain import size

_SHOUT = "OTHER BYTES UNDER THE SAME FILE NAME"
_SHOUT_WHY = (
    "A published file never changes: one side is damaged or forged. Install neither until you know which."
)
_MAX_CHARACTERS = 10_000
_MAX_WIDTH = 100
_HIDDEN = {"version", "file", "size", "sha256", "hashes", "url", "path", "upload-time"}
"""What a row of a changed distribution already tells, or what follows from it."""


def as_text(changes: Changes) -> str:
    """For a terminal: consequences, then distributions, then the rest; ASCII, no colour."""
    return "\n".join(_text_lines(changes)) + "\n"


def as_markdown(changes: Changes) -> str:
    """For a merge request: the same in tables."""
    return "\n".join(_markdown_lines(changes)) + "\n"


def as_json(changes: Changes) -> str:
    """For machines: every value as the locks hold it, bytes as numbers."""
    return json.dumps(_document(changes), indent=2, ensure_ascii=True) + "\n"


# Rows that text and Markdown share


def plain(item: Any) -> str:
    """A value on one line, and as much of it as a person reads; JSON has all of it."""
    text = whole(item)
    more = len(text) - _MAX_CHARACTERS
    return text if more <= 0 else f"{text[:_MAX_CHARACTERS]}... ({more} more characters)"


def _amount(amount: Amount) -> str:
    at_least = "at least " if amount.unknown else ""
    files = "file" if amount.files == 1 else "files"
    unknown = f", {amount.unknown} of unknown size" if amount.unknown else ""
    return f"{at_least}{size(amount.size_bytes)} in {amount.files} {files}{unknown}"


def _arrow(change: Change) -> str:
    """``a -> b``; of a set only what went and what came."""
    if change.same:
        return f"{plain(change.before)} (the same)"
    before, after = _gist(change.before), _gist(change.after)
    if _is_set(before) and _is_set(after):
        here, there = set(before or ()), set(after or ())
        if here != there:
            gone = [f"-{plain(item)}" for item in before or () if item not in there]
            come = [f"+{plain(item)}" for item in after or () if item not in here]
            return plain("  ".join(gone + come))
    return f"{plain(before)} -> {plain(after)}"


def _gist(item: Any) -> Any:
    """Of a finding that only one side has: its status, and why."""
    if isinstance(item, Mapping) and {"status", "actual"} <= item.keys():
        return f"{item['status']}: {item.get('why') or item['actual']}"
    return item


def _is_set(item: Any) -> bool:
    return item is None or (isinstance(item, (list, tuple)) and all(isinstance(each, str) for each in item))


def _consequence_rows(changes: Changes) -> Iterator[tuple[str, str]]:
    before, after = changes.carry_before, changes.carry_after
    if before == after:
        yield "bytes to carry", f"{_amount(after)} (the same)"
    else:
        difference = after.size_bytes - before.size_bytes
        sign = "+" if difference >= 0 else "-"
        yield "bytes to carry", f"{_amount(before)} -> {_amount(after)} ({sign}{size(abs(difference))})"
    yield "new to carry", _amount(changes.new) if changes.new.files else "nothing"
    for change in changes.consequences:
        yield plain(change.subject), _arrow(change)


def _digest_rows(changes: Changes) -> Iterator[tuple[str, str]]:
    for change in changes.digests:
        told = f"{change.before.sha256} ({plain(change.before.digest_from)})"
        yield plain(change.file_name), f"{told} -> {change.after.sha256} ({plain(change.after.digest_from)})"


def _one_sided_row(item: LockedDistribution) -> tuple[str, str, str]:
    file = item.wheel or item.sdist
    told = size(file.size) if file else plain(item.direct_url)
    return item.name, item.version, f"{told}  {_index(item)}".rstrip()


def _index(item: LockedDistribution) -> str:
    return f"from {plain(item.index_name)}" if item.index_name not in ("", "default") else ""


def _changed_row(change: DistributionChange) -> tuple[str, str, str]:
    before, after = change.before, change.after
    same_version = before.version == after.version
    versions = after.version if same_version else f"{before.version} -> {after.version}"
    told = [] if change.kind == "details" else [change.kind]
    sizes = [file.size if (file := side.wheel or side.sdist) else None for side in (before, after)]
    if sizes[0] != sizes[1]:
        told.append(f"{size(sizes[0])} -> {size(sizes[1])}")
    names = [file.name if (file := side.wheel or side.sdist) else "" for side in (before, after)]
    if same_version and names[0] != names[1]:
        told.append(f"{names[0]} -> {names[1]}")
    elif change.kind == "file":
        told.append("OTHER BYTES, see above")
    hidden = _HIDDEN if told else _HIDDEN - {"url", "path", "upload-time", "hashes"}
    told += [f"{field.subject}: {_arrow(field)}" for field in change.fields if field.subject not in hidden]
    return change.name, versions, "; ".join(told)


def _asset_row(asset: Asset) -> tuple[str, str, str]:
    sizes = [file.size for file in asset.files]
    at_least = "at least " if None in sizes else ""
    files = "file" if len(sizes) == 1 else "files"
    told = f"{at_least}{size(sum(each or 0 for each in sizes))} in {len(sizes)} {files}"
    where = (
        told if asset.files else f"the distribution {asset.distribution}" if asset.distribution else "no file"
    )
    return f"{asset.kind} {plain(asset.label)}", _short(asset.version), where


def _short(version: str) -> str:
    """A commit by as much of it as nobody mistakes."""
    return plain(version)[:12] if version else ""


def _asset_change_row(change: AssetChange) -> tuple[str, str, str]:
    before, after = change.before, change.after
    versions = _short(after.version)
    if before.version != after.version:
        versions = f"{_short(before.version)} -> {versions}"
    counts = [(len(rows), word) for word, rows in _file_counts(change)]
    files = [f"{count} {'file' if count == 1 else 'files'} {word}" for count, word in counts if count]
    told = [f"{field.subject}: {_arrow(field)}" for field in change.fields if field.subject not in _HIDDEN]
    return f"{after.kind} {plain(change.label)}", versions, "; ".join([*files, *told])


def _file_counts(change: AssetChange) -> Iterator[tuple[str, Sequence[object]]]:
    yield "changed", change.files_changed
    yield "added", change.files_added
    yield "removed", change.files_removed


def _asset_counts(changes: AssetChanges) -> str:
    return _told(
        {"added": changes.added, "removed": changes.removed, "changed": changes.changed}, changes.unchanged
    )


# Text


def _text_lines(changes: Changes) -> Iterator[str]:
    yield f"{plain(changes.before)} -> {plain(changes.after)}"
    if changes.digests:
        yield f"\n!!! {_SHOUT}: {len(changes.digests)}"
        for name, told in _digest_rows(changes):
            yield f"!!!   {name}"
            yield f"!!!     sha256 {told}"
        yield f"!!! {_SHOUT_WHY}"
    yield "\nconsequences"
    yield from _aligned(list(_consequence_rows(changes)))
    yield f"\ndistributions: {_counts(changes)}"
    rows = [("+", *_one_sided_row(item)) for item in changes.added]
    rows += [("-", *_one_sided_row(item)) for item in changes.removed]
    rows += [("~", *_changed_row(change)) for change in changes.changed]
    yield from _aligned(rows)
    assets = changes.assets
    if assets.different or assets.unchanged:
        yield f"\nmodels, files and installers: {_asset_counts(assets)}"
        rows = [("+", *_asset_row(asset)) for asset in assets.added]
        rows += [("-", *_asset_row(asset)) for asset in assets.removed]
        rows += [("~", *_asset_change_row(change)) for change in assets.changed]
        yield from _aligned(rows)
    if changes.other:
        yield "\nother"
        yield from _aligned([(plain(change.subject), _arrow(change)) for change in changes.other])
    if not changes.different:
        yield "\nno difference"


def _counts(changes: Changes) -> str:
    counts = {"added": changes.added, "removed": changes.removed, "changed": changes.changed}
    return _told(counts, changes.unchanged)


def _told(counts: Mapping[str, Sequence[object]], unchanged: int) -> str:
    told = [f"{len(items)} {word}" for word, items in counts.items() if items]
    return ", ".join([*told, f"{unchanged} the same"])


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Rows with each column but the last as wide as its widest cell, within bounds."""
    if not rows:
        return
    widths = [min(max(len(row[column]) for row in rows), _MAX_WIDTH) for column in range(len(rows[0]) - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield "  " + "  ".join([*cells, row[-1]]).rstrip()


# Markdown


def _markdown_lines(changes: Changes) -> Iterator[str]:
    yield f"## {_cell(changes.before)} → {_cell(changes.after)}"
    if changes.digests:
        yield from ("", "> [!CAUTION]", f"> **{_SHOUT}**", ">")
        for name, told in _digest_rows(changes):
            framed = name.replace("`", "'")
            yield f"> - `{framed}`: {_cell(told)}"
        yield from (">", f"> {_SHOUT_WHY}")
    yield from _markdown_table("Consequences", ("", ""), list(_consequence_rows(changes)))
    yield from ("", f"### Distributions: {_counts(changes)}")
    rows = [("added", *_one_sided_row(item)) for item in changes.added]
    rows += [("removed", *_one_sided_row(item)) for item in changes.removed]
    rows += [("changed", *_changed_row(change)) for change in changes.changed]
    yield from _markdown_table("", ("", "distribution", "version", ""), rows)
    assets = changes.assets
    if assets.different or assets.unchanged:
        yield from ("", f"### Models, files and installers: {_asset_counts(assets)}")
        rows = [("added", *_asset_row(asset)) for asset in assets.added]
        rows += [("removed", *_asset_row(asset)) for asset in assets.removed]
        rows += [("changed", *_asset_change_row(change)) for change in assets.changed]
        yield from _markdown_table("", ("", "asset", "version", ""), rows)
    other = [(plain(change.subject), _arrow(change)) for change in changes.other]
    yield from _markdown_table("Other", ("", ""), other)
    if not changes.different:
        yield from ("", "No difference.")


def _markdown_table(title: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    if not rows:
        return
    if title:
        yield from ("", f"### {title}")
    yield from ("", f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}")
    for row in rows:
        yield f"| {' | '.join(map(_cell, row))} |"


def _cell(text: str) -> str:
    """Text that Markdown takes literally, so that no lock can put links or images into a page."""
    for character in "\\|`*_[]<>#!&~":
        text = text.replace(character, f"\\{character}")
    return text.replace("://", ":\\/\\/").replace("www.", "www\\.")  # addresses become links by themselves


# JSON


def _document(changes: Changes) -> dict[str, Any]:
    return {
        "before": changes.before,
        "after": changes.after,
        "different": changes.different,
        "digests-changed": [_digest(change) for change in changes.digests],
        "carry": {
            "before": _amount_document(changes.carry_before),
            "after": _amount_document(changes.carry_after),
            "new": _amount_document(changes.new),
        },
        "consequences": [_change(change) for change in changes.consequences],
        "distributions": {
            "added": [_one_sided(item) for item in changes.added],
            "removed": [_one_sided(item) for item in changes.removed],
            "changed": [
                {
                    "name": change.before.name,
                    "kind": change.kind,
                    "before": _one_sided(change.before),
                    "after": _one_sided(change.after),
                    "fields": [_change(field) for field in change.fields],
                }
                for change in changes.changed
            ],
            "unchanged": changes.unchanged,
        },
        "assets": {
            "added": [_asset_document(asset) for asset in changes.assets.added],
            "removed": [_asset_document(asset) for asset in changes.assets.removed],
            "changed": [
                {
                    "kind": change.after.kind,
                    "label": change.label,
                    "before": _asset_document(change.before),
                    "after": _asset_document(change.after),
                    "fields": [_change(field) for field in change.fields],
                    **{f"files-{word}": len(rows) for word, rows in _file_counts(change)},
                }
                for change in changes.assets.changed
            ],
            "unchanged": changes.assets.unchanged,
        },
        "other": [_change(change) for change in changes.other],
    }


def _digest(change: DigestChange) -> dict[str, Any]:
    return {
        "file": change.file_name,
        "before": {"sha256": change.before.sha256, "digest-from": change.before.digest_from},
        "after": {"sha256": change.after.sha256, "digest-from": change.after.digest_from},
    }


def _amount_document(amount: Amount) -> dict[str, int]:
    return {"bytes": amount.size_bytes, "files": amount.files, "files-of-unknown-size": amount.unknown}


def _change(change: Change) -> dict[str, Any]:
    return {"subject": change.subject, "before": _jsonable(change.before), "after": _jsonable(change.after)}


def _one_sided(item: LockedDistribution) -> dict[str, Any]:
    file = item.wheel or item.sdist
    return {
        "name": item.name,
        "version": item.version,
        "file": file.name if file else None,
        "sha256": file.sha256 if file else None,
        "bytes": file.size if file else None,
        "index": item.index_name or None,
    }


def _asset_document(asset: Asset) -> dict[str, Any]:
    known = [file.size for file in asset.files if file.size is not None]
    return {
        "kind": asset.kind,
        "label": asset.label,
        "version": asset.version or None,
        "distribution": asset.distribution or None,
        "files": len(asset.files),
        "bytes": sum(known),
        "files-of-unknown-size": len(asset.files) - len(known),
    }


def _jsonable(item: Any) -> Any:
    """TOML values as JSON; dates, times, and numbers that JSON can't say, as text."""
    if isinstance(item, Mapping):
        return {name: _jsonable(inner) for name, inner in item.items()}
    if isinstance(item, (list, tuple)):
        return [_jsonable(inner) for inner in item]
    if isinstance(item, float) and not math.isfinite(item):
        return str(item)
    return item if item is None or isinstance(item, (str, int, float)) else item.isoformat()
