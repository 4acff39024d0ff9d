"""Another host's files laid over this one's, in mounts that only the probe sees."""

from __future__ import annotations

import functools
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.probe.script.running import Ran, run, script_path

OVER = ("/etc", "/usr/bin", "/usr/sbin", "/usr/local", "/usr/lib", "/var", "/opt")
"""Folders that a fake host's files are laid over; the rest of them stays."""
INSTEAD = ("/proc/driver", "/proc/sys", "/sys/module", "/sys/bus/pci/devices", "/sys/firmware", "/sys/fs")
"""Folders of the kernel that are hidden by the fake host's."""
FILES = ("/proc/modules", "/proc/cmdline", "/proc/cpuinfo", "/proc/meminfo")


class FakeHost:
    """Files by their path; a text that begins with ``#!`` may be run, with ``->`` it's a link."""

    def __init__(self, folder: Path, files: Mapping[str, str | bytes]) -> None:
        self.folder = folder
        self.root = folder / "root"
        self.script = script_path(folder)
        for path, content in files.items():
            self.put(path, content)

    def put(self, path: str, content: str | bytes) -> None:
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else content.encode()
        if data.startswith(b"->"):
            place.symlink_to(data[2:].decode())
        elif path.endswith("/"):
            place.mkdir(exist_ok=True)
        else:
            place.write_bytes(data)
            if data.startswith(b"#!"):
                place.chmod(0o755)

    def probe(
        self,
        *options: str,
        command: str = f"{sys.executable} -I",
        environment: Mapping[str, str] | None = None,
        before: str = "true",
    ) -> Ran:
        """Run the probe there; ``before`` is sh that may mount more."""
        steps = [before] if before != "true" else []
        for folder in OVER:
            if (self.root / folder.lstrip("/")).exists() and Path(folder).is_dir():
                lower = f"{self.root}{folder}:{folder}"
                steps.append(f"mount -t overlay none -o lowerdir={shlex.quote(lower)} {folder}")
        steps += [
            f"mount --bind {shlex.quote(str(self.root) + path)} {path}"
            for path in (*INSTEAD, *FILES)
            if (self.root / path.lstrip("/")).exists() and Path(path).exists()
        ]
        if command != "sh" and "--timeout" not in options:
            options = (*options, "--timeout", "20")  # a busy machine is no hung program
        words = " ".join(shlex.quote(option) for option in options)
        steps.append(f"exec {command} {self.script} {words}")
        return run(["unshare", "-r", "-m", "-u", "sh", "-c", " && ".join(steps)], environment)


@functools.lru_cache(maxsize=1)
def may_fake() -> bool:
    """Whether this user may lay files over others in a namespace."""
    tool = shutil.which("unshare")
    if tool is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        over = f"mount -t overlay none -o lowerdir={folder}:/etc /etc && mount --bind {folder} /proc/driver"
        done = subprocess.run([tool, "-r", "-m", "-u", "sh", "-c", over], capture_output=True)
    return done.returncode == 0


def fake_host(folder: Path, files: Mapping[str, str | bytes]) -> FakeHost:
    if not may_fake():
        pytest.skip("no files can be laid over this host's in a namespace")
    return FakeHost(folder, files)
