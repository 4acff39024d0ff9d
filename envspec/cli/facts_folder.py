"""Many hosts: facts files and locks told apart among the arguments, and judged by several processes."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from envspec.cli.facts_files import host_name, read_facts_file
from envspec.cli.judged_locks import lock_paths, locks_in
from envspec.errors import InputError, OutsideError
from envspec.steps.fleet import judge_one
from envspec.steps.verify import Asked
from envspec.verify.judgement import HostJudged

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_FEW = 24
"""Hosts that one process judges sooner than others start."""


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
    for at, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                path = os.path.join(at, name)
                below = os.path.relpath(at, folder)
                label = host_name(name) if below == "." else os.path.join(below, host_name(name))
                yield Place(path, label)


def judged(several: Sequence[Asked], places: Sequence[Place], day: str) -> Generator[HostJudged, None, None]:
    """Each host in turn; many are judged by as many processes as there are processors to use.

    Close it where it isn't taken to its end. Raises OutsideError where a process is ended by others.
    """
    jobs = min(len(os.sched_getaffinity(0)), len(places) // _FEW)
    if jobs < 2:
        yield from (_judged(several, place, day) for place in places)
        return
    from multiprocessing import get_context

    context = get_context("fork")
    workers = []
    try:
        for number in range(jobs):
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(
                target=_judge_there, args=(sender, several, places[number::jobs], day), daemon=True
            )
            process.start()
            sender.close()  # so that a process that is gone is noticed
            workers.append((process, receiver))
        for number in range(len(places)):
            try:
                host: HostJudged = workers[number % jobs][1].recv()
            except (EOFError, OSError) as error:
                raise OutsideError(what="a process that judged hosts was ended before its time") from error
            yield host
    finally:
        for process, receiver in workers:
            process.terminate()
            process.join()
            receiver.close()


def _judge_there(sender: Connection, several: Sequence[Asked], places: Sequence[Place], day: str) -> None:
    import signal

    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that the user started
    with suppress(BrokenPipeError):
        for place in places:
            sender.send(_judged(several, place, day))


def _judged(several: Sequence[Asked], place: Place, day: str) -> HostJudged:
    read = partial(read_facts_file, place.path, place.label)
    return judge_one(several, read, label=place.label, where=place.path, today=day)
