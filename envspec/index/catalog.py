"""Catalog: the indexes of one spec as one target sees them, asked by project name.

An index serves the projects named for it and nothing else; the default index serves
the rest. So no index can take over another's names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from envspec.errors import BrokenArtifactError, InvalidValueError
from envspec.index.client import IndexClient
from envspec.index.credentials import without_credentials
from envspec.index.dependencies import Dependencies, Environment, evaluate
from envspec.index.live import LiveIndex
from envspec.index.pages import ABSENT
from envspec.index.requirement import Requirement
from envspec.index.view import ProjectRecord, ReleaseFile, View
from envspec.named_tuple import NamedTuple

if TYPE_CHECKING:
    from envspec.index.page import ProjectPage


class StillIndex(Protocol):
    """An index that needs no asking: a recording, or a folder of wheels."""

    @property
    def name(self) -> str:
        """The name of its [[index]]."""
        ...

    @property
    def url(self) -> str:
        """Root of the simple API it stands for; empty for a folder."""
        ...

    def record(self, project: str, view: View) -> ProjectRecord | None:
        """The project as ``view`` sees it; None where the index doesn't have it."""
        ...

    def dependencies(self, file: ReleaseFile, environment: Environment) -> Dependencies | str:
        """What a file requires, or why that isn't known."""
        ...


@runtime_checkable
class PagedIndex(Protocol):
    """A still index that can show all that it lists of a project."""

    def page(self, project: str) -> ProjectPage | None:
        """Every file, whether it fits or not; None where the index doesn't have the project."""
        ...


Index = LiveIndex | StillIndex

_TRIES_AHEAD = 8


class Policy(NamedTuple):
    """What the spec says beyond requirements."""

    label: str = ""
    """Local version that the builds of ``labelled`` must have: ``cu118``."""
    labelled: frozenset[str] = frozenset()
    sdists: frozenset[str] = frozenset()
    said: Mapping[tuple[str, str], tuple[tuple[str, ...], str]] | None = None
    """(name, version) to requirements and Requires-Python that the spec says of it."""
    overrides: Mapping[str, Requirement] | None = None
    dropped: frozenset[str] = frozenset()
    """Projects that nobody gets, whoever asks: none of their overrides' markers holds."""


class Project:
    """A project as one variant sees it."""

    __slots__ = ("_places", "dead", "direct_url", "index", "name", "record", "usable", "versions")

    def __init__(self, record: ProjectRecord, index: Index | None, usable: int, direct_url: str = "") -> None:
        self.name = record.name
        self.record = record
        self.index = index
        self.versions: Sequence[str] = record.versions.strings
        self.usable = usable
        """The mask of releases that the policy admits."""
        self.dead = 0
        """The mask of releases that no solution of this spec can have."""
        self.direct_url = direct_url
        self._places: dict[str, int] = {}

    def place_of(self, version: str) -> int:
        """The place of a whole version, -1 if it isn't among the releases."""
        if not self._places:
            self._places = {known: place for place, known in enumerate(self.versions)}
        return self._places.get(version, -1)

    def mask(self, specifier: str) -> int:
        """The releases that a specifier admits, pre-releases among them."""
        if not specifier:
            return self.record.everything
        return self.record.versions.mask(specifier)


class Catalog:
    """Answers by project name, and fetches ahead what will be asked for."""

    def __init__(
        self,
        *,
        client: IndexClient,
        default: Index | None,
        named: Mapping[str, Index],
        view: View,
        environment: Environment,
        policy: Policy,
        sdist: Callable[[ReleaseFile, Index, str, str], Dependencies | str] | None = None,
    ) -> None:
        self._client = client
        self._default = default
        self._named = named
        self.view = view
        self.environment = environment
        self.policy = policy
        self._sdist = sdist
        self._projects: dict[str, Project | None] = {}
        self._expected: dict[str, list[str]] = {}
        self._extras: dict[str, list[str]] = {}
        """Of each project, those that somebody asked for."""
        self._likely: dict[str, Dependencies] = {}
        """What the release requires that each project's pick likely is."""
        self._seen: dict[str, ProjectRecord] = {}
        self.consulted: dict[str, tuple[LiveIndex, str]] = {}
        """Project to the index that was asked and the stamp of its page."""
        self._preferred: Mapping[str, str] = {}
        self._demanded: Mapping[str, Sequence[str]] = {}

    def aim(self, preferred: Mapping[str, str], demanded: Mapping[str, Sequence[str]]) -> None:
        """Fetch ahead by these pins of an earlier lock, and by what the spec itself demands of projects."""
        self._preferred = preferred
        self._demanded = demanded

    def index_of(self, name: str) -> Index | None:
        """The index that serves ``name``."""
        return self._named.get(name, self._default)

    def project(self, name: str) -> Project | None:
        """The project; None where its index doesn't have it. Raises OutsideError."""
        if name in self._projects:
            return self._projects[name]
        index = self.index_of(name)
        if index is None:
            record = None
        elif isinstance(index, LiveIndex):
            record = self._client.record(index, name, self._view_of(name))
            self.consulted[name] = (index, ABSENT if record is None else record.stamp)
        else:
            record = index.record(name, self._view_of(name))
        project = None if record is None else Project(record, index, self._usable(record))
        self._projects[name] = project
        return project

    def page(self, name: str) -> ProjectPage | None:
        """All that its index lists of a project, for explanations; None where that isn't at hand.

        Raises OutsideError where it can't be read any more.
        """
        index = self.index_of(name)
        if not isinstance(index, LiveIndex):
            return index.page(name) if isinstance(index, PagedIndex) else None
        body = self._client.page_body(index, name)
        if body is None:
            return None
        from envspec.index.encoding import decode_body
        from envspec.index.reading import MAX_PAGE_DECODED_BYTES
        from envspec.index.simple import parse_page

        text = decode_body(body.body, body.encoding, MAX_PAGE_DECODED_BYTES)
        return parse_page(text, body.content_type, body.url, name)

    def _usable(self, record: ProjectRecord) -> int:
        usable = record.everything
        if record.name not in self.policy.sdists:
            usable &= ~record.sdist_only
        if self.policy.label and record.name in self.policy.labelled:
            suffix = f"+{self.policy.label}"
            labelled = sum(1 << i for i, v in enumerate(record.versions.strings) if v.endswith(suffix))
            usable &= labelled
        return usable

    def dependencies(self, project: Project, place: int) -> Dependencies | str:
        """What a release requires, or why it can't be used. Raises OutsideError."""
        found = self._found_dependencies(project, place)
        if isinstance(found, str):
            return found
        for requirement in found.always:
            if requirement.url and not _leads_to_wheel(requirement.url):
                url = without_credentials(requirement.url)
                asked = f"{requirement.name} @ {url[:200]}"
                return f"it requires {asked}, and only wheels at http addresses are locked"
        if self._client.awake:
            self._foresee_extras(project.name, found)
        return found

    def _found_dependencies(self, project: Project, place: int) -> Dependencies | str:
        version = project.versions[place]
        file = project.record.file(place)
        said = self._said(project.name, version)
        try:
            if said is not None:
                return evaluate(said[0], self.environment, requires_python=said[1], extras=())
            if file.requires_dist is not None:
                return evaluate(
                    file.requires_dist, self.environment, requires_python=file.requires_python, extras=()
                )
            if project.index is not None and not isinstance(project.index, LiveIndex):
                return project.index.dependencies(file, self.environment)
            if project.index is None or not file.is_wheel:
                return self._of_sdist(file, project, version)
            found = self._client.dependencies(file, project.index, self.environment)
        except (BrokenArtifactError, InvalidValueError) as error:
            return f"{error.what}{f' ({error.why})' if error.why else ''}"
        own = found.requires_python
        if own and own != file.requires_python and not self.view.admits_python(own):
            return f"its metadata asks for Python {own}"
        return found

    def _said(self, name: str, version: str) -> tuple[Sequence[str], str] | None:
        """What the spec itself says of a release: requirements, and Requires-Python."""
        said = self.policy.said or {}
        return said.get((name, version)) or said.get((name, version.partition("+")[0]))

    def _of_sdist(self, file: ReleaseFile, project: Project, version: str) -> Dependencies | str:
        known = self._client.stored_dependencies(file, self.environment)
        if known is not None:
            return known
        if self._sdist is None or project.index is None:
            return "it's a source distribution, and nothing here reads those"
        return self._sdist(file, project.index, project.name, version)

    # Fetching ahead

    def expect(self, name: str, specifier: str, extras: Sequence[str] = ()) -> None:
        """Say that ``name`` will be asked for; begins to fetch it once the network is awake."""
        if extras:
            self._expect_extras(name, extras)
        if name in self._projects:
            return
        known = self._expected.get(name)
        if known is not None:
            if specifier and specifier not in known:
                known.append(specifier)
            return
        self._expected[name] = [specifier] if specifier else []
        if not self._client.awake:
            return
        index = self.index_of(name)
        if isinstance(index, LiveIndex):
            self._client.foresee_record(index, name, self._view_of(name), self._foresee_newest)

    def wake(self, names: Sequence[str]) -> None:
        """Ask at once for all pages that are missing or grew old: the roots', and an earlier run's."""
        for name in dict.fromkeys(names):
            index = self.index_of(name)
            if isinstance(index, LiveIndex):
                self._client.wake(index, name, self._view_of(name), self._foresee_newest)

    def _view_of(self, name: str) -> View:
        return self.view.with_sdists if name in self.policy.sdists else self.view

    def _foresee_newest(self, record: ProjectRecord) -> None:
        """On the thread that made a record: fetch what its likely pick requires, and so on."""
        self._seen[record.name] = record
        mask = self._usable(record)
        for specifier in list(self._expected.get(record.name, ())):
            mask &= record.versions.mask(specifier) if specifier else mask
        mask = (mask & ~record.prereleases & ~record.yanked) or mask
        preferred = self._preferred.get(record.name)
        if preferred in record.versions.strings:
            mask = 1 << record.versions.strings.index(preferred)
        self._foresee_one_of(record, mask, _TRIES_AHEAD)

    def _foresee_one_of(self, record: ProjectRecord, mask: int, tries: int) -> None:
        """Fetch what the newest release of ``mask`` requires; the next one's, if that's ruled out."""
        index = self.index_of(record.name)
        if not mask or not tries or not isinstance(index, LiveIndex):
            return
        lowest = mask & -mask
        place = lowest.bit_length() - 1
        file, version = record.file(place), record.versions.strings[place]

        def then(found: Dependencies) -> None:
            if any(self._is_ruled_out(requirement) for requirement in found.always):
                self._foresee_one_of(record, mask ^ lowest, tries - 1)
            else:
                self._foresee_required(found.always)
                self._foresee_extras(record.name, found)

        if file.is_wheel:
            self._client.foresee_dependencies(file, index, self.environment, then)
        elif self._sdist is not None and self._said(record.name, version) is None:
            self._client.foresee_sdist(file, index, (record.name, version), self.environment, then)

    def _is_ruled_out(self, requirement: Requirement) -> bool:
        """Whether the spec's own demands leave nothing for this requirement, as far as is known yet."""
        record = self._seen.get(requirement.name)
        demanded = self._demanded.get(requirement.name)
        if record is None or demanded is None or requirement.url:
            return False
        mask = self._usable(record) & record.versions.mask(requirement.specifier)
        for specifier in demanded:
            mask &= record.versions.mask(specifier)
        return not mask

    def _foresee_required(self, requirements: Sequence[Requirement]) -> None:
        for requirement in requirements:
            name = requirement.name
            if not (requirement.url or name in (self.policy.overrides or {}) or name in self.policy.dropped):
                self.expect(requirement.name, requirement.specifier, requirement.extras)

    def _expect_extras(self, name: str, extras: Sequence[str]) -> None:
        """Fetch what they add, now or, where nobody knows yet what, as soon as somebody does."""
        asked = self._extras.setdefault(name, [])
        new = [extra for extra in extras if extra not in asked]
        asked += new
        likely = self._likely.get(name)
        if likely is not None:
            self._foresee_added(likely, new)

    def _foresee_extras(self, name: str, found: Dependencies) -> None:
        """Fetch what the extras asked for add to the release that requires ``found``."""
        if self._likely.get(name) is not found:
            self._likely[name] = found  # before the extras are read: another thread may just add one
            self._foresee_added(found, self._extras.get(name, ()))

    def _foresee_added(self, found: Dependencies, extras: Sequence[str]) -> None:
        with suppress(InvalidValueError):  # told where the extra is really needed
            for extra in tuple(extras):
                self._foresee_required(found.of_extra(extra, self.environment))

    def foresee(self, project: Project, mask: int, count: int) -> None:
        """Fetch what the next ``count`` releases of a mask require, while the first is tried."""
        if not isinstance(project.index, LiveIndex) or not self._client.awake:
            return
        for _ in range(count):
            if not mask:
                return
            lowest = mask & -mask
            mask ^= lowest
            file = project.record.file(lowest.bit_length() - 1)
            if file.is_wheel:
                self._client.foresee_dependencies(file, project.index, self.environment)


def _leads_to_wheel(url: str) -> bool:
    address = url.partition("#")[0].partition("?")[0]
    return address.startswith(("https://", "http://")) and address.endswith(".whl")
