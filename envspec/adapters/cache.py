"""The cache on disk: one SQLite file that several processes may share.

A cache that can't be read is put aside and begun anew; one that can't be written
(a full disk, a folder of another user) is gone without: locking goes on.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from envspec.index.store import StoredBody, StoredPage

_SCHEMA_VERSION = 2
_SCHEMA = (
    "CREATE TABLE pages(url TEXT PRIMARY KEY, status INTEGER, expires INTEGER, etag TEXT, modified TEXT,"
    " stamp TEXT, fresh_s INTEGER, encoding TEXT, content_type TEXT, final TEXT, body BLOB)",
    "CREATE TABLE records(url TEXT, view TEXT, stamp TEXT, head TEXT, rows TEXT, PRIMARY KEY(url, view))",
    "CREATE TABLE dependencies(identity TEXT, environment TEXT, text TEXT,"
    " PRIMARY KEY(identity, environment))",
    "CREATE TABLE metadata(identity TEXT PRIMARY KEY, text TEXT)",
    "CREATE TABLE notes(key TEXT PRIMARY KEY, text TEXT)",
)
"""The file's name carries the version: another version never meets these tables."""
_HEAD = "status, expires, etag, modified, stamp, fresh_s"
"""The columns of a StoredPage."""
_PAGE_BYTES = 32768
"""Bodies of tens of kilobytes are written at half the cost that SQLite's usual 4096 has."""
_BUSY_S = 10.0
_MANY = 500
"""Values in one question; SQLite allows 999 everywhere."""
_FAILURES = (sqlite3.Error, UnicodeDecodeError)
"""The second where SQLite's message quotes a broken file."""


class SqliteStore:
    """An IndexStore in one SQLite file; ``path`` None keeps it in memory for one run."""

    def __init__(self, path: str | None) -> None:
        self._lock = threading.Lock()
        self._pending: list[tuple[str, Sequence[Any]]] = []
        self._path = path
        self.trouble = ""
        """Why nothing could be kept; empty while all is well."""
        self.holds_nothing = False
        """Whether this run made the file and wrote nothing yet, so that no question can be answered."""
        self._database = self._open()

    def _open(self) -> sqlite3.Connection:
        if self._path is not None:
            try:
                os.makedirs(os.path.dirname(self._path), exist_ok=True)
                try:
                    return self._connect(self._path)
                except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                    if not _is_broken(error):
                        raise
                    return self._begin_anew(self._path)
            except (OSError, *_FAILURES) as error:
                self.trouble = f"the cache {self._path} can't be used ({error}); going on without it"
        return self._connect(":memory:")

    def _connect(self, where: str) -> sqlite3.Connection:
        database, self.holds_nothing = _connect(where)
        return database

    def _begin_anew(self, path: str) -> sqlite3.Connection:
        os.replace(path, f"{path}.broken")
        with suppress(FileNotFoundError):
            os.unlink(f"{path}-journal")  # SQLite would mend the new file by it
        self.trouble = f"the cache {path} was broken: it's now {path}.broken, and begun anew"
        return self._connect(path)

    def _mend(self, error: Exception) -> bool:
        """Begin a broken file anew; False where that isn't it. To be called with the lock held."""
        if self._path is None or self.trouble or not _is_broken(error):
            return False
        with suppress(sqlite3.Error):
            self._database.close()
        try:
            self._database = self._begin_anew(self._path)
        except (OSError, *_FAILURES) as failed:
            self._tell(f"is broken and can't be begun anew ({failed})")
            self._database = self._connect(":memory:")
        return True

    def page(self, url: str) -> StoredPage | None:
        """See IndexStore."""
        row = self._row(f"SELECT {_HEAD} FROM pages WHERE url=?", (url,))  # noqa: S608
        return _stored_page(row) if row else None

    def pages(self, urls: Sequence[str]) -> dict[str, StoredPage]:
        """See IndexStore."""
        found = {}
        for start in range(0, len(urls), _MANY):
            some = urls[start : start + _MANY]
            marks = ",".join("?" * len(some))
            sql = f"SELECT url, {_HEAD} FROM pages WHERE url IN ({marks})"  # noqa: S608
            for url, *head in self._rows(sql, some):
                page = _stored_page(head)
                if page is not None:
                    found[url] = page
        return found

    def body(self, url: str) -> StoredBody | None:
        """See IndexStore."""
        row = self._row("SELECT body, encoding, content_type, final FROM pages WHERE url=?", (url,))
        if not row or tuple(map(type, row)) != (bytes, str, str, str):
            return None
        return StoredBody(*row)

    def record(self, url: str, view: str) -> tuple[StoredPage, str, str] | None:
        """See IndexStore."""
        row = self._row(
            "SELECT p.status, p.expires, p.etag, p.modified, p.stamp, p.fresh_s, r.head, r.rows FROM pages p"
            " JOIN records r ON r.url=p.url AND r.view=? AND r.stamp=p.stamp WHERE p.url=?",
            (view, url),
        )
        page = _stored_page(row[:6]) if row else None
        return (page, row[6], row[7]) if row and page is not None else None

    def requirements(self, identity: str, environment: str) -> tuple[str | None, str | None]:
        """See IndexStore."""
        sql = (
            "SELECT (SELECT text FROM dependencies WHERE identity=? AND environment=?),"
            " (SELECT text FROM metadata WHERE identity=?)"
        )
        row = self._row(sql, (identity, environment, identity))
        return (row[0], row[1]) if row else (None, None)

    def note(self, key: str) -> str | None:
        """See IndexStore."""
        return self._text("SELECT text FROM notes WHERE key=?", (key,))

    def put_page(self, url: str, page: StoredPage, body: StoredBody | None) -> None:
        """See IndexStore."""
        head = tuple(page)
        if body is None and page.status == 200:
            settings = _HEAD.replace(",", "=?,")
            self._put(f"UPDATE pages SET {settings}=? WHERE url=?", (*head, url))  # noqa: S608
            return
        rest = (body.encoding, body.content_type, body.url, body.body) if body else ("", "", url, None)
        self._put("INSERT OR REPLACE INTO pages VALUES(?,?,?,?,?,?,?,?,?,?,?)", (url, *head, *rest))

    def put_record(self, url: str, view: str, stamp: str, head: str, rows: str) -> None:
        """See IndexStore."""
        self._put("INSERT OR REPLACE INTO records VALUES(?,?,?,?,?)", (url, view, stamp, head, rows))

    def put_dependencies(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """See IndexStore."""
        for row in rows:
            self._put("INSERT OR REPLACE INTO dependencies VALUES(?,?,?)", row)

    def put_metadata(self, rows: Iterable[tuple[str, str]]) -> None:
        """See IndexStore."""
        for row in rows:
            self._put("INSERT OR REPLACE INTO metadata VALUES(?,?)", row)

    def put_note(self, key: str, text: str) -> None:
        """See IndexStore."""
        self._put("INSERT OR REPLACE INTO notes VALUES(?,?)", (key, text))

    def flush(self) -> None:
        """See IndexStore."""
        with self._lock:
            pending, self._pending = self._pending, []
            if not pending:
                return
            self.holds_nothing = False
            try:
                self._write(pending)
            except _FAILURES as error:
                if not self._mend(error):
                    self._tell(f"can't be written ({error}); what came last is not kept")

    def _write(self, rows: Sequence[tuple[str, Sequence[Any]]]) -> None:
        try:
            self._database.execute("BEGIN IMMEDIATE")
            for sql, row in rows:
                self._database.execute(sql, row)
            self._database.execute("COMMIT")
        except _FAILURES:
            with suppress(*_FAILURES):
                self._database.execute("ROLLBACK")
            raise

    def _tell(self, what: str) -> None:
        self.trouble = self.trouble or f"the cache {self._path} {what}"

    def close(self) -> None:
        """Write what was put and give the file back."""
        self.flush()
        with self._lock, suppress(sqlite3.Error):
            self._database.close()

    def _put(self, sql: str, row: Sequence[Any]) -> None:
        with self._lock:
            self._pending.append((sql, row))

    def _row(self, sql: str, values: Sequence[str]) -> tuple[Any, ...] | None:
        return next(iter(self._rows(sql, values)), None)

    def _rows(self, sql: str, values: Sequence[str]) -> list[tuple[Any, ...]]:
        if self.holds_nothing:
            return []
        with self._lock:
            try:
                return self._database.execute(sql, values).fetchall()
            except _FAILURES as error:
                if not self._mend(error):
                    self._tell(f"can't be read ({error})")
                return []

    def _text(self, sql: str, values: Sequence[str]) -> str | None:
        row = self._row(sql, values)
        return str(row[0]) if row else None


def _connect(where: str) -> tuple[sqlite3.Connection, bool]:
    """The database, and whether its tables were made just now."""
    made = False
    database = sqlite3.connect(where, timeout=_BUSY_S, check_same_thread=False, isolation_level=None)
    try:
        database.execute("PRAGMA synchronous=OFF")  # a cache that a power cut broke is begun anew
        if _version(database) != _SCHEMA_VERSION:
            database.execute(f"PRAGMA page_size={_PAGE_BYTES}")
            database.execute("BEGIN IMMEDIATE")
            if _version(database) != _SCHEMA_VERSION:  # no other process did it meanwhile
                for statement in _SCHEMA:
                    database.execute(statement)
                database.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")
                made = True
            database.execute("COMMIT")
    except _FAILURES:
        database.close()
        raise
    return database, made


def _stored_page(head: Sequence[Any]) -> StoredPage | None:
    """The page; None where a value is of another type than was put, as in a file that was broken."""
    if tuple(map(type, head)) != (int, int, str, str, str, int):
        return None
    return StoredPage(*head)


def _is_broken(error: Exception) -> bool:
    """Whether the file isn't what SQLite wrote; a busy or full disk is another matter."""
    return type(error) in (sqlite3.DatabaseError, UnicodeDecodeError)


def _version(database: sqlite3.Connection) -> int:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    return int(version)
