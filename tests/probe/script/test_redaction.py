"""What names a host, a person or a device is dropped from every text; what judges a host is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.probe.script.running import names_of_script


class Site:
    """A host whose names are known, whatever this one is called."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        texts = {
            "/etc/passwd": (
                "root:x:0:0::/root:/bin/sh\nlee:x:1001:1001::/home/lee:/bin/sh\nml:x:1002:1::/x:/bin/sh\n"
                + "".join(f"p{number}:x:{2000 + number}:1::/x:/x\n" for number in range(4900))
            ),
            "/etc/resolv.conf": "search lab.example corp.example\nnameserver 10.0.0.1\n",
        }
        space = names_of_script()
        monkeypatch.setitem(space, "read_text", lambda path, limit=0: texts.get(path))
        fake_os = type("os", (), {**vars(space["os"]), "uname": staticmethod(self.uname)})
        monkeypatch.setitem(space, "os", fake_os)
        environment = {
            "HOME": "/nfs/people/kim",
            "USER": "kim",
            "https_proxy": "http://kim:pa55@proxy1.corp.example:3128",
        }
        self.redactor = space["Redactor"](environment)

    @staticmethod
    def uname() -> Any:
        return type(
            "uname", (), {"nodename": "a100-node7.lab.example", "release": "5.14.0", "machine": "x86_64"}
        )

    def text(self, text: str, key: str = "file:/etc/motd") -> str:
        [cleaned] = self.redactor.items({key: {"text": text}}).values()
        return str(cleaned["text"])


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(monkeypatch)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("listens on 10.1.2.3:80, not 10.1.2.3.4.5", "listens on [ip]:80, not 10.1.2.3.4.5"),
        ("at 192.168.0.17/24", "at [ip]/24"),
        ("ends with 8.8.8.8.", "ends with [ip]."),
        ("::1 and fe80::1ff:fe23:4567:890a%eth0", "[ip] and [ip]%eth0"),
        ("2001:db8:0:0:0:0:2:1 [2001:db8::2:1]:443", "[ip] [[ip]]:443"),
        ("::ffff:192.0.2.128", "[ip]"),
        ("link 00:1b:44:11:3a:b7 up", "link [mac] up"),
        ("00-1B-44-11-3A-B7", "[mac]"),
        ("80:00:02:08:fe:80:00:00:00:00:00:00:e4:1d:2d:03:00:05:11:21", "[mac]"),
        ("(UUID: GPU-6f1a2b3c-0000-1111-2222-333344445555)", "(UUID: GPU-[uuid])"),
        ("root=UUID=6F1A2B3C-0000-1111-2222-333344445555", "root=UUID=[uuid]"),
        ("machine 4b1f0d3c2a594e6e8f7a6b5c4d3e2f10 id", "machine [uuid] id"),
        ("Serial Number : 1324921001000", "Serial Number : [serial]"),
        ("serial=XYZ-1 rest", "serial=[serial] rest"),
        ("Serial Number : N/A", "Serial Number : N/A"),
        ("on a100-node7 and A100-NODE7.lab.example", "on [host] and [host]"),
        ("other.lab.example", "other.[domain]"),
        ("by proxy1.corp.example", "by [host]"),
        ("https://u:p4ss@x.example/path?q=1", "https://[host]/path?q=1"),
        ("ftp://files.example", "ftp://[host]"),
        ("(root@build7.corp.example)", "([user]@[host])"),
        ("mail lee@corp.example", "mail [user]@[host]"),
        ("owner kim, group kim-users, akimbo", "owner [user], group [user]-users, akimbo"),
        ("/home/park/env and /data/home/choi", "/home/[user]/env and /data/home/[user]"),
        ("/nfs/people/kim/.cache", "~/.cache"),
        ("/old/nfs/people/kim/x, /nfs/people/kimchi", "/old/nfs/people/[user]/x, /nfs/people/kimchi"),
        ("/data/lee/models", "/data/[user]/models"),
    ],
)
def test_what_names_somebody_is_dropped(site: Site, text: str, expected: str) -> None:
    assert site.text(text) == expected


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("call:nvml", "NVIDIA A100-SXM4-80GB"),
        ("call:nvml", "12.2.140.1"),
        ("command:rpm -qa", "libcudnn8 8.9.7.29-1.cuda11.8 x86_64"),
        ("call:libraries", "libnvidia-ml.so.1"),
        ("file:/usr/local/cuda-11.8/version.json", '{"version": "11.8.0.1"}'),
        ("call:uname", "5.4.17-2136.323.8.1.el8uek.x86_64"),
        ("file:/etc/motd", "at 07:40:00 on 2026-11-28, std::vector"),
        ("file:/etc/motd", "driver 515.105.01 and 11.515.105.01"),
        ("call:mounts", "/data/envs"),
        ("call:mounts", "rw,relatime"),
        ("file:/proc/cmdline", "nouveau.modeset=0 rd.driver.blacklist=nouveau"),
        ("file:/proc/driver/nvidia/version", "Kernel Module  515.105.01  Fri Mar  3 08:00:00 UTC 2023"),
        ("file:/lib/modules/RELEASE/modules.dep", "kernel/nvidia-535/nvidia.ko"),
    ],
)
def test_what_judges_a_host_is_kept(site: Site, key: str, text: str) -> None:
    assert site.text(text, key) == text


def test_a_private_address_is_dropped_even_where_versions_stand(site: Site) -> None:
    assert site.text("from 192.168.1.20 and //10.0.0.5/x", "command:rpm -qa") == "from [ip] and //[ip]/x"


def test_every_string_of_a_value_is_read_and_keys_of_items_too(site: Site) -> None:
    items = {
        "file:/usr/local/cuda-kim/version.txt": {"text": "x"},
        "call:mounts": {
            "value": [{"path": "/home/park", "at": "/x/a100-node7", "blocks": 4, "for": ["home"]}]
        },
        "call:endpoints": {"value": {"endpoints": [{"hops": [{"url": "https://nas.lab.example/x"}]}]}},
    }
    assert site.redactor.items(items) == {
        "file:/usr/local/cuda-[user]/version.txt": {"text": "x"},
        "call:mounts": {"value": [{"path": "/home/[user]", "at": "/x/[host]", "blocks": 4, "for": ["home"]}]},
        "call:endpoints": {"value": {"endpoints": [{"hops": [{"url": "https://nas.lab.example/x"}]}]}},
    }


def test_a_long_hostile_text_takes_no_long_time(site: Site) -> None:
    import time

    started = time.monotonic()
    for unit in ("a:", "1.", "a@", "/home/", "ab-", "serial ", "0123456789abcdef", "://", "\x00", "é"):
        site.text(unit * (65536 // len(unit)))
    assert time.monotonic() - started < 5


def test_the_names_are_kept_only_to_identify() -> None:
    import sys
    import tempfile
    from pathlib import Path

    from tests.probe.script.running import run, script_path

    with tempfile.TemporaryDirectory() as folder:
        script = script_path(Path(folder))
        told = [sys.executable, "-I", script, "--prefix", "/home/park/envs"]
        dropped, kept = run(told), run([*told, "--identify"])
    assert (dropped.document["identified"], kept.document["identified"]) == (False, True)
    assert "/home/park/envs" in json.dumps(kept.value("call:mounts"))
    assert "park" not in dropped.text
