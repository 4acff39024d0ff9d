"""Explain: a conflict as sentences, and as a table for machines.

::

    no set of releases fits ocr cu118 on linux x86_64 with Python 3.10 and glibc 2.28
      why: your spec requires pandas -> pandas 2.2.2 requires numpy>=1.26
           your spec has the constraint numpy<1.26
           numpy, from the default index (https://index.example/simple):
             1.26.0 to 1.26.4 (5 releases): your constraint numpy<1.26
             1.21.0 to 1.25.2 (9 releases): pandas 2.2.2 requires numpy>=1.26
      fix: drop the constraint numpy<1.26: then numpy 1.26.4 would do
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envspec.index.catalog import Catalog
from envspec.resolve.blame import Asked, Blame, demand_text
from envspec.resolve.remedies import Remedy, find_remedies, requirement_text, tighten
from envspec.resolve.resolution import NoResolution, Wishes, read_wishes
from envspec.resolve.story import Story, tell_story, who_asks
from envspec.resolve.trial import Trials

if TYPE_CHECKING:
    from envspec.spec.request import LockRequest

MAX_STORIES = 6
MAX_CHAINS = 6
_MAX_STEPS = 8
_NOTHING = "no single change that was tried helps"
_CUT_SHORT = "; some could not be tried, since what they need wasn't to be had"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What met, what was there, and what would help."""

    what: str
    chains: tuple[tuple[str, ...], ...]
    """From the spec's own requirement down to the demands that met."""
    stories: tuple[Story, ...]
    remedies: tuple[Remedy, ...]
    hints: tuple[str, ...]
    """What may help and can't be proven by solving."""
    was_cut_short: bool = False
    """Whether trying some change would have taken too many questions, or brought no answer."""

    def text(self) -> str:
        """For people: what, why, fix."""
        whys = [" -> ".join(chain) for chain in self.chains]
        for story in self.stories:
            whys += _story_lines(story)
        fixes = [*map(str, self.remedies), *self.hints] or [_NOTHING + self.was_cut_short * _CUT_SHORT]
        lines = [self.what]
        lines += [f"  {'why:' if n == 0 else '    '} {line}" for n, line in enumerate(whys)]
        lines += [f"  {'fix:' if n == 0 else ' or:'} {line}" for n, line in enumerate(fixes)]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, object]:
        """The same for machines."""
        return {
            "what": self.what,
            "chains": [list(chain) for chain in self.chains],
            "projects": [
                {
                    "name": story.name,
                    "index": story.place,
                    "missing": story.missing,
                    "releases": [
                        {"versions": group.versions, "count": group.count, "why": group.why}
                        for group in story.groups
                    ],
                }
                for story in self.stories
            ],
            "fixes": [
                {"kind": r.kind, "change": r.change, "chosen": dict(r.chosen), "note": r.note}
                for r in self.remedies
            ],
            "hints": list(self.hints),
            "cut-short": self.was_cut_short,
        }


def explain(conflict: NoResolution, catalog: Catalog, request: LockRequest) -> str:
    """Who asked for what, why nothing fits, and the smallest change that would help."""
    return explanation(conflict, catalog, request).text()


def explanation(conflict: NoResolution, catalog: Catalog, request: LockRequest) -> Explanation:
    """Narrow the conflict down, tell it, and try what would help. Asks little of the outside."""
    wishes = read_wishes(request, catalog)
    overridden = frozenset(catalog.policy.overrides or ())
    blame = Blame(conflict, overridden)
    known_names = blame.known_names()
    trials = Trials(conflict, catalog, request, wishes)
    tight, narrowed = tighten(trials, blame)
    if narrowed is not None:
        conflict, blame = narrowed, Blame(narrowed, overridden)
    stories = [tell_story(name, blame, conflict, catalog) for name in _told(blame)]
    shown = [story for story in stories if story.name in blame.clashes or story.releases > 1]
    remedies = find_remedies(
        trials,
        tight=tight,
        blame=blame,
        left_out={story.name: story.left_out or {} for story in stories},
        catalog=catalog,
        request=request,
        conflict=conflict,
    )
    return Explanation(
        what=_what(conflict, request),
        chains=tuple(_chains(blame, tight, catalog)),
        stories=tuple(shown),
        remedies=tuple(remedies),
        hints=tuple(_hints(stories, known_names)),
        was_cut_short=trials.was_cut_short,
    )


def _what(conflict: NoResolution, request: LockRequest) -> str:
    target = request.target
    python = target.python if target.python_exact else "{}.{}".format(*target.python_minor)
    label = f"{request.name} {request.variant}".strip()
    host = f"linux {target.arch} with Python {python} and glibc {target.glibc[0]}.{target.glibc[1]}"
    if conflict.gave_up:
        return f"no set of releases was found for {label} on {host}: the search was ended, too much was tried"
    return f"no set of releases fits {label} on {host}"


def _told(blame: Blame) -> list[str]:
    """The projects whose releases are told: those that clash, then who asks for them."""
    names = list(blame.clashes)
    for clash in blame.clashes:
        names += [asked.asker for asked in blame.asked(clash) if asked.asker]
    return list(dict.fromkeys([*names, *blame.projects]))[:MAX_STORIES]


def _chains(blame: Blame, wishes: Wishes, catalog: Catalog) -> Iterator[tuple[str, ...]]:
    """For each clash: who asks for it, each with the way from the spec to it."""
    for name in blame.clashes[:MAX_STORIES]:
        chains = list(_chains_to(name, blame))
        yield from chains[:MAX_CHAINS]
        if len(chains) > MAX_CHAINS:
            yield (f"{len(chains) - MAX_CHAINS} more ask for {name}",)
        for specifier in wishes.constraints.get(name, ()):
            yield (f"your spec has the constraint {name}{specifier}",)
        override = (catalog.policy.overrides or {}).get(name)
        if override is not None:
            yield (f"your spec overrides what others ask of {name}: {requirement_text(override)}",)


def _chains_to(name: str, blame: Blame) -> Iterator[tuple[str, ...]]:
    by_asker: dict[str, list[Asked]] = {}
    for asked in blame.asked(name):
        by_asker.setdefault(asked.asker, []).append(asked)
    for asker, found in by_asker.items():
        if not asker:
            yield from ((f"your spec requires {asked.text}",) for asked in found)
        else:
            yield _shortened([*_way(asker, blame), who_asks(*found)])


def _way(name: str, blame: Blame) -> Iterator[str]:
    steps = blame.path(name)
    root = steps[0][0].project.name if steps else name
    yield from (f"your spec requires {text}" for text in blame.root_texts(root)[:1])
    yield from (f"{c.key} {c.version} requires {demand_text(demand)}" for c, demand in steps)


def _shortened(steps: list[str]) -> tuple[str, ...]:
    if len(steps) <= _MAX_STEPS:
        return tuple(steps)
    half = _MAX_STEPS // 2
    return (*steps[:half], f"({len(steps) - 2 * half} steps)", *steps[-half:])


def _story_lines(story: Story) -> Iterator[str]:
    if story.missing:
        yield f"{story.name}: {story.place} has no such project"
    elif not story.groups:
        yield f"{story.name}: {story.place} lists no release of it"
    else:
        yield f"{story.name}, from {story.place}:"
        yield from (f"  {group}" for group in story.groups)


def _hints(stories: Sequence[Story], known_names: Sequence[str]) -> Iterator[str]:
    """What no solving can prove: for projects that their index doesn't have, no other one is asked."""
    from difflib import get_close_matches

    for story in stories:
        if any(found.kind == "sha256" for found in (story.left_out or {}).values()):
            yield f"record {story.name} with its hashes, or lock without --offline, so that it's hashed"
        if not story.missing:
            continue
        near = get_close_matches(story.name, set(known_names) - {story.name}, n=1, cutoff=0.8)
        if near:
            yield f"write {near[0]}, if that's what {story.name} should be"
        if story.place.startswith("the recording of "):
            yield f"record {story.name}, too: envspec record URL {story.name} -o RECORDING"
        if "index '" in story.place:
            index = story.place.partition(" (")[0].removeprefix("the recording of ")
            yield f"if {story.name} is elsewhere, take it out of the packages of {index}"
        else:
            yield f'if another index has {story.name}, add an [[index]] with packages = ["{story.name}"]'
