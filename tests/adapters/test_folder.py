"""A folder of wheels as an index."""

from __future__ import annotations

from pathlib import Path

import pytest

from envspec.adapters.files import sha256_of
from envspec.adapters.folder import FolderIndex, wheel_dependencies
from envspec.errors import BrokenArtifactError, InputError
from envspec.index.dependencies import Dependencies, Environment
from envspec.index.view import View
from envspec.target.host import Target
from tests.distributions import make_wheel, wheel_name

TARGET = Target(arch="x86_64", glibc=(2, 28), python="3.10.0", python_exact=False)


def put(folder: Path, name: str, version: str, *requires: str, tag: str = "py3-none-any") -> Path:
    path = folder / wheel_name(name, version, tag)
    path.write_bytes(make_wheel(name, version, requires, tag=tag))
    return path


def versions(index: FolderIndex, project: str, view: View) -> list[str] | None:
    record = index.record(project, view)
    return None if record is None else list(record.versions.strings)


def test_a_folder_serves_the_wheels_of_a_project_that_fit(tmp_path: Path) -> None:
    put(tmp_path, "my.app", "1.0")
    put(tmp_path, "My_App", "2.0")
    put(tmp_path, "my-app", "3.0", tag="cp39-cp39-manylinux_2_17_x86_64")
    put(tmp_path, "other", "9.0")
    (tmp_path / "my_app-4.0.tar.gz").write_bytes(b"")
    (tmp_path / "my_app.whl").write_bytes(b"")
    (tmp_path / "below").mkdir()
    put(tmp_path / "below", "my-app", "5.0")
    index = FolderIndex("own", tmp_path)
    assert versions(index, "my-app", View(TARGET)) == ["2.0", "1.0"]
    assert versions(index, "absent", View(TARGET)) is None
    assert index.url == ""


def test_a_wheel_of_a_folder_has_its_digest_and_size(tmp_path: Path) -> None:
    path = put(tmp_path, "app", "1.0")
    record = FolderIndex("own", tmp_path).record("app", View(TARGET))
    assert record is not None
    file = record.file(0)
    assert (file.filename, file.url) == ("app-1.0-py3-none-any.whl", path.as_uri())
    assert (file.hashes, file.size) == ({"sha256": sha256_of(path)}, path.stat().st_size)


def test_a_cut_off_is_no_matter_in_a_folder(tmp_path: Path) -> None:
    put(tmp_path, "app", "1.0")
    assert versions(FolderIndex("own", tmp_path), "app", View(TARGET, "1999-01-01T00:00:00Z")) == ["1.0"]


def test_what_a_wheel_requires_is_read_from_it(tmp_path: Path) -> None:
    path = put(tmp_path, "app", "1.0", "dep>=2", 'old; python_version < "3"')
    environment = Environment(TARGET)
    found = wheel_dependencies(path, environment)
    assert [(requirement.name, requirement.specifier) for requirement in found.always] == [("dep", ">=2")]
    record = FolderIndex("own", tmp_path).record("app", View(TARGET))
    assert record is not None
    assert FolderIndex("own", tmp_path).dependencies(record.file(0), environment) == found


def test_a_wheel_that_is_no_zip_says_why_it_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "app-1.0-py3-none-any.whl").write_bytes(b"no zip")
    index = FolderIndex("own", tmp_path)
    record = index.record("app", View(TARGET))
    assert record is not None
    assert index.dependencies(record.file(0), Environment(TARGET)) == (
        "app-1.0-py3-none-any.whl can't be read: it isn't a zip file, or its end is missing"
    )
    with pytest.raises(BrokenArtifactError):
        wheel_dependencies(tmp_path / "app-1.0-py3-none-any.whl", Environment(TARGET))


def test_a_wheel_with_a_broken_requirement_says_why_it_cannot_be_used(tmp_path: Path) -> None:
    put(tmp_path, "app", "1.0", "dep >== 1")
    index = FolderIndex("own", tmp_path)
    record = index.record("app", View(TARGET))
    assert record is not None
    found = index.dependencies(record.file(0), Environment(TARGET))
    assert not isinstance(found, Dependencies)
    assert "requirement 'dep >== 1' can't be read" in found


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        FolderIndex("own", tmp_path / "nowhere")
    assert str(raised.value) == (
        f"[[index]] own: {tmp_path}/nowhere can't be read as a folder of wheels\n"
        "  why: No such file or directory\n"
        "  fix: its path is relative to the spec"
    )
