"""A user's first steps, on the registry that the user's settings name."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from envspec.adapters.settings import pip_settings
from tests.acceptance.commands import envspec

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytestmark = pytest.mark.registry

REQUIREMENTS = """\
# what the program imports
requests[socks]>=2.31 ; python_version >= "3.8"
flask==3.0.*
-c constraints.txt
"""
PYPROJECT = """\
[project]
name = "my_App"
version = "1"
requires-python = ">=3.10,<3.13"
dependencies = ["httpx>=0.27"]
[project.optional-dependencies]
web = ["uvicorn[standard]"]
"""
SPEC = """\
name = "frozen"
[target]
os = "rhel-8.9"
python = "3.10"
[python]
requirements = ["six"]
[[index]]
name = "frozen"
url = "URL"
packages = ["six"]
recording = "six.json"
"""


def pins(path: Path) -> dict[str, str]:
    return {package["name"]: package["version"] for package in tomllib.loads(path.read_text())["packages"]}


def test_the_starter_locks(tmp_path: Path) -> None:
    envspec("init", "--name", "first", cwd=tmp_path)
    envspec("lock", "specs/first.toml", "--cache-dir", "cache", cwd=tmp_path)
    assert list(pins(tmp_path / "locks" / "pylock.first.toml")) == ["numpy"]


def test_a_requirements_file_becomes_a_spec_that_locks(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(REQUIREMENTS)
    (tmp_path / "constraints.txt").write_text("urllib3<2\n")
    envspec("init", "--from", "requirements.txt", "--name", "site", cwd=tmp_path)
    envspec("lock", "specs/site.toml", "--cache-dir", "cache", cwd=tmp_path)
    found = pins(tmp_path / "locks" / "pylock.site.toml")
    assert {"requests", "pysocks", "flask", "werkzeug", "urllib3"} <= set(found)
    assert re.fullmatch(r"3\.0\.\d+", found["flask"])
    assert found["urllib3"].startswith("1.")


def test_a_pyproject_becomes_a_spec_that_locks(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    envspec("init", "--from", "pyproject.toml", "--extra", "web", cwd=tmp_path)
    envspec("lock", "specs/my-app.toml", "--cache-dir", "cache", cwd=tmp_path)
    assert {"httpx", "uvicorn", "uvloop"} <= set(pins(tmp_path / "locks" / "pylock.my-app.toml"))


def test_a_recording_locks_without_any_network(tmp_path: Path) -> None:
    url = pip_settings().index_url
    envspec("record", url, "six", "--platform", "x86_64", "--python", "3.10", "-o", "six.json", cwd=tmp_path)
    (tmp_path / "frozen.toml").write_text(SPEC.replace("URL", url))
    for network in (["--offline"], ["--index-url", "http://127.0.0.1:9/simple"]):
        envspec("lock", "frozen.toml", "--no-cache", *network, cwd=tmp_path)
        lock = tomllib.loads((tmp_path / "pylock.frozen.toml").read_text())
        [six] = lock["packages"]
        assert (six["name"], six["tool"]["envspec"]) == (
            "six",
            {"index": "frozen", "digest-from": "recording"},
        )
        (tmp_path / "pylock.frozen.toml").unlink()
