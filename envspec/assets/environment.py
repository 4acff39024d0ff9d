"""The target's environment: variables that make the locked packages find their assets and stay inside."""

from __future__ import annotations

import functools
import pkgutil
from collections.abc import Iterable, Sequence

import msgspec

from envspec.compat.rows import Row, Table, Word
from envspec.lock.document import Asset, Variable

_LISTS = ("LD_LIBRARY_PATH", "PATH")
"""Variables that hold several folders."""


class VariableRow(Row, frozen=True, kw_only=True, rename="kebab"):
    """A variable that a project reads while it runs."""

    project: Word
    """Normalized."""
    name: Word
    value: Word
    offline: bool = False
    """Whether it forbids reaching out; such a one isn't set where the network is open."""


class _Variables(Table, frozen=True, kw_only=True, rename="kebab"):
    variable: tuple[VariableRow, ...]


@functools.cache
def variable_rows() -> tuple[VariableRow, ...]:
    """Every row of the table."""
    data = pkgutil.get_data("envspec.assets", "data/environment.json") or b""
    return msgspec.json.decode(data, type=_Variables).variable


def target_environment(
    projects: Iterable[str], assets: Sequence[Asset], *, network: str = ""
) -> tuple[Variable, ...]:
    """What the target must set for these locked projects and assets, sorted by name.

    Where an asset wants another value than the table has, the asset knows better: its files lie there. Lists
    of folders are joined. What an asset needs that isn't for every host (``when``) is for installing to set.
    """
    locked = set(projects)
    found: dict[str, Variable] = {}
    wanted = [variable for asset in assets if not asset.when for variable in asset.variables]
    wanted += [
        Variable(row.name, row.value, (row.project,), row.source)
        for row in variable_rows()
        if row.project in locked and not (row.offline and network == "open")
    ]
    for variable in wanted:
        known = found.get(variable.name, variable)
        readers = tuple(sorted({*known.read_by, *variable.read_by}))
        found[variable.name] = known._replace(read_by=readers, value=_joined(known, variable))
    return tuple(found[name] for name in sorted(found))


def disagreements(assets: Sequence[Asset]) -> list[str]:
    """A sentence for each variable that two assets want to have different values."""
    wanted = [(each, asset.label) for asset in assets if not asset.when for each in asset.variables]
    first: dict[str, tuple[Variable, str]] = {}
    lines = []
    for variable, label in wanted:
        known, holder = first.setdefault(variable.name, (variable, label))
        if known.value != variable.value and variable.name not in _LISTS:
            lines.append(
                f"{variable.name}: {holder} wants {known.value!r} and {label} {variable.value!r};"
                " the first is taken"
            )
    return lines


def _joined(known: Variable, other: Variable) -> str:
    if known.name not in _LISTS or other.value in known.value.split(":"):
        return known.value
    return f"{known.value}:{other.value}"
