"""``envspec lock`` against a real loopback server: what a lock holds, and when it changes."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.locking import Room
from tests.cli.locking import room as room
from tests.loopback import Answer, Asked, File, Loopback, wheel

HEAD = '# Made by "envspec lock". Change the spec and lock again; this file is not for editing.\n'
LOCK = """\
lock-version = "1.0"
environments = ["implementation_name == \\"cpython\\" and python_version == \\"3.10\\" \
and sys_platform == \\"linux\\" and platform_machine == \\"x86_64\\""]
requires-python = "==3.10.*"
created-by = "envspec"

[[packages]]
name = "demo"
version = "1.0"
requires-python = ">=3.8"
dependencies = [{{ name = "dep" }}]
index = "{url}/simple"
wheels = [
    {{ name = "demo-1.0-py3-none-any.whl", upload-time = 2024-01-01T00:00:00Z, \
url = "{url}/files/demo-1.0-py3-none-any.whl", size = {demo_size}, hashes = {{ sha256 = "{demo_hash}" }} }},
]
[packages.tool.envspec]
index = "default"
digest-from = "index"
dependency-extras = {{ dep = ["fast"] }}

[[packages]]
name = "dep"
version = "2.0"
index = "{url}/simple"
wheels = [
    {{ name = "dep-2.0-cp310-cp310-manylinux_2_17_x86_64.whl", upload-time = 2024-01-01T00:00:00Z, \
url = "{url}/files/dep-2.0-cp310-cp310-manylinux_2_17_x86_64.whl", size = {dep_size}, \
hashes = {{ sha256 = "{dep_hash}" }} }},
]
[packages.tool.envspec]
index = "default"
digest-from = "index"
extras = ["fast"]

[tool.envspec]
spec-digest = "{digest}"
name = "demo"
files = "urls"
requirements = ["demo>=1"]
hosts = ["127.0.0.1"]

[tool.envspec.target]
arch = "x86_64"
glibc = "2.28"
kernel = "4.18.0-513"
os = "rhel-8.9"
python = "3.10"
"""


def test_a_whole_lock(room: Room) -> None:
    room.spec("demo>=1")
    demo = wheel("demo", "1.0", ["dep[fast]", 'other; python_version < "3"'], requires_python=">=3.8")
    dep = wheel("dep", "2.0", tag="cp310-cp310-manylinux_2_17_x86_64", extras=["fast"])
    misfits = [
        wheel("dep", "2.0"),
        wheel("dep", "2.0", tag="cp310-cp310-manylinux_2_34_x86_64"),
        wheel("dep", "2.0", tag="cp311-cp311-manylinux_2_17_x86_64"),
        wheel("dep", "3.0", requires_python=">=3.11"),
    ]
    with Loopback(projects={"demo": [demo], "dep": [*misfits, dep]}) as server:
        outcome = room.lock(server)
        path = room.locks / "pylock.demo.toml"
        size = (len(demo.data) + len(dep.data)) / 1024
        assert outcome == (0, f"{path}  created: 2 distributions, {size:.1f} KiB\n", "")
        text = path.read_text()
        body = LOCK.format(
            url=server.url,
            demo_size=len(demo.data),
            demo_hash=demo.sha256,
            dep_size=len(dep.data),
            dep_hash=dep.sha256,
            digest=room.table()["tool"]["envspec"]["spec-digest"],
        )
        head, told, rest = text.partition("# sha256 of the rest: ")
        assert (head, told) == (HEAD, "# sha256 of the rest: ")
        assert rest[:64] == hashlib.sha256(rest[65:].encode()).hexdigest()
        # Contract and verdict are the rules' own, and grow with them.
        judged = r"\n\[\[?tool\.envspec\.(?:contract|verdict)[^\n]*\n(?:[^\[\n][^\n]*\n)*"
        assert re.sub(judged, "", rest[65:]) == body
        own = room.table()["tool"]["envspec"]
        assert own["contract"]["glibc"] == {
            "version": "2.17",
            "by": "dep 2.0",
            "source": "tag",
        }
        assert own["verdict"]["status"] in ("unknown", "warn")


def newest_first(name: str, *versions: str, requires: tuple[str, ...] = ()) -> list[File]:
    return [wheel(name, version, requires) for version in versions]


# The same bytes


def test_relocking_changes_no_byte(room: Room) -> None:
    room.spec("demo")
    files = {"demo": [wheel("demo", "1.0", ["dep"])], "dep": newest_first("dep", "2.0", "1.0")}
    with Loopback(projects=files) as server:
        first = room.locked(server)
        stamp = (room.locks / "pylock.demo.toml").stat().st_mtime_ns
        for options in (
            [],
            ["--refresh"],
            ["--no-cache"],
            ["--upgrade"],
            ["--cache-dir", str(room.folder / "b")],
        ):
            outcome = room.lock(server, *options)
            assert " unchanged: 2 distributions, " in outcome.out, options
            assert room.text() == first
        assert (room.locks / "pylock.demo.toml").stat().st_mtime_ns == stamp


def test_the_order_of_answers_changes_no_byte(room: Room) -> None:
    names = ["a", "b", "c", "d"]
    room.spec(*names)
    files = {name: newest_first(name, "2.0", "1.0", requires=("e", "f")) for name in names}
    files |= {"e": newest_first("e", "3.0", "2.0", requires=("f<2",)), "f": newest_first("f", "2.0", "1.0")}
    texts = set()
    for slow in (["a", "b"], ["c", "e"], ["f"]):
        with Loopback(projects=files) as server:
            for name in slow:

                def answer(asked: Asked, server: Loopback = server, name: str = name) -> Answer:
                    return Answer(
                        silent_s=0.1,
                        body=server.page_json(name),
                        headers={"content-type": "application/json"},
                    )

                server.always(f"/simple/{name}/", answer)
            text = room.locked(server, "--no-cache")
            (room.locks / "pylock.demo.toml").unlink()
            texts.add(text.replace(server.url, "URL").split("\n", 2)[2])
    assert len(texts) == 1


def test_another_working_directory_changes_no_byte(room: Room) -> None:
    room.spec("app @ ../dist/app-1.0-py3-none-any.whl", "demo")
    (room.folder / "dist").mkdir()
    app = wheel("app", "1.0", ["demo"])
    (room.folder / "dist" / app.filename).write_bytes(app.data)
    with Loopback(projects={"demo": newest_first("demo", "1.0")}) as server:
        first = room.locked(server)
        for folder, spec in (
            (room.folder, "specs/demo.toml"),
            (room.specs, "demo.toml"),
            (room.locks, "../specs/demo.toml"),
        ):
            room.monkeypatch.chdir(folder)
            (room.locks / "pylock.demo.toml").unlink()
            for options in ([], ["--no-cache"]):
                assert room.lock(server, *options, specs=[spec]).code == 0
                assert room.text() == first


def test_a_lock_names_no_path_time_or_variable_of_the_run(room: Room) -> None:
    room.spec("demo")
    room.monkeypatch.setenv("HOME", "/home/somebody")
    with Loopback(projects={"demo": newest_first("demo", "1.0")}) as server:
        text = room.locked(server)
    assert str(room.folder) not in text
    assert "somebody" not in text


# Where locks go


@pytest.mark.parametrize(
    ("spec", "lock"),
    [("specs/demo.toml", "locks"), ("env/demo.toml", "env"), ("demo.toml", ".")],
)
def test_a_lock_goes_beside_its_spec_or_to_locks(room: Room, spec: str, lock: str) -> None:
    text = room.spec("demo").read_text()
    path = room.folder / spec
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    with Loopback(projects={"demo": newest_first("demo", "1.0")}) as server:
        assert room.lock(server, specs=[path]).code == 0
    assert (room.folder / lock / "pylock.demo.toml").is_file()


def test_the_folder_of_locks_is_made(room: Room) -> None:
    room.spec("demo")
    with Loopback(projects={"demo": newest_first("demo", "1.0")}) as server:
        assert room.lock(server, "-o", room.folder / "a" / "b").code == 0
    assert (room.folder / "a" / "b" / "pylock.demo.toml").is_file()


VARIANTS = """\
[variants.new.python]
extra-requirements = ["dep"]
[variants.old.python]
constraints = ["demo<2"]
"""


def test_variants_and_specs_of_one_run_share_what_they_fetch(room: Room) -> None:
    room.spec("demo", tables=VARIANTS)
    room.spec("dep", name="other")
    files = {"demo": newest_first("demo", "2.0", "1.0"), "dep": newest_first("dep", "3.0")}
    with Loopback(projects=files) as server:
        outcome = room.lock(server, "--no-cache")
        assert [line.split()[0].rpartition("/")[2] for line in outcome.out.splitlines()] == [
            "pylock.demo-new.toml",
            "pylock.demo-old.toml",
            "pylock.other.toml",
        ]
        assert len(server.asked("/simple/demo/")) == len(server.asked("/simple/dep/")) == 1
    assert room.pins("demo-new") == {"demo": "2.0", "dep": "3.0"}
    assert room.pins("demo-old") == {"demo": "1.0"}
    assert room.pins("other") == {"dep": "3.0"}


def test_equal_specs_in_different_folders_have_a_lock_each(room: Room) -> None:
    text = room.spec("demo").read_text()
    paths = []
    for folder in ("a", "b"):
        (room.folder / folder).mkdir()
        paths.append(room.folder / folder / "demo.toml")
        paths[-1].write_text(text)
    with Loopback(projects={"demo": newest_first("demo", "1.0")}) as server:
        assert room.lock(server, specs=paths).code == 0
    assert (room.folder / "a" / "pylock.demo.toml").is_file()
    assert (room.folder / "b" / "pylock.demo.toml").is_file()


def test_two_specs_of_one_name_are_refused(room: Room) -> None:
    text = room.spec("demo").read_text()
    (room.specs / "twin.toml").write_text(text)
    with Loopback() as server:
        path = room.locks / "pylock.demo.toml"
        assert room.refused(2, server) == (
            f"envspec: {room.specs}/twin.toml and {room.specs}/demo.toml would both be locked as {path}\n"
            "  fix: give each spec a name of its own, or lock them into different folders with -o\n"
        )


def test_one_folder_under_two_names_is_one_folder(room: Room) -> None:
    one, two = room.spec("demo"), room.specs / "two.toml"
    two.write_bytes(one.read_bytes())
    (room.folder / "same").symlink_to(room.folder)
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        for path in (room.specs / ".." / "specs" / "two.toml", room.folder / "same" / "specs" / "two.toml"):
            outcome = room.lock(server, specs=[one, path])
            assert (outcome.code, "would both be locked as" in outcome.err) == (2, True)


def test_the_lock_of_another_spec_is_not_replaced_in_silence(room: Room) -> None:
    one, two = room.spec("demo", name="a-b"), room.spec("demo", name="a", tables="[variants.b]\n")
    said = "; whatever is locked as one file replaces the other\n"
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        assert room.lock(server, specs=[one]).err == ""
        assert room.lock(server, specs=[two]).err == (
            f"warning: a-b: here stood the lock of a-b, without a variant{said}"
        )
        assert (
            room.lock(server, specs=[one]).err == f"warning: a-b: here stood the lock of a, variant b{said}"
        )


def test_one_variant_without_a_solution_leaves_the_other_locked(room: Room) -> None:
    room.spec("demo", tables='[variants.bad.python]\nconstraints = ["demo<1"]\n[variants.good]\n')
    with Loopback(projects={"demo": newest_first("demo", "1.0")}) as server:
        outcome = room.lock(server)
    assert outcome.code == 1
    assert "no set of releases fits demo bad on linux x86_64 with Python 3.10 and glibc 2.28" in outcome.err
    assert [path.name for path in room.locks.iterdir()] == ["pylock.demo-good.toml"]


# What a relock keeps


def test_a_relock_keeps_its_pins_when_newer_releases_appear(room: Room) -> None:
    room.spec("demo")
    files = {"demo": [wheel("demo", "1.0", ["dep"])], "dep": newest_first("dep", "1.0")}
    with Loopback(projects=files, max_age=0) as server:
        first = room.locked(server)
        server.add("dep", wheel("dep", "2.0"))
        server.add("demo", wheel("demo", "2.0", ["dep>1"]))
        assert room.locked(server) == first
        assert room.locked(server, "--upgrade") != first
    assert room.pins() == {"demo": "2.0", "dep": "2.0"}


@pytest.mark.parametrize(
    "kept", ["future = 1\n", '"a key" = ["x"]\n', "[tool.envspec.target-of-tomorrow]\nfuture = 1\n"]
)
def test_a_relock_keeps_what_a_newer_version_wrote(room: Room, kept: str) -> None:
    room.spec("demo")
    path = room.locks / "pylock.demo.toml"
    with Loopback(projects={"demo": newest_first("demo", "1.0")}) as server:
        head, own, rest = room.locked(server).partition("\n[tool.envspec]\n")
        path.write_text(f"{head}{own}{rest}\n{kept}" if kept[0] == "[" else f"{head}{own}{kept}{rest}")
        assert kept in room.locked(server)
        room.spec("demo>=1")
        assert kept in room.locked(server)


def test_a_changed_spec_changes_only_what_it_forces(room: Room) -> None:
    room.spec("one", "two")
    files = {name: newest_first(name, "1.0") for name in ("one", "two", "three")}
    with Loopback(projects=files, max_age=0) as server:
        room.locked(server)
        for name in files:
            server.add(name, wheel(name, "2.0"))
        room.spec("one>1", "two", "three")
        room.locked(server)
        assert room.pins() == {"one": "2.0", "three": "2.0", "two": "1.0"}
        room.spec("two")
        room.locked(server)
        assert room.pins() == {"two": "1.0"}


def test_a_pin_that_was_yanked_stays_with_a_warning(room: Room) -> None:
    room.spec("demo")
    with Loopback(projects={"demo": newest_first("demo", "2.0", "1.0")}, max_age=0) as server:
        first = room.locked(server)
        server.projects["demo"] = [wheel("demo", "2.0", yanked="it eats files"), wheel("demo", "1.0")]
        outcome = room.lock(server)
        assert outcome.err == "warning: demo: demo==2.0 was yanked: it eats files\n"
        assert room.text() == first
        assert room.lock(server, "--strict").code == 1
        assert room.text() == first


def test_a_pin_that_vanished_gives_way(room: Room) -> None:
    room.spec("demo")
    with Loopback(projects={"demo": newest_first("demo", "2.0", "1.0")}, max_age=0) as server:
        room.locked(server)
        server.projects["demo"] = newest_first("demo", "3.0", "1.0")
        room.locked(server)
    assert room.pins() == {"demo": "3.0"}


def test_pins_of_a_lock_of_another_tool_are_kept(room: Room) -> None:
    room.spec("demo")
    with Loopback(projects={"demo": newest_first("demo", "2.0", "1.0")}) as server:
        room.locked(server, "--upgrade-package", "demo==1.0")
        path = room.locks / "pylock.demo.toml"
        foreign = path.read_text().replace('created-by = "envspec"', 'created-by = "other"')
        path.write_text(foreign.partition("\n[tool.envspec]")[0])
        room.locked(server)
    assert room.pins() == {"demo": "1.0"}


@pytest.mark.parametrize(
    ("locked", "kept"), [("1", "1.0"), ("v1.0.0", "1.0"), ("1.0+local", "2.0"), ("one", "2.0")]
)
def test_a_pin_is_known_however_another_tool_writes_it(room: Room, locked: str, kept: str) -> None:
    room.spec("demo")
    sdist = f'{{ url = "https://files.example/demo.tar.gz", hashes = {{ sha256 = "{"0" * 64}" }} }}'
    (room.locks / "pylock.demo.toml").write_text(
        'lock-version = "1.0"\ncreated-by = "other"\n[[packages]]\n'
        f'name = "demo"\nversion = "{locked}"\nsdist = {sdist}\n'
    )
    with Loopback(projects={"demo": newest_first("demo", "2.0", "1.0")}) as server:
        room.locked(server)
    assert room.pins() == {"demo": kept}


# A lock that's there already


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b"", "lock-version", id="empty"),
        pytest.param(b"<<<<<<< HEAD\n", "line 1", id="no TOML"),
        pytest.param(b"\xff\xfe", "byte 0 isn't UTF-8", id="no UTF-8"),
        pytest.param(b'lock-version = "9.0"\ncreated-by = "x"\npackages = []\n', "9.0", id="of the future"),
        pytest.param(b"a = " + b"[" * 100_000, "", id="nested too deep"),
    ],
)
def test_a_lock_that_cannot_be_read_stops_before_anything_is_asked(
    room: Room, data: bytes, said: str
) -> None:
    room.spec("demo")
    path = room.locks / "pylock.demo.toml"
    path.write_bytes(data)
    with Loopback(projects={"demo": newest_first("demo", "1.0")}) as server:
        text = room.refused(2, server)
        assert text.startswith(f"envspec: {path}")
        assert said in text
        assert room.refused(2, server, "--check").startswith(f"envspec: {path}")
        assert server.log == []


def test_a_lock_that_bears_the_digest_of_what_is_no_text_is_told(room: Room) -> None:
    room.spec("demo")
    path = room.locks / "pylock.demo.toml"
    with Loopback(projects={"demo": newest_first("demo", "1.0")}) as server:
        head, _, body = room.locked(server).encode().partition(b"# sha256 of the rest: ")
        body = body[65:].replace(b'version = "1.0"\nindex', b'version = "1.\xff"\nindex')
        path.write_bytes(
            head + b"# sha256 of the rest: " + hashlib.sha256(body).hexdigest().encode() + b"\n" + body
        )
        for options in ([], ["--check"], ["--upgrade"]):
            assert "isn't UTF-8" in room.refused(2, server, *options)


def test_a_folder_where_the_lock_should_be_is_told(room: Room) -> None:
    room.spec("demo")
    path = room.locks / "pylock.demo.toml"
    path.mkdir()
    with Loopback(projects={"demo": newest_first("demo", "1.0")}) as server:
        assert room.refused(2, server) == f"envspec: {path}: is a folder, a file was wanted\n"


# Input


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("a = 1\nname = x\n", "line 2, column 8", id="broken TOML"),
        pytest.param('name = "demo"\n[target]\nos = "plan-9"\npython = "3.10"\n', "plan-9", id="unknown OS"),
        pytest.param("x = " + "[" * 100_000, "", id="nested too deep"),
    ],
)
def test_a_spec_that_cannot_be_read_is_told(room: Room, text: str, said: str) -> None:
    path = room.specs / "demo.toml"
    path.write_text(text)
    with Loopback() as server:
        message = room.refused(2, server)
        assert str(path) in message
        assert said in message
        assert server.log == []


def test_a_spec_that_is_not_there_is_told(room: Room) -> None:
    outcome = room.run("lock", "nowhere.toml")
    assert outcome == (
        2,
        "",
        "envspec: nowhere.toml: no such file\n"
        "  fix: check the path: a spec's are relative to it, all others to where you stand\n",
    )  # fmt: skip


@pytest.mark.parametrize(
    "tables",
    [
        '[[index]]\nname="x"\nurl="https://index.example/"\nca-file="a\\u0000b"\npackages=["demo"]',
        '[[index]]\nname="x"\npath="a\\u0000b"\npackages=["demo"]',
        '[[index]]\nname="x"\nurl="https://index.example/"\nrecording="a\\u0000b"\npackages=["demo"]',
    ],
)
def test_a_path_that_no_file_can_have_is_told(room: Room, tables: str) -> None:
    path = room.spec("demo", tables=tables)
    assert str(path) in room.refused(2, None, "--index-url", "http://127.0.0.1:1/simple")


@pytest.mark.parametrize("url", ["127.0.0.1/simple", "ftp://index.example/", "https://index.example/a b"])
def test_an_index_url_of_another_kind_is_refused(room: Room, url: str) -> None:
    room.spec("demo")
    said = room.run("lock", room.specs / "demo.toml", "--index-url", url)
    assert (said.code, said.out) == (2, "")
    assert said.err == (
        f"envspec: index URL {url!r} can't be used\n"
        "  why: http:// or https:// and the root of a simple API was wanted, without ? and #\n"
        "  fix: see --index-url, PIP_INDEX_URL, or index-url in pip's configuration\n"
    )


def test_an_index_url_with_a_query_is_refused_without_showing_it(room: Room) -> None:
    room.spec("demo")
    said = room.run(
        "lock", room.specs / "demo.toml", "--index-url", "https://index.example/simple?token=secret"
    )
    assert (said.code, said.out) == (2, "")
    assert said.err == (
        "envspec: index URL 'https://index.example/simple' can't be used\n"
        "  why: http:// or https:// and the root of a simple API was wanted, without ? and #\n"
        "  fix: see --index-url, PIP_INDEX_URL, or index-url in pip's configuration\n"
    )


def test_a_file_name_that_is_no_text_is_told(room: Room) -> None:
    text = room.spec("demo").read_bytes()
    (room.specs / "demo.toml").unlink()
    with Loopback(projects={"demo": newest_first("demo", "1.0")}) as server:
        folder = os.path.join(os.fsencode(room.folder), b"\xff")
        os.mkdir(folder)
        with open(os.path.join(folder, b"demo.toml"), "wb") as file:
            file.write(text)
        command: list[str | bytes] = [
            sys.executable,
            "-m",
            "envspec",
            "lock",
            os.path.join(folder, b"demo.toml"),
            "--index-url",
            server.index_url,
        ]
        environment = {
            **os.environ,
            **room.environment,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "PYTHONIOENCODING": "utf-8:strict",
        }
        ended = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=60)
        assert b"Traceback" not in ended.stderr, ended.stderr.decode()
        assert ended.returncode == 0
        assert os.path.isfile(os.path.join(folder, b"pylock.demo.toml"))


# JSON


def test_json_says_what_was_written(room: Room) -> None:
    room.spec("demo", tables='[variants.bad.python]\nconstraints = ["demo<1"]\n[variants.good]\n')
    demo = wheel("demo", "1.0")
    with Loopback(projects={"demo": [demo, File("demo-2.0-py3-none-any.whl", b"no zip")]}) as server:
        outcome = room.lock(server, "--format", "json", "--variant", "good")
        assert (outcome.code, json.loads(outcome.out)) == (
            0,
            {
                "locks": [
                    {
                        "path": str(room.locks / "pylock.demo-good.toml"),
                        "name": "demo",
                        "variant": "good",
                        "state": "created",
                        "dry-run": False,
                        "distributions": 1,
                        "bytes": len(demo.data),
                        "bytes-at-least": False,
                        "warnings": [],
                        "remarks": [
                            "demo 2.0 was passed over: demo-2.0-py3-none-any.whl can't be read"
                            " (it isn't a zip file, or its end is missing)"
                        ],
                        "assets": [],
                        "verdict": "runs",
                        "refused": False,
                        "variants-that-fit": [],
                        "told": [],
                    }
                ]
            },
        )
        outcome = room.lock(server, "--format", "json")
        rows = json.loads(outcome.out)["locks"]
        assert (outcome.code, [row["state"] for row in rows]) == (1, ["no-solution", "unchanged"])
        assert "no set of releases fits demo bad" in json.dumps(rows[0])
        assert rows[0]["path"] == str(room.locks / "pylock.demo-bad.toml")
