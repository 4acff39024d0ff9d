"""What every test may ask for: whole outputs kept in tests/golden, and a real browser."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite tests/golden with what comes out now"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """``golden("CASE.EXIT.FORMAT", text)`` holds a whole output against the file of that name."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        data = text.encode("utf-8")
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(exist_ok=True)
            if not path.exists() or path.read_bytes() != data:
                path.write_bytes(data)
        kept = path.read_bytes().decode("utf-8") if path.exists() else ""
        assert text == kept, f"{os.path.relpath(path)} differs; pytest --update-golden rewrites it"

    return compare
