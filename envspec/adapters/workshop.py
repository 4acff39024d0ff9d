"""The workshop: what locking needs of the world besides asking indexes.

Opens named indexes and direct references, downloads what must be hashed, and reads
or builds source distributions.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from envspec.adapters.files import read_text
from envspec.adapters.folder import FolderIndex, sha256_of, wheel_dependencies
from envspec.errors import (
    BrokenArtifactError,
    BuildFailedError,
    DiskError,
    HashMismatchError,
    InputError,
    OfflineError,
)
from envspec.index.catalog import Catalog, Index, Project
from envspec.index.client import IndexClient
from envspec.index.credentials import with_credentials_of, without_credentials
from envspec.index.dependencies import Dependencies, Environment
from envspec.index.live import LiveIndex
from envspec.index.recorded import RecordedIndex
from envspec.index.recording import Recording, read_recording
from envspec.index.versions import VersionList
from envspec.index.view import ProjectRecord, ReleaseFile, View
from envspec.lock.document import Build, BuildRequirement
from envspec.ports import Http, Progress, Request
from envspec.resolve.opening import open_catalog
from envspec.resolve.pinning import locked_file
from envspec.resolve.resolution import NoResolution, Wishes, read_wishes, resolve
from envspec.spec.request import IndexRequest, LockRequest

MAX_FILE_BYTES = 64 * 1024 * 1024 * 1024
MAX_SDIST_BYTES = 2 * 1024 * 1024 * 1024
BUILD_TIMEOUT_S = 900.0


class Workshop:
    """See ``steps.lock.Workshop``."""

    def __init__(
        self,
        *,
        client: IndexClient,
        default: LiveIndex,
        lean: Callable[[], Http],
        downloads: Callable[[], Http],
        progress: Progress,
        offline: bool,
    ) -> None:
        self._client = client
        self._default = default
        self._lean = lean
        self._downloads = downloads
        self._progress = progress
        self._offline = offline
        self._recordings: dict[str, Recording] = {}
        self._indexes: dict[IndexRequest, Index] = {}

    # Indexes and direct references

    def index(self, request: IndexRequest) -> Index:
        """Open a named index: live, recorded, or a folder."""
        known = self._indexes.get(request)
        if known is None:
            known = self._indexes[request] = self._opened(request)
        return known

    def _opened(self, request: IndexRequest) -> Index:
        if request.path:
            return FolderIndex(request.name, Path(request.path))
        if not request.recording:
            return LiveIndex(request.name, request.url, request.ca_file)
        recording = self._recordings.get(request.recording)
        if recording is None:
            text = read_text(Path(request.recording))
            recording = self._recordings[request.recording] = read_recording(
                text, Path(request.recording).name
            )
        return RecordedIndex(request.name, request.url, recording)

    def direct(self, url: str, name: str, view: View) -> Project:
        """The one-release project behind the URL or path of a direct reference."""
        address, _, fragment = url.partition("#")
        filename = unquote(urlsplit(address).path.rsplit("/", 1)[-1])
        if not filename.endswith(".whl"):
            raise InputError(
                what=f"{name} @ {without_credentials(url)}: {filename or 'that'} is no wheel",
                why="a direct reference is locked as one wheel",
                fix="name the URL or path of a .whl file",
            )
        parts = filename[:-4].split("-")
        if len(parts) not in (5, 6) or view.rank("-".join(parts[-3:])) < 0:
            raise InputError(
                what=f"{name} @ {without_credentials(url)}: this wheel doesn't fit the target",
                why=f"its tag is {'-'.join(parts[-3:])}; the target takes {next(iter(view.ranks))} and below",
                fix="name a wheel for the target's Python, machine and glibc",
            )
        if address.startswith("file:"):
            file, index = self._local_file(Path(unquote(urlsplit(address).path)), filename), _LocalFile()
            return _one_release(name, parts[1], file, index, url)
        algorithm, _, digest = fragment.partition("=")
        hashes = {algorithm: digest} if algorithm == "sha256" and digest else {}
        file = ReleaseFile(filename, address, hashes, None, "", False, "", False, None)
        return _one_release(name, parts[1], file, LiveIndex("", address.rsplit("/", 1)[0]), url)

    def _local_file(self, path: Path, filename: str) -> ReleaseFile:
        if not path.is_file():
            raise InputError(what=f"{path}: no such file", fix="its path is relative to the spec")
        size = path.stat().st_size
        return ReleaseFile(
            filename, path.as_uri(), {"sha256": sha256_of(path)}, size, "", False, "", False, None
        )

    # Whole files

    def hash_file(self, file: ReleaseFile, index: Index | None) -> tuple[str, int]:
        """Download a file whose index gives no sha256; (sha256, size in bytes)."""
        with tempfile.TemporaryDirectory(prefix="envspec-") as folder:
            path = Path(folder) / "file"
            self._progress.start(file.filename, file.size)
            try:
                digest = self._fetch(file, index, path, MAX_FILE_BYTES)
            finally:
                self._progress.finish()
            return digest, path.stat().st_size

    def whole_wheel(self, file: ReleaseFile, index: LiveIndex) -> bytes:
        """METADATA of a wheel that can't be read by ranges: downloaded whole."""
        from envspec.index.wheel_tail import metadata_from_wheel

        with tempfile.TemporaryDirectory(prefix="envspec-") as folder:
            path = Path(folder) / "file"
            self._fetch(file, index, path, MAX_FILE_BYTES)
            with path.open("rb") as data:
                return metadata_from_wheel(data, file.filename)

    def _fetch(self, file: ReleaseFile, index: Index | None, path: Path, limit: int) -> str:
        """Download to ``path``; the sha256, which is the promised one where one was promised."""
        if self._offline:
            raise OfflineError(
                what=f"{file.filename} must be downloaded, and --offline was said",
                fix="lock once without --offline, with the same --cache-dir",
            )
        address = file.url.partition("#")[0]
        ca_file = getattr(index, "ca_file", "") or None
        root = index.url if isinstance(index, LiveIndex) else ""
        request = Request(with_credentials_of(root, address), {}, limit, ca_file)
        http = self._lean() if limit == MAX_SDIST_BYTES else self._downloads()
        digest = http.download(request, path, self._progress)
        expected = file.hashes.get("sha256", digest)
        if digest != expected:
            raise HashMismatchError(
                what=f"{file.filename} has sha256 {digest}, its index promised {expected}",
                why="it was changed after the page was made, or on its way",
                fix="lock again with --refresh; if it stays so, tell whoever runs the index",
            )
        return digest

    # Source distributions

    def sdist(
        self, file: ReleaseFile, index: Index, name: str, version: str, request: LockRequest, catalog: Catalog
    ) -> tuple[Dependencies | str, Build | None]:
        """What a source distribution requires, read where the standard trusts it, else built."""
        known = self._client.stored_dependencies(file, catalog.environment)
        if known is not None:
            return known, None
        from envspec.index.sdist import static_metadata

        with tempfile.TemporaryDirectory(prefix="envspec-") as folder:
            path = Path(folder) / file.filename
            try:
                self._fetch(file, index, path, MAX_SDIST_BYTES)
                with path.open("rb") as data:
                    metadata = static_metadata(data, name, version)
                if metadata is not None:
                    return self._client.keep(file.identity, metadata, catalog.environment), None
                return self._built(path, name, version, request, catalog)
            except OSError as error:
                raise DiskError(what=f"{path}: can't be used", why=error.strerror or str(error)) from error
            except BrokenArtifactError as error:
                return f"{error.what}: {error.why}" if error.why else error.what, None

    def _built(
        self, path: Path, name: str, version: str, request: LockRequest, catalog: Catalog
    ) -> tuple[Dependencies | str, Build | None]:
        from envspec.adapters.build_host import find_build_host
        from envspec.adapters.sdist_build import build_metadata
        from envspec.index.dependencies import evaluate

        host = find_build_host(request.target.python_minor)
        used: dict[str, BuildRequirement] = {}

        def requirements(texts: Sequence[str]) -> Sequence[Path]:
            wanted = request._replace(
                target=host.target, requirements=tuple(texts), local_wheels=(), sdists=()
            )
            return self._build_requirements(wanted, used, path.parent)

        built = build_metadata(
            path,
            name,
            version,
            host=host,
            requirements=requirements,
            timeout_s=BUILD_TIMEOUT_S,
            progress=self._progress,
        )
        for note in built.notes:
            self._progress.say(f"{name} {version}: {note}")
        metadata = built.metadata
        installed = {key for key, _, _ in built.requirements}
        found = evaluate(
            metadata.requires_dist,
            catalog.environment,
            requires_python=metadata.requires_python,
            extras=metadata.provides_extra,
        )
        return found, Build(name, version, tuple(used[key] for key in sorted(used) if key in installed))

    def _build_requirements(
        self, request: LockRequest, used: dict[str, BuildRequirement], folder: Path
    ) -> list[Path]:
        catalog = open_catalog(request, self._client, self._default, self.index, None, offline=self._offline)
        wishes: Wishes = read_wishes(request, catalog)
        found = resolve(request, catalog, wishes=wishes, preferred={}, direct=self._no_direct)
        if isinstance(found, NoResolution):
            from envspec.resolve.explain import explain

            raise BuildFailedError(
                what=f"what a build needs doesn't fit together: {', '.join(request.requirements)}",
                why=explain(found, catalog, request).splitlines()[0],
                fix="loosen [python] constraints, or say the dependencies in [[python.metadata]]",
            )
        paths = []
        for pin in found.pins:
            file = pin.project.record.file(pin.candidate.place)
            path = folder / file.filename
            digest = self._fetch(file, pin.project.index, path, MAX_FILE_BYTES)
            index_name = pin.project.index.name if pin.project.index else ""
            locked = locked_file(file, {file.url: (digest, path.stat().st_size)}, pin.project.index, request)
            used[pin.name] = BuildRequirement(pin.name, pin.candidate.version, locked, index_name)
            paths.append(path)
        return paths

    def _no_direct(self, url: str, name: str) -> Project:
        raise BuildFailedError(
            what=f"a build needs {name} from {without_credentials(url)}",
            why="what a build needs comes from the spec's indexes",
            fix="say the dependencies in [[python.metadata]]",
        )


class _LocalFile:
    """The index of a wheel that's named by its path."""

    name = ""
    url = ""

    def record(self, project: str, view: View) -> ProjectRecord | None:  # noqa: ARG002
        """A file is no index."""
        return None

    def dependencies(self, file: ReleaseFile, environment: Environment) -> Dependencies | str:
        """What the wheel's own METADATA says."""
        try:
            return wheel_dependencies(Path(unquote(urlsplit(file.url).path)), environment)
        except BrokenArtifactError as error:
            return f"{error.what}: {error.why}" if error.why else error.what


def _one_release(name: str, version: str, file: ReleaseFile, index: Index, url: str) -> Project:
    versions, _ = VersionList.sort([version])
    if not versions.strings:
        raise InputError(what=f"{file.filename}: {version!r} is no version (PEP 440)")
    record = ProjectRecord(name=name, url=url, versions=versions, yanked=0, sdist_only=0, files=(file,))
    return Project(record, index, 1, direct_url=url)
