"""Demand and Candidate: what is asked for, and what may be picked.

A project and each extra of it are asked for under keys of their own, ``torch`` and
``torch[opt-einsum]``; the candidate of an extra demands the project at its own release.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, overload

from envspec.named_tuple import NamedTuple

if TYPE_CHECKING:
    from envspec.index.catalog import Project


class Demand:
    """One requirement on one key."""

    __slots__ = ("extra", "key", "name", "place", "specifier", "url")

    def __init__(
        self, name: str, extra: str = "", specifier: str = "", url: str = "", place: int = -1
    ) -> None:
        self.name = name
        self.extra = extra
        self.key = f"{name}[{extra}]" if extra else name
        self.specifier = specifier
        self.url = url
        self.place = place
        """Exactly this release of the project, -1 for any that the specifier admits."""

    @property
    def is_exact(self) -> bool:
        """Whether it names one release; such a demand also admits a yanked one (PEP 592)."""
        if self.place >= 0 or self.url:
            return True
        if "==" not in self.specifier:
            return False
        return any(part.startswith("==") and part[-1:] != "*" for part in self.specifier.split(","))

    def mask(self, project: Project) -> int:
        """The releases of ``project`` that it admits."""
        if self.url and self.url != project.direct_url:
            return 0
        return 1 << self.place if self.place >= 0 else project.mask(self.specifier)

    def __str__(self) -> str:
        if self.url:
            return f"{self.key} @ {self.url}"
        return f"{self.key}{self.specifier}"

    def __repr__(self) -> str:
        return f"Demand({self})"


class Candidate:
    """One release of a project, or the extra of one."""

    __slots__ = ("extra", "key", "place", "project")

    def __init__(self, project: Project, place: int, extra: str) -> None:
        self.project = project
        self.place = place
        self.extra = extra
        self.key = f"{project.name}[{extra}]" if extra else project.name

    @property
    def version(self) -> str:
        """Whole, with its local part."""
        return self.project.versions[self.place]

    def __str__(self) -> str:
        return f"{self.key}=={self.version}"

    def __repr__(self) -> str:
        return f"Candidate({self})"


class RuledOut(NamedTuple):
    """Releases of one project that earlier tries ruled out; many candidates in one."""

    project: Project
    mask: int
    blamed: frozenset[str] = frozenset()
    """Keys whose pins it hangs on."""

    @staticmethod
    def merged(found: Iterable[Candidate | RuledOut]) -> list[RuledOut]:
        """The same releases, all those of a project in one."""
        merged: dict[int, RuledOut] = {}
        for one in found:
            new = one if isinstance(one, RuledOut) else RuledOut(one.project, 1 << one.place)
            known = merged.get(id(new.project))
            if known is not None:
                new = RuledOut(new.project, new.mask | known.mask, new.blamed | known.blamed)
            merged[id(new.project)] = new
        return list(merged.values())


class CandidateMaker(Protocol):
    """Gives the one Candidate of a release."""

    def candidate(self, project: Project, place: int, extra: str) -> Candidate:
        """The same object for the same release and extra."""
        ...


class Matches(Sequence[Candidate]):
    """The candidates of a mask, the preferred one first, then newest first; made as they're asked for."""

    __slots__ = (
        "_extra",
        "_first",
        "_maker",
        "admitted",
        "is_exact",
        "mask",
        "out",
        "project",
        "wants_prerelease",
    )

    def __init__(
        self,
        maker: CandidateMaker,
        project: Project,
        extra: str,
        mask: int,
        first: int = -1,
        *,
        admitted: int = 0,
        out: int = 0,
        is_exact: bool = False,
        wants_prerelease: bool = False,
    ) -> None:
        self._maker = maker
        self.project = project
        self._extra = extra
        self.mask = mask
        self.admitted = admitted
        """What the demands admit, before pre-releases and yanked releases are put last."""
        self.out = out
        """What earlier tries ruled out."""
        self.is_exact = is_exact
        """Whether a demand names one release."""
        self.wants_prerelease = wants_prerelease
        """Whether a demand or a constraint names a pre-release."""
        self._first = first if first >= 0 and mask >> first & 1 else -1

    def __len__(self) -> int:
        return self.mask.bit_count()

    def __iter__(self) -> Iterator[Candidate]:
        mask, candidate, project = self.mask, self._maker.candidate, self.project
        if self._first >= 0:
            mask &= ~(1 << self._first)
            yield candidate(project, self._first, self._extra)
        while mask:
            lowest = mask & -mask
            mask ^= lowest
            yield candidate(project, lowest.bit_length() - 1, self._extra)

    @overload
    def __getitem__(self, place: int) -> Candidate: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Candidate]: ...
    def __getitem__(self, place: int | slice) -> Candidate | Sequence[Candidate]:
        return list(self)[place]


class Skipped(NamedTuple):
    """A release that can't be used although it matches, and why."""

    name: str
    version: str
    why: str


class UnusableSdist(str):
    """Why a source distribution can't be used: it doesn't build, or it can't be read."""

    __slots__ = ()
