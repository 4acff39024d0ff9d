"""A small lock for this very interpreter, really installed: by uv, by the newest pip, and by an old one."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.acceptance.commands import bare_environment, envspec, installed, succeed, uv, virtual_environment
from tests.loopback import File, Loopback, sdist, wheel

PYTHON = platform.python_version()
THIS = f"cp{sys.version_info[0]}{sys.version_info[1]}"
SPEC = f"""\
name = "small"
[target]
glibc = "2.17"
arch = "{platform.machine()}"
python = "{PYTHON}"
[python]
requirements = ["app[fast]", "from-source", "builds==1.0"]
sdists = ["from-source"]
[lock]
files = "FILES"
[[index]]
name = "site"
url = "SITE"
packages = ["builds"]
"""
PROJECTS = {
    "app": [
        wheel(
            "app",
            "1.0",
            ["dep>=2", 'speedy ; extra == "fast"', 'never ; python_version < "3"'],
            extras=["fast"],
        )
    ],
    "dep": [wheel("dep", "3.0", yanked=True), wheel("dep", "2.5"), wheel("dep", "1.0")],
    "speedy": [wheel("speedy", "0.1", tag=f"{THIS}-{THIS}-manylinux2014_{platform.machine()}")],
    "from-source": [sdist("from-source", "4.0", ["dep"])],
}
SITE = {"builds": [wheel("builds", "1.0+cu118"), wheel("builds", "1.0+cpu")]}
LOCKED = {"app": "1.0", "builds": "1.0+cu118", "dep": "2.5", "from-source": "4.0", "speedy": "0.1"}


class Servers(NamedTuple):
    """The default index, and one that serves ``builds`` alone."""

    default: Loopback
    site: Loopback


@pytest.fixture
def servers() -> Iterator[Servers]:
    with Loopback(projects=PROJECTS) as default, Loopback(projects=SITE) as site:
        yield Servers(default, site)


def lock_small(folder: Path, servers: Servers, files: str = "urls") -> Path:
    """The lock, in ``folder/locks``."""
    folder.mkdir(exist_ok=True)
    spec = folder / "small.toml"
    spec.write_text(SPEC.replace("SITE", servers.site.index_url).replace("FILES", files))
    envspec("lock", spec, "-o", folder / "locks", "--no-cache", "--index-url", servers.default.index_url)
    return folder / "locks" / "pylock.small.toml"


def make_kit(folder: Path, servers: Servers) -> Path:
    """A portable lock inside its bundle: the default index's files in ``wheels/``, and no server of them."""
    path = lock_small(folder / "kit", servers, files="portable")
    wheels = folder / "kit" / "wheels"
    wheels.mkdir()
    files: list[File] = [file for project in PROJECTS.values() for file in project]
    for name in re.findall(r'path = "\.\./wheels/([^"]+)"', path.read_text()):
        [file] = [file for file in files if file.filename == name]
        (wheels / name).write_bytes(file.data)
    servers.default.close()
    return path


def sync_by_uv(lock: Path, folder: Path) -> dict[str, str]:
    python = virtual_environment(folder / "venv")
    succeed(uv(), "pip", "sync", "--no-cache", "--python", python, lock, environment=bare_environment())
    return installed(python)


def install_by_newest_pip(lock: Path, folder: Path, pip: Path) -> dict[str, str]:
    python = virtual_environment(folder / "venv")
    succeed(
        sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-cache-dir", "-r", lock,
        environment={**bare_environment(), "PYTHONPATH": str(pip)},
    )  # fmt: skip
    return installed(python)


def normalized(found: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-").lower(): version for name, version in found.items()}


def test_uv_installs_the_lock(tmp_path: Path, servers: Servers) -> None:
    lock = lock_small(tmp_path, servers)
    assert normalized(sync_by_uv(lock, tmp_path)) == LOCKED


def test_uv_installs_the_portable_lock_inside_its_bundle(tmp_path: Path, servers: Servers) -> None:
    assert normalized(sync_by_uv(make_kit(tmp_path, servers), tmp_path)) == LOCKED


@pytest.mark.registry
def test_the_newest_pip_installs_the_lock(tmp_path: Path, servers: Servers, newest_pip: Path) -> None:
    lock = lock_small(tmp_path, servers)
    assert normalized(install_by_newest_pip(lock, tmp_path, newest_pip)) == LOCKED


@pytest.mark.registry
def test_the_newest_pip_installs_the_portable_lock_inside_its_bundle(
    tmp_path: Path, servers: Servers, newest_pip: Path
) -> None:
    lock = make_kit(tmp_path, servers)
    assert normalized(install_by_newest_pip(lock, tmp_path, newest_pip)) == LOCKED


def test_the_pip_that_python_brings_installs_the_exported_requirements(
    tmp_path: Path, servers: Servers
) -> None:
    lock = lock_small(tmp_path, servers)
    exported = tmp_path / "requirements.txt"
    envspec("export", lock, "--format", "requirements", "-o", exported)
    [said] = re.findall(r"^#   pip install (.+) -r FILE$", exported.read_text(), re.MULTILINE)
    assert said == f"--require-hashes --no-deps --extra-index-url {servers.site.index_url}"
    succeed(sys.executable, "-m", "venv", tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    succeed(
        python, "-m", "pip", "install", "--quiet", "--no-cache-dir", "--index-url", servers.default.index_url,
        *said.split(), "-r", exported,
        environment=bare_environment(),
    )  # fmt: skip
    assert normalized(installed(python)) == LOCKED


def test_uv_refuses_a_file_that_was_changed_after_locking(tmp_path: Path, servers: Servers) -> None:
    lock = make_kit(tmp_path, servers)
    changed = tmp_path / "kit" / "wheels" / "dep-2.5-py3-none-any.whl"
    changed.write_bytes(wheel("dep", "2.5", ["something-else"]).data)
    with pytest.raises(AssertionError) as refused:
        sync_by_uv(lock, tmp_path)
    said = " ".join(str(refused.value).split())
    assert re.search(r"dep-2\.5-py3-none-any\.whl` has size \d+, but the lock|Hash mismatch", said)
