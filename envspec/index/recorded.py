"""RecordedIndex: a recording in place of an index, never asked over the network."""

from __future__ import annotations

from dataclasses import dataclass

from envspec.index.dependencies import Dependencies, Environment
from envspec.index.page import ProjectPage
from envspec.index.recording import Recording
from envspec.index.view import ProjectRecord, ReleaseFile, View, reduce_page


@dataclass(frozen=True)
class RecordedIndex:
    """One index of a recording, under the name of its [[index]]."""

    name: str
    url: str
    recording: Recording

    def page(self, project: str) -> ProjectPage | None:
        """All that was recorded of a project."""
        return self.recording.page(self.url, project)

    def record(self, project: str, view: View) -> ProjectRecord | None:
        """The project as ``view`` sees it; files without a sha256 are out, for nobody can hash them."""
        page = self.recording.page(self.url, project)
        if page is None:
            return None
        return reduce_page(page, view.with_hashes, name=project, url=f"{self.url}/{project}/")

    def dependencies(self, file: ReleaseFile, environment: Environment) -> Dependencies | str:  # noqa: ARG002
        """Only asked where the recording doesn't say them."""
        return (
            f"the recording knows no dependencies of {file.filename}; say them in a [[python.metadata]]"
            " table, or record the index anew"
        )
