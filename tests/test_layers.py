"""Imports point down, beside each other never, and only adapters touch the world."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import envspec

ROOT = Path(envspec.__file__).parent

LAYERS = [
    {"named_tuple"},
    {"errors", "ports", "project_name", "quick_msgspec", "short_digest", "toml_library"},
    {"artifact", "target"},
    {"spec", "lock", "probe"},
    {"index", "audit", "compat", "bundle"},
    {"resolve", "assets", "install", "verify"},
    {"report", "steps", "adapters"},
    {"cli"},
]
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}

WORLD = {
    "http", "httpx", "os", "requests", "shutil", "socket", "sqlite3", "ssl", "subprocess", "tempfile", "time",
    "urllib.request", "urllib3",
}  # fmt: skip
"""Modules that reach a network, a disk, a clock or a process."""

TOUCH_THE_WORLD = {"adapters", "cli"}
CARRIED = Path("probe", "script")
"""The parts of probe.py: texts that run on the host, imported by nothing here."""

RUNS_ON_THE_HOST = ROOT / "probe" / "script"
"""Parts of probe.py: they observe a host, and nothing of envspec runs them."""


def modules() -> Iterator[tuple[str, Path, ast.Module]]:
    for path in sorted(ROOT.rglob("*.py")):
        room = path.relative_to(ROOT).parts[0].removesuffix(".py")
        if room not in ("__init__", "__main__") and CARRIED not in path.relative_to(ROOT).parents:
            yield room, path, ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_every_room_has_its_place() -> None:
    assert {room for room, _, _ in modules()} <= set(LEVEL)


def test_imports_point_down_and_beside_each_other_never() -> None:
    wrong = []
    for room, path, tree in modules():
        for name in imported(tree):
            parts = name.split(".")
            if parts[0] != "envspec" or len(parts) < 2 or parts[1] not in LEVEL or parts[1] == room:
                continue
            if LEVEL[parts[1]] >= LEVEL[room]:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert wrong == []


def test_only_adapters_touch_the_world() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for room, path, tree in modules()
        if room not in TOUCH_THE_WORLD and path.parent != RUNS_ON_THE_HOST
        for name in imported(tree)
        if name in WORLD or name.split(".")[0] in WORLD
    ]
    assert wrong == []


def test_the_core_opens_no_file() -> None:
    wrong = []
    for room, path, tree in modules():
        if room in TOUCH_THE_WORLD or path.parent == RUNS_ON_THE_HOST:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                function = node.func
                name = getattr(function, "id", None) or getattr(function, "attr", None)
                if name in ("open", "read_text", "read_bytes", "write_text", "write_bytes", "unlink"):
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} calls {name}")
    assert wrong == []
