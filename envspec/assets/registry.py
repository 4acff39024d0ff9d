"""Registry: which module plans which wishes. A provider is found by where it lies; nothing lists them."""

from __future__ import annotations

import functools
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envspec.assets.interface import Provider

_FOLDERS = {
    "model": "envspec.assets",
    "file": "envspec.assets",
    "installer": "envspec.assets.installers",
}


@functools.cache
def provider_of(kind: str, name: str) -> Provider | None:
    """The module that plans wishes of ``kind`` from ``name``; None where no module does.

    ``openai-whisper`` is sought in ``openai_whisper.py`` first, then in every module of the folder that has
    ``PROVIDES``, so that one module may serve several names.
    """
    for module in _modules(_FOLDERS[kind], name.replace("-", "_").replace(".", "_")):
        found = import_module(module)
        if name in getattr(found, "PROVIDES", ()):
            return cast("Provider", found)
    return None


def providers_of(kind: str) -> tuple[str, ...]:
    """Every name that some module provides, sorted; imports them all."""
    found = (getattr(import_module(module), "PROVIDES", ()) for module in _modules(_FOLDERS[kind], ""))
    return tuple(sorted(name for names in found for name in names))


def _modules(folder: str, first: str) -> Iterator[str]:
    """Full names of the folder's modules, the one called ``first`` before all others."""
    names = [module.name for module in iter_modules(import_module(folder).__path__) if not module.ispkg]
    yield from (f"{folder}.{name}" for name in sorted(names, key=lambda name: (name != first, name)))
