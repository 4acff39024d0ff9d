"""Verify: locks and the facts of a host become what the rules say of it, with the variant that fits best."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from envspec.named_tuple import NamedTuple
from envspec.verify.draw import needs_of
from envspec.verify.judgement import HostJudged, Judgement
from envspec.verify.seen import seen
from envspec.verify.verify import judge_matrix

if TYPE_CHECKING:
    from envspec.lock.document import Lock
    from envspec.probe.facts import HostFacts
    from envspec.verify.needs import Needs


class LockFile(NamedTuple):
    """A lock as it was read."""

    lock: Lock
    where: str
    """Its path, as the user named it."""
    sha256: str


class Asked(NamedTuple):
    """A lock that hosts are judged by, with its needs drawn once for all of them."""

    needs: Needs
    where: str
    sha256: str


class FactsFile(NamedTuple):
    """The facts of one host, and where they are from."""

    facts: HostFacts
    label: str
    """What the host is called; without a name in its facts the file's."""
    where: str
    sha256: str
    taken: str = ""


def asked(files: Sequence[LockFile], *, prefix: str = "", endpoints: Sequence[str] = ()) -> tuple[Asked, ...]:
    """The needs of each; where two have one label, their paths tell them apart.

    ``prefix`` takes the place of the one that a lock names; ``endpoints`` are URLs to judge besides its own.
    """
    labels = [file.lock.label for file in files]
    drawn = []
    for file in files:
        needs = needs_of(_on_site(file.lock, prefix, endpoints))
        if labels.count(needs.label) > 1:
            needs = needs._replace(label=f"{needs.label} ({file.where})")
        drawn.append(Asked(needs, file.where, file.sha256))
    return tuple(drawn)


def endpoints_of(lock: Lock) -> tuple[tuple[str, str], ...]:
    """(URL, ca-file or "") of what the lock's target has to reach; what has another form is passed over."""
    tables = lock.target.get("endpoints", ())
    rows = [each for each in tables if isinstance(each, Mapping)] if isinstance(tables, Sequence) else []
    found = [(row.get("url"), row.get("ca-file", "")) for row in rows]
    return tuple((url, ca) for url, ca in found if isinstance(url, str) and isinstance(ca, str))


def _on_site(lock: Lock, prefix: str, endpoints: Sequence[str]) -> Lock:
    """The lock as whoever stands before the host wants it judged."""
    target = {**lock.target, "prefix": prefix} if prefix else lock.target
    if endpoints:
        known = endpoints_of(lock)
        rows = [{"url": url, "ca-file": ca} if ca else {"url": url} for url, ca in known]
        more = [{"url": url} for url in endpoints if url not in {url for url, _ in known}]
        target = {**target, "endpoints": [*rows, *more]}
    return lock._replace(target=target)


def verify(
    several: Sequence[Asked],
    host: FactsFile,
    *,
    today: str,
    siblings: Callable[[], Sequence[Asked]] = tuple,
) -> HostJudged:
    """Judge one host by each lock.

    ``siblings`` gives further variants of the same specs, which nobody asked about: they are judged where
    something fails, so that the finding can name the one that would pass.
    """
    found = judge_matrix([one.needs for one in several], host.facts, today=today)
    if any(finding.status == "fail" for findings in found.values() for finding in findings):
        taken = set(found)
        more = [one.needs for one in siblings() if one.needs.label not in taken]
        if more:
            found = judge_matrix([*(one.needs for one in several), *more], host.facts, today=today)
    judgements = tuple(
        Judgement(
            label=one.needs.label,
            spec=one.needs.lock.name,
            variant=one.needs.lock.variant,
            where=one.where,
            sha256=one.sha256,
            findings=tuple(found[one.needs.label]),
        )
        for one in several
    )
    return HostJudged(host.label, host.where, host.sha256, host.taken, seen(host.facts), judgements)
