"""Package repositories of the host that are enabled, by id; their addresses stay on the host."""

from __future__ import annotations

import msgspec

from envspec.probe.facts import Fact, unknown
from envspec.probe.items import Items
from envspec.probe.shown import plain

_MAX_REPOSITORIES = 256


class _Repository(msgspec.Struct, frozen=True):
    id: str = ""
    enabled: bool = False
    manager: str = ""
    error: str = ""


def read_repositories(items: Items) -> Fact[tuple[str, ...]]:
    """Ids of the enabled ones, each once; unknown where none could be read and something was in the way."""
    value = items.value("call:repositories", tuple[_Repository, ...])
    if not value.is_known:
        return unknown(value.how, value.why)
    said = value.need()[:_MAX_REPOSITORIES]
    enabled = dict.fromkeys(plain(each.id, 120) for each in said if each.enabled and each.id)
    troubles = sorted({f"{plain(each.manager, 20)}: {plain(each.error, 60)}" for each in said if each.error})
    if troubles and not enabled:
        return unknown("repository files", "; ".join(troubles)[:300])
    return Fact("known", tuple(enabled), "repository files", "; ".join(troubles)[:300])
