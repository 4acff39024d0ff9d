"""probe.py as a whole: by every Python that is here, by sh alone, and where something is amiss."""

from __future__ import annotations

import json
import os
import py_compile
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from envspec.adapters.probe_host import script_text
from envspec.probe.evidence import Evidence
from tests.probe.script.running import (
    NO_PYTHON,
    may_unshare,
    python_of,
    run,
    script_path,
)

VERSIONS = ["3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"]


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return script_path(tmp_path_factory.mktemp("probe"))


def shells() -> list[str]:
    found = [path for name in ("dash", "bash", "ksh", "mksh", "yash") if (path := shutil.which(name))]
    return [*found, "busybox"] if shutil.which("busybox") else found


@pytest.mark.parametrize("version", VERSIONS)
def test_every_python_runs_it_without_a_warning_and_says_the_same(script: Path, version: str) -> None:
    ran = run([python_of(version), "-I", "-W", "error", script, "--timeout", "20"])
    assert ran.err == ""
    document = ran.document
    assert document["by"].startswith(f"python {version}.")
    assert (document["envspec-evidence"], document["identified"], document["label"]) == (1, False, "")
    here = run([sys.executable, "-I", script, "--timeout", "20"])
    assert set(document["items"]) == set(here.items)
    assert {key: sorted(item) for key, item in document["items"].items()} == {
        key: sorted(item) for key, item in here.items.items()
    }
    for key in ("call:uname", "call:libraries", "call:libstdcxx", "call:executables", "call:repositories"):
        assert document["items"][key] == here.items[key]


def test_the_document_is_ascii_and_of_the_published_shape(script: Path) -> None:
    ran = run([sys.executable, "-I", script])
    assert len(ran.text.splitlines()) == 3
    evidence = msgspec.json.decode(json.dumps(ran.document).encode(), type=Evidence)
    assert evidence.items["call:uname"].value["system"] == "Linux"


def test_sh_finds_a_python_by_itself(script: Path) -> None:
    assert run(["sh", script]).document["by"].startswith("python 3.")


def test_sh_takes_the_python_that_it_is_told(script: Path) -> None:
    ran = run(["sh", script, "--label", "gpu node 7"], {"ENVSPEC_PYTHON": python_of("3.6")})
    assert ran.document["by"].startswith("python 3.6.")
    assert ran.document["label"] == "gpu node 7"


@pytest.mark.parametrize("shell", shells())
def test_sh_alone_says_what_it_can_in_the_same_shapes(script: Path, shell: str) -> None:
    command = ["busybox", "sh"] if shell == "busybox" else [shell]
    told = ["--label", 'a "label" \\ here', "--prefix", "/data/no such"]
    home = {**NO_PYTHON, "HOME": "/home/kim"}
    ran = run([*command, script, *told], home)
    assert ran.err == ""
    assert (ran.document["by"], ran.document["label"]) == ("sh", 'a "label" \\ here')
    python = run([sys.executable, "-I", script, "--prefix", "/data/no such"], {"HOME": "/home/kim"})
    for key in (
        "call:uname",
        "call:pci",
        "call:kernel-headers",
        "file:/proc/driver/nvidia/version",
        "file:/sys/module/nvidia/version",
        "file:/proc/sys/crypto/fips_enabled",
    ):
        assert ran.items[key] == python.items[key]
    assert (
        ran.items["command:getconf GNU_LIBC_VERSION"]["text"].strip() == python.value("call:libc")["confstr"]
    )
    assert set(ran.value("call:executables")) == set(python.value("call:executables"))
    flags = "libc6,x86-64" if python.value("call:uname")["machine"] == "x86_64" else "libc6,AArch64"
    sonames = python.value("call:libraries")["sonames"][flags]
    assert sorted(set(ran.value("call:libraries")["sonames"][flags])) == sonames
    versions = {
        name for name in python.value("call:libstdcxx")["versions"] if name.startswith("GLIBCXX_3.4.")
    }
    assert set(ran.value("call:libstdcxx")["versions"]) >= versions
    assert ran.items["file:/proc/cpuinfo"]["text"].splitlines()[0] == "processor\t: 0"
    assert "call:pythons" not in ran.items, "none was looked for"
    network = python.value("call:network")
    assert ran.value("call:network") == {key: network[key] for key in ("default-route", "resolvers")}
    by_path = {mount["path"]: mount for mount in ran.value("call:mounts")}
    same = {mount["path"]: mount for mount in python.value("call:mounts")}
    assert by_path["/data/no such"]["for"] == ["prefix"]
    assert by_path["~"]["for"] == ["home"]
    for path in ("/", "/tmp", "/data/no such", "~"):
        mount, other = by_path[path], same[path]
        assert (mount["mount-point"], mount["type"]) == (other["mount-point"], other["type"])
        assert mount["blocks"] * 1024 == other["blocks"] * other["block-bytes"]
    assert msgspec.convert(ran.document, type=Evidence).by == "sh"


def test_sh_alone_keeps_a_document_of_json_whatever_a_text_holds(script: Path, tmp_path: Path) -> None:
    if not may_unshare():
        pytest.skip("no mounts of one's own can be made here")
    hostile = b'ID=x\nNAME="quo\\"ted \\\\ back"\nPRETTY_NAME="\xff\xfe \x1b[31m \t tab \xc3\xa9"\n'
    (tmp_path / "os-release").write_bytes(hostile)
    over = f"mount --bind {tmp_path}/os-release /etc/os-release && exec sh {script}"
    ran = run(["unshare", "-r", "-m", "sh", "-c", over], NO_PYTHON)
    assert ran.items["file:/etc/os-release"]["text"].splitlines() == [
        "ID=x",
        'NAME="quo\\"ted \\\\ back"',
        'PRETTY_NAME="?? ?[31m \t tab ??"',
    ]


def test_sh_alone_is_not_held_up_by_a_line_without_an_end(script: Path, tmp_path: Path) -> None:
    if not may_unshare():
        pytest.skip("no mounts of one's own can be made here")
    (tmp_path / "os-release").write_bytes(b"ID=" + b'\x01"@ ' * 100_000)
    over = f"mount --bind {tmp_path}/os-release /etc/os-release && exec sh {script}"
    ran = run(["unshare", "-r", "-m", "sh", "-c", over], NO_PYTHON)
    assert len(ran.items["file:/etc/os-release"]["text"]) < 20_000
    assert ran.took_s < 20


def test_sh_alone_writes_a_file_and_refuses_what_it_can_not_do(script: Path, tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    assert run(["sh", script, f"--output={path}"], NO_PYTHON).out == b""
    assert path.read_text().startswith("----- BEGIN ENVSPEC EVIDENCE -----\n")
    assert [one.name for one in tmp_path.iterdir()] == ["facts.json"]
    brief = run(["sh", script, "--brief"], NO_PYTHON)
    assert (brief.code, brief.out) == (2, b"")
    assert brief.err == "probe.py: --brief needs Python, and this host has none; carry the whole document\n"
    assert run(["sh", script, "--colour"], NO_PYTHON).code == 2
    away = run(["sh", script, "-o", "/nonexistent/facts.json"], NO_PYTHON)
    assert (away.code, away.err) == (3, "probe.py: /nonexistent/facts.json can't be written\n")


def test_a_script_that_comes_by_standard_input_is_sh_alone() -> None:
    done = subprocess.run(["sh", "-s"], input=script_text().encode(), capture_output=True, check=True)
    assert b'"by": "sh"' in done.stdout


@pytest.mark.parametrize("limit", ["-n 24", "-n 40"])
def test_few_open_files_make_it_slower_and_not_poorer(script: Path, limit: str) -> None:
    ran = run(["sh", "-c", f"ulimit {limit} && exec {sys.executable} -I {script} --timeout 20"])
    free = run([sys.executable, "-I", script, "--timeout", "20"])
    assert set(ran.items) == set(free.items)
    assert {key: item.get("error") for key, item in ran.items.items()} == {
        key: item.get("error") for key, item in free.items.items()
    }


@pytest.mark.parametrize("environment", [{}, NO_PYTHON], ids=["python", "sh"])
@pytest.mark.parametrize(
    ("home", "shown"),
    [
        ("/home/kim", "~"),
        ("/root", "~"),
        ("/nfs/kim", "~"),
        ("/data", "/data"),
        ("/var/tmp", "/var/tmp"),
        ("/", "/"),
    ],
)
def test_a_home_is_hidden_unless_it_is_a_place_of_its_own(
    script: Path, environment: dict[str, str], home: str, shown: str
) -> None:
    mounts = run(["sh", script], {**environment, "HOME": home}).value("call:mounts")
    assert [mount["path"] for mount in mounts if "home" in mount["for"]] == [shown]


def test_a_host_without_a_language_is_no_trouble(script: Path) -> None:
    ran = run([python_of("3.6"), "-I", "-W", "error", script, "--prefix", "/dätä"], {"LC_ALL": "C"})
    assert [mount["path"] for mount in ran.value("call:mounts") if "prefix" in mount["for"]] == ["/dätä"]
    assert ran.value("call:locale")["LC_ALL"] == "C"


def test_nothing_is_left_behind(script: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    before = set(script.parent.iterdir())
    run(["sh", script], {"HOME": str(home), "TMPDIR": str(home)})
    assert list(home.iterdir()) == []
    assert set(script.parent.iterdir()) == before


def test_a_file_is_there_whole_or_not_at_all(script: Path, tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    ran = run([sys.executable, "-I", script, "--output", path])
    assert (ran.code, ran.out, ran.err) == (0, b"", "")
    assert path.read_text().endswith("----- END ENVSPEC EVIDENCE -----\n")
    ran = run([sys.executable, "-I", script, "-o", tmp_path / "none" / "facts.json"])
    assert (ran.code, ran.out) == (3, b"")
    assert ran.err == f"probe.py: {tmp_path}/none/facts.json can't be written: ENOENT\n"
    assert [one.name for one in tmp_path.iterdir()] == ["facts.json"]


def test_standard_output_that_is_full_is_one_line_and_status_3(script: Path) -> None:
    with open("/dev/full", "wb") as full:
        ran = run([sys.executable, "-I", script], stdout=full)
    assert (ran.code, ran.err) == (3, "probe.py: standard output: ENOSPC\n")


def test_standard_descriptors_that_are_closed_are_no_trouble(script: Path, tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    ran = run(["sh", "-c", f"exec {sys.executable} -I {script} -o {path} <&- >&- 2>&-"])
    assert ran.code == 0
    assert '"call:uname"' in path.read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--colour"], "there is no option --colour"),
        (["--label"], "--label wants a value"),
        (["--label", "zwei\nZeilen"], "--label wants 1 to 64 printable ASCII characters"),
        (["--timeout", "0"], "--timeout wants seconds, more than 0 and at most 600"),
        (["--timeout", "nan"], "--timeout wants seconds, more than 0 and at most 600"),
        (["--ca-file", "x"], "--ca-file stands after the --endpoint that it is for"),
        (["--probe-egress", "host"], "--probe-egress wants HOST:PORT, not host"),
        (["facts.json"], "there is no option facts.json"),
    ],
)
def test_options_that_can_not_be_read_are_told(script: Path, options: list[str], said: str) -> None:
    ran = run([sys.executable, "-I", script, *options])
    assert (ran.code, ran.out) == (2, b"")
    assert ran.err.splitlines()[0] == f"probe.py: {said}"


def test_an_interrupt_ends_every_child(script: Path, tmp_path: Path) -> None:
    if not may_unshare():
        pytest.skip("no mounts of one's own can be made here")
    slow = tmp_path / "ldconfig"
    slow.write_text(f"#!/bin/sh\necho $$ >{tmp_path}/pid\nexec sleep 60\n")
    slow.chmod(0o755)
    probe = f"exec {sys.executable} -I {script} --timeout 30"
    over = f"mount --bind {slow} $(readlink -f /usr/sbin/ldconfig) && {probe}"
    process = subprocess.Popen(
        ["unshare", "-r", "-m", "sh", "-c", over], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    end = time.monotonic() + 20
    while not (tmp_path / "pid").exists() and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(0.1)
    child = int((tmp_path / "pid").read_text())
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (130, b"")
    assert err == b"probe.py: interrupted; nothing was left behind\n"
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_without_a_network_nothing_but_the_network_changes(script: Path) -> None:
    if not may_unshare():
        pytest.skip("no network of one's own can be made here")
    ran = run(["unshare", "-r", "-n", "sh", script])
    network = ran.value("call:network")
    assert (network["default-route"], network["default-route-6"], network["interfaces"]) == (
        False,
        False,
        0,
    )
    assert "call:endpoints" not in ran.items
    assert "call:egress" not in ran.items


def test_egress_is_tried_only_where_it_is_named(script: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_server(("127.0.0.1", 0)) as gone:
            refused = gone.getsockname()[1]
        told = ["--probe-egress", f"127.0.0.1:{port}", f"--probe-egress=127.0.0.1:{refused}"]
        ran = run([sys.executable, "-I", script, *told])
    assert ran.value("call:egress") == {
        "asked": 2,
        "tried": [{"connected": True}, {"connected": False, "error": "ECONNREFUSED"}],
    }


def test_an_endpoint_is_tried_by_the_same_file(script: Path) -> None:
    from tests.loopback import Answer, Loopback

    with Loopback() as server:
        server.always("/ok", Answer())
        ran = run([python_of("3.6"), "-I", script, "--endpoint", f"{server.url}/ok"])
    [endpoint] = ran.value("call:endpoints")["endpoints"]
    assert endpoint["hops"][0]["url"] == f"{server.url}/ok"
    assert endpoint["hops"][0]["http"] == {"method": "HEAD", "status": 200}


def test_a_ca_file_is_looked_for_from_where_the_user_stands(script: Path) -> None:
    from tests import certificates
    from tests.loopback import Answer, Loopback

    authority = Path(certificates.ca_file())
    with Loopback(tls="good") as server:
        server.always("/ok", Answer())
        told = ["--endpoint", f"{server.url}/ok", "--ca-file", authority.name]
        ran = run([sys.executable, "-I", script, *told], cwd=authority.parent)
    [endpoint] = ran.value("call:endpoints")["endpoints"]
    assert endpoint["hops"][0]["tls"]["trusted-by"] == "ca-file"


def test_it_takes_little_of_the_hosts_processor(script: Path) -> None:
    import resource

    def used(command: list[object]) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert run(command).code == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    least = min(used([sys.executable, "-I", "-S", script]) for _ in range(3))
    assert least < 1.0, "it once was 0.2 s, children among them"


def test_the_file_compiles_as_it_is_carried(script: Path, tmp_path: Path) -> None:
    py_compile.compile(str(script), cfile=str(tmp_path / "out.pyc"), doraise=True)
    assert subprocess.run(["sh", "-n", script], capture_output=True).stderr == b""


def test_the_same_parts_make_the_same_file() -> None:
    assert script_text() == script_text()
    assert script_text().isascii()
