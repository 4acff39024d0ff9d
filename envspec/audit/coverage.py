"""Coverage: which models the lock holds, and whether a fetch is of one of them.

Goes by the labels of the lock's assets (docs/lock.md), each ``PROVIDER WHAT``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from envspec.named_tuple import NamedTuple

if TYPE_CHECKING:
    from envspec.lock.document import Asset

_ALIKE = {"torchvision": "torch.hub"}
"""Providers whose files lie in another's folder and are found there."""


class Held(NamedTuple):
    """One model of the lock."""

    provider: str
    things: frozenset[str]
    """A repository, a URL, names of encodings, ...: as the code names them."""


def held_models(assets: Iterable[Asset]) -> tuple[Held, ...]:
    """The models among a lock's assets."""
    return tuple(
        Held(_alike(asset.provider), frozenset(_things(asset.provider, asset.label.partition(" ")[2])))
        for asset in assets
        if asset.kind == "model"
    )


def _things(provider: str, what: str) -> Iterable[str]:
    if provider == "huggingface":
        return (what.rpartition("@")[0] or what,)
    return (part.strip() for part in what.split(",")) if provider != "url" else (what,)


def _alike(provider: str) -> str:
    return _ALIKE.get(provider, provider)


def covers(held: Iterable[Held], provider: str, what: Iterable[str]) -> bool:
    """Whether the lock holds every model of ``what``; of unnamed ones, whether it holds any of that provider.

    What only running fills in (``{}``) counts as unnamed.
    """
    if not provider:
        return False
    wanted = {text for text in what if "{}" not in text}
    of_provider = [each.things for each in held if each.provider == _alike(provider)]
    if not wanted or provider == "easyocr":
        return bool(of_provider)
    return wanted <= frozenset().union(*of_provider)
