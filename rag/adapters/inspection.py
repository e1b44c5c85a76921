"""What a data folder holds and who has it open, told without opening it for work or changing it."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import dataclass
from pathlib import Path

import apsw

from rag.adapters._locking import LOCK, holder
from rag.adapters._originals import ORIGINAL_NAME, ORIGINALS
from rag.adapters.sqlite import DATABASE, first, format_of, looking, translated, value
from rag.errors import IndexMismatch, StoreDamaged
from rag.protocols import ModelIdentity


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
    with translated():
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        refuse_lost_database(folder)
        if not (folder / DATABASE).exists():
            return FolderState()
        held_by = holder(folder / LOCK)
    with looking(folder / DATABASE) as db:
        return _state(db, held_by)


def recorded_model(folder: Path) -> ModelIdentity | None:
    """The model whose vectors a data folder holds; None where no store has been opened there yet.

    Raises:
        StoreDamaged: the database is damaged, or is not ours.
        FormatTooNew: a newer release wrote it.
        StoreError: it cannot be read.
    """
    with translated():
        if not (folder / DATABASE).is_file():
            return None
    with looking(folder / DATABASE) as db:
        if format_of(db) is None:
            return None
        row = first(db, "SELECT value FROM facts WHERE name = 'embedding'")
    return ModelIdentity(**json.loads(row[0])) if row else None


def refuse_another_model(folder: Path, identity: ModelIdentity) -> None:
    """Refuse a model that did not make the vectors of a data folder.

    Raises:
        IndexMismatch: another one made them; or as `recorded_model`.
    """
    recorded = recorded_model(folder)
    if recorded not in (None, identity):
        raise IndexMismatch(str(recorded), str(identity))


def refuse_lost_database(folder: Path) -> None:
    """Beside a new database the originals, which may be the last copies, would be swept away.

    Raises:
        StoreDamaged: there are originals, and no database or an empty one.
    """
    originals, database = folder / ORIGINALS, folder / DATABASE
    kept = originals.is_dir() and any(
        ORIGINAL_NAME.fullmatch(one.name) for one in originals.iterdir()
    )
    if kept and not (database.exists() and database.stat().st_size):
        raise StoreDamaged(
            "The data folder holds original files and no database. Restore the database from a backup, or "
            "name another folder and add the originals there."
        )


def _state(db: apsw.Connection, held_by: str | None) -> FolderState:
    found = format_of(db)
    if found is None:
        return FolderState()
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
        holder=held_by,
        collections=collections,
        documents=documents,
        passages=passages,
    )
