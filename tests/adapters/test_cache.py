"""The cache's file: what it gives back, shared by threads and processes, broken, locked and read-only."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from envspec.adapters.cache import SqliteStore
from envspec.index.store import StoredBody, StoredPage

URL = "https://index.example/simple/demo/"
PAGE = StoredPage(200, 1_700_000_000, '"1"', "Mon", "stamp", 90)
BODY = StoredBody(b"\x1f\x8bpage", "gzip", "text/html", "https://mirror.example/simple/demo/")


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "made" / "index.sqlite")


def kept(path: str) -> SqliteStore:
    """A store that holds one of each, written and opened anew."""
    store = SqliteStore(path)
    store.put_page(URL, PAGE, BODY)
    store.put_record(URL, "view", "stamp", "head", "rows")
    store.put_dependencies([("digest", "environment", "dependencies")])
    store.put_metadata([("digest", "metadata")])
    store.put_note("key", "note")
    store.close()
    assert store.trouble == ""
    return SqliteStore(path)


def test_what_was_put_is_there_in_the_next_run(path: str) -> None:
    store = kept(path)
    assert store.page(URL) == PAGE
    assert store.pages([URL, "https://index.example/simple/other/"]) == {URL: PAGE}
    assert store.body(URL) == BODY
    assert store.record(URL, "view") == (PAGE, "head", "rows")
    assert store.requirements("digest", "environment") == ("dependencies", "metadata")
    assert store.note("key") == "note"


def test_what_was_never_put_is_not_there(path: str) -> None:
    store = SqliteStore(path)
    assert (store.page(URL), store.body(URL), store.record(URL, "view")) == (None, None, None)
    assert (store.pages([URL]), store.pages([])) == ({}, {})
    assert store.requirements("digest", "environment") == (None, None)
    assert store.note("key") is None


def test_nothing_is_written_before_it_is_flushed(path: str) -> None:
    store, other = SqliteStore(path), SqliteStore(path)
    store.put_page(URL, PAGE, BODY)
    store.put_note("key", "note")
    assert (other.page(URL), other.note("key")) == (None, None)
    store.flush()
    assert (other.page(URL), other.note("key")) == (PAGE, "note")


def test_a_reduction_of_another_page_is_not_given(path: str) -> None:
    store = kept(path)
    store.put_page(URL, PAGE._replace(stamp="newer"), BODY)
    store.flush()
    assert store.record(URL, "view") is None
    assert store.record(URL, "another view") is None


def test_fresh_again_without_a_body_keeps_the_body(path: str) -> None:
    store = kept(path)
    store.put_page(URL, PAGE._replace(expires=1_800_000_000), None)
    store.flush()
    assert store.page(URL) == PAGE._replace(expires=1_800_000_000)
    assert store.body(URL) == BODY


def test_a_page_that_vanished_has_no_body(path: str) -> None:
    store = kept(path)
    gone = StoredPage(404, 1_700_000_000, "", "", "absent")
    store.put_page(URL, gone, None)
    store.flush()
    assert store.page(URL) == gone
    assert store.body(URL) is None


def test_thousands_of_pages_are_found_at_once(path: str) -> None:
    store = SqliteStore(path)
    urls = [f"https://index.example/simple/p{number}/" for number in range(2500)]
    for url in urls:
        store.put_page(url, PAGE, BODY)
    store.flush()
    assert store.pages(urls) == dict.fromkeys(urls, PAGE)


def test_without_a_path_all_is_kept_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = SqliteStore(None)
    store.put_note("key", "note")
    store.flush()
    assert store.note("key") == "note"
    store.close()
    assert list(tmp_path.iterdir()) == []


def test_threads_share_one_store(path: str) -> None:
    store = SqliteStore(path)

    def work(number: int) -> None:
        for count in range(50):
            store.put_note(f"{number}/{count}", "note")
            store.flush()
            assert store.note(f"{number}/{count}") == "note"

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    assert store.trouble == ""
    database = sqlite3.connect(path)
    assert database.execute("SELECT count(*) FROM notes").fetchone() == (200,)
    database.close()


def test_stores_that_write_at_once_wait_for_each_other(path: str) -> None:
    stores = [SqliteStore(path) for _ in range(4)]

    def work(store: SqliteStore, number: int) -> None:
        for count in range(25):
            store.put_note(f"{number}/{count}", "note")
            store.flush()

    threads = [threading.Thread(target=work, args=(store, number)) for number, store in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [store.trouble for store in stores] == ["", "", "", ""]
    assert [stores[0].note(f"{number}/24") for number in range(4)] == ["note"] * 4


# Trouble


def test_a_file_that_is_no_database_is_put_aside(path: str) -> None:
    Path(path).parent.mkdir()
    Path(path).write_bytes(b"not a database, but long enough to look at" * 100)
    Path(f"{path}-journal").write_bytes(b"left by a crash")
    store = SqliteStore(path)
    assert store.trouble == f"the cache {path} was broken: it's now {path}.broken, and begun anew"
    assert Path(f"{path}.broken").read_bytes().startswith(b"not a database")
    assert not Path(f"{path}-journal").exists()
    store.put_note("key", "note")
    store.close()
    again = SqliteStore(path)
    assert (again.note("key"), again.trouble) == ("note", "")


def spoil(path: str) -> None:
    """Overwrite all but the first page of the file."""
    data = Path(path).read_bytes()
    page_bytes = int.from_bytes(data[16:18], "big")  # SQLite's file format, 1.3
    Path(path).write_bytes(data[:page_bytes] + b"\xff" * (len(data) - page_bytes))


def test_a_file_that_is_broken_inside_is_put_aside_when_that_shows(path: str) -> None:
    kept(path).close()
    spoil(path)
    store = SqliteStore(path)
    assert store.page(URL) is None
    assert store.trouble == f"the cache {path} was broken: it's now {path}.broken, and begun anew"
    store.put_note("key", "newer")
    store.close()
    again = SqliteStore(path)
    assert (again.note("key"), again.page(URL), again.trouble) == ("newer", None, "")


def test_a_broken_file_that_sqlite_quotes_in_no_utf8_is_put_aside(path: str) -> None:
    kept(path).close()
    data = Path(path).read_bytes()
    for sound, broken in ((b"tablenotesnotes", b"tableno\xc8esnotes"), (b"TABLE notes(", b"TABBE notes(")):
        assert data.count(sound) == 1
        data = data.replace(sound, broken)
    Path(path).write_bytes(data)
    store = SqliteStore(path)
    assert store.page(URL) is None
    assert store.trouble == f"the cache {path} was broken: it's now {path}.broken, and begun anew"


@pytest.mark.parametrize("column", ["status", "expires", "etag", "modified", "stamp", "fresh_s"])
@pytest.mark.parametrize("value", [None, b"\xc8"])
def test_a_page_of_other_types_than_were_put_is_not_there(path: str, column: str, value: object) -> None:
    kept(path).close()
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"UPDATE pages SET {column}=?", (value,))
    store = SqliteStore(path)
    assert (store.page(URL), store.pages([URL]), store.record(URL, "view")) == (None, {}, None)


@pytest.mark.parametrize(
    ("column", "value"),
    [("encoding", None), ("content_type", b"text/html"), ("final", None), ("body", None), ("body", "text")],
)
def test_a_body_of_other_types_than_were_put_is_not_there(path: str, column: str, value: object) -> None:
    kept(path).close()
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"UPDATE pages SET {column}=?", (value,))
    assert SqliteStore(path).body(URL) is None


def test_a_broken_file_that_shows_while_writing_is_put_aside(path: str) -> None:
    kept(path).close()
    spoil(path)
    store = SqliteStore(path)
    store.put_note("key", "newer")
    store.flush()
    assert store.trouble == f"the cache {path} was broken: it's now {path}.broken, and begun anew"
    assert store.note("key") is None


def test_a_file_of_another_form_is_left_alone(path: str) -> None:
    Path(path).parent.mkdir()
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE pages(other TEXT)")
    database.execute("PRAGMA user_version=99")
    database.close()
    before = Path(path).read_bytes()
    store = SqliteStore(path)
    store.put_note("key", "note")
    store.close()
    assert store.trouble.startswith(f"the cache {path} can't be used (")
    assert store.trouble.endswith("; going on without it")
    assert Path(path).read_bytes() == before


def test_a_folder_that_cannot_be_made_is_gone_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = SqliteStore(str(tmp_path / "file" / "index.sqlite"))
    assert "can't be used" in store.trouble
    store.put_note("key", "note")
    store.flush()
    assert store.note("key") == "note"


def test_a_file_that_another_one_holds_is_told(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("envspec.adapters.cache._BUSY_S", 0.05)
    store = kept(path)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    store.put_note("key", "newer")
    store.flush()
    assert store.trouble == (
        f"the cache {path} can't be written (database is locked); what came last is not kept"
    )
    holder.execute("ROLLBACK")
    holder.close()
    assert store.note("key") == "note"


def test_a_file_that_cannot_be_written_is_told_and_still_read(path: str) -> None:
    store = kept(path)
    store._database.execute("PRAGMA query_only=1")
    store.put_note("key", "newer")
    store.close()
    assert store.trouble == (
        f"the cache {path} can't be written (attempt to write a readonly database);"
        " what came last is not kept"
    )
    assert SqliteStore(path).note("key") == "note"
