"""CPython from the list that pbs-installer carries, and files of any kind."""

from __future__ import annotations

import re

import pytest

from envspec.assets.installers import file, python
from envspec.assets.interface import Context, OwnFile
from envspec.errors import InvalidValueError
from tests.assets.answered import TARGET, Answers, planned


def test_a_full_version_is_that_build_with_its_digest() -> None:
    asset = planned(python.plan, "python", {"version": "3.10.12"}).asset
    [archive] = asset.files
    assert (archive.name, archive.sha256) == (
        "cpython-3.10.12+20230726-x86_64-unknown-linux-gnu-install_only.tar.gz",
        "a476dbca9184df9fc69fe6309cda5ebaf031d27ca9e529852437c94ec1bc43d3",
    )
    assert (archive.dest, archive.root, archive.unpack) == ("runtime", "environment", "tar.gz")
    assert asset.on_path == ("{environment}/runtime/python/bin",)


def test_a_minor_version_takes_the_newest_build_stripped() -> None:
    asset = planned(python.plan, "python", {"version": "3.10"}).asset
    assert re.fullmatch(r"3\.10\.\d+", asset.version)
    assert int(asset.version.rpartition(".")[2]) >= 18
    assert asset.files[0].name.endswith("-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz")
    assert python.newest("3.10", "x86_64") == asset.version


def test_an_existing_lock_keeps_its_build() -> None:
    earlier = planned(python.plan, "python", {"version": "3.10.12"}).asset
    context = Context(TARGET, earlier=earlier)
    assert planned(python.plan, "python", {"version": "3.10"}, context=context).asset.version == "3.10.12"


def test_old_builds_are_told_where_rhel_keeps_its_certificates() -> None:
    old = planned(python.plan, "python", {"version": "3.10.12"}).asset
    assert [(v.name, v.value) for v in old.variables] == [
        ("SSL_CERT_FILE", "/etc/pki/tls/certs/ca-bundle.crt")
    ]
    elsewhere = Context(TARGET._replace(os="ubuntu-22.04"))
    assert planned(python.plan, "python", {"version": "3.10.12"}, context=elsewhere).asset.variables == ()


def test_a_runtime_that_is_not_the_targets_python_is_refused() -> None:
    with pytest.raises(InvalidValueError) as raised:
        planned(python.plan, "python", {"version": "3.11"})
    assert raised.value.what == "CPython 3.11 isn't the Python of the target, which is 3.10"
    exact = Context(TARGET._replace(python="3.10.13", python_exact=True))
    with pytest.raises(InvalidValueError):
        planned(python.plan, "python", {"version": "3.10.12"}, context=exact)


def test_a_build_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(InvalidValueError) as raised:
        planned(python.plan, "python", {"version": "3.10.99"})
    assert raised.value.what == "no build of CPython for x86_64 3.10.99 is on record"
    assert "3.10." in raised.value.why


def test_an_arm_target_gets_its_own_build() -> None:
    context = Context(TARGET._replace(arch="aarch64"))
    [archive] = planned(python.plan, "python", {"version": "3.10.12"}, context=context).asset.files
    assert archive.name == "cpython-3.10.12+20230726-aarch64-unknown-linux-gnu-install_only.tar.gz"


def test_any_file_goes_where_the_spec_says_and_joins_path() -> None:
    said = {
        "url": "https://files.example/ffmpeg",
        "path": None,
        "sha256": "ab" * 32,
        "dest": "tools/bin/ffmpeg",
        "mode": "0755",
        "on-path": True,
    }
    asset = planned(file.plan, "file", said).asset
    [locked] = asset.files
    assert (locked.dest, locked.root, locked.mode, locked.url) == (
        "tools/bin/ffmpeg", "environment", "0755", "https://files.example/ffmpeg",
    )  # fmt: skip
    assert asset.on_path == ("{environment}/tools/bin",)


def test_a_file_of_the_users_own_is_locked_by_digest_and_path() -> None:
    said = {"path": "tools/ffmpeg", "dest": "bin/ffmpeg", "mode": "0755", "on-path": False}
    answers = Answers(own={"tools/ffmpeg": (OwnFile("", 3, "cd" * 32, "0755"),)})
    asset = planned(file.plan, "file", said, answers).asset
    [locked] = asset.files
    assert (locked.path, locked.url, locked.sha256, locked.size) == ("tools/ffmpeg", "", "cd" * 32, 3)
    assert asset.on_path == ()


def test_a_folder_is_no_file() -> None:
    answers = Answers(own={"tools": (OwnFile("a", 1, "0" * 64, "0644"),)})
    said = {"path": "tools", "dest": "bin/x", "mode": "0644", "on-path": False}
    with pytest.raises(InvalidValueError, match="tools is a folder, one file was wanted"):
        planned(file.plan, "file", said, answers)
