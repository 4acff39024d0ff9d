"""Assets and variables to the rows of [tool.envspec] and back; see docs/lock.md."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from envspec.lock import fields
from envspec.lock.document import ROOTS, Asset, AssetFile, Member, Space, Variable
from envspec.lock.fields import WrongError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KINDS = ("model", "file", "installer")
UNPACKED = ("", "zip", "tar.gz", "tar.xz", "tar.zst")
_DIGEST_FROM = ("publisher", "index", "recording", "computed")
_PROVIDER = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*")
_PROJECT = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HOST = re.compile(r"[a-z0-9.:\[\]_-]+")
_MODE = re.compile(r"0[0-7]{3}")
_MAX_TEXT = 64 * 1024
"""Of a text that is written beside the files: refs, marks, no weights."""


# To rows


def asset_row(asset: Asset) -> dict[str, Any]:
    """The row of one asset; what's empty stays away."""
    return _filled(
        {
            "kind": asset.kind,
            "provider": asset.provider,
            "label": asset.label,
            "version": asset.version,
            "files": [_file_row(file) for file in asset.files],
            "distribution": asset.distribution,
            "texts": dict(asset.texts),
            "folders": asset.folders,
            "hosts": asset.hosts,
            "variables": [variable_row(each) for each in asset.variables],
            "unconfirmed": asset.unconfirmed,
            "space": _space_row(asset.space),
            "commands": asset.commands,
            "on-path": asset.on_path,
            "when": asset.when,
            "as-root": asset.as_root,
            "eula": asset.eula,
            "notes": asset.notes,
        }
    )


def variable_row(variable: Variable) -> dict[str, Any]:
    """The row of one variable."""
    row = {"read-by": variable.read_by, "source": variable.source}
    return {"name": variable.name, "value": variable.value, **_filled(row)}


def _file_row(file: AssetFile) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": file.name,
        "url": file.url,
        "path": file.path,
        "hashes": dict(file.hashes),
        "digest-from": file.digest_from if file.digest_from != _DIGEST_FROM[0] else "",
        "root": file.root if file.root != ROOTS[0] else "",
        "dest": file.dest,
        "mode": file.mode if file.mode != "0644" else "",
        "unpack": file.unpack,
    }
    if file.member is not None:
        member = {"name": file.member.name, "hashes": dict(file.member.hashes)}
        row["member"] = _with_size(_filled(member), file.member.size)
    return _with_size(_filled(row), file.size)


def _space_row(space: Space | None) -> dict[str, Any]:
    if space is None:
        return {}
    row: dict[str, Any] = {
        "temporary-bytes": space.temporary_bytes,
        "installed-bytes": space.installed_bytes,
        "source": space.source,
    }
    return {**row, "is-estimated": True} if space.is_estimated else row


def _filled(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _array(cell) for name, cell in row.items() if cell}


def _array(cell: Any) -> Any:
    return [_array(item) for item in cell] if isinstance(cell, tuple) else cell


def _with_size(row: dict[str, Any], size: int | None) -> dict[str, Any]:
    """An empty file has a size, too."""
    return row if size is None else {**row, "size": size}


# From rows


def read_assets(own: dict[str, Any], at: str) -> Iterator[Asset]:
    """Every asset of [tool.envspec]; raises WrongError."""
    seen: dict[tuple[str, str], object] = {}
    for row, place in fields.rows(own, "assets", at):
        asset = _asset(row, place)
        yield asset
        for file in asset.files:
            bytes_there = (file.sha256, file.member, file.unpack)
            if seen.setdefault((file.root, file.dest), bytes_there) != bytes_there and not file.unpack:
                raise WrongError(f"{place}.files", f"two files would lie at {fields.shown(file.dest)}")


def read_variables(row: dict[str, Any], name: str, at: str) -> tuple[Variable, ...]:
    """The variables in the array ``name``; raises WrongError."""
    return tuple(
        Variable(
            name=_needed(fields.matching(cell, "name", place, _VARIABLE, "a variable's name"), place, "name"),
            value=fields.line(fields.text(cell, "value", place), f"{place}.value"),
            read_by=fields.texts(cell, "read-by", place),
            source=fields.text(cell, "source", place),
        )
        for cell, place in fields.rows(row, name, at)
    )


def _asset(row: dict[str, Any], at: str) -> Asset:
    _refuse_unknown(row, at)
    return Asset(
        kind=fields.one_of(row, "kind", at, KINDS) if "kind" in row else _needed("", at, "kind"),
        provider=_needed(
            fields.matching(row, "provider", at, _PROVIDER, "the name of a provider"), at, "provider"
        ),
        label=_needed(fields.line(fields.text(row, "label", at), f"{at}.label"), at, "label"),
        version=fields.line(fields.text(row, "version", at), f"{at}.version"),
        files=tuple(_file(cell, place) for cell, place in fields.rows(row, "files", at)),
        distribution=fields.matching(row, "distribution", at, _PROJECT, "a normalized project name"),
        texts=tuple(_texts(row, at)),
        folders=tuple(fields.inside(folder, f"{at}.folders") for folder in fields.texts(row, "folders", at)),
        hosts=tuple(_host(host, f"{at}.hosts") for host in fields.texts(row, "hosts", at)),
        variables=read_variables(row, "variables", at),
        unconfirmed=fields.text(row, "unconfirmed", at),
        space=_space(row, at),
        commands=tuple(_commands(row, at)),
        on_path=tuple(_rooted(each, f"{at}.on-path") for each in fields.texts(row, "on-path", at)),
        when=fields.one_of(row, "when", at, ("", "driver-older")),
        as_root=fields.flag(row, "as-root", at),
        eula=fields.text(row, "eula", at),
        notes=fields.texts(row, "notes", at),
    )


def _refuse_unknown(row: dict[str, Any], at: str) -> None:
    """What a newer envspec asks for must not be passed over by an older one that installs."""
    known = {field.replace("_", "-") for field in Asset._fields}
    for name in row:
        if name not in known:
            raise WrongError(
                f"{at}.{fields.shown(name)}", "this envspec knows no such key", "use a newer envspec"
            )


def _file(row: dict[str, Any], at: str) -> AssetFile:
    url, path = fields.url(row, "url", at), fields.text(row, "path", at)
    if path:
        # It may begin with ``../``, as paths in a spec may: bytes from elsewhere wouldn't have the digest.
        fields.inside(path.lstrip("./") if path.startswith("../") else path.removeprefix("./"), f"{at}.path")
    if bool(url) == bool(path):
        raise WrongError(at, f"url or path is wanted, {'both are there' if url else 'both are missing'}")
    member = _member(row, at)
    is_known = member is not None and "sha256" in dict(member.hashes)
    return AssetFile(
        name=fields.file_name(fields.text(row, "name", at), f"{at}.name"),
        hashes=fields.hashes(row, at, needed=not is_known),
        dest=fields.inside(fields.text(row, "dest", at), f"{at}.dest"),
        url=url,
        path=path,
        size=fields.size(row, at),
        digest_from=fields.one_of(row, "digest-from", at, _DIGEST_FROM),
        root=fields.one_of(row, "root", at, ROOTS),
        mode=fields.matching(row, "mode", at, _MODE, "permissions such as 0644") or "0644",
        member=member,
        unpack=fields.one_of(row, "unpack", at, UNPACKED),
    )


def _member(row: dict[str, Any], at: str) -> Member | None:
    if "member" not in row:
        return None
    cell, place = fields.table(row, "member", at), f"{at}.member"
    name = fields.inside(fields.text(cell, "name", place), f"{place}.name")
    return Member(name, fields.hashes(cell, place, needed=False), fields.size(cell, place))


def _texts(row: dict[str, Any], at: str) -> Iterator[tuple[str, str]]:
    cells = fields.table(row, "texts", at)
    for dest in sorted(cells):
        content = fields.text(cells, dest, f"{at}.texts")
        if len(content) > _MAX_TEXT:
            raise WrongError(
                f"{at}.texts", f"a text has at most {_MAX_TEXT} characters, {len(content)} were met"
            )
        yield fields.inside(dest, f"{at}.texts"), content


def _host(name: str, place: str) -> str:
    if not _HOST.fullmatch(name):
        raise WrongError(place, f"{fields.shown(name)} is no name of a host")
    return name


def _space(row: dict[str, Any], at: str) -> Space | None:
    if "space" not in row:
        return None
    cell, place = fields.table(row, "space", at), f"{at}.space"
    return Space(
        fields.size(cell, place, "temporary-bytes") or 0,
        fields.size(cell, place, "installed-bytes") or 0,
        fields.text(cell, "source", place),
        fields.flag(cell, "is-estimated", place),
    )


def _commands(row: dict[str, Any], at: str) -> Iterator[tuple[str, ...]]:
    for number, command in enumerate(
        fields.checked(row.get("commands", []), list, f"{at}.commands", "an array of commands")
    ):
        place = f"{at}.commands[{number}]"
        words = fields.checked(command, list, place, "an array of texts")
        if not words:
            raise WrongError(place, "a command without a word")
        yield tuple(fields.line(fields.checked(word, str, place, "a text"), place) for word in words)


def _rooted(met: str, place: str) -> str:
    """``{environment}/bin``."""
    root, _, below = met.partition("/")
    if root.strip("{}") not in ROOTS or root != f"{{{root.strip('{}')}}}":
        raise WrongError(
            place, f"{fields.shown(met)} was met, it must begin with a root such as {{environment}}/"
        )
    if below:
        fields.inside(below, place)
    return met


def _needed(met: str, at: str, name: str) -> str:
    if not met:
        raise WrongError(f"{at}.{name}", "it is missing")
    return met
