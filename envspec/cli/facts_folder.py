"""Many hosts: facts files and locks told apart among the arguments, and judged by several processes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from envspec.cli.facts_files import host_name, read_facts_file
from envspec.cli.judged_locks import lock_paths, locks_in
from envspec.errors import InputError, OutsideError
from envspec.steps.fleet import judge_one
from envspec.steps.verify import Asked
from envspec.verify.judgement import HostJudged

_FEW = 24
"""Hosts that one process judges sooner than others start."""
_AT_A_TIME = 8


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
    for missing, what in ((not places, "facts of hosts"), (not locks, "a lock")):
        if missing:
            raise InputError(what=f"no {what} among the arguments", fix="envspec fleet FACTS... LOCK...")
    return list(places.values()), lock_paths(locks)


def _in_folder(folder: str) -> Iterator[Place]:
    """Every file below it that isn't hidden, by name; called by its path, as ``rack-1/node-7``."""
    for at, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                path = os.path.join(at, name)
                below = os.path.relpath(at, folder)
                label = host_name(name) if below == "." else os.path.join(below, host_name(name))
                yield Place(path, label)


def judged(several: Sequence[Asked], places: Sequence[Place], day: str) -> Iterator[HostJudged]:
    """Each host in turn; many are judged by as many processes as there are processors to use."""
    jobs = min(len(os.sched_getaffinity(0)), len(places) // _FEW)
    if jobs < 2:
        yield from map(partial(_judged, several, day), places)
        return
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    with ProcessPoolExecutor(jobs, get_context("fork"), _set_up, (several, day)) as pool:
        try:
            yield from pool.map(_judged_there, places, chunksize=_AT_A_TIME)
        except BrokenProcessPool as error:
            raise OutsideError(what="a process that judged hosts was ended", why=str(error)) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _judged(several: Sequence[Asked], day: str, place: Place) -> HostJudged:
    read = partial(read_facts_file, place.path, place.label)
    return judge_one(several, read, label=place.label, where=place.path, today=day)


_there: list[tuple[Sequence[Asked], str]] = []
"""In a process of the pool: what it judges by."""


def _set_up(several: Sequence[Asked], day: str) -> None:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that the user started
    _there[:] = [(several, day)]


def _judged_there(place: Place) -> HostJudged:
    several, day = _there[0]
    return _judged(several, day, place)
