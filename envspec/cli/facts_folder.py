"""Many hosts: facts and locks told apart among the arguments, and each host judged in turn."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import partial

from envspec.cli.facts_files import host_name, read_facts_file
from envspec.cli.judged_locks import lock_paths, locks_in, unlisted
from envspec.errors import InputError
from envspec.named_tuple import NamedTuple
from envspec.steps.fleet import judge_one
from envspec.steps.verify import Asked
from envspec.verify.judgement import HostJudged


class Place(NamedTuple):
    """Where one host's facts are."""

    path: str
    label: str


def told_apart(named: Sequence[str]) -> tuple[list[Place], list[str]]:
    """Facts and locks: a ``.toml`` or a folder that holds locks is for judging, all else is to be judged.

    Raises InputError where either is missing, or a folder is empty.
    """
    places: dict[str, Place] = {}
    locks: list[str] = []
    for name in named:
        if os.path.isdir(name) and not locks_in(name):
            found = list(_in_folder(name))
            if not found:
                raise InputError(what=f"{name}: neither facts nor locks in it", fix="name a folder of facts")
            places.update((place.path, place) for place in found)
        elif os.path.isdir(name) or name.endswith(".toml"):
            locks.append(name)
        else:
            places[name] = Place(name, host_name(name))
    for missing, what in ((not places, "a file of facts"), (not locks, "a lock")):
        if missing:
            raise InputError(
                what=f"{what} is missing among the arguments", fix="envspec fleet FACTS... LOCK..."
            )
    return list(places.values()), lock_paths(locks)


def _in_folder(folder: str) -> Iterator[Place]:
    """Every file below it that isn't hidden, by name; called by its path, as ``rack-1/node-7``."""

    def refuse(error: OSError) -> None:
        raise unlisted(error) from error

    for at, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                path = os.path.join(at, name)
                below = os.path.relpath(at, folder)
                label = host_name(name) if below == "." else os.path.join(below, host_name(name))
                yield Place(path, label)


def judged(several: Sequence[Asked], places: Sequence[Place], day: str) -> Iterator[HostJudged]:
    """Each host in turn; of none are the facts kept. One takes 2 ms, so that further processes don't pay."""
    for place in places:
        read = partial(read_facts_file, place.path, place.label)
        yield judge_one(several, read, label=place.label, where=place.path, today=day)
