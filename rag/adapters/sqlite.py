"""SQLite as the store uses it: one writer, readers beside it, and nothing acknowledged before it is durable."""

from __future__ import annotations

import datetime as dt
import errno
import json
import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from rag.adapters import _seals as seals
from rag.adapters._schema import FORMAT
from rag.adapters._witness import Witness, refuse_damaged_log
from rag.errors import FormatTooNew, StoreDamaged, StoreError, StoreFull

logger = logging.getLogger(__name__)

DATABASE = "catalog.sqlite"
APPLICATION_ID = 0x43565253  # "CVRS": tells our databases from others
_NOT_SAVED = (apsw.SQLITE_IOERR_FSYNC, apsw.SQLITE_IOERR_DIR_FSYNC)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # no bytes or no files left, a quota, a limit
_READERS = 8  # connections kept for the next reader; more are opened under load and closed again
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA busy_timeout = 5000",
)


class Database:
    """A database file, opened for one process.

    Where the disk fails to save, nothing that was in memory is trusted any more: every connection is closed, and
    the next change begins with what the disk itself holds. What failed is never tried again by itself.

    Raises:
        FormatTooNew: a newer release wrote it.
        StoreDamaged: it is no database, or not ours, or its log lacks what was acknowledged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writing = threading.RLock()
        self._idle: list[apsw.Connection] = []
        self._writer: apsw.Connection | None = None
        with translated():
            refuse_damaged_log(path)
        refuse_foreign(path)
        self._witness = Witness(path)
        with translated():
            self._writer = self._connect()

    @property
    def path(self) -> Path:
        """The database file."""
        return self._path

    @contextmanager
    def write(self) -> Iterator[apsw.Connection]:
        """One transaction: durable when the block ends, undone when it raises."""
        with self._writing, translated():
            writer = self._writer or self._reopened()
            with _full_disk_named(writer):
                writer.execute("BEGIN IMMEDIATE")
                try:
                    yield writer
                    writer.execute("COMMIT")
                except BaseException as error:
                    if _not_saved(error):
                        self._close_all()
                    elif writer.in_transaction:
                        writer.execute("ROLLBACK")
                    raise
            self._witness.note(writer)

    @contextmanager
    def snapshot(self) -> Iterator[apsw.Connection]:
        """A connection that sees one state until the block ends."""
        with self.read() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    def checkpoint(self) -> bool:
        """Fold the write-ahead log into the file and empty it; whether readers let go of it in time."""
        with self._writing, translated():
            writer = self._writer or self._reopened()
            self._witness.forget()
            with _full_disk_named(writer):
                [(busy, _, _)] = rows(writer, "PRAGMA wal_checkpoint(TRUNCATE)")
            if busy:
                self._witness.note(writer)
            return not busy

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
            self._close_all()

    def _close_all(self) -> None:
        try:
            self._witness.forget()
            if self._writer is not None:
                # only now may the last to close fold the log and delete it
                self._writer.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)
        finally:
            self._close_connections()

    def _close_connections(self) -> None:
        writer, self._writer = self._writer, None
        while self._idle:
            self._idle.pop().close()
        if writer is not None:
            writer.close(force=True)

    def _reopened(self) -> apsw.Connection:
        """A writer on what the disk holds, once all of that has been saved anew."""
        self._witness.forget()  # a log that is emptied must not be missed at the next start
        writer = self._connect()
        try:
            writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except BaseException:
            writer.close(force=True)
            raise
        logger.warning("the database was opened again after the disk failed to save a change")
        self._writer = writer
        return writer

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
        self._path.open("ab").close()  # SQLite would not say why it cannot make the file
        connection = apsw.Connection(str(self._path))
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        seals.teach(connection)
        with _full_disk_named(connection):
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


def json_list(values: Iterable[str] | None) -> tuple[str, ...]:
    """The bound value of a list, or none where there is no list."""
    return () if values is None else (json.dumps(sorted(values)),)


def now() -> str:
    """This moment as rows hold it."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")


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
    except UnicodeDecodeError as error:  # a flipped bit in a row's text
        raise StoreDamaged(
            "A row of the data folder's database is damaged. Look with: verse verify"
        ) from error
    except apsw.Error as error:
        raise StoreError(
            "The data folder's database cannot be read or written. Check the disk and its permissions."
        ) from error
    except OSError as error:
        if error.errno in _FULL:
            raise StoreFull("The disk has no room for this; nothing was written.") from error
        raise StoreError(
            f"The data folder cannot be used: {error.strerror}. Name another one, or mend this one."
        ) from error


@contextmanager
def _full_disk_named(connection: apsw.Connection) -> Iterator[None]:
    """Raise SQLite's error for a full disk also where it knows only that a file cannot be opened or written."""
    try:
        yield
    except (apsw.CantOpenError, apsw.IOError) as error:
        if not _not_saved(error) and connection.system_errno in _FULL:
            raise apsw.FullError(str(error)) from error
        raise


def _not_saved(error: BaseException) -> bool:
    return isinstance(error, apsw.IOError) and getattr(error, "extendedresult", 0) in _NOT_SAVED


def format_of(db: apsw.Connection) -> int | None:
    """The format of a database; None for an empty one.

    Raises:
        StoreDamaged: it is not ours.
        FormatTooNew: a newer release wrote it.
    """
    if not value(db, "SELECT count(*) FROM sqlite_schema"):
        return None
    if value(db, "PRAGMA application_id") != APPLICATION_ID:
        raise StoreDamaged("The data folder holds a database of another program.")
    found = int(value(db, "PRAGMA user_version"))
    if found > FORMAT:
        raise FormatTooNew(found, FORMAT)
    return found


def refuse_foreign(path: Path) -> None:
    """Refuse a database that this release cannot work with, before anything is written into it.

    Raises:
        StoreDamaged: it is no database, or not ours.
        FormatTooNew: a newer release wrote it.
    """
    with translated():
        if path.exists() and path.stat().st_size:
            with looking(path) as db:
                format_of(db)


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
            seals.teach(db)
            yield db
        finally:
            db.close()
