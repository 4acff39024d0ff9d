"""The tools that are compared, each in a virtual environment of its own under benchmarks/peers/."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent
PEERS = HERE / "peers"

INTERPRETER = Path(sys.executable).resolve()
"""The real interpreter: a pyenv shim would cost every tool seconds of discovery."""

WANTED = {
    "uv": ["uv"],
    "pip": ["pip>=26.1"],
    "nab": ["nab==0.0.23"],
    "server": ["granian>=2.5", "uvloop", "httpx", "cryptography", "pypi-simple"],
    "pydantic": ["pydantic", "packaging>=26.1"],
    "envspec": [str(CHECKOUT)],
}


def program(peer: str, name: str) -> str:
    """The path of an installed program of one peer."""
    return str(PEERS / peer / "bin" / name)


def set_up(names: list[str]) -> None:
    """Install what is missing, and envspec again whenever its source has changed."""
    for name in names:
        stamp, wanted = PEERS / name / "installed.txt", _stamp(name)
        if stamp.exists() and stamp.read_text() == wanted:
            continue
        print(f"setting up {name}", file=sys.stderr)
        _install(name)
        stamp.write_text(wanted)


def installed_version(name: str) -> str:
    """The version of one peer, for the table's caption."""
    code = f"import importlib.metadata as m; print(m.version({name!r}))"
    return subprocess.run(
        [program(name, "python"), "-c", code], capture_output=True, text=True, check=False
    ).stdout.strip()


def _stamp(name: str) -> str:
    lines = [str(INTERPRETER), *WANTED[name]]
    if name == "envspec":
        sources = [CHECKOUT / "pyproject.toml", *sorted((CHECKOUT / "envspec").rglob("*"))]
        digest = hashlib.sha256()
        for path in sources:
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(str(path).encode() + path.read_bytes())
        lines.append(digest.hexdigest())
    return "\n".join(lines)


def _install(name: str) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    python = program(name, "python")
    if not Path(python).exists():
        _run([str(INTERPRETER), "-m", "venv", str(PEERS / name)], environment)
    if name == "envspec":
        _run([python, "-m", "pip", "uninstall", "-q", "-y", "envspec"], environment)
    _run([python, "-m", "pip", "install", "-q", "--upgrade", *WANTED[name]], environment)
    _run([python, "-m", "compileall", "-q", str(PEERS / name / "lib")], environment)


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}")
