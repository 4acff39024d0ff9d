"""Reads the dependencies of a pyproject.toml, for ``envspec init --from``.

Source: PEP 621 ([project]), PEP 735 ([dependency-groups]); the documentation of uv
([tool.uv]) and of Poetry ([[tool.poetry.source]]) for their indexes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from envspec.errors import InputError
from envspec.spec.document import project_of
from envspec.spec.imported import Imported
from envspec.spec.shown import shown
from envspec.spec.toml import read_toml

_PYTHONS = tuple(f"3.{minor}" for minor in range(8, 15))
_MOST_PATCHES = 40
"""No CPython had more patch releases."""


def read_pyproject(text: str, where: str, extras: Sequence[str] = (), groups: Sequence[str] = ()) -> Imported:
    """The dependencies of the project, those of the named extras and groups, and their indexes.

    Raises InputError for an unknown extra or group, and where there's nothing to read.
    """
    raw = read_toml(text, where)
    project = _table(raw, "project")
    if not project and not groups:
        poetry = bool(_table(raw, "tool", "poetry", "dependencies"))
        raise InputError(
            what=f"{where}: has no [project] table to read dependencies from",
            why="only Poetry's own table names them" if poetry else "PEP 621 is where they would stand",
            fix="poetry export -f requirements.txt -o requirements.txt; then --from requirements.txt"
            if poetry
            else "import a requirements file instead, or name a group with --group",
        )
    found = Imported(name=re.sub(r"[^a-z0-9]+", "-", str(project.get("name", "")).lower()).strip("-")[:64])
    _refuse_wrong_types(raw, project, where)
    for requirement in _wanted(raw, project, where, extras, groups):
        found.add_requirement(requirement, where)
    _read_python(project, found, where)
    _read_uv(_table(raw, "tool", "uv"), found, where)
    _read_poetry(_table(raw, "tool", "poetry"), found, where)
    if "dependencies" in _list(project, "dynamic"):
        found.notes.append(f"{where}: dependencies are dynamic, so what the build computes is missing here")
    if found.name:
        found.notes.append(
            f"{where}: the project itself isn't in the spec: {found.name} @ ./dist/NAME.whl adds it"
        )
    return found


def _refuse_wrong_types(raw: dict[str, Any], project: dict[str, Any], where: str) -> None:
    """Raise InputError where requirements stand in a form that every other tool would refuse, too."""
    lists = {"project.dependencies": project.get("dependencies")}
    for table, held in (
        ("project.optional-dependencies", project.get("optional-dependencies")),
        ("dependency-groups", raw.get("dependency-groups")),
    ):
        if held is not None and not isinstance(held, dict):
            raise _wrong_type(f"{where}: {table}", held, "a table of arrays")
        lists |= {f"{table}.{name}": rows for name, rows in (held or {}).items()}
    for place, rows in lists.items():
        if rows is not None and not isinstance(rows, list):
            raise _wrong_type(f"{where}: {place}", rows, "an array of requirements")
        in_group = place.startswith("dependency-groups.")
        for row in rows or []:
            if not isinstance(row, str) and not (in_group and isinstance(row, dict)):
                raise _wrong_type(f"{where}: {place}", row, "a requirement as text")


def _wrong_type(place: str, met: Any, wanted: str) -> InputError:
    return InputError(
        what=f"{place}: {shown(met)} can't be read",
        why=f"{wanted} is wanted there (PEP 621, PEP 735)",
        fix="mend it there; nothing was written",
    )


def _wanted(
    raw: dict[str, Any], project: dict[str, Any], where: str, extras: Sequence[str], groups: Sequence[str]
) -> Iterator[str]:
    optional = {_normal(name): rows for name, rows in _table(project, "optional-dependencies").items()}
    own_name = _normal(str(project.get("name", "")))
    pending = [_known(name, optional, where, "extra") for name in extras]
    yield from _follow(_list(project, "dependencies"), optional, own_name, pending)
    all_groups = {_normal(name): rows for name, rows in _table(raw, "dependency-groups").items()}
    waiting = [_known(name, all_groups, where, "group") for name in groups]
    seen: set[str] = set()
    while waiting:
        group = waiting.pop(0)
        if group in seen:
            continue
        seen.add(group)
        for row in _list(all_groups, group):
            if isinstance(row, dict) and isinstance(row.get("include-group"), str):
                waiting.append(_known(row["include-group"], all_groups, where, "group"))
            elif isinstance(row, str):
                yield row


def _follow(rows: list[Any], optional: dict[str, Any], own_name: str, pending: list[str]) -> Iterator[str]:
    """Requirements of ``rows`` and of the pending extras, where ``project[extra]`` makes more pending."""
    seen: set[str] = set()
    while True:
        for row in rows:
            own = re.match(r"([A-Za-z0-9._-]+)\s*\[([^\]]*)\]\s*$", str(row))
            if own and _normal(own[1]) == own_name:
                pending += [name for name in map(_normal, own[2].split(",")) if name in optional]
            elif isinstance(row, str):
                yield row
        pending = [name for name in pending if name not in seen]
        if not pending:
            return
        seen.add(pending[0])
        rows = _list(optional, pending[0])


def _known(name: str, known: dict[str, Any], where: str, kind: str) -> str:
    if _normal(name) not in known:
        raise InputError(
            what=f"{where}: no {kind} {name[:80]!r}",
            why=f"it has {', '.join(sorted(known))}" if known else f"it has no {kind}s",
        )
    return _normal(name)


def _read_python(project: dict[str, Any], found: Imported, where: str) -> None:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    text = project.get("requires-python")
    if not isinstance(text, str):
        return
    try:
        allowed = SpecifierSet(text)
    except InvalidSpecifier:
        found.notes.append(f"{where}: requires-python {shown(text)} can't be read")
        return
    fitting = [python for python in _PYTHONS if allowed.contains(f"{python}.0")] or [
        python
        for python in _PYTHONS
        if any(allowed.contains(f"{python}.{patch}") for patch in range(1, _MOST_PATCHES))
    ]
    if fitting:
        found.python = "3.10" if "3.10" in fitting else fitting[0]
    else:
        why = f"no CPython from {_PYTHONS[0]} to {_PYTHONS[-1]} fits it; choose target.python"
        found.notes.append(f"{where}: requires-python {shown(text)}: {why}")


def _read_uv(tool: dict[str, Any], found: Imported, where: str) -> None:
    from_index: dict[str, list[str]] = {}
    for name, source in _table(tool, "sources").items():
        rows = source if isinstance(source, list) else [source]
        for row in rows:
            if isinstance(row, dict) and isinstance(row.get("index"), str):
                from_index.setdefault(row["index"], []).append(_normal(name))
            else:
                found.notes.append(f"{where}: tool.uv.sources.{shown(name)}: only an index can be taken over")
    for row in _list(tool, "index"):
        if isinstance(row, dict) and isinstance(row.get("url"), str):
            name = str(row.get("name", ""))
            packages = tuple(sorted(set(from_index.get(name, ()))))
            found.add_index(row["url"], f"{where}, tool.uv.index", packages, name)
    for url in (tool.get("index-url"), *_list(tool, "extra-index-url")):
        if isinstance(url, str):
            found.add_index(url, f"{where}, tool.uv")
    for text in _texts(tool, "constraint-dependencies"):
        found.add_constraint(text, where)
    for text in _texts(tool, "override-dependencies"):
        found.add_override(text, where)
    found.prereleases = tool.get("prerelease") == "allow"
    cut_off = str(tool.get("exclude-newer", ""))
    if re.fullmatch(r"\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?", cut_off):
        found.exclude_newer = cut_off


def _read_poetry(tool: dict[str, Any], found: Imported, where: str) -> None:
    from_source: dict[str, list[str]] = {}
    for name, row in _table(tool, "dependencies").items():
        if isinstance(row, dict) and isinstance(row.get("source"), str):
            from_source.setdefault(row["source"], []).append(_normal(name))
    for row in _list(tool, "source"):
        if isinstance(row, dict) and isinstance(row.get("url"), str):
            name = str(row.get("name", ""))
            packages = tuple(sorted(from_source.get(name, ())))
            found.add_index(row["url"], f"{where}, tool.poetry.source", packages, name)


def _table(raw: dict[str, Any], *keys: str) -> dict[str, Any]:
    for key in keys:
        inner = raw.get(key)
        if not isinstance(inner, dict):
            return {}
        raw = inner
    return raw


def _list(raw: dict[str, Any], key: str) -> list[Any]:
    value = raw.get(key)
    return value if isinstance(value, list) else []


def _texts(raw: dict[str, Any], key: str) -> list[str]:
    return [row for row in _list(raw, key) if isinstance(row, str)]


def _normal(name: str) -> str:
    return project_of(name.strip()) if re.fullmatch(r"[A-Za-z0-9._-]+", name.strip()) else name.strip()
