"""A libnvidia-ml.so.1 that a C compiler makes here, so that NVML's states need no GPU."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent / "libnvidia_ml.c"


def compiled(folder: Path, *flags: str) -> Path:
    """Make the library in ``folder``; ``-DOLD`` makes that of an old driver."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler here to make a libnvidia-ml.so.1")
    library = folder / "libnvidia-ml.so.1"
    subprocess.run([compiler, "-shared", "-fPIC", *flags, "-o", library, SOURCE], check=True)
    return folder
