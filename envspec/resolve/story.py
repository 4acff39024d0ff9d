"""Story: for one project of a conflict, why each of its releases was out.

What the spec itself says counts first, then what the target can take, then what other
releases ask; so a release is told once, by the reason that the user can do most about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envspec.errors import EnvspecError
from envspec.index.catalog import Catalog, Project
from envspec.index.credentials import without_credentials
from envspec.index.left_out import LeftOut, left_out
from envspec.index.live import LiveIndex
from envspec.index.recorded import RecordedIndex
from envspec.index.versions import VersionList
from envspec.index.view import View
from envspec.resolve.blame import Asked, Blame, demand_text
from envspec.resolve.candidate import Candidate, Demand
from envspec.resolve.resolution import NoResolution

if TYPE_CHECKING:
    from envspec.index.page import ProjectPage

MAX_GROUPS = 8
_MAX_RUNS = 3
_MAX_RANGES = 4


@dataclass(frozen=True, slots=True)
class Group:
    """Releases that are out for the same reason."""

    versions: str
    """As ranges over what the index lists: ``1.21 to 1.26.4``."""
    count: int
    why: str

    def __str__(self) -> str:
        count = f" ({self.count} releases)" if self.count > 2 else ""
        return f"{self.versions}{count}: {self.why}"


@dataclass(frozen=True, slots=True)
class Story:
    """One project: where it was looked for, and why each group of releases was out."""

    name: str
    place: str
    """``the default index (https://...)``, ``index 'pytorch-cu118' (...)``."""
    groups: tuple[Group, ...]
    missing: bool = False
    left_out: Mapping[str, LeftOut] | None = None
    """Version to why the target can't take it."""

    @property
    def releases(self) -> int:
        """How many are told of."""
        return sum(group.count for group in self.groups)


def tell_story(name: str, blame: Blame, conflict: NoResolution, catalog: Catalog) -> Story:
    """Why no release of ``name`` would do."""
    project = blame.projects.get(name)
    if project is None:
        return Story(name, _place(catalog.index_of(name)), (), missing=True)
    if project.direct_url:
        place = without_credentials(project.direct_url)
    else:
        place = _place(project.index)
    page = None if project.direct_url else page_of(catalog, name)
    out = left_out(page, _view_of(project, catalog), name) if page is not None else {}
    teller = _Teller(project, blame, conflict, catalog, out)
    return Story(name, place, tuple(teller.groups()), left_out=out)


def page_of(catalog: Catalog, name: str) -> ProjectPage | None:
    """All that its index lists of a project; None where that isn't at hand."""
    try:
        return catalog.page(name)
    except EnvspecError:
        return None


def _view_of(project: Project, catalog: Catalog) -> View:
    """As its index looks at its pages: those that can't be asked need every hash."""
    return catalog.view if isinstance(project.index, LiveIndex) else catalog.view.with_hashes


def _place(index: object) -> str:
    name, url = getattr(index, "name", ""), without_credentials(getattr(index, "url", ""))
    label = "the default index" if name in ("", "default") else f"index {name!r}"
    if isinstance(index, RecordedIndex):
        label = f"the recording of {label}"
    return f"{label} ({url})" if url else label


class _Teller:
    """Takes one reason after the other, each for the releases that no earlier one was given for."""

    def __init__(
        self,
        project: Project,
        blame: Blame,
        conflict: NoResolution,
        catalog: Catalog,
        out: Mapping[str, LeftOut],
    ) -> None:
        self._project = project
        self._blame = blame
        self._conflict = conflict
        self._catalog = catalog
        self._out = out
        self._all, _ = VersionList.sort([*project.versions, *out])
        self._places = {version: place for place, version in enumerate(self._all.strings)}
        self._remaining = self._all.everything
        self._found: dict[str, int] = {}
        self._days: dict[str, list[str]] = {}

    def groups(self) -> Iterator[Group]:
        """The newest first; at most MAX_GROUPS, the last of which takes up the rest."""
        for mask, why in self._reasons():
            mask &= self._remaining
            if mask:
                self._found[why] = self._found.get(why, 0) | mask
                self._remaining &= ~mask
        found = sorted(self._found.items(), key=lambda item: item[1] & -item[1])
        kept = found if len(found) <= MAX_GROUPS else found[: MAX_GROUPS - 1]
        for why, mask in kept:
            yield Group(
                version_runs(mask, self._all.strings), mask.bit_count(), why + self._uploaded(mask, why)
            )
        rest = sum(mask for _, mask in found[len(kept) :])
        if rest:
            reasons = f"for {len(found) - len(kept)} other reasons"
            yield Group(version_runs(rest, self._all.strings), rest.bit_count(), reasons)

    def _uploaded(self, mask: int, why: str) -> str:
        """The days of a group that's newer than the cut-off."""
        days = sorted(
            self._out[version].wanted[0]
            for version in self._versions(mask)
            if version in self._out and self._out[version].why == why and self._out[version].kind == "cut-off"
        )
        if not days:
            return ""
        when = days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
        return f" {cutoff_day(self._catalog.view.cutoff)} (uploaded {when})"

    def _versions(self, mask: int) -> Iterator[str]:
        while mask:
            lowest = mask & -mask
            mask ^= lowest
            yield self._all.strings[lowest.bit_length() - 1]

    def _reasons(self) -> Iterator[tuple[int, str]]:
        yield from self._what_the_spec_says()
        yield from self._what_the_target_takes()
        yield from self._what_the_index_says()
        yield from self._what_others_ask()
        yield from self._what_it_asks()

    def _what_the_spec_says(self) -> Iterator[tuple[int, str]]:
        everything, name = self._all.everything, self._project.name
        for asked in self._blame.asked(name):
            if asked.asker == "" and not asked.demand.url:
                yield everything & ~self._all.mask(asked.demand.specifier), f"your spec requires {asked.text}"
        for specifier in self._conflict.provider.constraints.get(name, ()):
            yield everything & ~self._all.mask(specifier), f"your constraint {name}{specifier}"

    def _what_the_target_takes(self) -> Iterator[tuple[int, str]]:
        policy, name = self._catalog.policy, self._project.name
        if policy.label and name in policy.labelled:
            suffix = f"+{policy.label}"
            yield self._mask(v for v in self._all.strings if not v.endswith(suffix)), f"no build {suffix}"
        usable = {self._project.versions[place] for place in _places(self._project.usable)}
        for version, found in self._out.items():
            if version in usable:
                continue
            also = ", only its source distribution does" if found.has_sdist and found.kind != "sdist" else ""
            yield self._mask([version]), found.why + also
        unusable = self._project.record.everything & ~self._project.usable
        yield self._mask(self._project.versions[place] for place in _places(unusable)), "not admitted"

    def _what_the_index_says(self) -> Iterator[tuple[int, str]]:
        record = self._project.record
        exact = any(asked.demand.is_exact for asked in self._blame.asked(self._project.name))
        for place in () if exact else _places(record.yanked):
            reason = record.file(place).yanked
            why = f" ({' '.join(reason.split())[:120]})" if isinstance(reason, str) and reason.strip() else ""
            yield self._bit(place), f"yanked{why}"
        for skipped in self._conflict.skipped:
            if skipped.name == self._project.name:
                is_unknown = is_of_unknown_dependencies(self._project, skipped.version)
                why = "its index doesn't say what it requires" if is_unknown else skipped.why
                yield self._mask([skipped.version]), why

    def _what_others_ask(self) -> Iterator[tuple[int, str]]:
        everything, name = self._all.everything, self._project.name
        override = (self._catalog.policy.overrides or {}).get(name)
        if override is not None:
            yield (
                everything & ~self._all.mask(override.specifier),
                f"your override {name}{override.specifier}",
            )
        asked_by: dict[str, list[tuple[int, str]]] = {}
        for asked in self._blame.asked(name):
            if not asked.asker:
                continue
            if asked.demand.url and asked.demand.url != self._project.direct_url:
                mask = 0
            else:
                mask = self._all.mask(asked.demand.specifier)
            who = who_asks(asked)
            asked_by.setdefault(asked.asker, []).append((mask, who))
        for asker, alternatives in asked_by.items():
            admitted = 0
            for mask, _ in alternatives:
                admitted |= mask
            if len(alternatives) == 1:
                yield everything & ~admitted, alternatives[0][1]
            else:
                yield everything & ~admitted, f"no release of {asker} that was looked into takes it"

    def _what_it_asks(self) -> Iterator[tuple[int, str]]:
        met: list[tuple[int, Demand]] = []
        for candidate in self._blame.examined(self._project.name):
            demands = self._blame.hopeless(candidate) or self._conflicting(candidate)
            met += [(self._bit(candidate.place), demand) for demand in demands[:1]]
        ranges: dict[str, set[str]] = {}
        for _, demand in met:
            ranges.setdefault(demand.name, set()).add(demand.specifier)
        for bit, demand in met:
            is_one_of_many = len(ranges[demand.name]) > _MAX_RANGES
            own = f"{demand.name} in a range of its own"
            yield bit, f"requires {own if is_one_of_many else demand_text(demand)}"
        for place in _places(self._held_back()):
            yield self._bit(place), "a pre-release, taken only where no other release is left"
        left = self._remaining
        tried = self._mask(c.version for c in self._blame.examined(self._project.name))
        yield left & tried, "its requirements met others that rule it out"
        yield left & ~tried, "not tried: what was tried settled that nothing fits"

    def _held_back(self) -> int:
        """The pre-releases, if it's for being such that they weren't tried: not where one was."""
        record = self._project.record
        tried = 0
        for candidate in self._blame.examined(self._project.name):
            tried |= 1 << candidate.place
        let_in = self._conflict.provider.allow_prereleases or tried & record.prereleases
        return 0 if let_in or not self._project.usable & ~record.prereleases else record.prereleases

    def _conflicting(self, candidate: Candidate) -> list[Demand]:
        """Its demands that what else is asked leaves no room for."""
        found = []
        for demand in self._blame.demands(candidate):
            project = self._blame.projects.get(demand.name)
            if demand.name == candidate.project.name or demand.name not in self._blame.projects:
                continue
            room = self._blame.room(demand.name, without=candidate.project.name)
            if project is None or not demand.mask(project) & room:
                found.append(demand)
        return found

    def _mask(self, versions: Iterable[str]) -> int:
        mask = 0
        for version in versions:
            place = self._places.get(version)
            if place is not None:
                mask |= 1 << place
        return mask

    def _bit(self, place: int) -> int:
        return self._mask([self._project.versions[place]])


def _places(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        mask ^= lowest
        yield lowest.bit_length() - 1


def is_of_unknown_dependencies(project: Project, version: str) -> bool:
    """Whether an index that isn't asked holds this release without what it requires."""
    if isinstance(project.index, LiveIndex) or project.direct_url:
        return False
    place = project.place_of(version)
    return place >= 0 and project.record.file(place).requires_dist is None


def who_asks(*alternatives: Asked) -> str:
    """``pandas 2.0 to 2.2 require numpy>=2``; what releases of one project ask of another."""
    candidates = {c.place: c for asked in alternatives for c in asked.candidates}
    extras = {candidate.extra for candidate in candidates.values()} - {""}
    asker = alternatives[0].asker + (f"[{','.join(sorted(extras))}]" if extras else "")
    texts = [asked.text for asked in alternatives]
    what = " or ".join(texts) if len(texts) <= 3 else f"{texts[0]}, or {len(texts) - 1} other ranges of it"
    verb = "require" if len(candidates) > 1 else "requires"
    return f"{asker} {version_list(list(candidates.values()))} {verb} {what}"


def version_list(candidates: Sequence[Candidate]) -> str:
    """The versions of one project's releases, abbreviated over all that it has."""
    if not candidates:
        return ""
    mask = 0
    for candidate in candidates:
        mask |= 1 << candidate.place
    return version_runs(mask, candidates[0].project.versions)


def version_runs(mask: int, newest_first: Sequence[str]) -> str:
    """``1.21 to 1.26.4, 2.0``: the releases of a mask, those that follow each other as a range."""
    runs: list[str] = []
    place = len(newest_first) - 1
    while place >= 0:
        if not mask >> place & 1:
            place -= 1
            continue
        oldest = place
        while place >= 0 and mask >> place & 1:
            place -= 1
        first, last = newest_first[oldest], newest_first[place + 1]
        runs.append(
            first if first == last else f"{first} to {last}" if oldest - place > 2 else f"{first}, {last}"
        )
    if len(runs) > _MAX_RUNS:
        return f"{', '.join(runs[: _MAX_RUNS - 1])}, ... {runs[-1]}"
    return ", ".join(runs)


def cutoff_day(cutoff: str) -> str:
    """The last day that counts, as a spec writes it; the instant where it's no end of a day."""
    from datetime import date, timedelta

    if not cutoff.endswith("T00:00:00Z"):
        return cutoff
    return (date.fromisoformat(cutoff[:10]) - timedelta(days=1)).isoformat()
