from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from packaging.pylock import Pylock, PylockSelectError
from packaging.tags import Tag

from envspec.lock.codec import encode
from envspec.lock.document import Lock, LockedFile
from envspec.lock.environment import environment_marker, locked_python
from tests.distributions import make_wheel
from tests.lock.locks import distribution, lock

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def environment(
    python: str, machine: str = "x86_64", system: str = "linux", implementation: str = "cpython"
) -> dict[str, str]:
    return {
        "implementation_name": implementation,
        "implementation_version": python,
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": {"cpython": "CPython"}.get(implementation, "PyPy"),
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": python,
        "python_version": ".".join(python.split(".")[:2]),
        "sys_platform": system,
    }


def pylock(python: str, exact: bool) -> Pylock:
    held = lock(
        distribution("demo", "1.0"),
        environments=(environment_marker(python, exact, "x86_64"),),
        requires_python=locked_python(python, exact),
    )
    return Pylock.from_dict(tomllib.loads(encode(held).decode()))


def test_the_marker_says_what_the_host_must_be() -> None:
    assert environment_marker("3.10.0", False, "x86_64") == (
        'implementation_name == "cpython" and python_version == "3.10"'
        ' and sys_platform == "linux" and platform_machine == "x86_64"'
    )
    assert environment_marker("3.10.14", True, "aarch64") == (
        'implementation_name == "cpython" and python_full_version == "3.10.14"'
        ' and sys_platform == "linux" and platform_machine == "aarch64"'
    )


def test_the_python_range_is_the_minor_version_or_the_very_release() -> None:
    assert locked_python("3.10.0", False) == "==3.10.*"
    assert locked_python("3.10.14", True) == "==3.10.14"


@pytest.mark.parametrize(("python", "exact"), [("3.10.0", False), ("3.10.13", False), ("3.10.14", True)])
def test_the_target_itself_is_accepted(python: str, exact: bool) -> None:
    locked_for = python if exact else "3.10.0"
    chosen = pylock(locked_for, exact).select(
        environment=environment(python),  # type: ignore[arg-type]
        tags=[Tag("py3", "none", "any")],
    )
    assert [package.name for package, _ in chosen] == ["demo"]


@pytest.mark.parametrize(
    ("exact", "other"),
    [
        (False, environment("3.11.0")),
        (False, environment("3.9.18")),
        (True, environment("3.10.13")),
        (False, environment("3.10.0", machine="aarch64")),
        (False, environment("3.10.0", system="darwin")),
        (False, environment("3.10.0", implementation="pypy")),
    ],
)
def test_every_other_host_is_refused(exact: bool, other: dict[str, str]) -> None:
    held = pylock("3.10.14" if exact else "3.10.0", exact)
    with pytest.raises(PylockSelectError):
        list(held.select(environment=other, tags=[Tag("py3", "none", "any")]))  # type: ignore[arg-type]


# uv reads a portable lock inside its bundle


def bundle(folder: Path, python: str, arch: str) -> Path:
    wheel = make_wheel("demo-app", "1.0+local.1")
    name = "demo_app-1.0+local.1-py3-none-any.whl"
    (folder / "wheels").mkdir()
    (folder / "locks").mkdir()
    (folder / "wheels" / name).write_bytes(wheel)
    digest = hashlib.sha256(wheel).hexdigest()
    file = LockedFile(name=name, hashes=(("sha256", digest),), path=f"../wheels/{name}", size=len(wheel))
    held: Lock = lock(
        distribution("demo-app", "1.0+local.1", wheel=file, index=""),
        environments=(environment_marker(python, False, arch),),
        requires_python=locked_python(python, False),
    )
    path = folder / "locks" / held.file_name
    path.write_bytes(encode(held))
    return path


def uv_sync(path: Path) -> subprocess.CompletedProcess[str]:
    uv = shutil.which("uv", path=f"{sysconfig.get_path('scripts')}:{Path(sys.executable).parent}")
    if uv is None:
        pytest.skip("uv isn't installed")
    command = [uv, "pip", "sync", "--dry-run", "--offline", "--no-cache", "--no-config"]
    return subprocess.run(
        [*command, "--python", sys.executable, str(path)], capture_output=True, text=True, check=False
    )


def test_uv_accepts_a_portable_lock_for_this_host(tmp_path: Path) -> None:
    result = uv_sync(bundle(tmp_path, platform.python_version(), platform.machine()))
    assert "+ demo-app==1.0+local.1" in result.stderr
    assert result.returncode == 0


def test_uv_refuses_a_lock_for_another_host(tmp_path: Path) -> None:
    result = uv_sync(bundle(tmp_path, "3.8.0", platform.machine()))
    assert "incompatible" in result.stderr
    assert result.returncode == 2


def test_uv_refuses_a_lock_for_another_machine(tmp_path: Path) -> None:
    result = uv_sync(bundle(tmp_path, platform.python_version(), "s390x"))
    assert "not supported by the lockfile" in result.stderr
    assert result.returncode == 2
