"""``envspec verify`` as a process of its own: exit codes, pipes, colour on a terminal, and the real host."""

from __future__ import annotations

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.cli.test_verify import CU118, CU121, folder
from tests.evidence import founding

__all__ = ["folder"]

ENVSPEC = [sys.executable, "-m", "envspec"]
ON = ["--day", "2026-11-28", "--prefix", "/data/envs"]


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*ENVSPEC, *arguments], input=stdin, capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([f"locks/{CU118}", "--host", "facts.json"], 0),
        ([f"locks/{CU121}", "--host", "facts.json"], 1),
        ([f"locks/{CU118}", "--host", "facts.json", "--strict"], 1),
        ([f"locks/{CU118}", "--host", "none.json"], 2),
        ([f"locks/{CU118}", "--host", "facts.json", "-o", "/dev/full/x"], 3),
    ],
)
def test_the_exit_code_is_the_answer(folder: Path, arguments: list[str], code: int) -> None:
    done = run("verify", *arguments, *ON)
    assert done.returncode == code
    assert b"Traceback" not in done.stderr
    assert bool(done.stdout) == (code < 2)


def test_facts_are_piped_in(folder: Path) -> None:
    done = run("verify", f"locks/{CU118}", "--host", "-", *ON, stdin=founding(label="far-away"))
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, b"host     far-away (standard input)")


def test_a_full_disk_is_the_outside(folder: Path) -> None:
    with open("/dev/full", "wb") as full:
        command = [*ENVSPEC, "verify", f"locks/{CU118}", "--host", "facts.json", *ON]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == 3
    assert b"No space left on device" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("more", "environment", "coloured"),
    [
        ([], {}, True),
        (["--no-color"], {}, False),
        ([], {"NO_COLOR": "1"}, False),
        ([], {"TERM": "dumb"}, False),
    ],
    ids=["a terminal", "--no-color", "NO_COLOR", "a dumb terminal"],
)
def test_colour_stands_on_terminals_alone(
    folder: Path, more: list[str], environment: dict[str, str], coloured: bool
) -> None:
    leader, follower = os.openpty()
    command = [*ENVSPEC, "verify", f"locks/{CU118}", "--host", "facts.json", *ON, *more]
    clean = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    with subprocess.Popen(command, stdout=follower, env={**clean, "TERM": "xterm", **environment}) as process:
        os.close(follower)
        said = b""
        while True:
            try:
                piece = os.read(leader, 65536)
            except OSError:
                break
            if not piece:
                break
            said += piece
        assert process.wait(timeout=60) == 0
    os.close(leader)
    assert (b"\x1b[32;1mYES" in said) is coloured
    assert (b"\x1b" in said) is coloured


def test_the_host_itself_is_probed_where_no_facts_are_named(folder: Path) -> None:
    done = run("verify", f"locks/{CU118}", "--format", "json", "--prefix", str(folder / "envs"))
    assert done.returncode in (0, 1)
    (host,) = json.loads(done.stdout)["hosts"]
    assert (host["label"], host["facts"]) == ("this host", "this host")
    seen = {one["name"]: one for one in host["seen"]}
    assert seen["machine"]["text"] == os.uname().machine
    assert seen["kernel"]["text"] == os.uname().release
    assert any(str(folder / "envs") in name for name in seen)


def test_only_the_endpoints_that_are_named_are_tried_from_the_host_itself(folder: Path) -> None:
    asked: list[str] = []

    class Door(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/inside"
        try:
            done = run("verify", f"locks/{CU118}", "--format", "json", "--endpoint", url)
        finally:
            server.shutdown()
    (host,) = json.loads(done.stdout)["hosts"]
    found = {
        one["subject"]: one["status"] for one in host["locks"][0]["findings"] if one["rule"] == "endpoints"
    }
    assert found == {url: "pass"}
    assert asked == ["/inside"]


def test_a_fleet_that_is_interrupted_ends_at_once(folder: Path) -> None:
    (folder / "facts").mkdir()
    data = founding("")
    for number in range(3000):
        (folder / "facts" / f"node-{number}.json").write_bytes(data)
    command = [*ENVSPEC, "fleet", "facts", "locks"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == b"judging 3000 hosts\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        out, err = process.communicate(timeout=30)
        assert time.monotonic() - started < 10
    assert process.returncode == 130
    assert (out, err) == (b"", b"interrupted; nothing half-written was left behind\n")


def test_verifying_loads_nothing_that_it_does_not_need(folder: Path) -> None:
    command = [
        sys.executable,
        "-X",
        "importtime",
        *ENVSPEC[1:],
        "verify",
        f"locks/{CU121}",
        "--host",
        "facts.json",
    ]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert done.returncode == 1
    loaded = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.decode().splitlines()}
    assert "envspec.verify.driver" in loaded
    heavy = (
        "asyncio concurrent.futures hashlib html httpx multiprocessing packaging pathlib pydantic resolvelib "
        "sqlite3 ssl subprocess xml"
    )
    assert loaded.isdisjoint(heavy.split())
