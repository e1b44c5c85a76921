"""What a data folder holds and who has it open, told without opening it for work or changing it."""

from __future__ import annotations

import errno
import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

import apsw

from rag.adapters.sqlite import FORMAT, first, translated, value
from rag.errors import FormatTooNew, StoreDamaged


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderState:
    """A data folder as it is found.

    Attributes:
        format: Its format; None where there is no database yet.
        holder: Who has it open, in words.
    """

    format: int | None = None
    holder: str | None = None
    collections: int = 0
    documents: int = 0
    passages: int = 0


def sqlite_version() -> str:
    """The version of the SQLite that the store uses, which is not the interpreter's own."""
    return apsw.sqlite_lib_version()


def folder_state(folder: Path) -> FolderState:
    """Look into a data folder.

    Raises:
        StoreDamaged: its database is damaged, or is not ours.
        FormatTooNew: a newer release wrote it.
        StoreError: it cannot be read.
    """
    database = folder / "catalog.sqlite"
    with translated():
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if not database.exists():
            return FolderState()
        holder = _holder(folder / "lock")
        db = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            return _state(db, holder)
        finally:
            db.close()


def _state(db: apsw.Connection, holder: str | None) -> FolderState:
    found = int(value(db, "PRAGMA user_version"))
    if found > FORMAT:
        raise FormatTooNew(found, FORMAT)
    damage = value(db, "PRAGMA quick_check(1)")
    if damage != "ok":
        raise StoreDamaged("The data folder's database is damaged. Restore it from a backup.")
    counts = first(
        db,
        "SELECT (SELECT count(*) FROM collections), (SELECT count(*) FROM documents),"
        " (SELECT count(*) FROM passages)",
    )
    collections, documents, passages = counts or (0, 0, 0)
    return FolderState(
        format=found,
        holder=holder,
        collections=collections,
        documents=documents,
        passages=passages,
    )


def _holder(path: Path) -> str | None:
    """What the process that holds the lock wrote into it; the lock is tried for a moment and given back."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.pread(descriptor, 100, 0).decode(errors="replace").strip() or "another process"
    else:
        return None
    finally:
        os.close(descriptor)
