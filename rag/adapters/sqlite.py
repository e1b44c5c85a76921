"""SQLite as the store uses it: one writer, readers beside it, and nothing acknowledged before it is durable."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from rag.errors import FormatTooNew, StoreDamaged, StoreError, StoreFull

DATABASE = "catalog.sqlite"
FORMAT = 2
_APPLICATION_ID = 0x43565253  # "CVRS": tells our databases from others
_READERS = 8  # connections kept for the next reader; more are opened under load and closed again
# What folders of format 1 gain when they are opened.
_SINCE_2 = """
CREATE TABLE layouts (                    -- of pages; see rag/layout.py
    version_id INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
    page INTEGER NOT NULL,
    words BLOB NOT NULL,
    PRIMARY KEY (version_id, page)
) STRICT, WITHOUT ROWID;
CREATE TABLE sources (                    -- the folder in which a document's file was last seen
    document_id TEXT PRIMARY KEY REFERENCES documents ON DELETE CASCADE,
    root TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sources_by_root ON sources (root);
CREATE TABLE fingerprints (               -- of present versions, as rag/adapters/fingerprints.py makes them
    id INTEGER PRIMARY KEY,
    document_id TEXT NOT NULL UNIQUE REFERENCES documents ON DELETE CASCADE,
    minimums BLOB NOT NULL,               -- uint32, little endian, as numbers
    runs INTEGER NOT NULL,
    numbers BLOB NOT NULL
) STRICT;
CREATE TABLE bands (                      -- documents that share one may be alike
    collection_id INTEGER NOT NULL,
    band INTEGER NOT NULL,
    fingerprint_id INTEGER NOT NULL,
    PRIMARY KEY (collection_id, band, fingerprint_id)
) STRICT, WITHOUT ROWID;
"""
_SCHEMA = (
    """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE collections (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    change INTEGER NOT NULL DEFAULT 0     -- grows with every add and delete
) STRICT;
CREATE TABLE documents (
    id TEXT PRIMARY KEY,
    collection_id INTEGER NOT NULL REFERENCES collections,
    source_key TEXT,
    version_id INTEGER NOT NULL,          -- the present one, in versions
    added_at TEXT NOT NULL,
    UNIQUE (collection_id, source_key)
) STRICT;
CREATE TABLE versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice, so that a cache can name a row
    document_id TEXT NOT NULL REFERENCES documents ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    version TEXT NOT NULL,                -- "sha256:" and the digest of the original bytes
    title TEXT NOT NULL,
    media_type TEXT NOT NULL,
    text TEXT NOT NULL,
    characters INTEGER NOT NULL,
    pages INTEGER NOT NULL,
    published TEXT,                       -- of the details, for filters
    details TEXT NOT NULL,
    locators TEXT NOT NULL,
    UNIQUE (document_id, version)
) STRICT;
CREATE INDEX versions_by_version ON versions (version);
CREATE TABLE passages (                   -- of present versions only
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice, so an index file can lag and catch up
    collection_id INTEGER NOT NULL REFERENCES collections,
    document_id TEXT NOT NULL REFERENCES documents ON DELETE CASCADE,
    version TEXT NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    text TEXT NOT NULL,
    section TEXT NOT NULL
) STRICT;
CREATE INDEX passages_by_document ON passages (document_id);
CREATE INDEX passages_by_collection ON passages (collection_id);
CREATE TABLE vectors (                    -- float32, little endian
    passage_id INTEGER PRIMARY KEY REFERENCES passages ON DELETE CASCADE,
    vector BLOB NOT NULL
) STRICT;
CREATE TABLE generations (                -- the FAISS files in force
    collection_id INTEGER PRIMARY KEY REFERENCES collections,
    number INTEGER NOT NULL,
    manifest_sha256 TEXT NOT NULL
) STRICT;
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,
    total INTEGER NOT NULL DEFAULT 0,
    document_id TEXT,
    known INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    upload TEXT NOT NULL,
    version TEXT NOT NULL,                -- names the bytes, in originals/
    added_at TEXT NOT NULL
) STRICT;
CREATE INDEX jobs_by_state ON jobs (state, added_at);
"""
    + _SINCE_2
)
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA busy_timeout = 5000",
)


class Database:
    """A database file, opened for one process.

    Raises:
        FormatTooNew: a newer release wrote it.
        StoreDamaged: it is no database, or not ours.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writing = threading.RLock()
        self._idle: list[apsw.Connection] = []
        with translated():
            self._writer = self._connect()
            _prepare(self._writer)

    @contextmanager
    def write(self) -> Iterator[apsw.Connection]:
        """One transaction: durable when the block ends, undone when it raises."""
        with self._writing, translated():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    @contextmanager
    def read(self) -> Iterator[apsw.Connection]:
        """A connection that sees what is committed."""
        with translated():
            connection = self._take()
            try:
                yield connection
            finally:
                self._give_back(connection)

    def close(self) -> None:
        """Close every connection; the last one folds the write-ahead log into the file."""
        with self._writing, translated():
            for connection in (*self._idle, self._writer):
                connection.close()

    def _take(self) -> apsw.Connection:
        try:
            return self._idle.pop()  # lists change atomically, so threads need no lock here
        except IndexError:
            return self._connect()

    def _give_back(self, connection: apsw.Connection) -> None:
        if len(self._idle) < _READERS:
            self._idle.append(connection)
        else:
            connection.close()

    def _connect(self) -> apsw.Connection:
        connection = apsw.Connection(str(self._path))
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        return connection


Values = Sequence[str | int | float | bytes | None]


def rows(db: apsw.Connection, query: str, values: Values = ()) -> list[tuple[Any, ...]]:
    """Every row of a query."""
    return db.execute(query, values).fetchall()


def first(db: apsw.Connection, query: str, values: Values = ()) -> tuple[Any, ...] | None:
    """The first row of a query, if there is one."""
    return db.execute(query, values).fetchone()


def value(db: apsw.Connection, query: str, values: Values = ()) -> Any:
    """The one value of a query that gives one."""
    return db.execute(query, values).get


def column(db: apsw.Connection, query: str, values: Values = ()) -> list[Any]:
    """The first value of every row of a query."""
    return [row[0] for row in db.execute(query, values)]


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the disk and SQLite raise into errors of ours."""
    try:
        yield
    except (apsw.FullError, apsw.TooBigError) as error:
        raise StoreFull("The disk has no room for this; nothing was written.") from error
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise StoreDamaged(
            "The data folder's database is damaged. Restore it from a backup."
        ) from error
    except apsw.Error as error:
        raise StoreError(
            "The data folder's database cannot be read or written. Check the disk and its permissions."
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreFull("The disk has no room for this; nothing was written.") from error
        raise StoreError(
            f"The data folder cannot be used: {error.strerror}. Name another one, or mend this one."
        ) from error


def format_of(db: apsw.Connection) -> int | None:
    """The format of a database; None for an empty one.

    Raises:
        StoreDamaged: it is not ours.
        FormatTooNew: a newer release wrote it.
    """
    if not value(db, "SELECT count(*) FROM sqlite_schema"):
        return None
    if value(db, "PRAGMA application_id") != _APPLICATION_ID:
        raise StoreDamaged("The data folder holds a database of another program.")
    found = int(value(db, "PRAGMA user_version"))
    if found > FORMAT:
        raise FormatTooNew(found, FORMAT)
    return found


@contextmanager
def looking(path: Path) -> Iterator[apsw.Connection]:
    """A connection that changes nothing, and leaves no file behind."""
    with translated():
        log = path.with_name(f"{path.name}-wal")
        unused = not log.exists()  # else its reader needs the log, which whoever writes keeps there
        db = apsw.Connection(
            f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if unused else ''}",
            flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI,
        )
        try:
            db.set_busy_timeout(5000)
            yield db
        finally:
            db.close()


def _prepare(connection: apsw.Connection) -> None:
    found = format_of(connection)
    if found is None:
        with connection:
            connection.execute(_SCHEMA)
            connection.pragma("application_id", _APPLICATION_ID)
            connection.pragma("user_version", FORMAT)
    elif found == 1:
        with connection:
            connection.execute(_SINCE_2)
            connection.pragma("user_version", FORMAT)
