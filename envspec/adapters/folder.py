"""FolderIndex: a folder of wheels that serves as an index; wheels of the user's own."""

from __future__ import annotations

from pathlib import Path

from envspec.adapters.files import sha256_of
from envspec.errors import BrokenArtifactError, DiskError, InputError, InvalidValueError
from envspec.index.dependencies import Dependencies, Environment, evaluate
from envspec.index.metadata import parse_metadata
from envspec.index.page import FileEntry, ProjectPage
from envspec.index.view import ProjectRecord, ReleaseFile, View, reduce_page
from envspec.index.wheel_tail import metadata_from_wheel
from envspec.project_name import normal_name


class FolderIndex:
    """The ``*.whl`` files right inside a folder."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.url = ""
        self._path = path
        try:
            self._files = sorted(p for p in path.iterdir() if p.suffix == ".whl" and p.is_file())
        except OSError as error:
            raise InputError(
                what=f"[[index]] {name}: {path} can't be read as a folder of wheels",
                why=error.strerror or str(error),
                fix="its path is relative to the spec",
            ) from error

    def record(self, project: str, view: View) -> ProjectRecord | None:
        """The project's wheels in the folder; a file's age is no matter here."""
        entries = [
            FileEntry(
                filename=path.name,
                url=path.as_uri(),
                hashes={"sha256": sha256_of(path)},
                size=path.stat().st_size,
            )
            for path in self._files
            if _project_of(path.name) == project
        ]
        if not entries:
            return None
        ageless = View(view.target)
        return reduce_page(ProjectPage(name=project, files=entries), ageless, name=project, url="")

    def dependencies(self, file: ReleaseFile, environment: Environment) -> Dependencies | str:
        """What the wheel's own METADATA says."""
        try:
            return wheel_dependencies(self._path / file.filename, environment)
        except BrokenArtifactError as error:
            return f"{error.what}: {error.why}" if error.why else error.what


def wheel_dependencies(path: Path, environment: Environment) -> Dependencies:
    """What a wheel on disk requires. Raises BrokenArtifactError, DiskError."""
    try:
        with path.open("rb") as file:
            metadata = parse_metadata(metadata_from_wheel(file, path.name))
    except OSError as error:
        raise DiskError(what=f"{path}: can't be read", why=error.strerror or str(error)) from error
    try:
        return evaluate(
            metadata.requires_dist,
            environment,
            requires_python=metadata.requires_python,
            extras=metadata.provides_extra,
        )
    except InvalidValueError as error:
        raise BrokenArtifactError(what=error.what, why=error.why) from error


def _project_of(filename: str) -> str:
    return normal_name(filename.split("-", 1)[0])
