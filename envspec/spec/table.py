"""Table: what all tables of a spec have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


def _kebab(name: str) -> str:
    return name.replace("_", "-")


class Table(BaseModel):
    """One table of a spec: frozen, unknown keys refused, keys in kebab-case."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=_kebab)
