"""The replay server as a process: started, asked for its counts, stopped."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from typing import TYPE_CHECKING, Any

from benchmarks import peers
from benchmarks.recording import BASE_URL

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType


class Server:
    """Serves one recording until the ``with`` block ends."""

    def __init__(self, folder: Path, *, record: bool) -> None:
        self._folder = folder
        self._record = record
        self._tls = folder / "tls"
        self.ca = self._tls / "ca.pem"

    def __enter__(self) -> Server:
        python = peers.program("server", "python")
        environment = os.environ | {"REPLAY_FOLDER": str(self._folder), "PYTHONPATH": str(peers.CHECKOUT)}
        environment["REPLAY_RECORD"] = "1" if self._record else "0"
        if not self.ca.exists():
            command = [python, "-m", "benchmarks.certificate", str(self._tls)]
            subprocess.run(command, env=environment, check=True)
        host, port = BASE_URL.removeprefix("https://").split(":")
        _refuse_company(host, int(port))
        command = [peers.program("server", "granian"), "--interface", "rsgi", "--factory", "--no-ws"]
        command += ["--loop", "uvloop", "--host", host, "--port", port, "--log-level", "warning"]
        command += ["--ssl-certificate", str(self._tls / "server.pem")]
        command += ["--ssl-keyfile", str(self._tls / "server.key"), "--ssl-protocol-min", "tls1.2"]
        self._process = subprocess.Popen([*command, "benchmarks.replay:app"], env=environment)
        self._context = ssl.create_default_context(cafile=str(self.ca))
        self._wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(30)

    def stats(self) -> dict[str, Any]:
        """Counts since the last call by status, the paths that were missed, and the server's CPU seconds."""
        with urllib.request.urlopen(f"{BASE_URL}/-/stats", context=self._context, timeout=30) as answer:
            counts: dict[str, Any] = json.load(answer)
        return counts

    def _wait(self) -> None:
        for _ in range(100):
            if self._process.poll() is not None:
                sys.exit("the replay server stopped at its start")
            try:
                self.stats()
            except OSError:
                time.sleep(0.1)
            else:
                return
        sys.exit(f"the replay server doesn't answer at {BASE_URL}")


def _refuse_company(host: str, port: int) -> None:
    """Two servers could share the port, and each would see and count half of the requests."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((host, port))
        except OSError:
            sys.exit(
                f"{BASE_URL} is in use: another benchmark runs, or a server of run.py --serve; end it first"
            )
