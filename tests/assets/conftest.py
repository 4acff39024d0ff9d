from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, bytes]]:
    """Members of a real release, downloaded once: ``release("easyocr==1.7.2", "easyocr/config.py")``."""
    folder = tmp_path_factory.mktemp("releases")

    def members(requirement: str, *names: str) -> dict[str, bytes]:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder), requirement]
        subprocess.run(command, check=True, capture_output=True)
        project = requirement.partition("=")[0].replace("-", "_")
        [path] = folder.glob(f"{project}-*")
        return _members(path, names)

    return members


def _members(path: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    data = io.BytesIO(path.read_bytes())
    if path.suffix == ".whl":
        with zipfile.ZipFile(data) as archive:
            return {name: archive.read(name) for name in names}
    found = {}
    with tarfile.open(fileobj=data) as sdist:
        for name in names:
            member = sdist.extractfile(f"{path.name.removesuffix('.tar.gz')}/{name}")
            assert member is not None
            found[name] = member.read()
    return found
