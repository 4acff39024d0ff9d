"""Reading one archive for the audit: opens the file, and takes a source distribution apart as tar or zip."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from typing import BinaryIO, NoReturn

from envspec.adapters.files import sha256_of
from envspec.audit.archive import BrokenWheelError
from envspec.audit.package import MAX_SOURCE_BYTES
from envspec.audit.reading import Reading, merged
from envspec.audit.source import is_skipped, read_sources
from envspec.audit.tables import sinks
from envspec.audit.wheel import MAX_SOURCES_BYTES, big_libraries, read_wheel
from envspec.errors import BrokenArtifactError, EnvspecError
from envspec.index.sdist_archive import members
from envspec.named_tuple import NamedTuple

_SPLIT_BYTES = 48 << 20
"""Wheels from this size on are read by several processes."""
LIMIT_S = 300
"""For one job; a library of 700 MB takes two."""


class _TooLongError(Exception):
    """A job took all the time that one may take."""


class Job(NamedTuple):
    """A piece of work for one process."""

    sha256: str
    """Of the archive, by which the pieces are put together."""
    path: str
    task: str
    """``hash``, ``all``, ``rest`` (without the libraries in ``libraries``), ``library``."""
    libraries: tuple[str, ...] = ()
    size: int = 0


def jobs_of(sha256: str, path: str, size: int) -> list[Job]:
    """How the reading of one archive is cut up, the longest piece first."""
    if size < _SPLIT_BYTES or not path.endswith(".whl"):
        return [Job(sha256, path, "all", size=size)]
    try:
        with open(path, "rb") as file:
            big = big_libraries(file)
    except OSError:
        big = ()
    share = size // (len(big) + 1)
    return [
        *(Job(sha256, path, "library", (each,), share) for each in big),
        Job(sha256, path, "rest", big, share),
    ]


def do(job: Job) -> Reading | str:
    """Do one piece: the digest for ``hash``, empty where the file can't be read; else a Reading."""
    gc.disable()  # a tree of a source file holds no cycles, and is half a million objects
    signal.alarm(0 if job.task == "hash" else LIMIT_S)
    try:
        return _digest(job.path) if job.task == "hash" else _reading(job)
    except _TooLongError:
        return broken(f"a part of it took more than {LIMIT_S} s to read")
    finally:
        signal.alarm(0)
        gc.enable()


def begin() -> None:
    """What a process does first: leave Ctrl-C to the one that forked it, and let time run out on a job."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, _run_out)


def _run_out(number: int, frame: object) -> NoReturn:  # noqa: ARG001
    raise _TooLongError


def broken(why: str) -> Reading:
    """The Reading of an archive that can't be read."""
    return Reading(not_read=(f"the whole file: {why}",), is_broken=True)


def _digest(path: str) -> str:
    try:
        return sha256_of(path)
    except EnvspecError:
        return ""


def _reading(job: Job) -> Reading:
    try:
        with open(job.path, "rb") as file:
            return _read(file, job)
    except BrokenArtifactError as error:
        return broken(error.why or error.what)
    except BrokenWheelError as error:
        return broken(str(error))
    except OSError as error:
        return broken(error.strerror or str(error))


def _read(file: BinaryIO, job: Job) -> Reading:
    if not job.path.endswith(".whl"):
        return _read_sdist(file)
    if job.task == "library":
        return merged(read_wheel(file, sinks(), only=path) for path in job.libraries)
    return read_wheel(file, sinks(), without=job.libraries)


def _read_sdist(file: BinaryIO) -> Reading:
    """The sources of an sdist; what building it would add, and where files go, only a build can tell."""
    problems: list[str] = []
    reading = read_sources(_sources(file, problems), sinks())
    blind = (("sdist whose build may add files", 1),)
    return merged([reading, Reading(not_read=tuple(problems), blind=blind)])


def _sources(file: BinaryIO, problems: list[str]) -> Iterator[tuple[str, bytes]]:
    total = 0
    for member in members(file, "it"):
        path = "/".join(member.path[1:] if member.path[0] == "src" and len(member.path) > 1 else member.path)
        if member.kind != "file" or not path.endswith(".py") or is_skipped(path, sinks()):
            continue
        total += member.size_bytes
        if member.size_bytes > MAX_SOURCE_BYTES or total > MAX_SOURCES_BYTES:
            problems.append(f"{path}: more source than we read of one distribution")
            continue
        yield path, b"".join(member.content())
