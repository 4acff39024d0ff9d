"""Audited: what all readings of one lock come to, as reports tell it and the lock keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from envspec.audit.closure import Demands, demands
from envspec.audit.conflicts import PathConflict, path_conflicts
from envspec.audit.coverage import Held, covers
from envspec.audit.reading import Egress, HiddenModel, Reading
from envspec.audit.tables import PackageRow
from envspec.named_tuple import NamedTuple

Verdict = str
"""``downloads``: assets are fetched. ``shell``: by a program that it starts, or pip is run.
``network``: it can talk to one, which alone says nothing. ``none``."""


class Fetch(NamedTuple):
    """One way in which a project may reach the network; places that fetch the same alike are one."""

    kind: str
    file: str
    line: int
    """Of the first place; 0 in compiled code."""
    call: str
    what: tuple[str, ...]
    """Models or URLs; empty: named at run time."""
    reach: str
    """``default``: ordinary use fetches it if the caller names nothing. ``import``, ``call``, ``script``."""
    covered: bool
    provider: str = ""
    places: int = 1
    is_strong: bool = True
    """Whether assets are fetched by it; else it can merely talk to a network."""
    through: str = ""
    """Of a default: the project whose code fetches it."""
    is_followed: bool = True
    """Of a default: whether it was followed to what fetches it, or its parameter's name tells alone."""
    also_at: tuple[str, ...] = ()
    """``FILE:LINE`` of the other places, in order."""


class AuditedPackage(NamedTuple):
    """One locked distribution."""

    name: str
    version: str
    file_name: str
    sha256: str
    reading: Reading
    """An empty one where it wasn't read."""
    why_not: str = ""
    """Why it wasn't read; empty where it was."""
    verdict: Verdict = "none"
    fetches: tuple[Fetch, ...] = ()
    """Worst first."""
    is_uncovered: bool = False
    """Whether its ordinary use fetches something that the lock doesn't hold."""
    known: PackageRow | None = None
    demands: Demands = Demands()


class Audited(NamedTuple):
    """All of a lock."""

    packages: tuple[AuditedPackage, ...]
    conflicts: tuple[PathConflict, ...]
    models: tuple[str, ...]
    """[[models]] tables to paste into the spec."""

    @property
    def uncovered(self) -> tuple[AuditedPackage, ...]:
        """Those whose ordinary use fetches something that the lock doesn't hold."""
        return tuple(package for package in self.packages if package.is_uncovered)

    @property
    def not_read(self) -> tuple[AuditedPackage, ...]:
        """Those of which nothing is known."""
        return tuple(package for package in self.packages if package.why_not)


class LockedArchive(NamedTuple):
    """What the lock says of one wheel or sdist, and what reading it gave."""

    name: str
    version: str
    file_name: str
    sha256: str
    reading: Reading
    """An empty one where it wasn't read."""
    why_not: str = ""
    """Why it wasn't read; empty where it was."""
    required_by: frozenset[str] = frozenset()
    """Locked projects that require it; empty where the spec itself asks for it."""


def audited(
    archives: Sequence[LockedArchive], held: Sequence[Held], known: Mapping[str, PackageRow]
) -> Audited:
    """Judge the readings together: who covers what, who brings which library, who overwrites whom."""
    readings = {each.name: each.reading for each in archives if not each.why_not}
    optional = {name: known[name].optional for name in readings if name in known}
    asked = demands(readings, optional)
    owners = _owners(readings)
    packages = tuple(
        _package(each, held, known.get(each.name), asked.get(each.name, Demands()), owners)
        for each in archives
    )
    packages = tuple(sorted(packages, key=_worst_first))
    return Audited(packages, path_conflicts(readings), tuple(_models(packages)))


def _package(
    archive: LockedArchive,
    held: Sequence[Held],
    known: PackageRow | None,
    asked: Demands,
    owners: Mapping[str, str],
) -> AuditedPackage:
    reading = archive.reading
    told = archive[:-1]
    if archive.why_not:
        return AuditedPackage(*told, known=known)
    fetches = tuple(sorted(_fetches(reading, held, owners), key=_rank))
    is_asked = known is not None and bool(archive.required_by) and archive.required_by <= {*known.not_for}
    return AuditedPackage(
        *told,
        verdict=_verdict(fetches),
        fetches=fetches,
        is_uncovered=not is_asked and _is_uncovered(fetches, held, known),
        known=known,
        demands=asked,
    )


def _worst_first(package: AuditedPackage) -> tuple[bool, bool, str]:
    return not package.is_uncovered, not any(map(_is_open, package.fetches)), package.name


def _owners(readings: Mapping[str, Reading]) -> dict[str, str]:
    """Top module to the project that brings it."""
    return {
        path.partition("/")[0].removesuffix(".py"): name
        for name, reading in readings.items()
        for path, _, _ in reading.files
        if path.endswith(".py")
    }


def _is_open(fetch: Fetch) -> bool:
    """Whether it's what ordinary use fetches if the caller names nothing, and the lock doesn't hold it."""
    return fetch.reach == "default" and not fetch.covered


def _fetches(reading: Reading, held: Sequence[Held], owners: Mapping[str, str]) -> Iterable[Fetch]:
    has_urls = bool(reading.urls)
    for hidden in reading.hidden:
        yield _default(hidden, held, owners)
    grouped: dict[tuple[str, str, tuple[str, ...], str, bool], list[Egress]] = {}
    for row in reading.egress:
        is_strong = row.strength == "strong" or (row.strength == "needs-url" and has_urls)
        call = "" if row.what else row.call
        grouped.setdefault((row.kind, call, row.what, row.reach, is_strong), []).append(row)
    for (kind, _, what, reach, is_strong), rows in grouped.items():
        first, *others = sorted(rows, key=lambda row: (row.file, row.line))
        covered = covers(held, first.provider, what)
        yield Fetch(
            kind,
            first.file,
            first.line,
            first.call,
            what,
            reach,
            covered,
            first.provider,
            len(rows),
            is_strong,
            also_at=tuple(f"{row.file}:{row.line}" for row in others),
        )


def _default(hidden: HiddenModel, held: Sequence[Held], owners: Mapping[str, str]) -> Fetch:
    return Fetch(
        kind="hub" if hidden.provider == "huggingface" else "asset-library",
        file=hidden.file,
        line=hidden.line,
        call=f"{hidden.function}({hidden.parameter}=...)",
        what=(hidden.value,),
        reach="default" if hidden.is_entry else "call",
        covered=covers(held, hidden.provider, (hidden.value,)),
        provider=hidden.provider,
        is_followed=hidden.is_followed,
        through=owners.get(hidden.through, hidden.through),
    )


_REACHES = ("default", "import", "call", "script")


def _rank(fetch: Fetch) -> tuple[object, ...]:
    return (
        fetch.covered,
        not fetch.is_strong,
        _REACHES.index(fetch.reach),
        not fetch.what,
        fetch.file,
        fetch.line,
        fetch.call,
        fetch.what,
    )


def _verdict(fetches: Iterable[Fetch]) -> Verdict:
    strong = {fetch.kind for fetch in fetches if fetch.is_strong}
    if strong - {"shell", "installer"}:
        return "downloads"
    if strong:
        return "shell"
    return "network" if any(True for _ in fetches) else "none"


def _is_uncovered(fetches: Sequence[Fetch], held: Sequence[Held], known: PackageRow | None) -> bool:
    """A default that nobody holds; else, of an ordinary user of models, no model of its provider at all.

    A project that no table knows is taken for one, if it fetches outside of scripts.
    """
    if any(map(_is_open, fetches)):
        return True
    strong = [fetch for fetch in fetches if fetch.is_strong and fetch.reach != "script"]
    if known is not None:
        return known.when == "use" and bool(strong) and not covers(held, known.provider, ())
    return any(not fetch.covered for fetch in strong)


def _models(packages: Iterable[AuditedPackage]) -> Iterable[str]:
    """The named ones, each once; then one to start from for each provider of which none is named."""
    named: dict[str, str] = {}
    to_start_from: dict[str, str] = {}
    for package in packages:
        for fetch in filter(_is_open, package.fetches):
            if fetch.provider == "huggingface":
                why = f"{package.name}: {fetch.call} if the caller names nothing"
                repo = fetch.what[0]
                named.setdefault(repo, f'[[models]]   # {why}\nprovider = "huggingface"\nrepo = "{repo}"\n')
        known = package.known
        if package.is_uncovered and known is not None and known.models:
            why = f"{package.name}: {known.why}"
            to_start_from.setdefault(known.provider, f"[[models]]   # {why}\n{known.models.strip()}\n")
    yield from named.values()
    yield from (table for provider, table in to_start_from.items() if provider != "huggingface" or not named)
