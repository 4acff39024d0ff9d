"""The workshop: what locking needs of the world besides asking indexes.

Opens named indexes and direct references, downloads what must be hashed, and reads
or builds source distributions.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from envspec.adapters.builds import Builds, Built, Sought
from envspec.adapters.files import read_text, sha256_of
from envspec.errors import (
    BrokenArtifactError,
    BrokenBodyError,
    BuildFailedError,
    BuildHostError,
    DiskError,
    HashMismatchError,
    InputError,
    OfflineError,
    TooLargeError,
)
from envspec.index.catalog import Project
from envspec.index.credentials import is_host_of, with_credentials_of, without_credentials
from envspec.index.dependencies import evaluate
from envspec.index.live import LiveIndex
from envspec.index.versions import VersionList
from envspec.index.view import ProjectRecord, ReleaseFile
from envspec.ports import Request
from envspec.project_name import normal_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from envspec.index.catalog import Catalog, Index
    from envspec.index.client import IndexClient
    from envspec.index.dependencies import Dependencies, Environment
    from envspec.index.metadata import CoreMetadata
    from envspec.index.recording import Recording
    from envspec.index.view import View
    from envspec.lock.document import Build
    from envspec.ports import Http, Progress, Response
    from envspec.spec.request import IndexRequest, LockRequest

MAX_FILE_BYTES = 64 * 1024 * 1024 * 1024
_SIZE_SLACK_BYTES = 16 * 1024 * 1024
"""By so much an index may err about a size: the digest decides, and the disk needn't fill up before."""
MAX_UNSTATED_BYTES = 8 * 1024 * 1024 * 1024
"""Of a wheel whose index gives no size: twice the longest zip of the usual form, and far beyond any known."""
MAX_SDIST_BYTES = 2 * 1024 * 1024 * 1024


class Workshop:
    """See ``steps.locking.Workshop``."""

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
        self._sdists: dict[tuple[str, LockRequest], tuple[Dependencies | str, Build | None]] = {}
        self._builds = Builds(
            client=client,
            default=default,
            open_index=self.index,
            fetch=lambda file, index, path: self._fetch(file, index, path, MAX_FILE_BYTES),
            progress=progress,
            offline=offline,
        )

    # Indexes and direct references

    def index(self, request: IndexRequest) -> Index:
        """Open a named index: live, recorded, or a folder."""
        known = self._indexes.get(request)
        if known is None:
            known = self._indexes[request] = self._opened(request)
        return known

    def _opened(self, request: IndexRequest) -> Index:
        if request.path:
            from envspec.adapters.folder import FolderIndex

            return FolderIndex(request.name, Path(request.path))
        if not request.recording:
            return LiveIndex(request.name, request.url, request.ca_file)
        from envspec.index.recorded import RecordedIndex
        from envspec.index.recording import read_recording

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
        if normal_name(parts[0]) != name:
            raise InputError(
                what=f"{name} @ {without_credentials(url)}: that's a wheel of {normal_name(parts[0])!r}",
                why=f"{name} was asked for",
                fix="name the wheel's own project, or another wheel",
            )
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
            digest = self._fetch(file, index, path, MAX_FILE_BYTES, total=file.size)
            return digest, path.stat().st_size

    def whole_wheel(self, file: ReleaseFile, index: LiveIndex) -> bytes:
        """METADATA of a wheel that can't be read by ranges: downloaded whole."""
        from envspec.index.wheel_tail import metadata_from_wheel

        with tempfile.TemporaryDirectory(prefix="envspec-") as folder:
            path = Path(folder) / "file"
            self._fetch(file, index, path, MAX_FILE_BYTES)
            with path.open("rb") as data:
                return metadata_from_wheel(data, file.filename)

    def members(
        self, file: ReleaseFile, index: Index | None, names: Sequence[str], max_bytes: int
    ) -> Mapping[str, bytes] | None:
        """Members of a wheel, by ranges where its server gives some, or of an sdist; see ``index.members``.

        None where the file is of a recorded index, which is never asked over the network.
        """
        from envspec.index.members import sdist_members, wheel_members
        from envspec.index.recorded import RecordedIndex

        if isinstance(index, RecordedIndex):
            return None
        is_wheel = file.filename.endswith(".whl")
        if is_wheel and isinstance(index, LiveIndex) and not self._offline:
            from envspec.index.range_file import NoRangesError, RangeFile

            address = with_credentials_of(index.url, file.url.partition("#")[0])
            http, ca_file, named = self._lean(), index.ca_file or None, is_host_of(index.url, address)

            def ask(byte_range: str, limit: int) -> Response:
                return http.get(Request(address, {"Range": byte_range}, limit, ca_file, named))

            try:
                return wheel_members(RangeFile(ask).buffered(), file.filename, names, max_bytes)
            except (NoRangesError, TooLargeError):
                pass  # the whole wheel, then
        with tempfile.TemporaryDirectory(prefix="envspec-") as folder:
            path = Path(folder) / file.filename
            self._fetch(file, index, path, MAX_FILE_BYTES if is_wheel else MAX_SDIST_BYTES)
            with path.open("rb") as data:
                read = wheel_members if is_wheel else sdist_members
                return read(data, file.filename, names, max_bytes)

    def _fetch(
        self, file: ReleaseFile, index: Index | None, path: Path, limit: int, *, total: int | None = None
    ) -> str:
        """Download to ``path``; the sha256, which is the promised one where one was promised.

        ``total`` is the size to tell of a file that's large enough for a line of its own.
        """
        if self._offline and not file.url.startswith("file:"):
            raise OfflineError(
                what=f"{file.filename} must be downloaded, and --offline was said",
                fix="lock once without --offline, with the same --cache-dir",
            )
        address = file.url.partition("#")[0]
        if address.startswith("file:"):
            shutil.copyfile(unquote(urlsplit(address).path), path)
            return self._promised(file, sha256_of(path))
        ca_file = getattr(index, "ca_file", "") or None
        root = index.url if isinstance(index, LiveIndex) else ""
        named = not root or is_host_of(root, address)
        most = min(limit, MAX_UNSTATED_BYTES if file.size is None else file.size + _SIZE_SLACK_BYTES)
        request = Request(with_credentials_of(root, address), {}, most, ca_file, named)
        http = self._lean() if limit == MAX_SDIST_BYTES else self._downloads()
        packing = ""

        def listen(headers: Mapping[str, str], where: str) -> None:  # noqa: ARG001
            nonlocal packing
            packing = headers.get("content-encoding", "").strip().lower()

        self._progress.start(file.filename, total)
        try:
            digest = http.download(request, path, self._progress, listen)
        finally:
            self._progress.finish()
        if packing not in ("", "identity") and not _is_known_to_be(file, digest):
            raise BrokenBodyError(
                what=f"{file.filename}: its server sent it packed, with Content-Encoding {packing[:80]!r}",
                why="it was asked for as it is: its digest is of the file, and not of what came",
                fix="tell whoever runs the index, or the proxy on the way, that files are sent as they are",
            )
        return self._promised(file, digest)

    def _promised(self, file: ReleaseFile, digest: str) -> str:
        expected = file.hashes.get("sha256", digest).lower()
        if digest != expected:
            raise HashMismatchError(
                what=f"{file.filename} has sha256 {digest}, its index promised {expected}",
                why="it was changed after the page was made, or on its way",
                fix="lock again with --refresh; if it stays so, tell whoever runs the index",
            )
        return digest

    # Source distributions

    def sdist(
        self,
        file: ReleaseFile,
        index: Index,
        name: str,
        version: str,
        request: LockRequest,
        catalog: Catalog,
        preferred: Mapping[str, str],
    ) -> tuple[Dependencies | str, Build | None]:
        """What a source distribution requires, read where the standard trusts it, else built."""
        known = self._client.stored_dependencies(file, catalog.environment)
        if known is not None:
            return known, None
        key = (file.identity, request)
        outcome = self._sdists.get(key)
        if outcome is None:
            noted = f"{file.identity} {catalog.environment.key}"
            try:
                outcome = self._opened_sdist(file, index, name, version, request, catalog, preferred)
            except BuildHostError:
                raise
            except BuildFailedError as error:
                what = error.what.removeprefix(f"{name} {version}: ")
                outcome = f"{what}: {error.why}; {error.fix}", None
                self._client.note_broken(noted, outcome[0], "")
            except BrokenArtifactError as error:
                # As the catalog says it of what was kept from an earlier run.
                outcome = f"{error.what}{f' ({error.why})' if error.why else ''}", None
                self._client.note_broken(noted, outcome[0], "")
            except OfflineError:
                broken = self._client.noted_broken(noted)
                if broken is None:
                    raise
                outcome = broken[0], None
            self._sdists[key] = outcome
        return outcome

    def static_sdist(
        self, file: ReleaseFile, index: LiveIndex, name: str, version: str
    ) -> CoreMetadata | None:
        """What a source distribution says of itself, downloaded for it; None if only a build can tell."""
        with tempfile.TemporaryDirectory(prefix="envspec-") as folder:
            path = Path(folder) / file.filename
            try:
                self._fetch(file, index, path, MAX_SDIST_BYTES)
                return _static_metadata(path, name, version)
            except OSError as error:
                raise DiskError(what=f"{path}: can't be used", why=error.strerror or str(error)) from error

    def _opened_sdist(
        self,
        file: ReleaseFile,
        index: Index,
        name: str,
        version: str,
        request: LockRequest,
        catalog: Catalog,
        preferred: Mapping[str, str],
    ) -> tuple[Dependencies | str, Build | None]:
        sought = Sought(name, version, file.hashes.get("sha256", ""), request, preferred)
        built = self._builds.remembered(sought) if sought.sha256 else None
        if built is not None:
            return _evaluated(built, catalog), built.build
        if isinstance(index, LiveIndex) and not self._offline:
            found = self._client.static_dependencies(file, index, (name, version), catalog.environment)
            if found is not None:
                return found, None
        with tempfile.TemporaryDirectory(prefix="envspec-") as folder:
            path = Path(folder) / file.filename
            digest = self._fetch(file, index, path, MAX_SDIST_BYTES)
            try:
                metadata = None if isinstance(index, LiveIndex) else _static_metadata(path, name, version)
                if metadata is not None:
                    return self._client.keep(file.identity, metadata, catalog.environment), None
                built = self._builds.run(path, sought._replace(sha256=digest))
            except OSError as error:
                raise DiskError(what=f"{path}: can't be used", why=error.strerror or str(error)) from error
        return _evaluated(built, catalog), built.build


def _is_known_to_be(file: ReleaseFile, digest: str) -> bool:
    """Whether these bytes are the file; servers that know no better call every .tar.gz packed."""
    return file.hashes.get("sha256", digest if file.filename.endswith(".gz") else "").lower() == digest


def _static_metadata(path: Path, name: str, version: str) -> CoreMetadata | None:
    from envspec.index.sdist import static_metadata

    with path.open("rb") as data:
        return static_metadata(data, name, version)


def _evaluated(built: Built, catalog: Catalog) -> Dependencies:
    try:
        return evaluate(
            built.requires_dist,
            catalog.environment,
            requires_python=built.requires_python,
            extras=built.provides_extra,
        )
    except InputError as error:
        raise BrokenArtifactError(what=error.what, why=error.why) from error


class _LocalFile:
    """The index of a wheel that's named by its path."""

    name = ""
    url = ""

    def record(self, project: str, view: View) -> ProjectRecord | None:  # noqa: ARG002
        """A file is no index."""
        return None

    def dependencies(self, file: ReleaseFile, environment: Environment) -> Dependencies | str:
        """What the wheel's own METADATA says."""
        from envspec.adapters.folder import wheel_dependencies

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
