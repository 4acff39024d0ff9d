"""The facts of the host on which envspec runs, looked at as the locks' targets ask."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envspec.steps.verify import FactsFile, LockFile


def this_host(files: Sequence[LockFile], prefix: str | None, endpoints: Sequence[str]) -> FactsFile:
    """Probe this host; tries to reach what stands in a lock's target or was named, and nothing else."""
    from envspec.adapters.probe_host import run_probe
    from envspec.cli.facts_files import facts_of

    return facts_of(run_probe([*_options(files, prefix, endpoints)]), "this host")


def _options(files: Sequence[LockFile], prefix: str | None, endpoints: Sequence[str]) -> Iterator[str]:
    from envspec.steps.verify import endpoints_of

    for name, named in (("prefix", prefix), ("scratch", None)):
        promised = (file.lock.target.get(name) for file in files)
        path = named or next((each for each in promised if isinstance(each, str) and each), "")
        if path:
            yield f"--{name}={path}"
    tried: set[str] = set()
    for file in files:
        for url, ca_file in endpoints_of(file.lock):
            if url not in tried:
                tried.add(url)
                yield f"--endpoint={url}"
                path = _beside(file.where, ca_file)
                if path:
                    yield f"--ca-file={path}"
    yield from (f"--endpoint={url}" for url in dict.fromkeys(endpoints) if url not in tried)


def _beside(lock: str, ca_file: str) -> str:
    """Where a spec's ca-file lies: beside the lock, or in the folder of specs beside the locks' own."""
    folder = os.path.dirname(os.path.abspath(lock))
    for place in (folder, os.path.join(os.path.dirname(folder), "specs")):
        path = os.path.join(place, ca_file)
        if ca_file and os.path.isfile(path):
            return path
    return ""
