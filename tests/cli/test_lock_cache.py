"""The cache of ``envspec lock``: what's asked again and what isn't, and that it never answers wrongly."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from envspec.cli.wiring import CACHE_FILE
from tests.cli.locking import Room
from tests.cli.locking import room as room
from tests.loopback import JSON_TYPE, Answer, Asked, File, Loopback, sdist, wheel

PAGES = ["/simple/demo/", "/simple/dep/"]


def two() -> dict[str, list[File]]:
    return {"demo": [wheel("demo", "1.0", ["dep"])], "dep": [wheel("dep", "2.0")]}


@pytest.fixture
def spec(room: Room) -> Room:
    room.spec("demo")
    return room


def asked_by(server: Loopback, room: Room, *options: str, code: int = 0) -> list[str]:
    """What one more lock asks for, sorted."""
    before = len(server.log)
    outcome = room.lock(server, *options)
    assert outcome.code == code, outcome
    return sorted(server.paths[before:])


# Freshness


def test_a_warm_run_asks_nobody(spec: Room) -> None:
    with Loopback(projects=two()) as server:
        first = spec.locked(server)
        assert asked_by(server, spec) == []
        assert spec.text() == first


def test_a_lock_that_was_deleted_is_made_again_from_the_cache_alone(spec: Room) -> None:
    with Loopback(projects=two()) as server:
        first = spec.locked(server)
        (spec.locks / "pylock.demo.toml").unlink()
        assert asked_by(server, spec) == []
        assert spec.text() == first


def test_another_spec_reads_the_same_cache(spec: Room) -> None:
    with Loopback(projects=two()) as server:
        spec.locked(server)
        spec.spec("demo", "dep>=1")
        assert asked_by(server, spec) == []
        assert spec.pins() == {"demo": "1.0", "dep": "2.0"}


def test_pages_that_grew_old_are_asked_for_by_their_etag(spec: Room) -> None:
    with Loopback(projects=two()) as server:
        spec.locked(server)
        etags = {
            path: server._with_validators(server.page_json(path.split("/")[2]), {}, server.log[0])
            for path in PAGES
        }
        spec.age()
        before = len(server.log)
        assert asked_by(server, spec) == PAGES
        for asked in server.log[before:]:
            assert asked.headers["if-none-match"] == etags[asked.path].headers["etag"]
        assert asked_by(server, spec) == []


def test_pages_without_etag_are_asked_for_by_their_last_change(spec: Room) -> None:
    moment = "Mon, 01 Jan 2024 00:00:00 GMT"

    def answer(asked: Asked) -> Answer:
        if asked.headers.get("if-modified-since") == moment:
            return Answer(304, headers={"last-modified": moment})
        page = server.page_json(asked.path.split("/")[2])
        return Answer(200, page, {"content-type": JSON_TYPE, "last-modified": moment})

    with Loopback(projects=two(), etag=False) as server:
        for path in PAGES:
            server.always(path, answer)
        spec.locked(server)
        spec.age()
        before = len(server.log)
        assert asked_by(server, spec) == PAGES
        assert [asked.headers.get("if-modified-since") for asked in server.log[before:]] == [moment, moment]


@pytest.mark.parametrize(
    ("control", "again"),
    [
        pytest.param("max-age=3600", [], id="an hour by max-age"),
        pytest.param("max-age=0", PAGES, id="none by max-age"),
        pytest.param("no-cache", PAGES, id="none by no-cache"),
        pytest.param("no-store", PAGES, id="none by no-store"),
        pytest.param("", [], id="ten minutes where nothing is said"),
    ],
)
def test_a_page_stays_fresh_as_long_as_its_index_says(spec: Room, control: str, again: list[str]) -> None:
    def answer(asked: Asked) -> Answer:
        page = server.page_json(asked.path.split("/")[2])
        headers = {"content-type": JSON_TYPE, **({"cache-control": control} if control else {})}
        return Answer(200, page, headers)

    with Loopback(projects=two()) as server:
        for path in PAGES:
            server.always(path, answer)
        first = spec.locked(server)
        assert asked_by(server, spec) == again
        assert spec.text() == first


def test_an_index_that_says_nothing_is_asked_again_after_ten_minutes(spec: Room) -> None:
    with Loopback(projects=two()) as server:
        spec.locked(server)
        database = spec.database()
        database.execute("UPDATE pages SET expires=expires-601")
        database.close()
        assert asked_by(server, spec) == PAGES


def test_what_must_not_be_stored_is_not_on_the_disk(spec: Room) -> None:
    with Loopback(projects={"demo": [wheel("demo", "1.0"), wheel("demo", "0.9")]}) as server:
        page = server.page_json("demo")
        headers = {"content-type": JSON_TYPE, "cache-control": "no-store", "etag": '"x"'}
        server.always("/simple/demo/", Answer(200, page, headers))
        spec.locked(server)
        assert b"demo-0.9-py3-none-any.whl" not in spec.cache_bytes()
        assert "if-none-match" not in server.log[-1].headers
        spec.spec("demo", tables='[variants.a.target]\nglibc="2.28"\n[variants.b.target]\nglibc="2.27"')
        assert spec.lock(server).code == 0
        spec.spec("demo>1")
        assert "1.0: your spec requires demo>1" in spec.refused(1, server).replace("0.9 to ", "")


def test_refresh_asks_for_what_is_fresh(spec: Room) -> None:
    with Loopback(projects=two()) as server:
        spec.locked(server)
        assert asked_by(server, spec, "--refresh") == PAGES


def test_no_cache_reads_and_keeps_nothing(spec: Room) -> None:
    everything = [
        "/files/demo-1.0-py3-none-any.whl.metadata",
        "/files/dep-2.0-py3-none-any.whl.metadata",
        *PAGES,
    ]
    with Loopback(projects=two()) as server:
        assert asked_by(server, spec, "--no-cache") == everything
        assert not spec.cache.exists()
        assert asked_by(server, spec, "--no-cache") == everything


def test_a_cache_folder_may_be_named(spec: Room) -> None:
    with Loopback(projects=two()) as server:
        spec.locked(server, "--cache-dir", spec.folder / "own")
        assert (spec.folder / "own" / CACHE_FILE).is_file()
        assert not spec.cache.exists()
        assert asked_by(server, spec, "--cache-dir", str(spec.folder / "own")) == []


def test_a_project_that_was_absent_is_asked_for_again(spec: Room) -> None:
    with Loopback(projects={"dep": [wheel("dep", "2.0")]}, max_age=0) as server:
        spec.refused(1, server)
        spec.age()
        server.add("demo", wheel("demo", "1.0"))
        spec.locked(server)
    assert spec.pins() == {"demo": "1.0"}


# Offline


def test_offline_locks_from_a_filled_cache(spec: Room) -> None:
    with Loopback(projects=two()) as server:
        first = spec.locked(server)
        spec.age()
        (spec.locks / "pylock.demo.toml").unlink()
        assert asked_by(server, spec, "--offline") == []
        assert spec.text() == first


@pytest.mark.parametrize("options", [[], ["--no-cache"], ["--refresh"]])
def test_offline_with_an_empty_cache_says_what_is_missing(spec: Room, options: list[str]) -> None:
    with Loopback(projects=two()) as server:
        assert spec.refused(3, server, "--offline", *options) == (
            "envspec: demo: its page of index 'default' isn't in the cache\n"
            "  why: --offline was said, so nobody was asked\n"
            "  fix: lock once without --offline, with the same --cache-dir\n"
        )
        assert server.log == []


def test_offline_without_the_metadata_says_what_is_missing(spec: Room) -> None:
    with Loopback(projects=two()) as server:
        spec.locked(server)
        database = spec.database()
        for table in ("dependencies", "metadata", "notes"):
            database.execute(f"DELETE FROM {table}")
        database.close()
        assert spec.refused(3, server, "--offline") == (
            "envspec: demo-1.0-py3-none-any.whl: its metadata isn't in the cache\n"
            "  why: --offline was said, so nobody was asked\n"
            "  fix: lock once without --offline, with the same --cache-dir\n"
        )


@pytest.mark.parametrize(
    "broken",
    [
        File("demo-2.0-py3-none-any.whl", b"no zip"),
        wheel("demo", "2.0", ["dep >== 1"]),
        File("demo-2.0.tar.gz", b"no archive"),
        sdist("demo", "2.0", ["dep >== 1"]),
        sdist("demo", "2.0", build={"metadata_version": "2.1", "build_fails": "no compiler"}),
    ],
    ids=["no wheel", "a wheel's requirement", "no sdist", "an sdist's requirement", "a build"],
)
def test_offline_passes_over_what_was_broken_when_it_was_looked_at(room: Room, broken: File) -> None:
    path = room.spec("demo", python='sdists = ["demo"]')
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    path.write_text(path.read_text().replace('python = "3.10"', f'python = "{python}"'))
    with Loopback(projects={"demo": [broken, wheel("demo", "1.0")]}) as server:
        first = room.locked(server)
        assert room.pins() == {"demo": "1.0"}
        (room.locks / "pylock.demo.toml").unlink()
        online = room.lock(server, "--refresh").err.splitlines()
        (room.locks / "pylock.demo.toml").unlink()
        before = len(server.log)
        offline = room.lock(server, "--offline")
        assert (offline.code, room.text(), server.paths[before:]) == (0, first, [])
        [passed_over] = [line for line in online if "demo 2.0 was passed over" in line]
        assert passed_over in offline.err.splitlines()


def test_offline_a_url_without_a_digest_is_told_to_need_one(room: Room) -> None:
    with Loopback(projects=two()) as server:
        url = f"{server.url}/files/dep-2.0-py3-none-any.whl"
        room.spec(f"dep @ {url}")
        room.locked(server)
        assert room.refused(3, server, "--offline") == (
            "envspec: dep-2.0-py3-none-any.whl: its metadata isn't in the cache\n"
            "  why: --offline was said, so nobody was asked\n"
            "  fix: add #sha256=DIGEST to its URL: without a digest nothing of it is kept\n"
        )
        digest = two()["dep"][0].sha256
        room.spec(f"dep @ {url}#sha256={digest}")
        (room.locks / "pylock.demo.toml").unlink()
        first = room.locked(server)
        (room.locks / "pylock.demo.toml").unlink()
        assert room.locked(server, "--offline") == first


# Trouble


def test_a_cache_that_is_no_database_is_put_aside_with_a_warning(spec: Room) -> None:
    path = spec.cache / CACHE_FILE
    spec.cache.mkdir()
    path.write_bytes(b"no database at all" * 500)
    with Loopback(projects=two()) as server:
        outcome = spec.lock(server)
        assert outcome.code == 0
        assert (
            outcome.err == f"warning: the cache {path} was broken: it's now {path}.broken, and begun anew\n"
        )
        assert (spec.cache / f"{CACHE_FILE}.broken").read_bytes() == b"no database at all" * 500
        assert asked_by(server, spec) == []


def test_a_cache_that_is_broken_inside_is_put_aside_with_a_warning(spec: Room) -> None:
    path = spec.cache / CACHE_FILE
    with Loopback(projects=two()) as server:
        first = spec.locked(server)
        data = path.read_bytes()
        path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
        outcome = spec.lock(server)
        assert outcome.code == 0
        assert (
            f"warning: the cache {path} was broken: it's now {path}.broken, and begun anew\n" in outcome.err
        )
        assert spec.text() == first
        assert spec.lock(server).err == ""
        assert asked_by(server, spec) == []


def test_a_page_that_is_broken_in_the_cache_is_fetched_anew(spec: Room) -> None:
    with Loopback(projects=two()) as server:
        first = spec.locked(server)
        database = spec.database()
        database.execute("UPDATE pages SET body=x'00'")
        database.execute("DELETE FROM records")
        database.execute("DELETE FROM notes")
        database.close()
        assert asked_by(server, spec) == sorted(2 * PAGES)
        assert spec.text() == first
        database = spec.database()
        assert [row[0] for row in database.execute("SELECT body=x'00' FROM pages")] == [0, 0]
        database.close()


@pytest.mark.parametrize("table", ["records", "dependencies", "metadata", "notes"])
def test_what_cannot_be_read_in_the_cache_is_as_if_it_were_not_there(spec: Room, table: str) -> None:
    columns = {"records": ["head", "rows"], "dependencies": ["text"], "metadata": ["text"], "notes": ["text"]}
    with Loopback(projects=two()) as server:
        first = spec.locked(server)
        for column in columns[table]:
            for value in ("", "{", "[]", "null", "[1,2,3]", "[" * 100_000):
                database = spec.database()
                database.execute(f"UPDATE {table} SET {column}=?", (value,))
                database.close()
                assert spec.locked(server) == first


def test_a_cache_that_cannot_be_made_is_gone_without(spec: Room) -> None:
    spec.cache.write_text("a file where a folder should be")
    with Loopback(projects=two()) as server:
        outcome = spec.lock(server)
        assert outcome.code == 0
        assert outcome.err.startswith(f"warning: the cache {spec.cache / CACHE_FILE} can't be used (")
        assert outcome.err.endswith("; going on without it\n")


def test_a_cache_of_an_unknown_form_is_gone_without(spec: Room) -> None:
    spec.cache.mkdir()
    database = spec.database()
    database.execute("CREATE TABLE pages(other TEXT)")
    database.execute("PRAGMA user_version=99")
    database.close()
    with Loopback(projects=two()) as server:
        outcome = spec.lock(server)
        assert outcome.code == 0
        assert "can't be used" in outcome.err


def test_many_processes_share_one_cache(room: Room) -> None:
    names = [f"p{number}" for number in range(8)]
    files = {name: [wheel(name, "1.0", ["dep"])] for name in names} | {"dep": [wheel("dep", "2.0")]}
    environment = {**os.environ, **room.environment}
    for name in names[:4]:
        room.spec(*names, name=name)
    with Loopback(projects=files) as server:

        def start(name: str) -> subprocess.Popen[str]:
            command = [
                sys.executable,
                "-m",
                "envspec",
                "lock",
                f"specs/{name}.toml",
                "--index-url",
                server.index_url,
            ]
            return subprocess.Popen(
                command, cwd=room.folder, env=environment, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip

        environment["PYTHONPATH"] = str(Path(__file__).parents[2])
        running = [start(name) for name in names[:4] for _ in range(2)]
        for process in running:
            out, err = process.communicate(timeout=60)
            assert (process.returncode, err) == (0, "")
            assert "9 distributions" in out
    texts = {name: room.table(name) for name in names[:4]}
    assert len({str(table["packages"]) for table in texts.values()}) == 1
    database = room.database()
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert database.execute("SELECT count(*) FROM pages").fetchone() == (9,)


# The memory of a resolution


class Twins:
    """Locks with the cache and, beside it, without one; both must come to the same bytes."""

    def __init__(self, room: Room, server: Loopback) -> None:
        self.room = room
        self.server = server

    def lock(self, *options: str, code: int = 0) -> bytes:
        path = self.room.locks / "pylock.demo.toml"
        before = path.read_bytes() if path.exists() else None
        fresh = self.room.lock(self.server, "--no-cache", *options)
        wanted = path.read_bytes() if path.exists() else b""
        if before is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(before)
        met = self.room.lock(self.server, *options)
        assert (met.code, fresh.code) == (code, code)
        assert met.err == fresh.err
        found = path.read_bytes() if path.exists() else b""
        assert found == wanted
        return found


def test_the_memory_notices_a_new_release(room: Room) -> None:
    room.spec("demo")
    with Loopback(projects=two(), max_age=0) as server:
        twins = Twins(room, server)
        twins.lock()
        (room.locks / "pylock.demo.toml").unlink()
        twins.lock()
        server.add("dep", wheel("dep", "3.0"))
        (room.locks / "pylock.demo.toml").unlink()
        assert b"dep-3.0-py3" in twins.lock()


def test_the_memory_notices_a_project_that_appeared_and_one_that_vanished(room: Room) -> None:
    room.spec("demo")
    files = {"demo": [wheel("demo", "2.0", ["gone"]), wheel("demo", "1.0")]}
    with Loopback(projects=files, max_age=0) as server:
        twins = Twins(room, server)
        twins.lock()
        room.age()
        server.add("gone", wheel("gone", "1.0"))
        (room.locks / "pylock.demo.toml").unlink()
        assert b"gone-1.0" in twins.lock()
        del server.projects["gone"]
        room.age()
        assert b"gone-1.0" not in twins.lock()


def test_the_memory_notices_a_yanked_release(room: Room) -> None:
    room.spec("demo")
    with Loopback(projects={"demo": [wheel("demo", "1.0"), wheel("demo", "2.0")]}, max_age=0) as server:
        twins = Twins(room, server)
        twins.lock()
        server.projects["demo"] = [wheel("demo", "1.0"), wheel("demo", "2.0", yanked="broken")]
        kept = room.lock(server)
        assert kept.err == "warning: demo: demo==2.0 was yanked: broken\n"
        assert b"demo-2.0" in twins.lock()
        (room.locks / "pylock.demo.toml").unlink()
        assert b"demo-1.0" in twins.lock()


def test_the_memory_notices_a_changed_spec(room: Room) -> None:
    files = {"demo": [wheel("demo", "1.0", ["dep"])], "dep": [wheel("dep", "1.0"), wheel("dep", "2.0")]}
    with Loopback(projects=files) as server:
        twins = Twins(room, server)
        for python in (
            "",
            'constraints = ["dep<2"]',
            "exclude-newer = 2023-12-31",
            'overrides = ["dep==1.0"]',
            "",
        ):
            room.spec("demo", python=python)
            twins.lock(code=1 if "2023" in python else 0)


def test_the_memory_notices_other_pins_in_the_lock(room: Room) -> None:
    room.spec("demo")
    files = {"demo": [wheel("demo", "1.0"), wheel("demo", "2.0")]}
    with Loopback(projects=files) as server:
        twins = Twins(room, server)
        newest = twins.lock()
        older = twins.lock("--upgrade-package", "demo==1.0")
        assert b"demo-1.0" in older
        assert twins.lock() == older
        (room.locks / "pylock.demo.toml").unlink()
        assert twins.lock() == newest


def test_the_memory_notices_other_options(room: Room) -> None:
    room.spec("demo")
    files = {"demo": [wheel("demo", "1.0", ["dep"])], "dep": [wheel("dep", "1.0"), wheel("dep", "2.0")]}
    with Loopback(projects=files) as server:
        twins = Twins(room, server)
        twins.lock()
        for options in (
            ["--files", "portable"],
            ["--upgrade-package", "dep==1.0"],
            ["--files", "urls"],
            ["--upgrade"],
            ["--offline"],
            [],
        ):
            if "--offline" in options:
                assert room.lock(server, *options).code == 0
            else:
                twins.lock(*options)


def test_the_memory_keeps_to_its_index(room: Room) -> None:
    room.spec("demo")
    with (
        Loopback(projects={"demo": [wheel("demo", "1.0")]}) as one,
        Loopback(projects={"demo": [wheel("demo", "1.0", files={"demo.py": b"other"})]}) as two,
    ):
        room.locked(one)
        text = room.locked(two)
        assert two.index_url in text
        assert room.locked(one) != text


def test_the_memory_keeps_tables_of_others_in_the_lock(room: Room) -> None:
    room.spec("demo")
    with Loopback(projects=two()) as server:
        room.locked(server)
        path = room.locks / "pylock.demo.toml"
        path.write_text(path.read_text() + "\n[tool.envspec.audit]\nrow = 1\n")
        assert len({room.locked(server) for _ in range(3)}) == 1
        assert room.table()["tool"]["envspec"]["audit"] == {"row": 1}
