"""The newest pip, fetched once for each run of the tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.acceptance.commands import succeed


@pytest.fixture(scope="session")
def newest_pip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds it, to be put on PYTHONPATH; tests that take it are marked ``registry``."""
    folder = tmp_path_factory.mktemp("newest-pip")
    succeed(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, "pip>=26.1")
    return folder
