"""Items that are read at once: each kept as it is, bounded, with why there is none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.probe.script.running import names_of_script

SCRIPT = names_of_script()


def test_a_file_is_cut_where_it_is_longer_than_is_carried(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("a" * 70000)
    assert SCRIPT["file_item"](str(path)) == {"text": "a" * 65536, "cut": True}
    path.write_bytes(b"\xffok\n")
    assert SCRIPT["file_item"](str(path)) == {"text": "\ufffdok\n"}


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda path: None, "ENOENT"),
        (lambda path: path.mkdir(), "EINVAL"),
        (lambda path: os.mkfifo(path), "EINVAL"),
        (lambda path: path.symlink_to(path), "ELOOP"),
        (lambda path: path.symlink_to("/dev/zero"), "EINVAL"),
    ],
)
def test_why_there_is_no_text_is_said(tmp_path: Path, make: Any, error: str) -> None:
    path = tmp_path / "file"
    make(path)
    assert SCRIPT["file_item"](str(path)) == {"error": error}


def test_kinds_of_paths_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "broken").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    kinds = {
        name: SCRIPT["kind_of"](str(tmp_path / name)) for name in ("folder", "file", "broken", "x", "loop")
    }
    assert kinds == {
        "folder": "folder",
        "file": "file",
        "broken": "broken-link",
        "x": "absent",
        "loop": "ELOOP",
    }


MOUNTINFO = """\
21 1 8:2 / / rw,relatime shared:1 - xfs /dev/sda2 rw,attr2
22 21 0:5 / /dev rw,nosuid shared:2 - devtmpfs devtmpfs rw
23 22 0:20 / /dev/shm rw,nosuid,nodev shared:3 - tmpfs tmpfs rw
24 21 8:3 / /data\\040disk rw,noexec,relatime shared:4 - ext4 /dev/sda3 ro
25 21 0:40 / /mnt/nas rw,relatime shared:5 - nfs4 nas.internal:/export rw,addr=10.0.0.9
26 21 11:0 / /run/media/cd ro,relatime shared:6 - iso9660 /dev/sr0 ro
27 21 8:3 /sub /var/lib/bind rw,relatime shared:7 - ext4 /dev/sda3 rw
28 21 0:50 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw
29 21 8:4 / / rw,relatime - btrfs /dev/sdb rw
broken line
30 21 8:9 / /cut rw -
"""


def test_mounts_are_read_without_what_is_mounted_there() -> None:
    table = SCRIPT["mount_table"](MOUNTINFO)
    assert len(table) == 9
    assert table[3] == {
        "device": "8:3",
        "mount-point": "/data disk",
        "type": "ext4",
        "options": "rw,noexec,relatime,ro",
    }
    assert "nas" not in str(table[4]).replace("/mnt/nas", "")


@pytest.mark.parametrize(
    ("path", "point", "kind"),
    [
        ("/data disk/x", "/data disk", "ext4"),
        ("/data disk2", "/", "btrfs"),
        ("/dev/shm", "/dev/shm", "tmpfs"),
        ("/", "/", "btrfs"),
    ],
)
def test_a_path_lies_on_the_longest_mount_and_the_last_of_a_place(path: str, point: str, kind: str) -> None:
    mount = SCRIPT["mount_of"](path, SCRIPT["mount_table"](MOUNTINFO))
    assert (mount["mount-point"], mount["type"]) == (point, kind)


def test_mounts_that_hold_data_or_a_medium_matter_and_each_path_stands_once() -> None:
    table = SCRIPT["mount_table"](MOUNTINFO)
    paths = SCRIPT["paths_that_matter"](table, {"prefix": "/mnt/nas"}, {"TMPDIR": "/tmp", "HOME": "/root"})
    assert dict(paths) == {
        "/": ["root", "mount", "mount"],
        "/tmp": ["tmp", "TMPDIR"],
        "/var/tmp": ["var-tmp"],
        "/dev/shm": ["shm"],
        "/usr/local": ["usr-local"],
        "/opt": ["opt"],
        "/root": ["home"],
        "/mnt/nas": ["prefix", "mount"],
        "/data disk": ["mount"],
        "/run/media/cd": ["mount"],
    }


def test_a_path_below_a_file_is_asked_for_at_the_nearest_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    record = SCRIPT["ask_mount"](str(tmp_path / "none" / "deep"), [])
    assert record["at"] == str(tmp_path)
    assert record["block-bytes"] > 0


SOURCES_LIST = """\
# deb http://old.example/debian buster main
deb [arch=amd64 signed-by=/x.gpg] https://mirror.example/debian bookworm main contrib # why
deb-src https://mirror.example/debian bookworm main
deb cdrom:[Debian GNU/Linux 12 _Bookworm_]/ bookworm main
deb file:/srv/mirror stable main
"""
DEB822 = """\
Types: deb deb-src
URIs: https://mirror.example/ubuntu http://second.example/
Suites: noble noble-updates
Components: main
# Enabled: no

Enabled: no
Types: deb
URIs: https://ppa.example/x
Suites: noble
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 URIs: https://not-this.example
"""


def apt(name: str, enabled: bool, scheme: str, **more: str) -> dict[str, object]:
    return {"manager": "apt", "id": name, "enabled": enabled, "scheme": scheme, **more}


def test_both_forms_of_apt_are_read() -> None:
    assert SCRIPT["line_repositories"](SOURCES_LIST) == [
        apt("bookworm main contrib", True, "https"),
        apt("bookworm main", True, "cdrom"),
        apt("stable main", True, "file", path="/srv/mirror"),
    ]
    assert SCRIPT["paragraph_repositories"](DEB822) == [
        apt("noble noble-updates main", True, "https"),
        apt("noble noble-updates main", True, "http"),
        apt("noble main", False, "https"),
    ]


def test_repositories_of_yum_are_enabled_unless_they_say_no() -> None:
    text = (
        "[main]\ngpgcheck=1\n[a]\nbaseurl = https://x.example/a\n"
        "[b]\nmirrorlist=http://x\nEnabled = False\n[c]\nx\n"
    )
    assert SCRIPT["ini_repositories"]("yum", text) == [
        {"manager": "yum", "id": "a", "enabled": True, "scheme": "https"},
        {"manager": "yum", "id": "b", "enabled": False, "scheme": "http"},
        {"manager": "yum", "id": "c", "enabled": True, "scheme": ""},
    ]


def test_switches_are_carried_and_other_variables_only_named() -> None:
    environment = {
        "PYTHONHTTPSVERIFY": "0",
        "GIT_SSL_NO_VERIFY": "a long value with a secret",
        "REQUESTS_CA_BUNDLE": "",
        "https_proxy": "http://kim:secret@proxy.example:3128",
        "PIP_TRUSTED_HOST": "nas.internal",
        "OTHER": "x",
    }
    assert SCRIPT["environment"](environment) == {
        "https_proxy": "set",
        "REQUESTS_CA_BUNDLE": "",
        "PIP_TRUSTED_HOST": "set",
        "PYTHONHTTPSVERIFY": "0",
        "GIT_SSL_NO_VERIFY": "set",
    }


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("[global]\ntimeout = 3\n", {}),
        ("[global]\nTrusted-Host =\n  a.internal\n  b.internal\n", {"text": "trusted-host = [host]\n"}),
        ("insecure\n--insecure\n-k\n-k x\n", {"text": "insecure\n--insecure\n-k\n"}),
        ("[http]\n\tsslVerify = false\n", {"text": "sslVerify = false\n"}),
        ("ssl_verify: false\nchannels: [x]\n", {"text": "ssl_verify: false\n"}),
        ("sslverify=0\nsslverify=1\n", {"text": "sslverify=0\n"}),
    ],
)
def test_only_lines_that_switch_verification_off_are_kept(tmp_path: Path, text: str, item: object) -> None:
    path = tmp_path / "settings"
    path.write_text(text)
    items: dict[str, object] = {}
    SCRIPT["put_settings"](items, str(path), "~/settings")
    assert items == {"file:~/settings": item}


def test_what_ldconfig_knows_is_sorted_by_its_flags() -> None:
    text = (
        "3 libs found in cache `/etc/ld.so.cache'\n"
        "\tlibcuda.so.1 (libc6,x86-64) => /lib64/libcuda.so.1\n"
        "\tlibcuda.so.1 (libc6) => /lib/libcuda.so.1\n"
        "\tlibm.so.6 (libc6,x86-64, OS ABI: Linux 3.2.0) => /lib64/libm.so.6\n"
        "\tlibx.so (libc6,x86-64, hwcap: 0x2) => /a path/libx.so\n"
        "Cache generated by: ldconfig (GNU libc) stable release version 2.36\n"
    )
    assert SCRIPT["known_to_ldconfig"](text) == {
        "how": "ldconfig -p",
        "sonames": {"libc6,x86-64": ["libcuda.so.1", "libm.so.6"], "libc6": ["libcuda.so.1"]},
        "paths": {"libcuda.so.1": "/lib64/libcuda.so.1"},
    }


def test_a_mount_whose_server_is_silent_is_still_told_by_its_table() -> None:
    record = {"path": "/mnt/nas/models", "for": ["prefix"]}
    done = SCRIPT["filler"](record, SCRIPT["mount_table"](MOUNTINFO))
    done(SCRIPT["Ended"]("timeout"))
    assert record == {
        "path": "/mnt/nas/models",
        "for": ["prefix"],
        "mount-point": "/mnt/nas",
        "type": "nfs4",
        "options": "rw,relatime",
        "error": "timeout",
    }


def test_limits_are_numbers_and_none_is_minus_one() -> None:
    limits = SCRIPT["limits_item"]()["value"]
    assert set(limits) == {"nofile", "memlock", "nproc", "stack", "as", "fsize"}
    assert all(-1 <= one <= 1 << 63 for pair in limits.values() for one in pair)


def test_options_are_read_in_any_order_and_each_endpoint_has_its_own_authority() -> None:
    words = ["--endpoint", "https://a", "--ca-file=a.pem", "--brief", "--endpoint", "https://b", "-o", "x"]
    assert SCRIPT["read_options"]([*words, "--probe-egress", "[::1]:53"]) == {
        "endpoint": [["https://a", "a.pem"], ["https://b", None]],
        "probe-egress": [("::1", 53)],
        "brief": True,
        "output": "x",
    }
