"""What an audit found, for a terminal: worst first, the [[models]] to paste at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from envspec.audit.audited import Audited, AuditedPackage, Fetch
from envspec.audit.tables import sinks

_PATHS_SHOWN = 3
_FETCHES_SHOWN = 3
_NAMES_SHOWN = 6


def as_text(label: str, audited: Audited, *, verbose: bool = False) -> str:
    """The whole report. ``verbose`` leaves nothing out."""
    read = len(audited.packages) - len(audited.not_read)
    lines = [f"{label}: {read} of {len(audited.packages)} files read"]
    lines += _conflicts(audited)
    uncovered = audited.uncovered
    rest = [each for each in audited.packages if each.fetches and each not in uncovered]
    lines += _section(
        "Not in the lock, and fetched by ordinary use", uncovered, lambda package: _package(package, verbose)
    )
    lines += _section(
        "Held by the lock, at least in part",
        [each for each in rest if _is_covered(each)],
        lambda package: _package(package, verbose),
    )
    lines += _section(
        "Fetched only where a program asks for it",
        [each for each in rest if not _is_covered(each) and each.verdict != "network"],
        lambda package: _package(package, verbose),
    )
    network = [each for each in rest if each.verdict == "network" and not _is_covered(each)]
    lines += _section("Can talk to a network, and fetches no model", network, _line)
    lines += _host(audited, verbose)
    lines += _unseen(audited, verbose)
    if audited.models:
        lines += ["", "To add to the spec, with your own choice where several are possible:", ""]
        lines += "\n".join(audited.models).rstrip().splitlines()
    return "\n".join(lines) + "\n"


def _is_covered(package: AuditedPackage) -> bool:
    return any(fetch.covered for fetch in package.fetches)


def _section(
    title: str, packages: Sequence[AuditedPackage], show: Callable[[AuditedPackage], Iterable[str]]
) -> Iterator[str]:
    if packages:
        yield ""
        yield title
        for package in packages:
            yield from show(package)


def _conflicts(audited: Audited) -> Iterator[str]:
    for each in audited.conflicts:
        paths = ", ".join(each.differing[:_PATHS_SHOWN])
        more = len(each.differing) - _PATHS_SHOWN
        yield ""
        yield (
            f"ERROR: {each.first} and {each.second} install different bytes at"
            f" {len(each.differing)} of {each.shared} shared paths"
        )
        yield f"  at:  {paths}{f' and {more} more' if more > 0 else ''}"
        yield "  why: whichever is installed last wins, and no installer says a word"
        yield "  fix: lock one of the two; [python] overrides can replace who asks for the other"


def _line(package: AuditedPackage) -> Iterator[str]:
    yield f"  {package.name} {package.version}  {_place(package.fetches[0])}"


def _package(package: AuditedPackage, verbose: bool) -> Iterator[str]:
    known = package.known
    places = sum(fetch.places for fetch in package.fetches)
    yield f"  {package.name} {package.version}  ({places} {'place' if places == 1 else 'places'})"
    if known is not None:
        yield f"    {known.why}"
    strong = [fetch for fetch in package.fetches if fetch.is_strong or verbose]
    shown = strong if verbose else strong[:_FETCHES_SHOWN]
    for fetch in shown:
        yield f"    {_fetch(fetch)}"
        if verbose and fetch.also_at:
            yield f"      also at {', '.join(fetch.also_at)}"
    if len(strong) > len(shown):
        yield f"    and {len(strong) - len(shown)} more (--verbose)"
    yield from _handles(package)


def _handles(package: AuditedPackage) -> Iterator[str]:
    known = package.known
    reading = package.reading
    if known is not None and known.dest:
        yield f"    lands in: {known.dest}"
    if known is not None and (known.variables or known.arguments):
        yield f"    forbidden or placed by: {', '.join((*known.variables, *known.arguments))}"
    elif known is None and reading.variables:
        yield f"    variables it reads: {', '.join(reading.variables[:_NAMES_SHOWN])}"
    hosts = sorted({row.host for row in reading.urls})
    if hosts:
        more = len(hosts) - _NAMES_SHOWN
        yield f"    hosts: {', '.join(hosts[:_NAMES_SHOWN])}{f' and {more} more' if more > 0 else ''}"


def _fetch(fetch: Fetch) -> str:
    what = ", ".join(fetch.what[:2]) or "what its caller names"
    when = {
        "default": " if the caller names nothing",
        "import": " when it's imported",
        "call": "",
        "script": " when it's run as a program",
    }[fetch.reach]
    through = f", through {fetch.through}" if fetch.through else ""
    through += "" if fetch.is_followed else ", as its parameter's name says"
    covered = " [in the lock]" if fetch.covered else ""
    return f"{_place(fetch)}: {what}{when}{through}{covered}"


def _place(fetch: Fetch) -> str:
    line = f":{fetch.line}" if fetch.line else ""
    return f"{fetch.file}{line}  {fetch.call}"


def _host(audited: Audited, verbose: bool) -> Iterator[str]:
    at_import = _users(audited, "import")
    later = {name: by for name, by in _users(audited, "use").items() if name not in at_import}
    tried = _users(audited, "option").keys() - at_import.keys() - later.keys()
    if at_import or later or tried:
        yield ""
        unread = len(audited.not_read)
        perhaps = f", but perhaps one of the {unread} that weren't read" if unread else ""
        yield f"Shared libraries that no wheel brings{perhaps}"
    for name, users in sorted(at_import.items()):
        yield f"  {name}  importing needs it: {_some(users)}"
    for name, users in sorted(later.items()):
        yield f"  {name}  a later use needs it: {_some(users)}"
    if tried:
        users = sorted({user for names in _users(audited, "option").values() for user in names})
        names = sorted(tried) if verbose else sorted(tried)[:_NAMES_SHOWN]
        more = len(tried) - len(names)
        yield (
            f"  {', '.join(names)}{f' and {more} more' if more else ''}"
            f"  tried, and done without: {_some(users)}"
        )
    for family, newest in (("GLIBC", _newest(audited, "glibc")), ("GLIBCXX", _newest(audited, "glibcxx"))):
        if newest:
            yield f"  {family}_{newest[0]}  the newest that importing asks for: {newest[1]}"
    targets = [each for each in audited.packages if each.reading.code_targets]
    if targets:
        yield ""
        yield "GPU code"
    for package in targets:
        yield f"  {package.name} {package.version}  {' '.join(package.reading.code_targets)}"
    yield from _programs(audited, verbose)


def _users(audited: Audited, needed: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for package in audited.packages:
        for library in package.demands.libraries:
            if library.needed == needed:
                found.setdefault(library.soname, []).append(package.name)
    return found


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMES_SHOWN
    return f"{', '.join(names[:_NAMES_SHOWN])}{f' and {more} more' if more > 0 else ''}"


def _newest(audited: Audited, family: str) -> tuple[str, str] | None:
    asked = [
        (tuple(map(int, getattr(each.demands, family).split("."))), each.name)
        for each in audited.packages
        if getattr(each.demands, family)
    ]
    if not asked:
        return None
    version, name = max(asked)
    return ".".join(map(str, version)), name


def _programs(audited: Audited, verbose: bool) -> Iterator[str]:
    started: dict[str, list[str]] = {}
    for package in audited.packages:
        for each in package.reading.started:
            started.setdefault(each.name, []).append(f"{each.file}:{each.line}")
    matter = sinks().table.programs.matter
    shown = {name: places for name, places in started.items() if verbose or name in matter}
    if started:
        yield ""
        yield "Programs that are started by name"
    for name, places in sorted(shown.items()):
        yield f"  {name}  {places[0]}{f' and {len(places) - 1} more' if len(places) > 1 else ''}"
    if len(started) > len(shown):
        yield f"  {len(started) - len(shown)} others (--verbose)"


def _unseen(audited: Audited, verbose: bool) -> Iterator[str]:
    yield ""
    yield "What was not seen"
    for package in audited.not_read:
        yield f"  {package.file_name or package.name}: {package.why_not}"
    for package in audited.packages:
        problems = package.reading.not_read
        for problem in problems if verbose else problems[:_PATHS_SHOWN]:
            yield f"  {package.name}: {problem}"
        if len(problems) > _PATHS_SHOWN and not verbose:
            yield f"  {package.name}: and {len(problems) - _PATHS_SHOWN} more (--verbose)"
    counted: dict[str, int] = {}
    for package in audited.packages:
        for name, count in package.reading.blind:
            counted[name] = counted.get(name, 0) + count
    yield "  hidden from reading: " + (
        "; ".join(f"{count:,} {name}" for name, count in counted.items()) or "nothing was met that hides it"
    )
    yield "  what may fetch needn't: a run of your program with no network is the proof"
